// SPDX-License-Identifier: GPL-2.0-only
/* Exports ranges of BAR 2, see bar.h. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/devmem_bar.h>

#include "bar.h"

/**
 * bar_open() - open the node of a device
 * @spec: PCI[:OFFSET[:SIZE]], in bytes
 * @offset: 0 if not given
 * @size: 0 if not given
 *
 * Return: the node's descriptor; it ends the program if it cannot.
 */
int bar_open(const char *spec, uint64_t *offset, uint64_t *size)
{
	unsigned long long off = 0, len = 0;
	char path[64], pci[16];
	int fd;

	/* the address itself has two colons, and 12 characters */
	if (sscanf(spec, "%12[0-9a-f:.]:%lli:%lli", pci, &off, &len) < 1)
		errx(2, "%s is not PCI[:OFFSET[:SIZE]]", spec);
	*offset = off;
	*size = len;
	snprintf(path, sizeof(path), "/dev/devmem_bar/%s", pci);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/**
 * bar_export() - get a dma-buf
 * @spec: PCI[:OFFSET[:SIZE]], in bytes
 * @size: its size
 *
 * Return: the dma-buf, which programs that are run inherit.
 */
int bar_export(const char *spec, uint64_t *size)
{
	struct devmem_bar_export req = { .bar = 2 };
	int fd = bar_open(spec, (uint64_t *)&req.offset,
			  (uint64_t *)&req.size);

	if (ioctl(fd, DEVMEM_BAR_EXPORT, &req))
		err(1, "export %s", spec);
	close(fd);
	*size = req.size;
	return req.fd;
}
