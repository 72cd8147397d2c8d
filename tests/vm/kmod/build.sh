#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build.sh KDIR OUTDIR: builds the modules of this directory for the kernel whose
# build directory is KDIR and leaves the .ko files in OUTDIR; and, in OUTDIR/other,
# devmem_tcp_core and devmem_tcp as others would build them: "version" is a later
# version, "abi" has another layout of what it shares with drivers as well.
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

# other NAME SED: ours, with the version's and the driver's headers changed
other()
{
	local src=$OUT/src/other-$1 to=$OUT/other/$1 key file

	key=$(cd "$HERE/../../.." && find module include "$HERE/build.sh" \
		-type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
	[ ! -e "$to/.key" ] || [ "$(cat "$to/.key")" != "$key" ] || return 0
	rm -rf "$src" "$to"
	mkdir -p "$src" "$to"
	cp -r "$HERE/../../../module" "$HERE/../../../include" "$src/"
	sed -i "$2" "$src/include/net/devmem_version.h" \
		"$src/include/net/devmem_driver.h"
	sed -i 's/ devmem_bar\.o$//' "$src/module/Kbuild"
	make -s -C "$KDIR" M="$src/module" -j"$(nproc)" modules
	cp "$src"/module/*.ko "$to/"
	printf '%s\n' "$key" >"$to/.key"
}

other version 's/^\(#define DEVMEM_VERSION.*\)"$/\1-other"/'
other abi 's/^\(#define DEVMEM_VERSION.*\)"$/\1-abi"/
	s/([0-9]* << 24 | sizeof(struct net_iov_pool))/(99 << 24 | (sizeof(struct net_iov_pool) + 64))/'
