# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Last of all, on a kernel with kmemleak: nothing that the scenarios before
# allocated was lost.
# timeout: 120

leaks=/sys/kernel/debug/kmemleak
[ -e $leaks ] || skip_all "this kernel has no kmemleak"

# An object counts only once it is five seconds old, and the first scan may
# find one that was on its way between two lists.
sleep 6
echo scan >$leaks
sleep 6
echo scan >$leaks
equal "no memory leaks" "$(cat $leaks)" ""
