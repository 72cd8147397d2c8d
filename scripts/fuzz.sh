#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fuzz.sh [SECONDS [SEED [KERNEL [FUZZER...]]]]: runs each fuzzer of tests/fuzz
# for SECONDS (300) on KERNEL (debug), from SEED (the time), and prints what was
# done. FUZZER: netlink, packet, socket (all).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh

TIME=${1:-300}
SEED=${2:-$(date +%s)}
KERNEL=${3:-debug}
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] || set -- netlink packet socket
PREFIX=vm
[ "$KERNEL" = patched ] || PREFIX+=-$KERNEL

about "each fuzzer for $TIME s on the $KERNEL kernel, from seed $SEED"
scripts/stage.sh "$KERNEL"
rc=0
for fuzzer in "$@"; do
	tests/vm/run.sh --kernel "$KERNEL" --name "$fuzzer" \
		--timeout $((TIME + 1800)) \
		--append "fuzz.seconds=$TIME fuzz.seed=$SEED" \
		"fuzz-$fuzzer" || rc=1
done

# The lines with the counts, KEY=NUMBER.
printf '\n'
for fuzzer in "$@"; do
	printf '%s:\n' "$fuzzer"
	sed -n 's/^# \(seed=[0-9].*\)/\1/p' "build/tap/$PREFIX-$fuzzer-fuzz-$fuzzer.tap" |
		fold -s -w 76 | sed 's/^/   /'
done
exit $rc
