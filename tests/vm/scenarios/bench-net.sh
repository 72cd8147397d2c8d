# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 1800
# The streams of tests/bench/net. The receiver and its NIC's interrupts have CPU 1, the
# senders and the other NIC's CPU 0.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

# stream NAME CONNECTIONS MODE [OPTION]...
stream()
{
	local name="$1, MTU $MTU" conns=$2 mode=$3 got=$TMP/got i senders=()
	shift 3

	rx taskset 2 netbench "$mode" -c "$conns" "$@" $PORT $((MIB / conns)) \
		>"$got" 2>"$got.err" &
	RECEIVER=$!
	if ! dm_comes_up 20 $PORT $RECEIVER; then
		not_ok "$name: the receiver listens" "$(cat "$got.err")"
		exit 1
	fi
	for ((i = 0; i < conns; i++)); do
		tx taskset 1 netbench send "$IP4_RX" $PORT $((MIB / conns)) &
		senders+=($!)
	done
	for i in "${senders[@]}"; do
		dm_wait "$name: a sender is done" "$i"
	done
	if wait $RECEIVER; then
		ok "$name: the receiver is done"
	else
		not_ok "$name: the receiver is done" "$(cat "$got.err")"
		exit 1
	fi
	rx devmemctl unbind --all
	bench_result "$got" --arg name "$name" --arg mode "$mode" \
		--argjson mtu "$MTU" --argjson conns "$conns"
}

dm_stage 4
dm_take_bar
bench_begin
dm_affinity "$DEV_RX" 2
dm_affinity "$DEV_TX" 1
BAR=(-m "$PCI_MEM")
BIND=("${BAR[@]}" -d "$DEV_RX" -q 1)
for MTU in 1500 9000; do
	net_mtu $MTU
	dm_steer 0 1 0 0
	stream "recv" 1 recv
	stream "recv and copy" 1 copy "${BAR[@]}"
	stream "zerocopy and copy" 1 map "${BAR[@]}"
	stream "device memory, 4 KiB" 1 devmem "${BIND[@]}"
	stream "device memory, 16 KiB" 1 devmem "${BIND[@]}" -s 16384
	stream "recv and copy, 8 connections" 8 copy "${BAR[@]}"
	stream "device memory, 8 connections" 8 devmem "${BIND[@]}"
	dm_steer 1 1 1 1
	stream "device memory, 8 connections, 4 queues" 8 devmem "${BIND[@]}" \
		-q 0 -q 2 -q 3
done
net_mtu 1500
bench_end
