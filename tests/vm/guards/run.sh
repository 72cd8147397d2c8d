#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [NAME]...: shows that the tests need the guards of the kernel patch: boots
# a kernel with switches for them, runs the scenarios of the list with all guards
# in place, which must pass, and then, with one guard removed at a time, the
# scenario that must fail, of a guard that was reached. NAMEs: only these guards.
# TAP: build/tap/guards.tap.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source-path=SCRIPTDIR source=../../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../lib/vm-proof.sh
. tests/lib/vm-proof.sh

LIST=tests/vm/guards/list
TAP=$BUILD/tap/guards.tap

# boot NAME SCENARIO...: without guard NAME; fails if a scenario or the kernel does,
# which would go on after an oops until the scenario's time is over.
boot()
{
	local name=$1 log=$LOG_DIR/guards-${1:-none}.log
	shift

	tests/vm/run.sh --kernel guards --name guards --timeout 900 \
		--append "oops=panic ${name:+skb_guard.off=$name}" "$@" >"$log" 2>&1
}

# noticed NAME: did that run fail because of the guard? A kernel that died does not
# say who was reached; then it has to be there with all guards.
noticed()
{
	local log=$LOG_DIR/guards-$1.log

	scenario_failed "$log" &&
		guard_reached "$1" "$log" "$LOG_DIR/guards-none.log"
}

about "removes the guards of the kernel patch, one at a time (under an hour)"
scripts/stage.sh guards
mkdir -p "$(dirname "$TAP")"
: >"$TAP"
mapfile -t SCENARIOS < <(rows $LIST "$@" | awk '{ print $2 }' | sort -u)
[ ${#SCENARIOS[@]} -gt 0 ] || die "no such guard in $LIST"
if boot "" "${SCENARIOS[@]}"; then
	result ok "with all guards: ${SCENARIOS[*]}"
else
	result "not ok" "with all guards: ${SCENARIOS[*]}"
fi
grep '^# guard reached' "$LOG_DIR/guards-none.log" || true
while read -r name scenario; do
	if ! boot "$name" "$scenario" && noticed "$name"; then
		result ok "without $name scenario $scenario fails"
	else
		result "not ok" "without $name scenario $scenario fails"
	fi
	rm -f "$BUILD"/tap/vm-guards-*.tap
done < <(rows $LIST "$@")
echo "1..$N" >>"$TAP"
! grep -q '^not ok' "$TAP"
