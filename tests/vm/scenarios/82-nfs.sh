# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: NFS's client gives up a connection whose answers are in device memory,
# and does not try again and again.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

nfs()
{
	local text=NFS server mount

	if ! has_module nfsv4; then
		skip "$text" "no module nfsv4"
		return
	fi
	dm_modules nfs nfsv4
	random_file "$TMP/input" 4
	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	# A server that answers with what is no answer, in large segments.
	tx socat -u "OPEN:$TMP/input" TCP4-LISTEN:2049,reuseaddr &
	server=$!
	wait_for 10 eval "tx ss -Hltn 'sport = :2049' | grep -q ."
	mkdir -p "$TMP/mnt"
	# Its end would close the connection: only when that was looked at.
	rx timeout -s KILL 60 busybox mount -i -t nfs4 \
		-o "vers=4.0,addr=$IP4_TX,clientaddr=$IP4_RX,soft,retrans=1" \
		"$IP4_TX:/" "$TMP/mnt" 2>"$TMP/mount" &
	mount=$!
	check "$text: the connection is given up" \
		wait_for 5 dm_not_running $server
	ps -o pid,args | awk '/[b]usybox mount -i -t nfs4/ { print $1 }' |
		xargs -r kill -KILL || true
	wait $mount || true
	diag "$(cat "$TMP/mount")"
	kill $server 2>/dev/null || true
	wait $server || true
	check "$text: unbind" rx devmemctl unbind --all
	dm_nothing_left "$text"
}

dm_stage 4
dm_steer 0 1 0 0
nfs
