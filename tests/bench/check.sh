#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh [--update] [RESULTS [BASELINE]]: compares the instruction counts of what
# is ours, and of streams into device memory (icount.json and step.json in build/bench),
# with tests/bench/baseline.json. Fails when one is
# more than 5 % worse, when a case is missing on either side, and when there is
# nothing to compare. --update makes a baseline of the results.
set -euo pipefail
cd "$(dirname "$0")/../.."

UPDATE=
if [ "${1:-}" = --update ]; then
	UPDATE=1
	shift
fi
RESULTS=${1:-build/bench/check.json}
BASELINE=${2:-tests/bench/baseline.json}
MORE=1.05

# Counts by what they are of
# shellcheck disable=SC2016  # jq's
OURS='def ours:
	map(select(.unit == "instructions" and (.impl | test("^(net_iov|ring)"))) |
		([.suite, .impl, .num, .held, .how, .areas, .queues, .limit] |
		 map(tostring) | join(" ")) as $case |
		{key: ($case + " take"), value: .take},
		{key: ($case + " give"), value: .give}) |
	from_entries;
	def streams: map(select(.suite == "stream") |
		{key: .name, value: .instructions}) | from_entries;'

[ $# -gt 0 ] || jq -s add build/bench/{icount,step}.json >"$RESULTS"

if [ -n "$UPDATE" ]; then
	jq "$OURS ours + streams | if . == {} then error(\"no results\") else . end" \
		"$RESULTS" >"$BASELINE.new"
	mv "$BASELINE.new" "$BASELINE"
	exit 0
fi

jq -r --slurpfile baseline "$BASELINE" --argjson more "$MORE" "$OURS"'
	def change($old; $new): 1000 * ($new / $old - 1) | round / 10;
	(ours + streams) as $results | $baseline[0] as $baseline |
	($results + $baseline | keys[]) as $case |
	$results[$case] as $new | $baseline[$case] as $old |
	"\($case): \($old) instructions before, \($new) now" as $text |
	if $new == null then "FAILED \($case): no result"
	elif $old == null then "FAILED \($case): not in the baseline"
	elif $new > $old * $more then "FAILED \($text), +\(change($old; $new)) %"
	elif $new * $more < $old then "better \($text), \(change($old; $new)) %"
	else "ok" end' "$RESULTS" >"$RESULTS.check"
sort "$RESULTS.check" | grep -v '^ok$' || true
printf 'bench-check: %d as before, %d better, %d worse or missing\n' \
	"$(grep -c '^ok$' "$RESULTS.check" || true)" \
	"$(grep -c '^better' "$RESULTS.check" || true)" \
	"$(grep -c '^FAILED' "$RESULTS.check" || true)"
if grep -q '^FAILED' "$RESULTS.check" || [ ! -s "$RESULTS.check" ]; then
	echo "bench-check: FAILED; if it has to be, tests/bench/check.sh --update"
	exit 1
fi
