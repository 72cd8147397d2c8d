# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 90000
# Proves: 70-unload.sh 100 times, with no leak. Prints median and maximum of
# what rmmod took. It has no number, so it runs only when asked for:
#
#	tests/vm/run.sh --timeout 1500 unload-soak
#	tests/vm/run.sh --timeout 9000 --append cycles=1000 unload-soak
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash

CYCLES=$(sed -n 's/.*\bcycles=\([0-9]*\).*/\1/p' /proc/cmdline)
CYCLES=${CYCLES:-100}
LEAKS=/sys/kernel/debug/kmemleak

# memory NAME: KiB
memory()
{
	awk -v n="$1:" '$1 == n { print $2 }' /proc/meminfo
}

# What a cycle allocates: 96 KiB of net_iovs by vmalloc, 8 MiB of spare pages,
# and slabs of a few KiB.
memory_now()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	FREE=$(memory MemFree)
	SLAB=$(memory SUnreclaim)
	VMALLOC=$(memory VmallocUsed)
}

# grew TEXT KIB MOST
grew()
{
	if [ "$2" -le "$3" ]; then
		ok "$1 ($2 KiB in $CYCLES cycles)"
	else
		not_ok "$1" "$2 KiB in $CYCLES cycles, want $3 at most"
	fi
}

dm_stage 4
defer load_modules
ul_ports
# so that what is allocated once is there
ul_cycles "to begin with" 4
memory_now
free=$FREE slab=$SLAB vmalloc=$VMALLOC
ul_cycles "$CYCLES cycles" "$CYCLES"
memory_now
# a fraction of what a leak in each cycle would make
grew "vmalloc" $((VMALLOC - vmalloc)) $((CYCLES * 10 + 200))
grew "slabs" $((SLAB - slab)) $((CYCLES * 4 + 1000))
grew "all memory" $((free - FREE)) $((CYCLES * 100 + 8000))
if [ -e $LEAKS ]; then
	sleep 6
	echo scan >$LEAKS
	sleep 6
	echo scan >$LEAKS
	equal "no memory leaks" "$(cat $LEAKS)" ""
fi
