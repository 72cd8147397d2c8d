#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the guest wrote into the BAR is in the backing file: OFFSET HEX twice;
# then a word is written at OFFSET for the guest to read.
set -euo pipefail
file=${DEVICE_MEMORY:?}

look()
{
	local got

	got=$(od -An -tx1 -j "$1" -N 4 "$file" | tr -d ' ')
	if [ "$got" = "$2" ]; then
		echo "ok - the word at $1 is in the backing file"
	else
		echo "not ok - the word at $1 is in the backing file"
		echo "found $got, want $2"
	fi
}

look "$1" "$2"
look "$3" "$4"
printf 'emvd' | dd of="$file" bs=1 seek="$5" conv=notrunc status=none
