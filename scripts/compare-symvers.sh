#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# compare-symvers.sh STOCK PATCHED: two Module.symvers. Fails if a symbol that
# the stock kernel exports is gone or has another CRC. Debian's headers list
# vmlinux and modules alike.
set -euo pipefail
[ $# -eq 2 ] || {
	echo "usage: compare-symvers.sh STOCK PATCHED" >&2
	exit 2
}

LC_ALL=C join -a1 -e gone -o 0,1.2,2.2 \
	<(awk '{ print $2, $1 }' "$1" | LC_ALL=C sort) \
	<(awk '{ print $2, $1 }' "$2" | LC_ALL=C sort) |
	awk '
	$2 != $3 && bad++ < 20 { print "symbol " $1 ": " $2 " became " $3 }
	$2 ~ /[1-9a-f]/ { crcs++ }
	END {
		if (!crcs) {
			print "Error: no CRCs to compare"
			exit 1
		}
		printf "%d exported symbols compared, %d differ\n", NR, bad
		exit bad > 0
	}'
