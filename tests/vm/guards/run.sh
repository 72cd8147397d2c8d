#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [NAME]...: shows that the tests need the guards of the kernel patch: boots
# a kernel with switches for them, runs the scenarios of the list with all guards
# in place, which must pass, and then, with one guard removed at a time, the
# scenario that must fail. NAMEs: only these guards. TAP: build/tap/guards.tap.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source-path=SCRIPTDIR source=../../../scripts/lib.sh
. scripts/lib.sh

TAP=$BUILD/tap/guards.tap
N=0

# boot NAME SCENARIO...: without guard NAME; fails if a scenario or the kernel does.
# A run that does not get to a scenario proves nothing.
boot()
{
	local name=$1
	shift
	local log=$LOG_DIR/guards-${name:-none}.log

	if tests/vm/run.sh --kernel guards --name guards --timeout 900 \
		${name:+--append "skb_guard.off=$name"} "$@" >"$log" 2>&1; then
		return 0
	fi
	grep -q '^# begin ' "$log" || die "no scenario began, see $log"
	return 1
}

result()
{
	N=$((N + 1))
	echo "$1 $N - $2"
	echo "$1 $N - $2" >>"$TAP"
}

# rows [NAME]...: "guard scenario" of all or of these
rows()
{
	awk -v only="$*" '
		BEGIN { n = split(only, names); while (n) want[names[n--]] }
		/^[^#]/ && (only == "" || $1 in want) { print $1, $2 }
		' tests/vm/guards/list
}

about "removes the guards of the kernel patch, one at a time (under an hour)"
scripts/stage.sh guards
mkdir -p "$(dirname "$TAP")"
: >"$TAP"
mapfile -t SCENARIOS < <(rows "$@" | cut -d' ' -f2 | sort -u)
[ ${#SCENARIOS[@]} -gt 0 ] || die "no such guard in tests/vm/guards/list"
if boot "" "${SCENARIOS[@]}"; then
	result ok "with all guards: ${SCENARIOS[*]}"
else
	result "not ok" "with all guards: ${SCENARIOS[*]}"
fi
grep '^# guard reached' "$LOG_DIR/guards-none.log" || true
while read -r name scenario; do
	if boot "$name" "$scenario"; then
		result "not ok" "without $name scenario $scenario fails"
	else
		result ok "without $name scenario $scenario fails"
	fi
	rm -f "$BUILD"/tap/vm-guards-*.tap
done < <(rows "$@")
echo "1..$N" >>"$TAP"
! grep -q '^not ok' "$TAP"
