#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make bench: prints what allocator, tokens, bindings and streams cost, and leaves it
# in build/bench.json: arrays um, threads, icount (see tests/bench/run.sh), bindings,
# net, scale and plain (tests/bench/net/run.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh

about "cost of allocator, tokens, bindings, and streams in QEMU"
scripts/stage.sh
rm -f build/bench.json build/bench/bindings.json
tests/bench/run.sh um threads icount
tests/vm/run.sh --name bench bench-bind
tests/bench/net/run.sh
jq -n '[inputs | {(input_filename | split("/") | last | rtrimstr(".json")): .}] |
	add' build/bench/{um,threads,icount,bindings,net,scale,plain}.json >build/bench.json

tests/bench/table.sh build/bench/{um,threads,icount}.json
printf '\n'
jq -r '["", "buffers", "bind ms", "show ms", "unbind ms", "bytes/buffer"],
	(.bindings[] | [.name, .buffers, .bind_ms, .show_ms, .unbind_ms,
		(100 * .bytes / .buffers | round / 100)]) | @tsv' \
	build/bench.json | column -t -s $'\t' -R 2,3,4,5,6
printf '\n'
for what in net scale plain; do
	tests/bench/net/table.sh build/bench/$what.json
done
printf '\nbench: build/bench.json\n'
