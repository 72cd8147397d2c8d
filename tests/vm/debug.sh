#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# debug.sh: all scenarios on the debug kernel, in a boot for each first digit that
# ends with 99-leaks, two boots at a time (LANES). That takes hours. So scenarios
# that passed in a boot without leaks are kept in the cache, and not run again as
# long as nothing has changed that they are made from, other scenarios apart.
# TAP: build/tap/vm-debug-*.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. scripts/lib.sh

LANES=${LANES:-2}
TAP=$BUILD/tap
SUMMARY=tests/lib/tap-summary.sh

# kept NAME: where its result is, if it passed
kept()
{
	local file=tests/vm/scenarios/$1

	echo "$PASSED/$1-$(hash_paths "$file.sh" "$file.host.sh").tap"
}

# Scenarios of a boot that have not passed yet.
left()
{
	local file name

	for file in tests/vm/scenarios/"$1"*.sh; do
		name=$(basename "$file" .sh)
		case $name in
		*.host | 99-leaks) ;;
		*) [ -e "$(kept "$name")" ] || echo "$name" ;;
		esac
	done
}

# keep NAME: it passed; with the seconds that it took
keep()
{
	local tap=$TAP/vm-debug-g$3-$1.tap

	sed "1s/\$/, $(sed -n "s/^# end $1 0 //p" "$2") s/" "$tap" >"$tap.new"
	mv "$tap.new" "$(kept "$1")"
	rm "$tap"
}

boot()
{
	local digit=$1 log=$LOG_DIR/debug-$1.log names name

	mapfile -t names < <(left "$digit")
	[ ${#names[@]} -gt 0 ] || return 0
	tests/vm/run.sh --kernel debug --name "g$digit" --timeout 15000 \
		"${names[@]}" 99-leaks >"$log" 2>&1 || true
	echo "${digit}x: $(tail -n 2 "$log" | tr '\n' ' ') (log $(log_name "$log"))"
	"$SUMMARY" "$TAP/vm-debug-g$digit-99-leaks.tap" >/dev/null || return 0
	for name in "${names[@]}"; do
		if "$SUMMARY" "$TAP/vm-debug-g$digit-$name.tap" >/dev/null; then
			keep "$name" "$log" "$digit"
		fi
	done
}

about "all scenarios on the debug kernel: hours; what passed is not run again"
scripts/stage.sh debug
mkdir -p "$TAP"
PASSED=$CACHE/debug-passed/$(hash_of "$(scripts/kernel.sh --path debug)" \
	"$(hash_paths module driver include tools/devmemctl tests/fuzz \
		tests/vm/{guest,kmod,prog} tests/vm/*.sh \
		tests/vm/scenarios/*.bash)")
mkdir -p "$PASSED"
for digit in {0..9}; do
	while [ "$(jobs -rp | wc -l)" -ge "$LANES" ]; do
		wait -n || true
	done
	boot "$digit" &
done
wait
for file in tests/vm/scenarios/[0-9]*.sh; do
	name=$(basename "$file" .sh)
	[ ! -e "$(kept "$name")" ] ||
		cp "$(kept "$name")" "$TAP/vm-debug-$name.tap"
done
sed -n 's/^# .* kernel, \([0-9]*\) s$/\1/p' "$TAP"/vm-debug-[0-9]*.tap |
	awk '{ sum += $1 } END { print NR " scenarios passed, in " sum + 0 " s" }'
