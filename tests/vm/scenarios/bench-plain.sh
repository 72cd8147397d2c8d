# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 1800
# Ordinary TCP for tests/bench/net, on any kernel, with or without our modules, over
# loopback and over igb.
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

PORT=5000

listens()
{
	rx ss -Hltn "sport = :$PORT" | grep -q .
}

# stream NAME NETNS ADDRESS
stream()
{
	local receiver

	rx taskset 2 netbench recv $PORT "$MIB" >"$TMP/got" &
	receiver=$!
	wait_for 20 listens
	check "$1: the sender is done" \
		"$2" taskset 1 netbench send "$3" $PORT "$MIB" 1
	check "$1: the receiver is done" wait $receiver
	bench_result "$TMP/got" --arg name "$1" --arg mode plain
}

bench_begin
for ((i = 0; i < 3; i++)); do
	stream "loopback" rx 127.0.0.1
	stream "igb, MTU 1500" tx "$IP4_RX"
done
net_mtu 9000
for ((i = 0; i < 3; i++)); do
	stream "igb, MTU 9000" tx "$IP4_RX"
done
net_mtu 1500
bench_end
