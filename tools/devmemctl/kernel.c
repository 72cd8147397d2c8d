// SPDX-License-Identifier: GPL-2.0-only
/* The running kernel: is it patched, what is loaded into it. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <zlib.h>

#include "compiler.h"
#include "kernel.h"
#include "sysfs.h"

#define KERNEL_SYMBOL	"devmem_register_dev"

/* zlib reads files that are not compressed as they are. */
static enum kernel_patch kernel_config(const char *path)
{
	enum kernel_patch ret = KERNEL_NOT_PATCHED;
	char line[256];
	gzFile f;

	f = gzopen(path, "re");
	if (!f)
		return KERNEL_UNKNOWN;
	while (gzgets(f, line, sizeof(line)))
		if (!strcmp(line, KERNEL_MARKER "=y\n"))
			ret = KERNEL_PATCHED;
	if (!gzeof(f))
		ret = KERNEL_UNKNOWN;
	gzclose(f);
	return ret;
}

static enum kernel_patch kernel_symbols(const char *path)
{
	enum kernel_patch ret = KERNEL_NOT_PATCHED;
	char line[512], name[256];
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return KERNEL_UNKNOWN;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %255s", name) == 1 &&
		    !strcmp(name, KERNEL_SYMBOL))
			ret = KERNEL_PATCHED;
	fclose(f);
	return ret;
}

/**
 * kernel_patched() - does the running kernel have the device memory hooks
 * @where: file that told
 * @size: bytes of @where
 *
 * The configuration is asked first, as symbols may be hidden.
 *
 * Return: the answer, KERNEL_UNKNOWN if no file could be read.
 */
enum kernel_patch kernel_patched(char *where, size_t size)
{
	static const char *const config[] = {
		"/proc/config.gz",
		"/boot/config-%s",
		"/lib/modules/%s/build/.config",
	};
	enum kernel_patch ret;
	struct utsname uts;
	unsigned int i;

	uname(&uts);
	for (i = 0; i < ARRAY_SIZE(config); i++) {
		snprintf(where, size, config[i], uts.release);
		ret = kernel_config(where);
		if (ret != KERNEL_UNKNOWN)
			return ret;
	}

	snprintf(where, size, "/proc/kallsyms");
	return kernel_symbols(where);
}

bool kernel_module_loaded(const char *name)
{
	return sysfs_exists("/sys/module/%s", name);
}

/* Stock drivers of 6.1 carry no version, so have no such file. */
bool kernel_module_forked(const char *name)
{
	char version[64];

	sysfs_read(version, sizeof(version), "/sys/module/%s/version", name);
	return !strncmp(version, KERNEL_FORK, strlen(KERNEL_FORK));
}
