/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SYSFS_H
#define SYSFS_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"

bool sysfs_exists(const char *fmt, ...)
	__printf(1, 2);
int sysfs_read(char *buf, size_t size, const char *fmt, ...)
	__printf(3, 4);
int sysfs_link(char *buf, size_t size, const char *fmt, ...)
	__printf(3, 4);
int sysfs_write(const char *value, const char *fmt, ...)
	__printf(2, 3);

#endif /* SYSFS_H */
