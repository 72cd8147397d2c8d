# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 1800
# The streams of tests/bench/net: device memory, and what is done without it.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

bench_stage 4
BAR=(-m "$PCI_MEM")
BIND=("${BAR[@]}" -d "$DEV_RX" -q 1)
for MTU in 1500 9000; do
	net_mtu $MTU
	dm_steer 0 1 0 0
	bench_stream "recv" 1 recv
	bench_stream "recv and copy" 1 copy "${BAR[@]}"
	bench_stream "zerocopy and copy" 1 map "${BAR[@]}"
	bench_stream "device memory, 4 KiB" 1 devmem "${BIND[@]}"
	bench_stream "device memory, 16 KiB" 1 devmem "${BIND[@]}" -s 16384
	bench_stream "recv and copy, 8 connections" 8 copy "${BAR[@]}"
	bench_stream "device memory, 8 connections" 8 devmem "${BIND[@]}"
	dm_steer 1 1 1 1
	bench_stream "device memory, 8 connections, 4 queues" 8 devmem "${BIND[@]}" \
		-q 0 -q 2 -q 3
done
net_mtu 1500
bench_end
