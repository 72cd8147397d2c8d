# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Last of all, on a kernel with kmemleak: nothing that the scenarios before
# allocated was lost.
# timeout: 120

leaks=/sys/kernel/debug/kmemleak
[ -e $leaks ] || skip_all "this kernel has no kmemleak"

# An object counts only once it is five seconds old, and a scan may find one that
# was on its way between two lists.
for _ in 1 2; do
	sleep 6
	echo scan >$leaks
	[ -n "$(cat $leaks)" ] || break
done
equal "no memory leaks" "$(cat $leaks)" ""
