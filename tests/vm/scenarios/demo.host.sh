#!/bin/bash
# Keeps the results, and compares the last window with the file that was sent:
# what stands in the backing file of the BAR, seen from outside the machine.
set -euo pipefail
BUILD=${BUILD:?}
rm -rf "$BUILD/demo"
cp -r "${SHARE:?}/demo" "$BUILD/demo"
# A repeated segment of 9000 bytes fills 3 buffers.
if compared=$("$BUILD/tests/guest/window" "$SHARE/demo/map" \
		"${DEVICE_MEMORY:?}" "${INPUT:?}" \
		$(($(cat "$SHARE/demo/retransmitted") * 3)) 2>&1); then
	echo "ok - $compared bytes of the backing file are what was sent last"
	echo "$compared" >"$BUILD/demo/compared"
else
	echo "not ok - the backing file: $compared"
fi
