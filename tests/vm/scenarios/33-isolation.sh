# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: who has no privilege over a device can neither bind to it nor unbind,
# by no socket that somebody else opened, and receives with its own sockets all
# the same; two programs on one queue free only what is theirs, whatever they ask
# for; a network namespace sees, ends and hears of the bindings in it and of no
# others; BARs are exported to the machine's root alone.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

# Numbers of uapi/linux/devmem_tcp.h, and of netdev
BIND=1 UNBIND=2 GET=3
A_ID=1 A_IFINDEX=2 A_DMABUF_FD=3 A_QUEUE=4
DEV_GET=1 QUEUE_GET=10 BIND_RX=13

NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)
SOMEBODY=(setpriv --reuid 65533 --regid 65533 --clear-groups)
TRY=("$BIND" "$A_IFINDEX=$DEV_RX" "$A_DMABUF_FD=dmabuf" "$A_QUEUE=1")
OUT=$TMP/out
PUB=$TMP/pub		# where others than root can write

# answers ERRNO TEXT NETNS COMMAND...
answers()
{
	local errno=$1 text=$2 ns=$3
	shift 3

	ip netns exec "$ns" "$@" >"$OUT" 2>&1 || true
	if [ "$(dm_value "$OUT" errno)" = "$errno" ]; then
		ok "$text: $errno"
	else
		not_ok "$text: $errno" "$(cat "$OUT")"
	fi
}

# A request counts as made by who opened the socket and by who sends it: a
# program with privilege does not lend it to a descriptor, nor gets it from one.
sockets()
{
	local id how fam range=$PCI_MEM:0:4194304

	id=$(rx devmemctl -j bind -d "$DEV_RX" -q 2 bar "$PCI_MEM:2:32M" |
		jq .id)
	for how in open call; do
		text="a socket of root's, used by nobody"
		[ $how = call ] || text="a socket of nobody's, used by root"
		answers EPERM "$text: bind" rx \
			genlreq -u $how -m "$range" "${TRY[@]}"
		answers EPERM "$text: unbind" rx \
			genlreq -u $how $UNBIND $A_ID="$id"
		answers EPERM "$text: bind-rx" rx genlreq -u $how -m "$range" \
			-F netdev $BIND_RX 1="$DEV_RX" 3=dmabuf queue:2=1
		answers 0 "$text: get" rx genlreq -u $how $GET $A_ID="$id"
	done
	for fam in "devmem_tcp:$GET" "netdev:$DEV_GET" "netdev:$QUEUE_GET"; do
		answers 0 "nobody reads, ${fam/:/ command }" rx "${NOBODY[@]}" \
			genlreq -F "${fam%:*}" -d "${fam#*:}"
	done
	equal "all that time it was bound" \
		"$(rx devmemctl -j show | jq -c 'map(.id)')" "[$id]"
	check "unbind" rx devmemctl unbind "$id"
	dm_nothing_left "requests"
}

# hears NETNS NAME: nobody listens to the group of either family
hears()
{
	local ns=$1 group

	for group in devmem_tcp:binding netdev:mgmt; do
		ip netns exec "$ns" "${NOBODY[@]}" genlmon "${group%:*}" \
			"${group#*:}" >"$TMP/$2.${group%:*}" 2>&1 &
		defer kill $!
		wait_for 10 grep -q joined "$TMP/$2.${group%:*}"
	done
}

# tx has a device of the same driver, and is root's too.
namespaces()
{
	local text="another network namespace" id

	hears rx here
	hears tx there
	id=$(rx devmemctl -j bind -d "$DEV_RX" -q 1,2 bar "$PCI_MEM:2:0:8M" |
		jq .id)
	equal "$text: it is seen where it is" \
		"$(rx devmemctl -j show | jq length)" 1
	equal "$text: not there" "$(tx devmemctl -j show | jq length)" 0
	answers ENOENT "$text: get" tx genlreq $GET $A_ID="$id"
	answers ENOENT "$text: unbind" tx genlreq $UNBIND $A_ID="$id"
	check "$text: unbind of all" tx devmemctl unbind --all
	answers ENOENT "the first namespace: unbind" tx \
		nsenter -t 1 -n genlreq $UNBIND $A_ID="$id"
	answers ENODEV "$text: bind of a device that is not there" tx \
		genlreq -m "$PCI_MEM:16777216:4194304" $BIND $A_IFINDEX=4000 \
		$A_DMABUF_FD=dmabuf $A_QUEUE=1
	tx genlreq -F netdev -v -d $QUEUE_GET 2>/dev/null >"$OUT" || true
	equal "$text: no queue there is said to be bound" \
		"$(grep -c '^cmd=.* 5=' "$OUT" || true)" 0
	rx genlreq -F netdev -v -d $QUEUE_GET >"$OUT"
	equal "$text: two here are" "$(grep -c "^cmd=.* 5=$id" "$OUT")" 2
	# root of a namespace that got no device
	answers ENOENT "root of a new namespace: unbind" rx "${NOBODY[@]}" \
		unshare -Urn genlreq $UNBIND $A_ID="$id"
	answers ENODEV "root of a new namespace: bind" rx \
		withbuf udmabuf:4M "${NOBODY[@]}" unshare -Urn genlreq $BIND \
		$A_IFINDEX="$(rx cat "/sys/class/net/$DEV_RX/ifindex")" \
		$A_DMABUF_FD=20 $A_QUEUE=3
	answers EPERM "root of a user namespace: unbind" rx "${NOBODY[@]}" \
		unshare -Ur genlreq $UNBIND $A_ID="$id"
	equal "root of a new namespace: it sees none" "$(rx "${NOBODY[@]}" \
		unshare -Urn devmemctl -j show | jq length)" 0
	equal "$text: it is still bound" \
		"$(rx devmemctl -j show | jq -c 'map(.id)')" "[$id]"
	check "$text: unbind" rx devmemctl unbind "$id"
	check "nobody hears of it" wait_for 5 grep -q '^cmd=5 ' \
		"$TMP/here.devmem_tcp"
	equal "nobody hears both" "$(cut -d ' ' -f 1 "$TMP/here.devmem_tcp" |
		tr '\n' ' ')" "joined cmd=4 cmd=5 "
	equal "$text: nothing is heard" "$(cat "$TMP/there.devmem_tcp")" \
		joined
	dm_nothing_left "$text"
}

# Two programs that belong to different users, in one queue of one binding. One
# floods DONTNEED while the other holds tokens and receives more.
users()
{
	local text="two users" port1 port2 one two

	port1=$(dm_port 1 $PORT)
	port2=$(dm_port 1 5001)
	# shellcheck disable=SC2016  # the inner shell's
	rx bindrun -d "$DEV_RX" -q 1 "$PCI_MEM:0:16777216" bash -c '
		pub=$1; n=$2; shift 2
		setpriv --reuid 65533 --regid 65533 --clear-groups \
			dmsock -f 20 -p 5000 "${@:1:n}" >$pub/one 2>&1 &
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			dmsock -f 20 -p 5001 "${@:n+1}" >$pub/two 2>&1
		two=$?
		wait $! && exit $two' bash "$PUB" 6 \
		accept a=hold:400000 "touch:$PUB/held" b=hold:1600000 back=free \
		end=eof \
		accept a=hold:300000 "wait:$PUB/held" "touch:$PUB/go" \
		f=flood:1500:4 b=hold:100000 g=flood:300:2 end=eof \
		>"$OUT" 2>&1 &
	RECEIVER=$!
	wait_for 20 dm_listens $PORT
	wait_for 20 dm_listens 5001
	tx timeout 90 dmsend -b "$port1" "$IP4_RX" $PORT send:400000 \
		"wait:$PUB/go" send:1600000 >"$TMP/send.1" 2>&1 &
	one=$!
	tx timeout 90 dmsend -b "$port2" "$IP4_RX" 5001 send:500000 \
		>"$TMP/send.2" 2>&1 &
	two=$!
	wait $one $two || true
	dm_sock_wait "$text: all bytes are right" "$OUT"
	diag "$(grep -h '^[fg]\.\|wrong' "$PUB/one" "$PUB/two")"
	equal "$text: one has all of its stream" \
		"$(dm_value "$PUB/one" end.pos)" 2000000
	equal "$text: and had all of its tokens" \
		"$(($(dm_value "$PUB/one" back.held) > 1000))" 1
	equal "$text: the other has all of its stream" \
		"$(dm_value "$PUB/two" end.pos)" 500000
	equal "$text: its flood freed some of its own" \
		"$(($(dm_value "$PUB/two" f.freed) > 0))" 1
	equal "$text: no call failed" "$(dm_value "$PUB/two" f.failed)" 0
	dm_unbind "$OUT" "$text"
}

# The range is only a number for who has not got the dma-buf.
bars()
{
	barcheck "$PCI_MEM" a=export:2:0:4096 nocap m=map \
		b=export:2:4096:4096 >"$OUT"
	equal "who has a dma-buf maps it without CAP_SYS_RAWIO" \
		"$(dm_value "$OUT" m.errno)" 0
	equal "but gets no other" "$(dm_value "$OUT" b.errno)" EPERM
	unshare -Ur barcheck "$PCI_MEM" a=export:2:0:4096 >"$OUT"
	equal "root of a user namespace exports none" \
		"$(dm_value "$OUT" a.errno)" EPERM
	expect_errno EACCES "nor opens the node, if another user made it" \
		"${SOMEBODY[@]}" unshare -Ur barcheck "$PCI_MEM" drop
}

chmod 711 "$TMP"
mkdir -m 1777 "$PUB"
dm_stage 4
dm_take_bar
dm_steer 0 1 0 0
sockets
namespaces
users
bars
dm_no_drops "all of it"
