# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 600
# Proves: bind, also to send from, unbind, every read, the export and the mapping of a BAR, each
# with its first, second, ... allocation or copy failing, end in success or in an
# errno that says so, also where the exporter is called, in a worker; nothing is
# left of them, and what was there is.
# shellcheck source=tests/vm/scenarios/failnth.bash
. /stage/scenarios/failnth.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

HALF=$PCI_MEM:0:33554432
ON=(failnth -d "$DEV_RX")

# exporters SOURCE...: what they do is in a worker.
exporters()
{
	local source

	for source in "$@"; do
		fn_run "workers, $source" bind -- withbuf "$source" "${ON[@]}" \
			-q 1 -w -k 23 -f 20
	done
}

fn_stage
dm_stage 4
# Each descriptor has a spare buffer, which is an allocation.
dm_set_ring 80
dm_take_bar
modprobe vgem
defer rmmod vgem
fn_run "a BAR" get dump devget devdump queueget queuedump split \
	export mmap -- "${ON[@]}" -q 1 -m "$HALF" \
	-b "$PCI_MEM:33554432:1048576"
fn_run "a BAR" bind bindtx unbind closenl -- "${ON[@]}" -q 1 -k 3 -m "$HALF"
fn_run "two queues" bindnl -- "${ON[@]}" -q 1,2 -k 11 -m "$HALF"
fn_run "workers, a BAR" bind -- "${ON[@]}" -q 1 -w -k 23 -m "$HALF"
exporters udmabuf:256K heap:1M vgem:256K tbuf:1M,seg=64K \
	tbuf:1M,seg=64K,dynamic
dm_nothing_left "in the end"
db_balanced "in the end"
for queue in 1 2; do
	dm_plain $queue "in the end"
done
