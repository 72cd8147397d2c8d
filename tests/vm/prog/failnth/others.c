// SPDX-License-Identifier: GPL-2.0-only
/* The BAR, and the load of the modules. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/devmem_bar.h>

#include "bar.h"
#include "ops.h"

static struct devmem_bar_export req;
static uint64_t bar_offset, bar_size;
static int node = -1;

static void before_export(void)
{
	req = (struct devmem_bar_export){ .bar = 2 };
	if (node < 0)
		node = bar_open(bar, &bar_offset, &bar_size);
	req.offset = bar_offset;
	req.size = bar_size;
}

static int run_export(void)
{
	return ioctl(node, DEVMEM_BAR_EXPORT, &req) ? errno : 0;
}

/* It is released when the task comes back from close(). */
static int after_export(unsigned int n, int ret)
{
	if (!ret) {
		close(req.fd);
		return 0;
	}
	before_export();
	if (run_export())
		wrong("%u: the range cannot be exported: %s", n,
		      strerror(errno));
	close(req.fd);
	return ret;
}

static volatile uint32_t *map;

static void before_mmap(void)
{
	before_export();
	if (run_export())
		wrong("export: %s", strerror(errno));
}

/* And looks at three pages: a fault that fails is tried again. */
static int run_mmap(void)
{
	map = mmap(NULL, req.size, PROT_READ | PROT_WRITE, MAP_SHARED, req.fd,
		   0);
	if (map == MAP_FAILED)
		return errno;
	map[0] = 0x600d;
	(void)map[req.size / 8];
	(void)map[req.size / 4 - 1];
	return 0;
}

static int after_mmap(unsigned int n, int ret)
{
	if (!ret && map[0] != 0x600d)
		wrong("%u: the mapping has %#x", n, map[0]);
	if (!ret)
		munmap((void *)map, req.size);
	close(req.fd);
	return ret;
}

/* Modules */

static void *module;
static long module_size;
char module_name[64];

void read_module(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	FILE *f = fopen(path, "re");

	if (!f || fseek(f, 0, SEEK_END))
		err(1, "%s", path);
	module_size = ftell(f);
	rewind(f);
	module = malloc(module_size);
	if (!module || fread(module, module_size, 1, f) != 1)
		err(1, "%s", path);
	fclose(f);
	snprintf(module_name, sizeof(module_name), "%.*s",
		 (int)strcspn(base, "."), base);
}

static int run_module(void)
{
	return syscall(SYS_init_module, module, module_size, "") ? errno : 0;
}

static int after_module(unsigned int n, int ret)
{
	if (!ret && syscall(SYS_delete_module, module_name, O_NONBLOCK))
		wrong("%u: rmmod: %s", n, strerror(errno));
	return ret;
}

/* The driver */

static int to_driver(const char *what)
{
	char path[64];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/devmem_bar/%s",
		 what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, bar, 12) != 12)
		ret = errno;
	close(fd);
	return ret;
}

static int run_probe(void)
{
	return to_driver("bind");
}

static int after_probe(unsigned int n, int ret)
{
	char path[64];
	bool there;

	snprintf(path, sizeof(path), "/dev/devmem_bar/%.12s", bar);
	there = !access(path, F_OK);
	if (there == !!ret)
		wrong("%u: answer %d, the node is%s there", n, ret,
		      there ? "" : " not");
	if (!ret && to_driver("unbind"))
		wrong("%u: unbind: %s", n, strerror(errno));
	return ret;
}

const struct op other_ops[] = {
	{ "export", before_export, run_export, after_export, false },
	{ "mmap", before_mmap, run_mmap, after_mmap, false },
	{ "probe", NULL, run_probe, after_probe, false },
	{ "module", NULL, run_module, after_module, false },
	{}
};
