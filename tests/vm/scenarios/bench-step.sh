# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 900
# Streams for tests/bench/net: into device memory, by one process on one CPU that sends
# and receives, so that each run is like the one before.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

# stream NAME MODE OPTION...
stream()
{
	local name="$1, MTU $MTU"
	shift

	for _ in 1 2 3; do
		bench_step "$name" tx "$IP4_RX" "$@" -m "$PCI_MEM"
		rx devmemctl unbind --all
		wait_for 5 dm_idle	# the exporter hears of it later
	done
}

dm_stage 4
dm_take_bar
dm_steer 0 1 0 0
for MTU in 1500 9000; do
	net_mtu $MTU
	stream "recv and copy" copy
	stream "device memory, 4 KiB" devmem -d "$DEV_RX" -q 1
	stream "device memory, 16 KiB" devmem -d "$DEV_RX" -q 1 -s 16384
done
net_mtu 1500
bench_end
