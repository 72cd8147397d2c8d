#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Compares both device memories, seen from outside the machines, after a RUN. Then
# wipes the receiver's, for the next run sends the same bytes.
set -euo pipefail
cd "${BUILD:?}/demo-tx"
sent=$(sha256sum <send.bar)
got=$("$BUILD/tests/guest/window" "share/$1.map" recv.bar | sha256sum)
jq -n --arg sent "${sent%% *}" --arg got "${got%% *}" \
	'{ sha256_sent: $sent, sha256_received: $got }' >"$1.hash"
if [ "$sent" = "$got" ]; then
	echo "ok - $1: both device memories hold the same stream"
else
	echo "not ok - $1: both device memories hold the same stream"
fi
fallocate --punch-hole --length "$(stat -c %s recv.bar)" recv.bar
