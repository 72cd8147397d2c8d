#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Host side of 00-selftest: SHA256 OFFSET. See run.sh for the environment.
set -euo pipefail

if [ "$(sha256sum <"$SHARE/selftest.input" | cut -d ' ' -f 1)" = "$1" ]; then
	echo "ok - the shared directory carries a file"
else
	echo "not ok - the shared directory carries a file"
fi
word=$(od -An -tx4 -j "$2" -N 4 "$DEVICE_MEMORY" | tr -d ' ')
if [ "$word" = 64766d65 ]; then
	echo "ok - a word in the BAR is in the backing file"
else
	echo "not ok - a word in the BAR is in the backing file"
	echo "found 0x$word"
fi
rm -f "$SHARE/selftest.input"
