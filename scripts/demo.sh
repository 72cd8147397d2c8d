#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make demo: the first 256 MiB of the linux-source tar go over TCP from an
# unmodified sender into the memory BAR of a PCI device, and are compared.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh
MIB=${DEMO_MIB:-256}
TARBALL=/usr/src/linux-source-6.1.tar.xz
INPUT=$CACHE/demo/input-$MIB

about "sends $MIB MiB over TCP into PCI device memory and compares every byte"
START=$SECONDS
scripts/stage.sh

# head ends the pipe early: xz is then killed by a signal, as it should be.
make_input()
{
	mkdir -p "$(dirname "$INPUT")"
	xz -dc "$TARBALL" 2>/dev/null | head -c "${MIB}M" >"$INPUT" || true
	[ "$(stat -c %s "$INPUT")" -eq $((MIB << 20)) ]
}

plan 1
once "$INPUT.stamp" "$(hash_of "$(stat -Lc '%s %Y' "$TARBALL")" "$MIB")" \
	demo-input "the first $MIB MiB of the uncompressed source tar" \
	make_input
rm -rf build/demo
tests/vm/run.sh --name demo --input "$INPUT" demo

SENT=$(sha256sum <"$INPUT" | cut -d' ' -f1)
value() { jq -r ".$1" build/demo/recv.json; }
drops() { awk -v n="$1" '$1 == n { print $2 }' build/demo/drops; }
GOT=$(value sha256)
DEVICE=$(value bytes_device)
SHARE=$(awk -v d="$DEVICE" -v t=$((MIB << 20)) \
	'BEGIN { printf "%.3f", 100 * d / t }')

printf '\n'
row() { printf '  %-34s %s\n' "$1" "$2"; }
row "bytes received into device memory" "$DEVICE ($SHARE %)"
row "bytes linear" "$(value bytes_linear)"
row "frags" "$(value frags)"
row "drops: not split, checksum, not TCP" \
	"$(drops drop_nosplit), $(drops drop_csum), $(drops drop_not_tcp)"
row "drops: no memory" "$(drops drop_alloc)"
row "refills that found the pool empty" "$(drops pool_empty)"
row "Mbit/s (emulated NIC)" "$(value mbit_s)"
row "SHA-256 of what was sent" "$SENT"
row "SHA-256 read out of device memory" "$GOT"
row "bytes compared by the host" "$(cat build/demo/compared)"
row "seconds in all" "$((SECONDS - START))"

if [ "$SENT" != "$GOT" ] || awk -v s="$SHARE" 'BEGIN { exit s >= 99 }'; then
	printf '\ndemo: FAILED\n'
	exit 1
fi
printf '\ndemo: what was sent stands in device memory\n'
