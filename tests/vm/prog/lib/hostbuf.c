// SPDX-License-Identifier: GPL-2.0-only
/* dma-bufs of host memory, or the end of the program. */
#include <err.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "hostbuf.h"

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/**
 * heap_buf() - allocate from the system heap
 * @bytes: size, a multiple of the page size
 *
 * Return: a descriptor.
 */
int heap_buf(uint64_t bytes)
{
	struct dma_heap_allocation_data req = {
		.len = bytes,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int node = open_node("/dev/dma_heap/system");

	if (ioctl(node, DMA_HEAP_IOCTL_ALLOC, &req))
		err(1, "DMA_HEAP_IOCTL_ALLOC");
	close(node);
	return req.fd;
}

/**
 * udma_buf() - the pages of a new memfd
 * @bytes: size, a multiple of the page size
 *
 * Return: a descriptor.
 */
int udma_buf(uint64_t bytes)
{
	int fd = memfd_create("udma_buf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct udmabuf_create req = {
		.memfd = fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = bytes,
	};
	int node = open_node("/dev/udmabuf"), buf;

	if (fd < 0 || ftruncate(fd, bytes) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		err(1, "memfd");
	buf = ioctl(node, UDMABUF_CREATE, &req);
	if (buf < 0)
		err(1, "UDMABUF_CREATE");
	close(node);
	close(fd);
	return buf;
}
