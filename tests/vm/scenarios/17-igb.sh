# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: the fork is still igb. Its own self-test passes, bound and unbound
# queues survive what an administrator does (down and up, MTU, namespaces), what
# cannot be done while bound is refused with a reason, and unloading igb ends
# its bindings.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out

# What the fork adds, by name.
COUNTERS="devmem_packets devmem_bytes devmem_linear_pkts devmem_linear_bytes
devmem_drop_nosplit devmem_drop_csum devmem_drop_not_tcp devmem_drop_alloc
devmem_pool_empty
devmem_merged"

self_test()
{
	local kind

	for kind in online offline; do
		check "$1: ethtool -t $kind" rx ethtool -t "$DEV_RX" $kind
		check "$1: the link is back" wait_for 20 net_answers
	done
}

counters()
{
	local name queue

	rx ethtool -S "$DEV_RX" >"$TMP/stats"
	for queue in 0 3; do
		for name in $COUNTERS; do
			check "ethtool -S has rx_queue_${queue}_$name" grep -qx \
				" *rx_queue_${queue}_$name: [0-9]*" "$TMP/stats"
		done
	done
	check "ethtool -g tells TCP data split" \
		grep -qE 'TCP data split' <(rx ethtool -g "$DEV_RX")
}

bind_all()
{
	check "$1: bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	ID=$(rx devmemctl -j show | jq '.[0].id')
}

# A stream into the binding that is there. The bytes are compared by 10 to 12;
# here it is about whether they arrive, and where.
arrives()
{
	local out=$TMP/recv

	rx devmemctl -j recv -l $PORT --binding "$ID" >"$out.json" \
		2>"$out.err" &
	RECEIVER=$!
	wait_for 20 dm_listens $PORT
	check "$1: the sender is done" tx timeout 60 \
		socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:$PORT"
	dm_recv_wait "$1: the receiver is done" "$out"
	equal "$1: it is in device memory" \
		"$(($(dm_field "$out" bytes_device) > 2000000))" 1
	equal "$1: all of it" "$(jq '.bytes_device + .bytes_linear' \
		"$out.json")" "$(stat -c %s "$TMP/input")"
}

refused_while_bound()
{
	local text="while bound" channels ring

	channels=$(dm_channels)
	ring=$(dm_ring)
	expect_error 'unbind device memory before|busy' "$text: ethtool -G rx" \
		rx ethtool -G "$DEV_RX" rx 2048
	check "$text: the reason of ethtool -G" grep -q 'unbind device memory' \
		<(rx ethtool -G "$DEV_RX" rx 2048 2>&1)
	# with an indirection table set by hand the core says no before
	rx ethtool -X "$DEV_RX" default
	expect_errno EBUSY "$text: ethtool -L" \
		rx ethtool -L "$DEV_RX" combined 1
	check "$text: the reason of ethtool -L, in dmesg" grep -q \
		'unbind device memory of rx queue 1 before removing it' \
		<(dmesg | tail -n 20)
	dm_steer 0 1 0 0
	check "$text: ethtool -G tx works" rx ethtool -G "$DEV_RX" tx 512
	check "$text: and back" rx ethtool -G "$DEV_RX" tx 256
	wait_for 20 net_answers
	equal "$text: as many channels as before" "$(dm_channels)" "$channels"
	equal "$text: as many descriptors as before" "$(dm_ring)" "$ring"

	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=1 >"$TMP/split"
	equal "$text: tcp-data-split off" "$(dm_value "$TMP/split" errno)" \
		EBUSY
	check "$text: its reason" grep -q 'unbind device memory' "$TMP/split"
	rx ethtool -K "$DEV_RX" rx off >"$TMP/features" 2>&1 || true
	check "$text: its reason, in dmesg" grep -q \
		'unbind device memory before turning rx checksumming off' \
		<(dmesg | tail -n 20)
	check "$text: rx checksumming stays on" grep -q '^rx-checksumming: on' \
		<(rx ethtool -k "$DEV_RX")
	rx ethtool -K "$DEV_RX" rx on >>"$TMP/features" 2>&1 || true

	mkdir -p "$TMP/bpf"
	mount -t bpf bpf "$TMP/bpf"
	defer umount "$TMP/bpf"
	xdppass "$TMP/bpf/pass"
	expect_error 'unbind device memory before attaching' \
		"$text: native XDP" \
		rx ip link set dev "$DEV_RX" xdpdrv pinned "$TMP/bpf/pass"
	expect_error '.' "$text: XDP" \
		rx ip link set dev "$DEV_RX" xdp pinned "$TMP/bpf/pass"
}

# Generic XDP would look at the payload.
generic_xdp()
{
	local text="generic XDP while bound"

	if rx ip link set dev "$DEV_RX" xdpgeneric pinned "$TMP/bpf/pass" \
			>"$TMP/generic" 2>&1; then
		not_ok "$text is refused" "attached"
		rx ip link set dev "$DEV_RX" xdpgeneric off
	else
		ok "$text is refused"
	fi
}

# VFs take RX queues away. Never both, whoever comes first: bind and unbind run
# while VFs are asked for.
sriov()
{
	local text="SR-IOV" file=/sys/bus/pci/devices/$PCI_RX/sriov_numvfs
	local pid i both=0 vfs=0

	if [ ! -e "$file" ]; then
		skip "$text" "no SR-IOV here: the kernel wants CONFIG_PCI_MMCONFIG"
		return
	fi
	expect_errno EBUSY "$text while bound" bash -c "echo 2 >$file"
	check "$text while bound: the reason, in dmesg" grep -q \
		'unbind device memory before changing sriov_numvfs' \
		<(dmesg | tail -n 20)
	check "$text: unbind" rx devmemctl unbind "$ID"
	check "$text: on" bash -c "echo 2 >$file"
	expect_error 'sr-iov is on' "bind with $text" \
		rx devmemctl bind -d "$DEV_RX" -q 0 bar "$PCI_MEM"
	check "$text: off" bash -c "echo 0 >$file"

	rm -f "$TMP/enough"
	(while [ ! -e "$TMP/enough" ]; do
		rx devmemctl bind -d "$DEV_RX" -q 0 bar "$PCI_MEM" &&
			rx devmemctl unbind --all
	done) >/dev/null 2>&1 &
	pid=$!
	for i in {1..10}; do
		bash -c "echo 1 >$file" 2>/dev/null || continue
		vfs=$((vfs + 1))
		for _ in {1..3}; do
			[ "$(dm_bindings)" = 0 ] || both=$((both + 1))
		done
		echo 0 >"$file"
	done
	touch "$TMP/enough"
	wait $pid || true
	diag "$text: on $vfs times in $i"
	equal "$text and a binding at the same time" $both 0
	rx devmemctl unbind --all >/dev/null 2>&1 || true
	dm_set_channels 4
	dm_steer 0 1 0 0
	check "$text: the link is back" wait_for 20 net_answers
	bind_all "$text"
	arrives "after $text"
}

down_and_up()
{
	local text="down and up"

	rx ip link set "$DEV_RX" down
	equal "$text: the binding is there while down" "$(dm_bindings)" 1
	rx ip link set "$DEV_RX" up
	rx ip addr replace "$IP6_RX/64" dev "$DEV_RX" nodad
	check "$text: the link is back" wait_for 20 net_answers
	arrives "$text"

	text="unbind while down"
	rx ip link set "$DEV_RX" down
	check "$text" rx devmemctl unbind "$ID"
	dm_nothing_left "$text"
	bind_all "bind while down"
	rx ip link set "$DEV_RX" up
	rx ip addr replace "$IP6_RX/64" dev "$DEV_RX" nodad
	check "bind while down: the link is back" wait_for 20 net_answers
	arrives "bind while down"
}

# While a stream is under way as well.
mtu()
{
	local size

	for size in 9000 1500; do
		check "MTU $size while bound" net_mtu $size
		arrives "MTU $size"
	done
	dm_exchange_down_up
	check "unbind with another MTU than at bind: MTU 9000" net_mtu 9000
	check "unbind" rx devmemctl unbind "$ID"
	dm_nothing_left "unbind with another MTU"
	dm_plain 1 "unbind with another MTU"
	net_mtu 1500
	dm_plain 1 "and MTU 1500 again"
	dm_steer 0 1 0 0
}

# The link goes while a stream runs; the stream goes on afterwards.
dm_exchange_down_up()
{
	local text="down and up in a stream" sender

	check "$text: unbind" rx devmemctl unbind "$ID"
	rm -f "$TMP/half" "$TMP/go"
	dm_sock "$OUT" -m "$PCI_MEM" -d "$DEV_RX" -q 1 accept \
		hold:1000000 "touch:$TMP/half" eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:4000000 >"$TMP/send" 2>&1 &
	sender=$!
	check "$text: the first half" wait_for 20 test -e "$TMP/half"
	rx ip link set "$DEV_RX" down
	sleep 0.2
	rx ip link set "$DEV_RX" up
	rx ip addr replace "$IP6_RX/64" dev "$DEV_RX" nodad
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	check "$text: the link is back" wait_for 20 net_answers
	dm_unbind "$OUT" "$text"
	bind_all "$text"
}

other_namespace()
{
	local text="moved to another namespace"

	bind_all "$text"
	rx ip link set "$DEV_RX" netns 1
	equal "$text: no binding in the old one" "$(dm_bindings)" 0
	equal "$text: nor in the new one" "$(devmemctl -j show | jq length)" 0
	net_up
	dm_steer 0 1 0 0
	dm_nothing_left "$text"
	dm_plain 1 "$text"
	dm_steer 0 1 0 0
}

rmmod_igb()
{
	local text="rmmod igb" combined

	combined=$(dm_channels)
	bind_all "$text"
	check "$text while bound" rmmod igb
	equal "$text: no binding is left" "$(rx devmemctl -j show | jq length)" 0
	check "$text: no module is in use" wait_for 5 dm_idle
	check "$text: it comes back" load_modules
	check "$text: the network comes back" net_up
	dm_set_channels "$combined"
	dm_set_ring $DM_RING
	dm_steer 0 1 0 0
	wait_for 20 net_answers
	bind_all "$text, once more"
	arrives "$text, once more"
	check "$text, once more: unbind" rx devmemctl unbind "$ID"
	dm_nothing_left "$text"
}

dm_stage 4
dm_steer 0 1 0 0
random_file "$TMP/input" 3
self_test "unbound"
counters
bind_all "first"
arrives "first"
refused_while_bound
generic_xdp
arrives "after all that was refused"
check "bound: ethtool -t online" rx ethtool -t "$DEV_RX" online
check "bound: the link is back" wait_for 20 net_answers
sriov
down_and_up
mtu
other_namespace
rmmod_igb
self_test "in the end"
