# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: a dma-buf of host memory that the NIC would reach through bounce buffers
# only, as in confidential VMs, is refused: payload would stay there. A BAR is
# not concerned. Boot it with swiotlb=force.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

grep -q swiotlb=force /proc/cmdline || skip_all "needs swiotlb=force"
dm_stage 4
dm_steer 0 1 0 0
modprobe tbuf
defer rmmod tbuf
for source in udmabuf:256K heap:256K tbuf:256K,dynamic,seg=4K; do
	expect_error 'bounce buffers' "$source" rx withbuf "$source" \
		devmemctl bind -d "$DEV_RX" -q 1 fd 20
	dm_nothing_left "$source"
done
dv_transfer "a BAR"
