# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 1800
# Streams for tests/bench/net: does a frag cost the same with more connections, queues,
# bindings and device memory? The memory is a second BAR, of 16 GiB.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/bench.bash
. /stage/scenarios/bench.bash

QUEUES=8
MORE_BINDINGS=56
PCI_MEM=0000:00:09.0
# shellcheck disable=SC2034  # of bench.bash
SCALE=true

# queues N: the options for the first N, which get the traffic
queues()
{
	local i weights=()

	OPTIONS=(-d "$DEV_RX")
	for ((i = 0; i < QUEUES; i++)); do
		weights+=($((i < $1)))
		[ "$i" -ge "$1" ] || OPTIONS+=(-q "$i")
	done
	dm_steer "${weights[@]}"
}

bench_stage $QUEUES
MTU=1500
SLICE=$PCI_MEM:0:$((64 << 20))

queues 1
for size in 16 256 4096 16384; do
	bench_stream "$size MiB of memory" 1 devmem "${OPTIONS[@]}" \
		-m "$PCI_MEM:0:$((size << 20))"
done
# As much for each: what begins a connection is not what a frag costs.
for conns in 1 8 64 256; do
	MIB=$((conns * 4 > 64 ? conns * 4 : 64))
	# each may hold 128 tokens
	bench_stream "$conns connections" $conns devmem "${OPTIONS[@]}" \
		-m "$PCI_MEM:0:$((1 << 30))"
	bench_stream "$conns connections, recv and copy" $conns copy -m "$SLICE"
done
MIB=64
for num in 1 2 4 8; do
	queues $num
	bench_stream "$num queues" 8 devmem "${OPTIONS[@]}" -m "$SLICE"
done
bench_stream "8 bindings" 8 devmem "${OPTIONS[@]}" -e -m "$PCI_MEM"
for ((i = 0; i < MORE_BINDINGS; i++)); do
	rx devmemctl bind --tx -d "$DEV_RX" \
		bar "$PCI_MEM:2:$(((8 << 30) + (i << 16))):64K" >/dev/null
done
equal "more bindings" "$(dm_bindings)" $MORE_BINDINGS
bench_stream "$((8 + MORE_BINDINGS)) bindings" 8 devmem "${OPTIONS[@]}" -e \
	-m "$PCI_MEM"
bench_end
