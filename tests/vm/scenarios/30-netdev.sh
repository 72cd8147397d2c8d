# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: the genl family "netdev" answers as that of later kernels: every
# request to bind-rx, queue-get and dev-get that must be refused is, with that
# errno, a text and the attribute; dumps are complete; XDP features are true.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

# Numbers of the family
DEV_GET=1 QUEUE_GET=10 BIND_RX=13
# dev-get; queue-get; bind-rx. Inside of a nest: see genlreq
D_IFINDEX=1 D_FEATURES=3
Q_ID=1 Q_IFINDEX=2 Q_TYPE=3 Q_NAPI=4 Q_DMABUF=5
B_IFINDEX=1 B_QUEUES=2 B_FD=3 B_ID=4 B_SIZE=5
RX=0 TX=1
BASIC=1 REDIRECT=2 XMIT=4

RANGE=$PCI_MEM:0:4194304
OK_DEV=$B_IFINDEX=$DEV_RX
OK_BUF=$B_FD=dmabuf
OK_QUEUE=queue:$B_QUEUES=1

netdev()
{
	rx genlreq -F netdev "$@"
}

# answers ERRNO TEXT BAD DESC COMMAND...: BAD is the attribute that it must
# point at, "" for none
answers()
{
	local errno=$1 regex=$2 bad=$3 desc=$4 out=$TMP/genl
	shift 4

	"$@" >"$out" 2>&1 || true
	equal "$desc: $errno" "$(dm_value "$out" errno)" "$errno"
	if ! dm_value "$out" text | grep -qE -- "$regex"; then
		not_ok "$desc: the text is '$regex'" "$(cat "$out")"
	fi
	[ -z "$bad" ] ||
		equal "$desc: it points at the attribute" \
			"$(dm_value "$out" bad)" "$bad"
}

bind_answers()
{
	local errno=$1 regex=$2 bad=$3 desc=$4
	shift 4

	answers "$errno" "$regex" "$bad" "bind-rx, $desc" \
		netdev -m "$RANGE" $BIND_RX "$@"
}

# attr FILE TYPE: its value in the only line of FILE that "genlreq -v" printed
attr()
{
	sed -n "s/^cmd=.* $2=\([^ ]*\).*/\1/p" "$1"
}

family()
{
	local out=$TMP/family cmd

	rx genlreq -v -F nlctrl 3 str:2=netdev >"$out"
	equal "the family's version" "$(attr "$out" 3)" 1
	equal "a query for it loads no module" "$(modinfo -F alias devmem_tcp |
		grep -c 'netdev$')" 0
	for cmd in 2 3 4 5 6 7 8 9 11 12 14 16 17 255; do
		answers EOPNOTSUPP '' '' "command $cmd" netdev $cmd
		answers EOPNOTSUPP '' '' "dump of command $cmd" netdev -d $cmd
	done
	for cmd in $BIND_RX 15; do
		answers EOPNOTSUPP '' '' "dump of a bind command, $cmd" \
			netdev -d "$cmd"
	done
}

bind_form()
{
	bind_answers EINVAL '' $B_IFINDEX "no ifindex" "$OK_BUF" "$OK_QUEUE"
	bind_answers EINVAL '' $B_FD "no fd" "$OK_DEV" "$OK_QUEUE"
	bind_answers EINVAL '' $B_QUEUES "no queues" "$OK_DEV" "$OK_BUF"
	bind_answers ERANGE '.' $B_IFINDEX "ifindex 0" $B_IFINDEX=0 "$OK_BUF" \
		"$OK_QUEUE"
	bind_answers EINVAL '.' $B_ID "an id in the request" "$OK_DEV" \
		"$OK_BUF" "$OK_QUEUE" $B_ID=1
	bind_answers EINVAL 'Unknown attribute' 6 "an unknown attribute" \
		"$OK_DEV" "$OK_BUF" "$OK_QUEUE" 6=1
	bind_answers EINVAL '' '' "empty queues array" "$OK_DEV" "$OK_BUF" \
		queue:$B_QUEUES=:
	equal "bind-rx, empty queues array: an attribute is missing" \
		"$(dm_value "$TMP/genl" bad)" $Q_ID
	bind_answers EINVAL '' $Q_TYPE "a queue without type" "$OK_DEV" \
		"$OK_BUF" queue:$B_QUEUES=1:
	bind_answers EINVAL '' $Q_ID "a queue without id" "$OK_DEV" \
		"$OK_BUF" queue:$B_QUEUES=:0
	bind_answers EINVAL '.' ${B_QUEUES}0$Q_TYPE "a TX queue" "$OK_DEV" \
		"$OK_BUF" queue:$B_QUEUES=1:1
	bind_answers ERANGE '.' ${B_QUEUES}0$Q_TYPE "a queue of type 2" \
		"$OK_DEV" "$OK_BUF" queue:$B_QUEUES=1:2
	bind_answers EINVAL '.' ${B_QUEUES}0$Q_ID "queue 4 of 4" "$OK_DEV" \
		"$OK_BUF" queue:$B_QUEUES=4
	bind_answers EINVAL '.' '' "a good queue and a bad one" "$OK_DEV" \
		"$OK_BUF" "$OK_QUEUE" queue:$B_QUEUES=4
	bind_answers EINVAL '.' ${B_QUEUES}0$Q_ID "queue 4294967295" \
		"$OK_DEV" "$OK_BUF" queue:$B_QUEUES=4294967295
	bind_answers 0 '' '' "a queue twice" "$OK_DEV" "$OK_BUF" "$OK_QUEUE" \
		"$OK_QUEUE"
	bind_answers 0 '' '' "all queues" "$OK_DEV" "$OK_BUF" \
		queue:$B_QUEUES={0,1,2,3}
	equal "bind-rx: nothing outlives its socket" "$(dm_bindings)" 0
}

bind_size()
{
	local size

	for size in 0 1 2048 4095 131072 4294967295; do
		bind_answers ERANGE '.' $B_SIZE "page size $size" "$OK_DEV" \
			"$OK_BUF" "$OK_QUEUE" $B_SIZE=$size
	done
	for size in 4097 12288 65535; do
		bind_answers EINVAL 'rx-page-size must be a power of 2' \
			$B_SIZE "page size $size" "$OK_DEV" "$OK_BUF" \
			"$OK_QUEUE" $B_SIZE=$size
	done
	for size in 4096 8192 65536; do
		bind_answers 0 '' '' "page size $size" "$OK_DEV" "$OK_BUF" \
			"$OK_QUEUE" $B_SIZE=$size
	done
	answers EINVAL 'not aligned' $B_FD "bind-rx, 64 KiB from 4 KiB on" \
		netdev -m "$PCI_MEM:4096:4194304" $BIND_RX "$OK_DEV" \
		"$OK_BUF" "$OK_QUEUE" $B_SIZE=65536
}

bind_device()
{
	bind_answers ENODEV '' $B_IFINDEX "no such device" $B_IFINDEX=99999 \
		"$OK_BUF" "$OK_QUEUE"
	bind_answers ENODEV '' $B_IFINDEX "a device of another namespace" \
		$B_IFINDEX="$(tx cat "/sys/class/net/$DEV_TX/ifindex")" \
		"$OK_BUF" "$OK_QUEUE"
	bind_answers EOPNOTSUPP '.' $B_IFINDEX "the loopback device" \
		$B_IFINDEX=lo "$OK_BUF" queue:$B_QUEUES=0
	bind_answers EBADF '.' $B_FD "an fd that is not open" "$OK_DEV" \
		$B_FD=99 "$OK_QUEUE"
	bind_answers EINVAL '.' $B_FD "an fd that is no dma-buf" "$OK_DEV" \
		$B_FD=0 "$OK_QUEUE"
	answers EPERM '' '' "bind-rx by nobody" rx setpriv --reuid 65534 \
		--regid 65534 --clear-groups genlreq -F netdev $BIND_RX \
		"$OK_DEV" $B_FD=0 "$OK_QUEUE"
	answers EPERM '' '' "bind-rx by root of another user namespace" \
		rx unshare -Ur genlreq -F netdev $BIND_RX "$OK_DEV" \
		$B_FD=0 "$OK_QUEUE"
}

# The program that lets everything pass.
PASS=$TMP/bpf/pass

bind_state()
{
	local try=("$OK_DEV" "$OK_BUF" "$OK_QUEUE") xsk

	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=1 >/dev/null
	wait_for 20 net_answers
	bind_answers EINVAL '^tcp-data-split is disabled$' $B_IFINDEX \
		"tcp-data-split off" "${try[@]}"
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=2 >/dev/null
	wait_for 20 net_answers
	bind_answers 0 '' '' "tcp-data-split on" "${try[@]}"
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=0 >/dev/null
	wait_for 20 net_answers
	bind_answers 0 '' '' "tcp-data-split left to the driver" "${try[@]}"

	rx ip link set dev "$DEV_RX" xdp pinned "$PASS"
	wait_for 20 net_answers
	bind_answers EEXIST 'device with XDP program attached$' $B_IFINDEX \
		"XDP program" "${try[@]}"
	rx ip link set dev "$DEV_RX" xdp off
	wait_for 20 net_answers

	# Not by rx: a function in the background is one process more.
	ip netns exec rx xskbind "$DEV_RX" 1 >"$TMP/xsk" 2>&1 &
	xsk=$!
	check "an AF_XDP socket on queue 1" wait_for 5 grep -q bound "$TMP/xsk"
	bind_answers EBUSY '^designated queue already in use by AF_XDP$' \
		${B_QUEUES}0$Q_ID "AF_XDP" "${try[@]}"
	bind_answers 0 '' '' "AF_XDP on another queue" "$OK_DEV" "$OK_BUF" \
		queue:$B_QUEUES=2
	kill $xsk
	wait $xsk || true

	# AF_XDP leaves the queue some time after its socket is closed.
	check "a binding of queue 1" wait_for 10 rx devmemctl bind \
		-d "$DEV_RX" -q 1 bar "$PCI_MEM:2:32M"
	bind_answers EEXIST \
		'^designated queue already memory provider bound$' \
		${B_QUEUES}0$Q_ID "a bound queue" "${try[@]}"
	bind_answers EEXIST 'already memory provider bound' '' \
		"a free queue and a bound one" "$OK_DEV" "$OK_BUF" \
		queue:$B_QUEUES=0 "$OK_QUEUE"
	equal "one binding is there" "$(dm_bindings)" 1
	check "unbind" rx devmemctl unbind --all
}

queue_get()
{
	local dev=$Q_IFINDEX=$DEV_RX id=$Q_ID=1 type=$Q_TYPE=$RX

	answers EINVAL '' $Q_ID "queue-get without id" netdev $QUEUE_GET \
		"$dev" $type
	answers EINVAL '' $Q_TYPE "queue-get without type" netdev \
		$QUEUE_GET "$dev" $id
	answers EINVAL '' $Q_IFINDEX "queue-get without ifindex" netdev \
		$QUEUE_GET $id $type
	answers ERANGE '.' $Q_IFINDEX "queue-get of ifindex 0" netdev \
		$QUEUE_GET $Q_IFINDEX=0 $id $type
	answers ERANGE '.' $Q_TYPE "queue-get of type 2" netdev $QUEUE_GET \
		"$dev" $id $Q_TYPE=2
	answers ENODEV '' $Q_IFINDEX "queue-get of no device" netdev \
		$QUEUE_GET $Q_IFINDEX=99999 $id $type
	answers EINVAL '.' $Q_ID "queue-get of queue 4 of 4" netdev \
		$QUEUE_GET "$dev" $Q_ID=4 $type
	answers EINVAL '.' $Q_ID "queue-get of TX queue 4 of 4" netdev \
		$QUEUE_GET "$dev" $Q_ID=4 $Q_TYPE=$TX
	answers ENODEV '' '' "queue-get, dump of no device" netdev -d \
		$QUEUE_GET $Q_IFINDEX=99999
	# 6.1 does not tell which attribute when a dump fails.
	answers EINVAL 'not for dumps' '' "queue-get, dump of an id" netdev -d \
		$QUEUE_GET $id
	answers EINVAL 'not for dumps' '' "queue-get, dump of a type" netdev -d \
		$QUEUE_GET $type
	answers 0 '' '' "queue-get by nobody" rx setpriv --reuid 65534 \
		--regid 65534 --clear-groups genlreq -F netdev $QUEUE_GET \
		"$dev" $id $type

	ip -n rx link set "$DEV_RX" down
	answers ENOENT '.' $Q_IFINDEX "queue-get while the device is down" \
		netdev $QUEUE_GET "$dev" $id $type
	answers 0 '' '' "queue-get, dump while the device is down" netdev -d \
		$QUEUE_GET "$dev"
	equal "queue-get, dump while the device is down: no queue" \
		"$(grep -c '^cmd=' "$TMP/genl")" 0
	ip -n rx link set "$DEV_RX" up
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	wait_for 20 net_answers
}

# queues OUT: a line "ID TYPE DMABUF" for each queue that a dump lists
queues()
{
	netdev -d $QUEUE_GET $Q_IFINDEX="$1" | awk -v d=$Q_DMABUF \
		-v i=$Q_ID -v t=$Q_TYPE '
		/^cmd=/ {
			delete a
			for (n = 2; n <= NF; n++) {
				split($n, kv, "=")
				a[kv[1]] = kv[2]
			}
			print a[i], a[t], (d in a) ? a[d] : "-"
		}'
}

bound_queues()
{
	local one two ifindex out=$TMP/queue want

	one=$(rx devmemctl -j bind -d "$DEV_RX" -q 1,3 \
		bar "$PCI_MEM:2:32M" | jq .id)
	two=$(rx devmemctl -j bind -d "$DEV_RX" -q 2 \
		bar "$PCI_MEM:2:0:32M" | jq .id)
	want=$(printf '%s\n' "0 0 -" "1 0 $one" "2 0 $two" "3 0 $one" \
		"0 1 -" "1 1 -" "2 1 -" "3 1 -")
	equal "queue-get, dump of two bindings" "$(queues "$DEV_RX")" "$want"
	netdev -v $QUEUE_GET $Q_IFINDEX="$DEV_RX" $Q_ID=2 $Q_TYPE=$RX >"$out"
	equal "queue-get: the binding" "$(attr "$out" $Q_DMABUF)" "$two"
	equal "queue-get: the NAPI id" "$(attr "$out" $Q_NAPI)" \
		"$(rx devmemctl -j show "$two" | jq '.[0].pools[0].napi_id')"
	netdev -v $QUEUE_GET $Q_IFINDEX="$DEV_RX" $Q_ID=2 $Q_TYPE=$TX >"$out"
	equal "queue-get of TX: no binding" "$(attr "$out" $Q_DMABUF)" ""

	ifindex=$(rx cat "/sys/class/net/$DEV_RX/ifindex")
	ip -n rx link set "$DEV_RX" down
	ip -n rx link set "$DEV_RX" name nic7
	ip -n rx link set nic7 up
	equal "queue-get after a rename" "$(queues "$ifindex")" "$want"
	ip -n rx link set nic7 down
	ip -n rx link set nic7 name "$DEV_RX"
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	wait_for 20 net_answers
	check "unbind" rx devmemctl unbind --all
	equal "queue-get, dump without bindings" \
		"$(queues "$DEV_RX" | grep -vc -e '-$')" 0
}

# features DEV [NETNS]
features()
{
	ip netns exec "${2:-rx}" genlreq -v -F netdev $DEV_GET \
		$D_IFINDEX="$1" >"$TMP/dev"
	attr "$TMP/dev" $D_FEATURES
}

# What dev-get says is what the attempt says.
true_features()
{
	local dev=$1 want=$2 basic=1

	equal "dev-get of $dev: features" "$(features "$dev")" "$want"
	rx ip link set dev "$dev" xdpdrv pinned "$PASS" 2>/dev/null || basic=0
	[ $basic = 0 ] || rx ip link set dev "$dev" xdpdrv off
	equal "dev-get of $dev: native programs" $((want & BASIC)) $basic
}

dev_get()
{
	local all=$((BASIC | REDIRECT | XMIT)) dev

	answers EINVAL '' $D_IFINDEX "dev-get without ifindex" netdev $DEV_GET
	answers ERANGE '.' $D_IFINDEX "dev-get of ifindex 0" netdev $DEV_GET \
		$D_IFINDEX=0
	answers ENODEV '' $D_IFINDEX "dev-get of no device" netdev $DEV_GET \
		$D_IFINDEX=99999
	answers EINVAL 'Unknown attribute' 7 "dev-get, unknown attribute" \
		netdev $DEV_GET $D_IFINDEX=lo 7=1
	answers EINVAL 'not for dumps' '' "dev-get, dump of an ifindex" netdev \
		-d $DEV_GET $D_IFINDEX=lo

	modprobe -a dummy veth tun
	ip -n rx link add dummy0 type dummy
	ip -n rx link add veth0 type veth peer name veth1
	ip -n rx tuntap add dev tap0 mode tap
	ip -n rx tuntap add dev tun0 mode tun
	for dev in dummy0 veth0 tap0 tun0; do
		defer ip -n rx link del $dev
		ip -n rx link set $dev up
	done
	ip -n rx link set veth1 up
	true_features lo 0
	true_features dummy0 0
	true_features tun0 0
	true_features tap0 $all
	true_features veth0 $((BASIC | REDIRECT))
	true_features "$DEV_RX" $((BASIC | REDIRECT))
	wait_for 20 net_answers
	equal "dev-get: metadata features" "$(attr "$TMP/dev" 5)" 0
	equal "dev-get: AF_XDP features" "$(attr "$TMP/dev" 6)" 0
	equal "dev-get: no zero-copy, so no segments" "$(attr "$TMP/dev" 4)" ""

	# Who can be redirected to: igb with a program of its own, veth with
	# one at the other end.
	rx ip link set dev "$DEV_RX" xdpdrv pinned "$PASS"
	equal "dev-get of $DEV_RX with a program" "$(features "$DEV_RX")" $all
	rx ip link set dev "$DEV_RX" xdpdrv off
	wait_for 20 net_answers
	rx ip link set dev "$DEV_RX" xdpgeneric pinned "$PASS"
	equal "dev-get of $DEV_RX with a generic program" \
		"$(features "$DEV_RX")" $((BASIC | REDIRECT))
	rx ip link set dev "$DEV_RX" xdpgeneric off
	rx ip link set dev veth1 xdpdrv pinned "$PASS"
	equal "dev-get of veth0, program at the other end" \
		"$(features veth0)" $all
	equal "dev-get of veth1, program at this end" \
		"$(features veth1)" $((BASIC | REDIRECT))
	rx ip link set dev veth1 xdpdrv off
}

# More than one message, more than one device in a bucket.
many_devices()
{
	local i num=300

	ip netns add many
	defer ip netns del many
	for ((i = 0; i < num; i++)); do
		echo "link add d$i up type dummy"
	done | ip -n many -batch -
	ip netns exec many genlreq -d -F netdev $DEV_GET >"$TMP/many"
	equal "dev-get, dump of $num devices" \
		"$(sed -n 's/^cmd=[0-9]* 1=\([0-9]*\) .*/\1/p' "$TMP/many" |
			sort -n | tr '\n' ' ')" \
		"$(ip netns exec many sh -c 'cat /sys/class/net/*/ifindex' |
			sort -n | tr '\n' ' ')"
	equal "dev-get, dump: the end" "$(dm_value "$TMP/many" errno)" 0
	ip netns exec many genlreq -d -F netdev $QUEUE_GET >"$TMP/many"
	equal "queue-get, dump of $num devices that are up" \
		"$(grep -c '^cmd=' "$TMP/many")" $((num * 2))
	equal "queue-get, dump: each queue once" \
		"$(grep '^cmd=' "$TMP/many" | sort -u | wc -l)" $((num * 2))
}

dm_stage 4
dm_take_bar
mkdir "$TMP/bpf"
mount -t bpf bpf "$TMP/bpf"
defer umount "$TMP/bpf"
xdppass "$PASS"
family
bind_form
bind_size
bind_device
bind_state
dm_nothing_left "after all these"
queue_get
bound_queues
dev_get
many_devices
dm_nothing_left "in the end"
for queue in 0 1 2 3; do
	dm_plain $queue "in the end"
done
