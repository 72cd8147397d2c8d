#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# modules.sh KDIR OUTDIR: builds the modules and the igb fork for the kernel
# whose build directory is KDIR, outside the source tree, and leaves the .ko
# files in OUTDIR. Used by make, by the test stage and by DKMS.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
KDIR=${1:?usage: modules.sh KDIR OUTDIR}
mkdir -p "${2:?usage: modules.sh KDIR OUTDIR}"
OUT=$(cd "$2" && pwd)

echo "modules: builds devmem_tcp_core, devmem_tcp, devmem_bar and igb for $KDIR"

if [ ! -e "$KDIR/.config" ]; then
	echo "Error: no kernel headers in $KDIR" >&2
	exit 1
fi
if ! grep -qx CONFIG_NET_DEVMEM_HOOKS=y "$KDIR/.config"; then
	echo "Error: the kernel of $KDIR lacks CONFIG_NET_DEVMEM_HOOKS:" \
		"it does not have patches/6.1" >&2
	exit 1
fi

# shellcheck source-path=SCRIPTDIR source=sync-dir.sh
. "$ROOT/scripts/sync-dir.sh"
sync_dir "$ROOT/module" "$OUT/src/module"
sync_dir "$ROOT/include" "$OUT/src/include"
"$ROOT/driver/prepare.sh" "$OUT/src/igb" "$KDIR"

for dir in module igb; do
	make -s -C "$KDIR" M="$OUT/src/$dir" -j"$(nproc)" \
		${W:+W=$W} ${C:+C=$C} modules
	cp "$OUT/src/$dir"/*.ko "$OUT/"
done
