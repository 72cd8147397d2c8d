#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [NAME]...: shows that the tests need the checks of the driver: runs the
# scenarios of the list with the driver as it is, which must pass, and then, with the
# driver broken in one of the ways of the list at a time, the scenario that must
# fail. NAMEs: only these. TAP: build/tap/mutants.tap.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source-path=SCRIPTDIR source=../../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../lib/vm-proof.sh
. tests/lib/vm-proof.sh

LIST=tests/vm/mutants/list
OUT=$BUILD/mutants
TAP=$BUILD/tap/mutants.tap

# boot NAME SCENARIO...: with the modules of $OUT; fails if a scenario does. A kernel
# that goes on after an oops takes all of the scenario's time.
boot()
{
	local log=$LOG_DIR/mutants-$1.log
	shift

	tests/vm/run.sh --modules "$OUT" --name mutants --timeout 900 \
		--append oops=panic "$@" >"$log" 2>&1
}

# All modules, and those that only tests load.
build()
{
	scripts/modules.sh "$KDIR" "$OUT"
	tests/vm/kmod/build.sh "$KDIR" "$OUT"
}

# mutate NAME FILE SED: igb.ko with FILE of the driver changed, and nothing else.
mutate()
{
	local file=$OUT/src/igb/$2

	sed "$3" "driver/$2" >"$file"
	if cmp -s "driver/$2" "$file"; then
		echo "$1: sed changes nothing in driver/$2"
		return 1
	fi
	make -s -C "$KDIR" M="$OUT/src/igb" -j"$JOBS" modules
	cp "$OUT/src/igb/igb.ko" "$OUT/"
	cp "driver/$2" "$file"
}

about "breaks the driver in the ways of $LIST (half an hour)"
mapfile -t SCENARIOS < <(rows $LIST "$@" | cut -f3 | sort -u)
[ ${#SCENARIOS[@]} -gt 0 ] || die "no such name in $LIST"
scripts/stage.sh
KDIR=$(scripts/kernel.sh --path patched)/linux
export IGB_SOURCE_DIR=$KDIR
mkdir -p "$(dirname "$TAP")"
: >"$TAP"
plan $((1 + $(rows $LIST "$@" | wc -l)))
run mutants-build "the driver as it is" build
if boot none "${SCENARIOS[@]}"; then
	result ok "the driver as it is: ${SCENARIOS[*]}"
else
	result "not ok" "the driver as it is: ${SCENARIOS[*]}"
fi
while IFS=$'\t' read -r name file scenario expr; do
	run "mutants-build-$name" "$name" mutate "$name" "$file" "$expr"
	if ! boot "$name" "$scenario" && scenario_failed "$LOG_DIR/mutants-$name.log"
	then
		result ok "$name: scenario $scenario fails"
	else
		result "not ok" "$name: scenario $scenario fails"
	fi
	rm -f "$BUILD"/tap/vm-mutants-*.tap
done < <(rows $LIST "$@")
echo "1..$N" >>"$TAP"
! grep -q '^not ok' "$TAP"
