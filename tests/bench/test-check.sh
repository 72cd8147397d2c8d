#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Does check.sh notice what it is for? Results that differ from their baseline by
# one thing each.
set -euo pipefail
cd "$(dirname "$0")"
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
failed=0

# expect STATUS TEXT JQ: check.sh of the results changed by JQ
expect()
{
	local want=$1 text=$2 change=$3 got=0

	jq "$change" "$TMP/results" >"$TMP/changed"
	./check.sh "$TMP/changed" "$TMP/baseline" >"$TMP/out" 2>&1 || got=$?
	if [ "$got" -ne "$want" ]; then
		echo "FAILED check.sh: $text: exit $got, not $want"
		cat "$TMP/out"
		failed=1
	fi
}

jq -n '[{suite: "alloc", impl: "net_iov", num: 64}, {suite: "alloc", impl: "gen_pool"},
	{suite: "token", impl: "ring_single", num: 16}, {suite: "token", impl: "ring"}] |
	map({unit: "instructions", take: 100, give: 200} + .) +
	[{suite: "stream", name: "a stream", instructions: 1000}]' >"$TMP/results"
./check.sh --update "$TMP/results" "$TMP/baseline"
expect 0 "nothing changed" .
expect 0 "4 % worse" '.[0].take = 104'
expect 1 "6 % worse to take" '.[0].take = 106'
expect 1 "6 % worse to give back" '.[2].give = 212'
expect 0 "better" '.[0].take = 50'
expect 1 "one better, another worse" '.[0].take = 50 | .[3].take = 150'
expect 0 "what is not ours is worse" '.[1].take = 300'
expect 1 "a case is missing" 'del(.[2])'
expect 1 "a stream is missing" 'del(.[4])'
expect 1 "a stream, 6 % worse" '.[4].instructions = 1060'
expect 1 "a case is new" '. + [.[0] + {num: 1}]'
expect 1 "other units" 'map(.unit = "ns")'
expect 1 "no results" '[]'
[ "$failed" -ne 0 ] || echo "check.sh: notices what it is for"
exit "$failed"
