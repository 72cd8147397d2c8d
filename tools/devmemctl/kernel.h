/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>

enum kernel_patch {
	KERNEL_PATCHED,
	KERNEL_NOT_PATCHED,
	KERNEL_UNKNOWN,
};

#define KERNEL_MARKER	"CONFIG_NET_DEVMEM_HOOKS"
#define KERNEL_FIX \
	"make kernel && apt install ./build/deb/linux-*.deb && reboot, in the sources of devmem-tcp"

/* How the version of a forked driver begins */
#define KERNEL_FORK	"devmem-tcp"
#define KERNEL_FORK_FIX \
	"install the devmem-tcp drivers, then modprobe -r igb && modprobe igb"

enum kernel_patch kernel_patched(char *where, size_t size);
bool kernel_module_loaded(const char *name);
bool kernel_module_forked(const char *name);

#endif /* KERNEL_H */
