# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: a NIC that goes away while an exporter maps for it waits for the
# exporter and for nothing else; the bind is refused, or was given up on before,
# and all is well when the NIC is back.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

DIR=/sys/bus/pci/devices/$PCI_RX
OUT=$TMP/bind

remove()
{
	timeout 30 bash -c "echo 1 >$DIR/remove"
}

comes_back()
{
	echo 1 >/sys/bus/pci/rescan
	check "$1: the device comes back" wait_for 20 test -e "$DIR/net"
	check "$1: the network comes back" net_up
	dm_set_channels 4
	wait_for 20 net_answers
	db_balanced "$1"
	dm_nothing_left "$1"
	db_bind "$OUT" tbuf:8M,dynamic || true
	equal "$1: bind works again" "$(dm_value "$OUT" errno)" 0
	rx devmemctl unbind --all >/dev/null
	db_balanced "$1, again"
}

dm_stage 4

for how in attach map; do
	text="the device goes during $how"
	db_bind "$OUT" "tbuf:8M,dynamic,${how}_ms=4000" &
	pid=$!
	check "$text: it is with the exporter" wait_for 10 db_exists
	sleep 0.5
	check "$text: it goes" remove
	wait $pid || true
	equal "$text: bind" "$(dm_value "$OUT" errno)" ENODEV
	comes_back "$text"
done

text="the device goes when bind was killed"
ip netns exec rx withbuf tbuf:8M,dynamic,map_ms=4000 genlreq "$BIND" \
	"$A_IFINDEX=$DEV_RX" "$A_DMABUF_FD=20" "$A_QUEUE=1" >"$OUT" 2>&1 &
pid=$!
check "$text: it is with the exporter" wait_for 10 db_exists
sleep 0.5
kill $pid
wait $pid || true
check "$text: it goes" remove
comes_back "$text"
dm_plain 1 "in the end"
