#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build.sh KDIR OUTDIR: builds the modules of this directory for the kernel whose
# build directory is KDIR and leaves the .ko files in OUTDIR.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
KDIR=${1:?usage: build.sh KDIR OUTDIR}
mkdir -p "${2:?usage: build.sh KDIR OUTDIR}/src/kmod"
OUT=$(cd "$2" && pwd)

for file in "$HERE"/*.[ch] "$HERE/Kbuild"; do
	cmp -s "$file" "$OUT/src/kmod/${file##*/}" ||
		cp "$file" "$OUT/src/kmod/"
done
make -s -C "$KDIR" M="$OUT/src/kmod" modules
cp "$OUT"/src/kmod/*.ko "$OUT/"
