#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make bench: prints what bindings cost, and leaves it in build/bench.json.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh

about "time and memory of bindings, in QEMU"
scripts/stage.sh
rm -f build/bench.json
tests/vm/run.sh --name bench bench

printf '\n'
jq -r '["", "buffers", "bind ms", "show ms", "unbind ms", "bytes/buffer"],
	(.[] | [.name, .buffers, .bind_ms, .show_ms, .unbind_ms,
		(100 * .bytes / .buffers | round / 100)]) | @tsv' \
	build/bench.json | column -t -s $'\t' -R 2,3,4,5,6
printf '\nbench: build/bench.json\n'
