/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* devmem_bar: export a range of a PCI memory BAR as a dma-buf.
 *
 * A PCI device is given to the driver by name, since it has no id table:
 *
 *   echo devmem_bar > /sys/bus/pci/devices/0000:00:07.0/driver_override
 *   echo 0000:00:07.0 > /sys/bus/pci/drivers_probe
 *
 * Then /dev/devmem_bar/0000:00:07.0 takes the ioctl below, which needs
 * CAP_SYS_RAWIO and a kernel that is not locked down. From the first export to
 * the last close the BAR belongs to this driver alone.
 *
 * mmap of the dma-buf must be MAP_SHARED. It is write-combined if the BAR is
 * prefetchable, else uncached.
 *
 * Devices map the bus address, without struct pages: an importer must attach
 * dynamically with allow_peer2peer (else EOPNOTSUPP) and, without an IOMMU,
 * address the BAR (else ERANGE). Whether the PCIe fabric forwards between the
 * two devices is not checked.
 *
 * DMA_BUF_IOCTL_SYNC, START and END alike, is a flush: it drains the write
 * combining of the calling CPU and reads the first 4 bytes of the range back.
 * What the CPU wrote is then in the device. What another device wrote is, if it
 * was on the way down to the BAR when the read came there; PCIe gives no order
 * between such a write and one to host memory, like a completion descriptor.
 *
 * When the device is unbound or unplugged, mmaps raise SIGBUS, importers are
 * told to unmap, and the unbind waits for them. Afterwards all files of the old
 * device give ENODEV, also if it is bound again.
 */
#ifndef _UAPI_LINUX_DEVMEM_BAR_H
#define _UAPI_LINUX_DEVMEM_BAR_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct devmem_bar_export - a range of a BAR
 * @bar: in: BAR number, 0 to 5
 * @flags: in: O_CLOEXEC or 0; O_RDWR is implied
 * @offset: in: first byte in the BAR, a multiple of the page size
 * @size: in: bytes, a multiple of the page size, 0 for all that is left;
 *	out: bytes exported
 * @fd: out: the dma-buf, open for reading and writing
 * @reserved: must be 0
 */
struct devmem_bar_export {
	__u32 bar;
	__u32 flags;
	__u64 offset;
	__u64 size;
	__s32 fd;
	__u32 reserved;
};

/* Errors: EPERM no CAP_SYS_RAWIO or kernel locked down; EINVAL I/O BAR, BAR not
 * there (or the upper half of a 64 bit one), range not aligned, not in the BAR,
 * unknown flag or reserved not 0; EBUSY range overlaps a live export (an mmap
 * or an importer keeps it alive after close) or the BAR is in use by somebody
 * else; ENODEV the device is gone; ENOMEM, EMFILE, ENFILE.
 */
#define DEVMEM_BAR_EXPORT	_IOWR('D', 0xB0, struct devmem_bar_export)

#endif /* _UAPI_LINUX_DEVMEM_BAR_H */
