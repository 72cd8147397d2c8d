#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Prints what the project adds, in lines.
set -euo pipefail
cd "$(dirname "$0")/.."

# Added lines of a patch, and those in files that it does not create.
added() { grep -cE '^\+([^+]|$)' "$1" || true; }
added_existing()
{
	awk '/^--- / { new = ($2 == "/dev/null") }
	     /^\+([^+]|$)/ { if (!new) n++ }
	     END { print n + 0 }' "$1"
}

total=0
existing=0
sending=0
echo "kernel patch series (patches/6.1), added lines:"
for p in patches/6.1/*.patch; do
	n=$(added "$p")
	e=$(added_existing "$p")
	printf '  %-32s %5d, %d of them in files of 6.1\n' \
		"$(basename "$p")" "$n" "$e"
	case $p in
	*-tx.patch)
		sending=$((sending + n))
		;;
	*)
		total=$((total + n))
		existing=$((existing + e))
		;;
	esac
done
printf '  %-32s %5d, %d of them in files of 6.1 (limits 600, 350)\n' \
	"receive" "$total" "$existing"
printf '  %-32s %5d (limit 120)\n' "transmit" "$sending"

hunks=$(cat driver/patches/*.patch | grep -c '^@@')
lines=0
for p in driver/patches/*.patch; do
	lines=$((lines + $(added "$p")))
done
echo "igb series (driver/patches): $hunks hunks (limit 16), $lines added lines"

echo "own code, lines:"
for d in driver module tools/devmemctl include tests scripts; do
	printf '  %-32s %5d\n' "$d" "$(find "$d" -type f \
		\( -name '*.[ch]' -o -name '*.sh' -o -name Kbuild \) \
		-exec cat {} + | wc -l)"
done

[ "$total" -le 600 ] && [ "$existing" -le 350 ] && [ "$sending" -le 120 ] &&
	[ "$hunks" -le 16 ]
