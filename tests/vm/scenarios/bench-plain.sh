# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 1800
# Ordinary TCP for tests/bench/net, on any kernel, with or without our modules, over
# loopback and over igb. One process on one CPU both sends and receives.
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

PORT=5000

for ((i = 0; i < 3; i++)); do
	bench_step "loopback" rx 127.0.0.1 recv
	bench_step "igb, MTU 1500" tx "$IP4_RX" recv
done
net_mtu 9000
for ((i = 0; i < 3; i++)); do
	bench_step "igb, MTU 9000" tx "$IP4_RX" recv
done
net_mtu 1500
bench_end
