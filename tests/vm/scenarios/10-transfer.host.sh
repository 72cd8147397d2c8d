#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Compares the backing file of the BAR with what was sent: BYTES TEXT.
set -euo pipefail
compared=$("${BUILD:?}/tests/guest/window" "${SHARE:?}/map" \
	"${DEVICE_MEMORY:?}" "$SHARE/input" 2>&1) || true
if [ "$compared" = "$1" ]; then
	echo "ok - ${2//_/ }: $1 bytes stand in device memory"
else
	echo "not ok - ${2//_/ }: $1 bytes stand in device memory"
	echo "window: $compared"
fi
