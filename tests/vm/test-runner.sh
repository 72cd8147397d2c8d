#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the stage itself: every way in which a scenario can go wrong must turn
# up as a failure in what run.sh says. Writes build/tap/runner.tap.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/vm-proof.sh
. "$ROOT/tests/lib/vm-proof.sh"

KERNEL=${1:-stock}
TAP=$BUILD/tap/runner.tap
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
TESTS=0

result()
{
	TESTS=$((TESTS + 1))
	if [ "$1" = 0 ]; then
		printf 'ok %d - %s\n' $TESTS "$2"
	else
		printf 'not ok %d - %s\n' $TESTS "$2"
		sed 's/^/# /' "$TMP/out"
	fi
}

# stage EXIT OPTION...: run.sh with our scenarios and a build directory of its
# own, so that these failures are not counted in the total.
stage()
{
	local want=$1 rc=0
	shift

	SCENARIO_DIR=$ROOT/tests/vm/runner BUILD=$TMP/build \
		"$ROOT/tests/vm/run.sh" --kernel "$KERNEL" "$@" \
		>"$TMP/out" 2>&1 || rc=$?
	result $((rc != want)) "exit status $want of run.sh $*"
}

says()
{
	local rc=0

	grep -qE -- "$1" "$TMP/out" || rc=1
	result $rc "$2"
}

# proves EXIT TEXT LINE...: is what run.sh says the proof of a failure?
proves()
{
	local want=$1 text=$2 rc=0
	shift 2

	printf '%s\n' "$@" >"$TMP/out"
	scenario_failed "$TMP/out" || rc=$?
	result $((rc != want)) "$text"
}

proofs()
{
	local reached=0 name

	proves 0 "a test that fails is a proof" '# begin x' 'ok 1 - a' 'not ok 2 - b'
	proves 0 "a panic is" '# begin x' \
		'FAILED tap/vm-x.tap: not ok 99999 - x did not finish: Kernel panic - BUG'
	proves 1 "the end of run.sh's time is none" '# begin x' 'ok 1 - a' \
		'FAILED tap/vm-x.tap: not ok 99999 - x did not finish: no end after 9 s'
	proves 1 "nor of the scenario's" '# begin x' 'ok 1 - a' \
		'# x still runs after 60 s; its processes:' \
		'not ok 2 - x runs to its end' 'not ok 3 - dmesg is clean' \
		'# [  249.939648] Call Trace:' \
		'not ok 99999 - x: time limit of 60 s' \
		'FAILED tap/vm-x.tap: not ok 2 - x runs to its end'
	proves 0 "but what failed before is" '# begin x' 'not ok 1 - a' \
		'# x still runs after 60 s; its processes:'
	proves 0 "and the kernel before is" '# begin x' \
		'# x still runs after 60 s; its processes:' \
		'not ok 2 - dmesg is clean' '# [   15.768384] WARNING: CPU: 1 PID: 20'
	proves 1 "no scenario is none" 'Bail out! the stage could not be set up'
	printf '# guard reached: %s\n' 'b 0' 'aa 3' 'a.c 1' >"$TMP/out"
	for name in a.c aa; do
		guard_reached $name "$TMP/out" || reached=1
	done
	for name in a b a.; do
		! guard_reached $name "$TMP/out" || reached=1
	done
	result $reached "guards that were reached"
}

all()
{
	proofs
	stage 1
	says '^not ok 2 - one that fails' "a failed comparison"
	says '^ok 4 - an errno' "expect_errno"
	says '^not ok 2 - 20-breaks runs to its end' "an unexpected error"
	says 'at 20-breaks.sh line 5: ls /nowhere' "where it was"
	says '^ok 1 - the clean-up' "clean-up after an error"
	says '^not ok 2 - dmesg is clean' "a warning in dmesg"
	says '40-hangs: time limit of 3 s' "a scenario that hangs"
	says '50-dies gave no plan' "a scenario that is killed"
	says '^ok 1 - all is well after' "the ones after it run"
	says '^[0-9]+ passed, 5 failed, 1 skipped$' "the total"
	stage 1 panic
	says 'panic did not finish: Kernel panic' "a panic"
	stage 1 --timeout 25 stuck
	says 'stuck did not finish: no end after 25 s' "a dead guest"
	stage 0 60
	printf '1..%d\n' $TESTS
}

about "checks that failures in the stage are noticed ($KERNEL kernel)"
mkdir -p "$BUILD/tap"
all | tee "$TAP"
"$ROOT/tests/lib/tap-summary.sh" "$TAP"
