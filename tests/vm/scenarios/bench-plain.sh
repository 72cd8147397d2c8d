# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 1800
# Ordinary TCP for tests/bench/net, on any kernel, with or without our modules, over
# loopback and over igb. One process on one CPU both sends and receives.
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

PORT=5000

# stream NAME NETNS ADDRESS
stream()
{
	check "$1: all bytes come" \
		eval "rx netbench recv -l $2,$3 $PORT $MIB >$TMP/got"
	bench_result "$TMP/got" --arg name "$1" --arg mode plain
}

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
