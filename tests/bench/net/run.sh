#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [net|plain]...: guest instructions of streams, counted by QEMU:
#
#   net	  into device memory, and what is done without it
#   plain  ordinary TCP on the unpatched kernel, on the patched one, and on that with
#	  our modules loaded and nothing bound
#
# Both without arguments. Results: build/bench/net.json and plain.json, for table.sh. Of
# each stream of net, where its receiver spends them, most first:
# build/bench/net/profile.N (N: its place in net.json).
#
#   MIB=N  of each stream (33; the first one does not count)
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source-path=SCRIPTDIR source=../../../scripts/lib.sh
. scripts/lib.sh

HERE=tests/bench/net
OUT=$BUILD/bench/net
MIB=${MIB:-33}

build()
{
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -shared -fPIC \
		-o "$OUT/insns.so" $HERE/insns.c
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE \
		-Iinclude/uapi -Itools/devmemctl -Itests/vm/prog/lib \
		-o "$OUT/netbench" $HERE/netbench.c \
		tests/vm/prog/lib/{bar,genl,pattern}.c
}

# boot SCENARIO OPTION...
boot()
{
	local scenario=$1
	shift

	rm -f "$OUT"/window.* "$OUT/net.json"
	tests/vm/run.sh --name bench-net --timeout 3000 "$@" \
		--add "$OUT/netbench" --append "bench.mib=$MIB" \
		--qemu "-plugin $OUT/insns.so,out=$OUT/window" "$scenario"
}

# Instructions of CPU $2 in window $1.
insns()
{
	awk -v cpu="$2" '$1 == "cpu" && $2 == cpu { print $3 }' "$OUT/window.$1"
}

# What the guest says of its streams, with what QEMU counted.
results()
{
	local n num

	num=$(jq length "$OUT/net.json")
	[ ! -e "$OUT/window.$((num + 1))" ] || die "more windows than streams"
	for ((n = 1; n <= num; n++)); do
		jq --argjson n $n --argjson rx "$(insns $n 1)" \
			--argjson tx "$(insns $n 0)" '.[$n - 1] |
			.mib = .bytes / 1048576 |
			. + { receiver: ($rx / .mib | round),
			      sender: ($tx / .mib | round) }' "$OUT/net.json"
	done | jq -s .
}

profiles()
{
	local n

	rm -f "$OUT"/profile.*
	for ((n = 1; n <= $(jq length "$1"); n++)); do
		$HERE/profile.sh "$OUT/window.$n" "$OUT/kallsyms" 1 \
			"$(jq ".[$n - 1].mib" "$1")" >"$OUT/profile.$n"
	done
}

# Each on its own is the cheapest of its turns: what comes on top is somebody else's.
plain()
{
	{
		boot bench-plain --icount --kernel stock >&2
		results | jq -c '.[] | .kernel = "unpatched"'
		boot bench-plain --icount --modules /nonexistent >&2
		results | jq -c '.[] | .kernel = "patched"'
		boot bench-plain --icount >&2
		results | jq -c '.[] | .kernel = "modules"'
	} | jq -s '[group_by([.name, .kernel])[] |
		min_by(.receiver + .sender) |
		{ name, kernel, mib, instructions: (.receiver + .sender) }]' \
		>"$BUILD/bench/plain.json"
}

net()
{
	boot bench-net
	results >"$BUILD/bench/net.json"
	profiles "$BUILD/bench/net.json"
}

[ $# -gt 0 ] || set -- net plain
about "guest instructions of streams: $*"
scripts/stage.sh
mkdir -p "$OUT"
for what; do
	case $what in
	net | plain) ;;
	*) die "usage: run.sh [net|plain]..." ;;
	esac
done
plan $((1 + $#))
run bench-net-build "build" build
for what; do
	run "bench-$what" "$what" "$what"
done
