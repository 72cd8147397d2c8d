// SPDX-License-Identifier: GPL-2.0
/* Where a dma-buf comes from, and how to look into it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/devmem_bar.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "dmabuf.h"
#include "out.h"
#include "sysfs.h"

#define BAR_DRIVER	"devmem_bar"
#define UDMABUF_DEV	"/dev/udmabuf"
#define HEAP_DEV	"/dev/dma_heap/system"
#define PCI_DEVICE	"/sys/bus/pci/devices/%s"
#define PCI_DRIVER	"/sys/bus/pci/drivers/" BAR_DRIVER

/* What sysfs shows when no driver is forced on a device */
#define PCI_NO_OVERRIDE	"(null)"

/* Give the device to devmem_bar, if nobody else has it or is meant to. */
static int bar_attach(const char *addr)
{
	char driver[64], override[64];
	int err;

	if (!sysfs_exists(PCI_DEVICE, addr)) {
		out_error("no PCI device %s", addr);
		out_fix("lspci -D lists them");
		return -1;
	}
	if (!sysfs_link(driver, sizeof(driver), PCI_DEVICE "/driver", addr)) {
		if (!strcmp(driver, BAR_DRIVER)) {
			out_error(BAR_DRIVER " has %s, but there is no /dev/"
				  BAR_DRIVER "/%s", addr, addr);
			out_fix("mount -t devtmpfs devtmpfs /dev");
		} else {
			out_error("PCI device %s is in use by the driver %s",
				  addr, driver);
			out_fix("echo %s > " PCI_DEVICE "/driver/unbind", addr,
				addr);
		}
		return -1;
	}
	if (!sysfs_exists(PCI_DRIVER)) {
		out_error("module " BAR_DRIVER " not loaded");
		out_fix("modprobe " BAR_DRIVER);
		return -1;
	}

	sysfs_read(override, sizeof(override), PCI_DEVICE "/driver_override",
		   addr);
	if (*override && strcmp(override, PCI_NO_OVERRIDE) &&
	    strcmp(override, BAR_DRIVER)) {
		out_error("PCI device %s is meant for the driver %s", addr,
			  override);
		out_fix("echo > " PCI_DEVICE "/driver_override", addr);
		return -1;
	}

	err = sysfs_write(BAR_DRIVER, PCI_DEVICE "/driver_override", addr);
	if (err)
		goto print;
	err = sysfs_write(addr, "/sys/bus/pci/drivers_probe");
	if (err)
		goto clear_override;
	if (sysfs_link(driver, sizeof(driver), PCI_DEVICE "/driver", addr)) {
		sysfs_write("\n", PCI_DEVICE "/driver_override", addr);
		out_error(BAR_DRIVER " did not take PCI device %s", addr);
		out_fix("dmesg | grep " BAR_DRIVER " says why");
		return -1;
	}
	return 0;

clear_override:
	sysfs_write("\n", PCI_DEVICE "/driver_override", addr);
print:
	out_errno(-err, "give PCI device %s to " BAR_DRIVER, addr);
	if (err == -EACCES || err == -EPERM)
		out_fix("run as root");
	return -1;
}

static int bar_open(const char *addr)
{
	char path[64];
	int err;
	int fd;

	snprintf(path, sizeof(path), "/dev/" BAR_DRIVER "/%s", addr);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (bar_attach(addr))
			return -1;
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (fd < 0) {
		err = errno;
		out_errno(err, "open %s", path);
		if (err == EACCES || err == EPERM)
			out_fix("run as root");
	}
	return fd;
}

static int bar_export(const struct source *src)
{
	struct devmem_bar_export export = {
		.bar = src->bar,
		.flags = O_CLOEXEC,
		.offset = src->offset,
		.size = src->size,
	};
	int err = 0;
	int fd;

	fd = bar_open(src->pciaddr);
	if (fd < 0)
		return -1;
	if (ioctl(fd, DEVMEM_BAR_EXPORT, &export) < 0)
		err = errno;
	close(fd);
	if (!err)
		return export.fd;

	if (err == EBUSY)
		out_errno(err, "BAR %u of %s: range is exported already",
			  src->bar, src->pciaddr);
	else
		out_errno(err, "export BAR %u of %s", src->bar, src->pciaddr);
	switch (err) {
	case EPERM:
		out_fix("run as root, on a kernel that is not locked down");
		break;
	case EINVAL:
		out_fix("whole pages of a memory BAR, see lspci -v -s %s",
			src->pciaddr);
		break;
	case EBUSY:
		out_fix("devmemctl show; devmemctl unbind ID");
		break;
	}
	return -1;
}

static void fd_perror(int fd)
{
	out_errno(errno, "descriptor %d", fd);
	out_fix("fd N takes a dma-buf that is open when devmemctl starts");
}

static int fd_inherit(int fd)
{
	int ret = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (ret < 0)
		fd_perror(fd);
	return ret;
}

/* Devices that a kernel has if its configuration says so. */
static int node_open(const char *path, const char *fix)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int err = errno;

	if (fd >= 0)
		return fd;
	out_errno(err, "open %s", path);
	out_fix("%s", err == EACCES || err == EPERM ? "run as root" : fix);
	return -1;
}

/* The memfd lives on in the dma-buf. */
static int udmabuf_create(uint64_t size)
{
	struct udmabuf_create req = {
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = size,
	};
	int fd, memfd, buf = -1;

	fd = node_open(UDMABUF_DEV, "modprobe udmabuf; its option is CONFIG_UDMABUF");
	if (fd < 0)
		return -1;
	memfd = memfd_create("devmemctl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memfd < 0 || ftruncate(memfd, size) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		out_errno(errno, "%" PRIu64 " bytes of shared memory", size);
		goto close;
	}
	req.memfd = memfd;
	buf = ioctl(fd, UDMABUF_CREATE, &req);
	if (buf < 0) {
		out_errno(errno, "dma-buf of %" PRIu64 " bytes", size);
		out_fix("whole pages, at most as many MiB as /sys/module/udmabuf/parameters/size_limit_mb says");
	}
close:
	if (memfd >= 0)
		close(memfd);
	close(fd);
	return buf;
}

static int heap_alloc(uint64_t size)
{
	struct dma_heap_allocation_data req = {
		.len = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int fd, ret;

	fd = node_open(HEAP_DEV, "the kernel's option is CONFIG_DMABUF_HEAPS_SYSTEM");
	if (fd < 0)
		return -1;
	ret = ioctl(fd, DMA_HEAP_IOCTL_ALLOC, &req);
	if (ret < 0)
		out_errno(errno, "dma-buf of %" PRIu64 " bytes", size);
	close(fd);
	return ret < 0 ? -1 : (int)req.fd;
}

/**
 * dmabuf_open() - get a dma-buf
 * @buf: the dma-buf
 * @src: where it comes from
 *
 * Return: 0, or -1 with the reason printed. On success dmabuf_close() is due.
 */
int dmabuf_open(struct dmabuf *buf, const struct source *src)
{
	off_t size;

	buf->map = NULL;
	buf->fd = -1;
	switch (src->kind) {
	case SOURCE_BAR:
		buf->fd = bar_export(src);
		break;
	case SOURCE_FD:
		buf->fd = fd_inherit(src->fd);
		break;
	case SOURCE_UDMABUF:
		buf->fd = udmabuf_create(src->size);
		break;
	case SOURCE_HEAP:
		buf->fd = heap_alloc(src->size);
		break;
	}
	if (buf->fd < 0)
		return -1;

	size = lseek(buf->fd, 0, SEEK_END);
	if (size < 0) {
		/* of what we made ourselves it does not fail */
		fd_perror(src->kind == SOURCE_FD ? src->fd : buf->fd);
		close(buf->fd);
		return -1;
	}
	buf->size = size;
	return 0;
}

void dmabuf_close(struct dmabuf *buf)
{
	if (buf->map)
		munmap(buf->map, buf->size);
	close(buf->fd);
}

/**
 * dmabuf_map() - map the memory for reading
 * @buf: the dma-buf
 * @write: and for writing
 *
 * Return: 0, or -1 with the reason printed.
 */
int dmabuf_map(struct dmabuf *buf, bool write)
{
	int prot = PROT_READ | (write ? PROT_WRITE : 0);
	void *map;

	map = mmap(NULL, buf->size, prot, MAP_SHARED, buf->fd, 0);
	if (map == MAP_FAILED) {
		out_errno(errno, "map the dma-buf");
		return -1;
	}
	buf->map = map;
	buf->writable = write;
	return 0;
}

static int dmabuf_sync(const struct dmabuf *buf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_READ | flags };
	int ret;

	if (buf->writable)
		sync.flags |= DMA_BUF_SYNC_WRITE;
	do {
		ret = ioctl(buf->fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	if (ret < 0)
		out_errno(errno, "DMA_BUF_IOCTL_SYNC");
	return ret;
}

/* Return: 0, or -1 with the reason printed; the same for dmabuf_end(). */
int dmabuf_begin(const struct dmabuf *buf)
{
	return dmabuf_sync(buf, DMA_BUF_SYNC_START);
}

int dmabuf_end(const struct dmabuf *buf)
{
	return dmabuf_sync(buf, DMA_BUF_SYNC_END);
}
