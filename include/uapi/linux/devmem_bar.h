/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* devmem_bar: export a range of a PCI memory BAR as a dma-buf.
 *
 * A PCI device is given to the driver by name, since it has no id table:
 *
 *   echo devmem_bar > /sys/bus/pci/devices/0000:00:07.0/driver_override
 *   echo 0000:00:07.0 > /sys/bus/pci/drivers_probe
 *
 * Then /dev/devmem_bar/0000:00:07.0 takes the ioctl below. Opening it for
 * export needs CAP_SYS_RAWIO. The dma-buf can be mmapped (write-combined) and
 * mapped by any PCI device that can reach the BAR.
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
 * @fd: out: the dma-buf
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
 * there, range not aligned, not in the BAR or unknown flag; EBUSY range
 * overlaps a live export; ENODEV the device is gone.
 */
#define DEVMEM_BAR_EXPORT	_IOWR('D', 0xB0, struct devmem_bar_export)

#endif /* _UAPI_LINUX_DEVMEM_BAR_H */
