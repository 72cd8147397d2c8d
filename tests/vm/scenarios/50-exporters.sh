# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: TCP payload arrives in a dma-buf of every exporter that there is, with
# static and with dynamic attachment, in one and in many segments, and all that
# the exporter gave comes back. Run it with --iommu too.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

MIB=4
STATIC=1 PINNED=2

# exporter TEXT KIND SOURCE [OPTION]...
exporter()
{
	local text=$1 kind=$2
	shift 2

	db_transfer "$text" "$@"
	equal "$text: the kind of attachment" "$DB_ATTACH" "$kind"
}

dmabufs()
{
	awk '/^Total/ { print $2 }' /sys/kernel/debug/dma_buf/bufinfo
}

# Not "identity": then the CPU's addresses would do.
translates()
{
	grep -q '^DMA' "/sys/bus/pci/devices/$PCI_RX/iommu_group/type"
}

dm_stage 4
dm_steer 0 1 0 0
random_file "$TMP/input" $MIB
SUM=$(sum "$TMP/input")
if [ -n "$STAGE_IOMMU" ]; then
	check "the IOMMU translates for the NIC" translates
fi

exporter "udmabuf" $STATIC udmabuf:16M
exporter "udmabuf, fewer buffers than the ring" $STATIC udmabuf:2M
exporter "system heap" $STATIC heap:16M
exporter "system heap, 64 KiB" $STATIC heap:16M --page-size 64K
if modprobe vgem && wait_for 5 test -e /dev/dri/card0; then
	defer rmmod vgem
	exporter "vgem" $STATIC vgem:16M
else
	not_ok "vgem" "no module or no node"
fi
exporter "test exporter, static" $STATIC tbuf:16M
exporter "test exporter, dynamic" $PINNED tbuf:16M,dynamic
exporter "test exporter, segments of 4 KiB" $PINNED tbuf:8M,dynamic,seg=4K
exporter "test exporter, buffers of 64 KiB" $PINNED \
	tbuf:16M,dynamic,seg=256K --page-size 64K

# What the tool exports itself.
own()
{
	dm_recv "$TMP/own" -q 1 --hash "$@"
	check "devmemctl recv, $*: the sender is done" tx timeout 60 \
		socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:$PORT"
	dm_recv_wait "devmemctl recv, $*: the receiver is done" "$TMP/own"
	equal "devmemctl recv, $*: SHA-256 of what is in the dma-buf" \
		"$(dm_field "$TMP/own" sha256)" "$SUM"
	dm_nothing_left "devmemctl recv, $*"
}

own udmabuf 8M
own heap 8M
expect_error 'whole pages' "devmemctl, a udmabuf of half a page" \
	rx devmemctl bind -d "$DEV_RX" -q 1 udmabuf 2048
expect_error 'size_limit_mb' "devmemctl, a udmabuf of 1 GiB" \
	rx devmemctl bind -d "$DEV_RX" -q 1 udmabuf 1G

dm_take_bar
dm_recv "$TMP/bar" -q 1 --hash bar "$PCI_MEM"
equal "devmem_bar: the kind of attachment" "$(db_attach "$(db_id)")" $PINNED
check "devmem_bar: the sender is done" tx timeout 60 \
	socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:$PORT"
dm_recv_wait "devmem_bar: the receiver is done" "$TMP/bar"
equal "devmem_bar: SHA-256 of what is in the dma-buf" \
	"$(dm_field "$TMP/bar" sha256)" "$SUM"
dm_nothing_left "in the end"
equal "no dma-buf is left" "$(dmabufs)" 0
dm_plain 1 "in the end"
