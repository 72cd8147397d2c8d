#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh [SECONDS [KERNEL]]: what is hostile among the scenarios, again and again
# for SECONDS (1800) in random order, in one boot of KERNEL (debug), which must end
# with nothing leaked.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh

TIME=${1:-1800}
KERNEL=${2:-debug}

about "a soak of $TIME s on the $KERNEL kernel"
scripts/stage.sh "$KERNEL"
# Guards, sockets that end, holes, fuzzers, streams, storm, recovery, unload, frags
# that are parked, netlink, devices that go, SIGKILL, stops, bytes on their way out.
tests/vm/run.sh --kernel "$KERNEL" --name soak --soak "$TIME" \
	--timeout $((TIME + 2400)) 19 23 25 33 34 35 36 45 46 47 70 72 73 74 75 81 85 \
	>build/log/soak.log && rc=0 || rc=$?
awk '/^# end/ { n[substr($3, 1, index($3, ".") - 1)]++ }
     END { for (s in n) if (s) printf "%4d times %s\n", n[s], s }' \
	build/log/soak.log | sort -k3
tail -n 20 build/log/soak.log | grep -vE '^(ok|#)' || true
exit "$rc"
