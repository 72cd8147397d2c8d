#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# profile.sh COUNTS KALLSYMS CPU [PER]: instructions per function of CPU in a window of
# insns.c, most first; divided by PER (1).
set -euo pipefail
counts=$1 kallsyms=$2 cpu=$3 per=${4:-1}

# Sorted together, a block follows the symbol that it is in.
{
	awk '{ print $1, 0, $3 }' "$kallsyms"
	awk -v col=$((cpu + 4)) '$1 == "block" && $col { print $2, 1, $3 * $col }' \
		"$counts"
} | sort -k1,1 -k2,2n | awk -v per="$per" '
	$2 == 0 { symbol = $3; next }
	{ n[$1 < "8" ? "(user space)" : symbol] += $3; sum += $3 }
	END {
		for (symbol in n)
			printf "%12.1f %5.1f%% %s\n", n[symbol] / per,
				100 * n[symbol] / sum, symbol
		printf "%12.1f        total\n", sum / per
	}' | sort -rn
