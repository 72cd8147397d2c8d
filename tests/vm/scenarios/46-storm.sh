# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: 25 times one of down and up, ring sizes, channels, resets, error recovery,
# MTU, rmmod and SIGKILL, with bind and unbind in parallel and traffic all the time,
# leave a device that works, with nothing bound and nothing lost.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

need_module nicfault

TIMES=25

# Any of them may be refused, for what the others do.
once()
{
	case $((RANDOM % 12)) in
	0) rx ip link set "$DEV_RX" down; dv_up ;;
	1) rx ethtool -G "$DEV_RX" rx $((RANDOM % 2 ? 1024 : 512)) ;;
	2) rx ethtool -G "$DEV_RX" tx $((RANDOM % 2 ? 256 : 512)) ;;
	3) rx ethtool -L "$DEV_RX" combined $((RANDOM % 2 ? 4 : 2 + RANDOM % 7)) ;;
	4) dv_fault tx_timeout ;;
	5) rx ethtool -r "$DEV_RX" ;;
	6) dv_fault frozen; dv_fault slot_reset; dv_fault resume ;;
	7) echo 1 >"$SYS_RX/reset" ;;
	8) rx ip link set "$DEV_RX" mtu $((RANDOM % 2 ? 1500 : 9000)) ;;
	9) rx ethtool -K "$DEV_RX" rxvlan off; rx ethtool -K "$DEV_RX" rxvlan on ;;
	10) rmmod devmem_tcp; modprobe devmem_tcp ;;
	11) pkill -KILL devmemctl ;;
	esac
}

storm()
{
	local i

	for ((i = 0; i < TIMES; i++)); do
		once || true
		sleep 0.0$((RANDOM % 10))
	done
	touch "$TMP/enough"
}

# Two queues, two programs: each binds and unbinds its own, and leaves some of
# rtnl to the storm.
binder()
{
	while [ ! -e "$TMP/enough" ]; do
		rx devmemctl bind -d "$DEV_RX" -q "$1" bar "$PCI_MEM:2:$2" &&
			echo bound
		rx devmemctl unbind --all || true
		sleep 0.1
	done
}

# The connection is there, and its first bytes are acknowledged.
streams()
{
	tx ss -Htni "dport = :5020" | grep -q 'bytes_acked:[0-9]\{5\}'
}

dm_stage 4
modprobe nicfault
defer rmmod nicfault
defer net_mtu 1500
dm_steer 0 1 1 0
dm_take_bar
rx dmsock -p 5020 accept end=eof >"$TMP/reader" 2>&1 &
READER=$!
wait_for 20 dm_listens 5020
tx timeout 200 dmsend "$IP4_RX" 5020 "until:$TMP/enough" >"$TMP/send" 2>&1 &
SENDER=$!
check "a stream runs" wait_for 20 streams

storm >"$TMP/storm" 2>&1 &
PIDS=($!)
binder 1 0:16M >"$TMP/one" 2>&1 &
PIDS+=($!)
binder 2 16M:16M >"$TMP/two" 2>&1 &
PIDS+=($!)
for pid in "${PIDS[@]}"; do
	check "the storm is over" wait_for 100 dm_not_running "$pid"
	wait "$pid" || true
done
diag "$(grep -c '^bound' "$TMP/one") and $(grep -c '^bound' "$TMP/two") binds"
modprobe devmem_tcp
equal "with bindings" "$(($(cat "$TMP/one" "$TMP/two" | grep -c '^bound') > 5))" 1

rx devmemctl unbind --all >/dev/null 2>&1 || true
dv_up
rx ethtool -K "$DEV_RX" rxvlan on
net_mtu 1500 || true
check "the link is back" wait_for 30 net_answers
# Each binding is of the same memory, and is gone before all of it is read: of
# device memory bytes are counted, not compared.
check "the sender is done" wait_for 150 dm_not_running $SENDER
wait $SENDER || diag "$(cat "$TMP/send")"
dm_wait "the stream went through all of it" $READER
diag "$(tr '\n' ' ' <"$TMP/reader")"
equal "the end of the stream" "$(dm_value "$TMP/reader" end.end)" eof
dm_nothing_left "after the storm"
# Some -L spread the flows over queues that are to go.
rx ethtool -X "$DEV_RX" equal 1
dm_set_channels 4
dm_set_ring $DM_RING
wait_for 20 net_answers || true
for queue in 0 1 2 3; do
	dm_plain $queue "after the storm"
done
dm_steer 0 1 0 0
dv_transfer "after the storm"
