#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [net|scale|step|plain]...: guest instructions of streams, counted by QEMU:
#
#   net	  into device memory, and what is done without it
#   plain  ordinary TCP on the unpatched kernel, on the patched one, and on that with
#	  our modules loaded and nothing bound
#   scale  into device memory: more connections, queues, bindings, memory
#   step   into device memory, both ends together, for tests/bench/check.sh
#
# All but step without arguments. Results: build/bench/WHAT.json, for table.sh. Of each
# stream where they are spent, by its receiver or by both ends, most first:
# build/bench/net/WHAT.profile.N (N: its place in build/bench/net/WHAT.json).
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

# boot SCENARIO OPTION...; DEVICES: more for QEMU
boot()
{
	local scenario=$1
	shift

	rm -f "$OUT"/window.* "$OUT/streams.json"
	tests/vm/run.sh --name bench-net --timeout 3000 "$@" \
		--add "$OUT/netbench" --append "bench.mib=$MIB" \
		--qemu "-plugin $OUT/insns.so,out=$OUT/window ${DEVICES:-}" \
		"$scenario"
}

# Instructions of CPU $2 in window $1.
insns()
{
	awk -v cpu="$2" '$1 == "cpu" && $2 == cpu { n = $3 }
		END { print n + 0 }' "$OUT/window.$1"
}

# What the guest says of its streams, with what QEMU counted.
results()
{
	local n num

	num=$(jq length "$OUT/streams.json")
	[ ! -e "$OUT/window.$((num + 1))" ] || die "more windows than streams"
	for ((n = 1; n <= num; n++)); do
		jq --argjson n $n --argjson rx "$(insns $n 1)" \
			--argjson tx "$(insns $n 0)" '.[$n - 1] |
			.mib = .bytes / 1048576 |
			. + { receiver: ($rx / .mib | round),
			      sender: ($tx / .mib | round) }' "$OUT/streams.json"
	done | jq -s .
}

# Of a profile, what this project's functions take.
ours()
{
	awk '$3 ~ /^(igb_devmem|dmt|net_iov|devmem)_/ { sum += $1 }
	     END { print sum + 0 }' "$1"
}

# profiles WHAT CPU: of the streams in WHAT.json
profiles()
{
	local what=$1 n

	rm -f "$OUT/$what".profile.*
	for ((n = 1; n <= $(jq length "$OUT/$what.json"); n++)); do
		$HERE/profile.sh "$OUT/window.$n" "$OUT/kallsyms" "$2" \
			"$(jq ".[$n - 1].mib" "$OUT/$what.json")" \
			>"$OUT/$what.profile.$n"
	done
}

# streams WHAT SCENARIO OPTION...
streams()
{
	local what=$1 n
	shift

	boot "$@"
	results >"$OUT/$what.json"
	profiles "$what" 1
	for ((n = 1; n <= $(jq length "$OUT/$what.json"); n++)); do
		jq --argjson n $n --argjson ours "$(ours "$OUT/$what.profile.$n")" \
			'.[$n - 1] | .ours = $ours' "$OUT/$what.json"
	done | jq -s . >"$BUILD/bench/$what.json"
}

# on_one_cpu NAME SCENARIO OPTION...: both ends; writes NAME.json
on_one_cpu()
{
	local name=$1
	shift

	boot "$@" --icount --smp 1
	results | jq --arg name "$name" 'map(.kernel = $name)' >"$OUT/$name.json"
	profiles "$name" 0
}

# The cheapest of the turns of each: what comes on top is somebody else's.
cheapest()
{
	jq -s 'add | [group_by([.name, .kernel])[] |
		min_by(.receiver + .sender) |
		{ suite: "stream", name, kernel, mib,
		  instructions: (.receiver + .sender) }]' "$@"
}

plain()
{
	on_one_cpu unpatched bench-plain --kernel stock
	on_one_cpu patched bench-plain --modules /nonexistent
	on_one_cpu modules bench-plain
	cheapest "$OUT"/{unpatched,patched,modules}.json >"$BUILD/bench/plain.json"
}

step()
{
	on_one_cpu step bench-step
	cheapest "$OUT/step.json" >"$BUILD/bench/step.json"
}

net()
{
	streams net bench-net
}

# 16 GiB of it, of which the file has what was written.
scale()
{
	local MIB=64 DEVICES

	rm -f "$OUT/memory"
	truncate -s 16G "$OUT/memory"
	DEVICES="-object memory-backend-file,id=large,size=16G,share=on,mem-path=$OUT/memory
		-device ivshmem-plain,memdev=large,addr=9"
	streams scale bench-scale --mem 2048
	rm -f "$OUT/memory"
}

[ $# -gt 0 ] || set -- net scale plain
about "guest instructions of streams: $*"
scripts/stage.sh
mkdir -p "$OUT"
for what; do
	case $what in
	net | scale | step | plain) ;;
	*) die "usage: run.sh [net|scale|step|plain]..." ;;
	esac
done
plan $((1 + $#))
run bench-net-build "build" build
for what; do
	run "bench-$what" "$what" "$what"
done
