#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds all that the VM stage runs: packages, kernel, modules, tool.
# stage.sh [patched|debug|guards]: for which kernel.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh
KERNEL=${1:-patched}
OUT=build/modules
[ "$KERNEL" = patched ] || OUT=build/modules-$KERNEL

about "kernel, modules and tools of the test stage"
scripts/install-deps.sh
scripts/kernel.sh "$KERNEL"
KDIR=$(scripts/kernel.sh --path "$KERNEL")/linux
plan 4
run "modules-$KERNEL" "modules and the igb fork" \
	env IGB_SOURCE_DIR="$KDIR" scripts/modules.sh "$KDIR" "$OUT"
run "kmod-$KERNEL" "modules that only tests load" \
	tests/vm/kmod/build.sh "$KDIR" "$OUT"
run tools "devmemctl" make -s -C tools/devmemctl OUT="$BUILD/tools"
run tests-prog "test programs" make -s -C tests/vm/prog OUT="$BUILD/tests/guest"
