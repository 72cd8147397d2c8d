# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: a binding made over "netdev" receives, and ends with its netlink
# socket: on close, on SIGKILL, with the last of several holders, under traffic;
# the queue is free at once. Everything that ends a binding is told to the group
# "binding", with the reason, in the namespace of the device.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

BIND_RX=13 DEV_ADD=2 DEV_DEL=3
# uapi/linux/devmem_tcp.h
GET=3 ADD=4 DEL=5
A_ID=1 A_REASON=12 A_LIMIT=13 A_OWNED=15
BY_UNBIND=1 BY_NETLINK=2 BY_DEVICE=3 BY_EXPORTER=4 BY_MODULE=5

OUT=$TMP/out
HALF=$PCI_MEM:0:33554432
NUMBER=0

# client OUT STEP...: starts netdevbind on queue 1 in the background
client()
{
	local out=$1
	shift

	# Not by rx: a function in the background is one process more, and it
	# would be the one that is killed.
	ip netns exec rx netdevbind -m "$HALF" -d "$DEV_RX" -q 1 "$@" \
		>"$out" 2>&1 &
	CLIENT=$!
}

# bound TEXT OUT: waits until it has bound
bound()
{
	if wait_for 10 grep -q '^bind.errno=0$' "$2"; then
		ok "$1: bound"
	else
		not_ok "$1: bound" "$(cat "$2")"
	fi
}

no_bindings()
{
	[ "$(dm_bindings)" = 0 ]
}

transfer()
{
	local text="a transfer"

	dm_take_bar
	client "$OUT" bind=bind run -- dmsock -p $PORT -f @ accept end=eof
	wait_for 20 dm_listens $PORT
	bound "$text" "$OUT"
	rx genlreq -v $GET $A_ID="$(dm_value "$OUT" bind.id)" >"$TMP/get"
	equal "$text: the binding is marked" \
		"$(grep -cE "^cmd=.* $A_OWNED( |$)" "$TMP/get")" 1
	dm_send send:3000000
	dm_wait "$text: all bytes are right" $CLIENT
	equal "$text: the end of the stream" "$(dm_value "$OUT" end.pos)" \
		3000000
	equal "$text: in device memory" \
		"$(($(dm_value "$OUT" end.device) > 2900000))" 1
	dm_nothing_left "$text"
}

close_and_bind()
{
	local text="close and bind again"

	client "$OUT" bind=bind again=again:100
	dm_wait "$text: the client" $CLIENT
	equal "$text, 100 times: failed" "$(dm_value "$OUT" again.failed)" 0
	dm_nothing_left "$text"
	dm_plain 1 "$text"
	dm_steer 0 1 0 0
}

# The range of the BAR is exported again at once, too.
killed()
{
	local text="SIGKILL" i failed=0

	for ((i = 0; i < 20; i++)); do
		client "$OUT" bind=bind pause
		wait_for 10 grep -q '^bind.id=' "$OUT" || failed=1
		kill -9 $CLIENT
		wait $CLIENT 2>/dev/null || true
		[ "$(dm_bindings)" = 0 ] || failed=2
	done
	equal "$text, 20 times: bound at once, ended at once" $failed 0
	[ $failed = 0 ] || diag "$(cat "$OUT")"
	dm_nothing_left "$text"
}

# shared TEXT HOW: somebody else has the socket too
shared()
{
	local text=$1

	client "$OUT" bind=bind "$2:$TMP/release" "touch:$TMP/shared" pause
	wait_for 10 test -e "$TMP/shared"
	bound "$text" "$OUT"
	equal "$text: the binding stays" "$(dm_bindings)" 1
	touch "$TMP/release"
	check "$text: it ends with the last reference" wait_for 5 no_bindings
	check "$text: before the process" kill $CLIENT
	wait $CLIENT 2>/dev/null || true
	rm "$TMP/shared" "$TMP/release"
	dm_nothing_left "$text"
}

# Two sockets; unbind of one by hand; it binds again.
by_hand()
{
	local text="unbind by hand" other

	client "$OUT" bind=bind "touch:$TMP/there" "wait:$TMP/go" again=again:1 \
		"touch:$TMP/again" pause
	bound "$text" "$OUT"
	ip netns exec rx netdevbind -m "$PCI_MEM:33554432" -d "$DEV_RX" \
		-q 2,3 bind=bind pause >"$TMP/other" 2>&1 &
	other=$!
	bound "$text: another" "$TMP/other"
	equal "$text: two bindings" "$(dm_bindings)" 2
	check "$text: unbind" rx devmemctl unbind "$(dm_value "$OUT" bind.id)"
	equal "$text: one binding" "$(dm_bindings)" 1
	touch "$TMP/go"
	wait_for 10 test -e "$TMP/again"
	equal "$text: the client binds again" \
		"$(dm_value "$OUT" again.failed)" 0
	kill -9 $other
	wait $other 2>/dev/null || true
	equal "$text: the other one ends alone" \
		"$(rx devmemctl -j show | jq -c '[.[].queues[]]')" '[1]'
	kill $CLIENT
	wait $CLIENT 2>/dev/null || true
	dm_nothing_left "$text"
}

# What the client does not get to know of is undone.
untold()
{
	local text="a reply that does not fit"

	listen rx devmem_tcp binding
	client "$OUT" flood bind=untold "touch:$TMP/untold" "wait:$TMP/drain" \
		drain=drain again=bind
	wait_for 20 test -e "$TMP/untold"
	equal "$text: an error" "$(dm_value "$OUT" bind.errno)" ENOBUFS
	equal "$text: no binding" "$(dm_bindings)" 0
	equal "$text: it was made and undone" \
		"$(cut -d ' ' -f 1 "$HEARD" | tr '\n' ' ')" \
		"joined cmd=$ADD cmd=$DEL "
	unlisten
	touch "$TMP/drain"
	dm_wait "$text: the client" $CLIENT
	equal "$text: the next one works" "$(dm_value "$OUT" again.errno)" 0
	dm_nothing_left "$text"
}

# The owner dies in the middle of a stream that somebody else reads.
under_traffic()
{
	local text="SIGKILL under traffic" sender

	dm_take_bar
	client "$OUT" bind=bind run -- dmsock -p $PORT -f @ accept \
		keep=hold:1000000 "touch:$TMP/read" "wait:$TMP/after" \
		queued=recv:14000 later=read:1000000 end=eof "touch:$TMP/end"
	wait_for 20 dm_listens $PORT
	tx timeout 60 dmsend "$IP4_RX" $PORT send:1000000 "wait:$TMP/read" \
		send:14000 "touch:$TMP/queued" "wait:$TMP/after" \
		send:1200000 >"$TMP/send" 2>&1 &
	sender=$!
	check "$text: data before" wait_for 20 test -e "$TMP/queued"
	sleep 0.2
	kill -9 $CLIENT
	wait $CLIENT 2>/dev/null || true
	equal "$text: no binding" "$(dm_bindings)" 0
	touch "$TMP/after"
	check "$text: the stream goes on" wait_for 30 test -e "$TMP/end"
	wait $sender || true
	equal "$text: what is queued is device memory" \
		"$(dm_value "$OUT" queued.device)" 14000
	equal "$text: later it is not" "$(dm_value "$OUT" later.device)" 0
	equal "$text: the end of the stream" "$(dm_value "$OUT" end.pos)" \
		2214000
	equal "$text: nothing is wrong" "$(grep -c wrong= "$OUT")" 0
	dm_nothing_left "$text"
}

# listen NETNS FAMILY GROUP: to $HEARD
listen()
{
	NUMBER=$((NUMBER + 1))
	HEARD=$TMP/heard$NUMBER
	ip netns exec "$1" genlmon "$2" "$3" >"$HEARD" 2>&1 &
	LISTENER=$!
	wait_for 5 grep -q joined "$HEARD"
}

unlisten()
{
	kill $LISTENER
	wait $LISTENER 2>/dev/null || true
}

# heard TEXT FILE ID CMD REASON: exactly one such message about the binding
heard()
{
	local regex="^cmd=$4 $A_ID=$3 "

	[ -z "$5" ] || regex+=".*\b$A_REASON=$5( |\$)"
	wait_for 5 grep -qE "$regex" "$2" || true
	equal "$1: heard" "$(grep -cE "$regex" "$2")" 1
	[ -n "$5" ] || equal "$1: heard without a reason" \
		"$(grep -E "$regex" "$2" | grep -c " $A_REASON=")" 0
}

bind_id()
{
	dm_take_bar
	rx devmemctl -j bind -d "$DEV_RX" -q 1 bar "$PCI_MEM:2:0:32M" | jq .id
}

notifications()
{
	local text="binding group" id file other silent

	listen tx devmem_tcp binding
	other=$LISTENER silent=$HEARD
	listen rx devmem_tcp binding
	file=$HEARD

	id=$(bind_id)
	heard "$text, bind" "$file" "$id" $ADD ''
	rx devmemctl unbind "$id"
	heard "$text, unbind" "$file" "$id" $DEL $BY_UNBIND

	rx netdevbind -m "$HALF" -d "$DEV_RX" -q 1 bind=bind >"$OUT"
	id=$(dm_value "$OUT" bind.id)
	heard "$text, netdev" "$file" "$id" $ADD ''
	heard "$text, its socket closed" "$file" "$id" $DEL $BY_NETLINK
	equal "$text, netdev: both say who owns it" \
		"$(grep -E "$A_ID=$id " "$file" |
			grep -cE " $A_OWNED( |$)")" 2

	id=$(bind_id)
	dm_release_bar
	heard "$text, exporter" "$file" "$id" $DEL $BY_EXPORTER
	wait_for 5 no_bindings

	id=$(bind_id)
	ip -n rx link set "$DEV_RX" netns tx name away0
	heard "$text, the device leaves" "$file" "$id" $DEL $BY_DEVICE
	ip -n tx link set away0 netns rx name "$DEV_RX"
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	check "$text: the network is back" wait_for 20 net_answers

	id=$(bind_id)
	rmmod devmem_tcp
	heard "$text, rmmod" "$file" "$id" $DEL $BY_MODULE
	modprobe devmem_tcp
	equal "$text: nothing in another namespace" "$(cat "$silent")" joined
	unlisten
	LISTENER=$other
	unlisten
	dm_nothing_left "$text"
}

get_form()
{
	local text="get"

	rx genlreq $GET $A_ID=1 2="$DEV_RX" >"$TMP/get"
	equal "$text with an ifindex" "$(dm_value "$TMP/get" errno)" EINVAL
	equal "$text with an ifindex: it points at it" \
		"$(dm_value "$TMP/get" bad)" 2
	rx genlreq -d $GET $A_ID=1 >"$TMP/get"
	equal "$text, dump with an id" "$(dm_value "$TMP/get" errno)" EINVAL
	rx genlreq -d $GET 2="$DEV_RX" >"$TMP/get"
	equal "$text, dump with an ifindex" "$(dm_value "$TMP/get" errno)" 0
}

# A limit is kept and told; what it does is for others to prove.
sock_limit()
{
	local text="socket limit"

	rx genlreq -m "$HALF" -v 1 2="$DEV_RX" 3=dmabuf 4=1 $A_LIMIT=77 \
		>"$OUT"
	equal "$text: bind" "$(dm_value "$OUT" errno)" 0
	rx genlreq -d $GET >"$TMP/get"
	equal "$text: it is told" \
		"$(grep -cE "^cmd=.* $A_LIMIT=77( |$)" "$TMP/get")" 1
	equal "$text: this binding is nobody's" \
		"$(grep -cE "^cmd=.* $A_OWNED( |$)" "$TMP/get")" 0
	check "$text: unbind" rx devmemctl unbind --all
}

devices()
{
	local text="mgmt group" index other file

	modprobe dummy
	listen tx netdev mgmt
	other=$LISTENER file=$HEARD
	listen rx netdev mgmt
	ip -n rx link add dm0 type dummy
	index=$(rx cat /sys/class/net/dm0/ifindex)
	check "$text: a new device" wait_for 5 grep -q \
		"^cmd=$DEV_ADD 1=$index 3=0" "$HEARD"
	ip -n rx link set dm0 netns tx
	check "$text: it leaves" wait_for 5 grep -q \
		"^cmd=$DEV_DEL 1=$index " "$HEARD"
	index=$(tx cat /sys/class/net/dm0/ifindex)
	check "$text: it comes" wait_for 5 grep -q \
		"^cmd=$DEV_ADD 1=$index " "$file"
	ip -n tx link del dm0
	check "$text: it is gone" wait_for 5 grep -q \
		"^cmd=$DEV_DEL 1=$index " "$file"
	unlisten
	LISTENER=$other
	unlisten
	listen rx netdev page-pool
	unlisten
	equal "page-pool group: can be joined" "$(cat "$HEARD")" joined
}

# The device goes, by a move or by its driver, then the socket closes.
device_first()
{
	local text="the device leaves first"

	client "$OUT" bind=bind "wait:$TMP/left"
	bound "$text" "$OUT"
	ip -n rx link set "$DEV_RX" netns tx name away0
	equal "$text: no binding" \
		"$(tx devmemctl -j show | jq length)/$(dm_bindings)" 0/0
	touch "$TMP/left"
	dm_wait "$text: the socket closes" $CLIENT
	ip -n tx link set away0 netns rx name "$DEV_RX"
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	check "$text: the network is back" wait_for 20 net_answers
	dm_nothing_left "$text"
}

module_first()
{
	local text="the module goes first"

	client "$OUT" bind=bind "wait:$TMP/gone"
	bound "$text" "$OUT"
	check "$text: rmmod devmem_tcp" rmmod devmem_tcp
	touch "$TMP/gone"
	dm_wait "$text: the socket closes" $CLIENT
	check "$text: rmmod devmem_tcp_core" wait_for 5 \
		rmmod devmem_tcp_core
	check "$text: modprobe" modprobe devmem_tcp
	dm_nothing_left "$text"
}

# Nobody, in a user and network namespace of his own that the device was given
# to: he may bind there, and still nowhere else.
own_namespace()
{
	local text="a user namespace of its own" pid dev=own0

	ip netns exec rx setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare -Urn sleep 300 &
	pid=$!
	wait_for 10 grep -q '^ *0 *65534' /proc/$pid/uid_map
	ip -n rx link set "$DEV_RX" netns $pid name $dev
	nsenter -t $pid -n ip link set $dev up
	dm_take_bar
	# The dma-buf comes from somebody who may export it.
	rx netdevbind -m "$HALF" run -- nsenter -t $pid -U -n \
		genlreq -f @ -F netdev -v $BIND_RX 1=$dev 3=dmabuf \
		queue:2=1 >"$OUT" 2>&1 || true
	equal "$text: bind-rx" "$(dm_value "$OUT" errno)" 0
	rx netdevbind -m "$HALF" run -- nsenter -t $pid -U -n \
		genlreq -f @ -v 1 2=$dev 3=dmabuf 4=1 >"$OUT" 2>&1 || true
	equal "$text: bind over devmem_tcp" "$(dm_value "$OUT" errno)" 0
	# It takes rtnl's time, which is the whole machine's.
	equal "$text: it is not told what is held" "$(nsenter -t $pid -U -n \
		devmemctl -j show | jq 'length == 1 and
			all(.held == null)')" true
	equal "$text: root is" "$(nsenter -t $pid -n devmemctl -j show |
		jq 'length == 1 and all(.held >= 0)')" true
	check "$text: unbind over devmem_tcp" nsenter -t $pid -U -n \
		devmemctl unbind --all
	# Not uid 65534: who made a user namespace may do all in it.
	rx netdevbind -m "$HALF" run -- nsenter -t $pid -n \
		setpriv --reuid 65533 --regid 65533 --clear-groups \
		genlreq -f @ -F netdev -v $BIND_RX 1=$dev 3=dmabuf \
		queue:2=1 >"$OUT" 2>&1 || true
	equal "$text: somebody outside" "$(dm_value "$OUT" errno)" EPERM
	diag "$(cat "$OUT")"
	kill $pid
	wait $pid 2>/dev/null || true
	wait_for 10 dev_by_mac "$MAC_RX"
	ip link set "$(dev_by_mac "$MAC_RX")" netns rx name "$DEV_RX"
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	check "$text: the network is back" wait_for 20 net_answers
	dm_nothing_left "$text"
}

dm_stage 4
defer load_modules
dm_take_bar
dm_steer 0 1 0 0
transfer
close_and_bind
killed
shared "fork" fork
shared "SCM_RIGHTS" send
by_hand
untold
under_traffic
notifications
dm_steer 0 1 0 0
sock_limit
get_form
devices
device_first
module_first
own_namespace
dm_channels >/dev/null
rx ethtool -X "$DEV_RX" default
for queue in 0 1 2 3; do
	dm_plain $queue "in the end"
done
