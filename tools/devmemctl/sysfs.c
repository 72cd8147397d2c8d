// SPDX-License-Identifier: GPL-2.0-only
/* Attributes in sysfs: one short line each. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

bool sysfs_exists(const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	return !access(path, F_OK);
}

/**
 * sysfs_read() - read an attribute
 * @buf: the line, without its newline
 * @size: bytes of @buf
 * @fmt: path
 *
 * Return: 0 or a negative errno; @buf is a string in any case.
 */
int sysfs_read(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	ssize_t len;
	va_list ap;
	int fd;
	int err;

	buf[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, buf, size - 1);
	err = len < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;

	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/**
 * sysfs_link() - last component of what a link points to
 * @buf: the component
 * @size: bytes of @buf
 * @fmt: path
 *
 * Return: 0 or a negative errno; @buf is a string in any case.
 */
int sysfs_link(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t len;
	va_list ap;

	buf[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';

	snprintf(buf, size, "%s", basename(target));
	return 0;
}

/**
 * sysfs_write() - set an attribute
 * @value: what to write
 * @fmt: path
 *
 * Return: 0 or a negative errno.
 */
int sysfs_write(const char *value, const char *fmt, ...)
{
	size_t size = strlen(value);
	char path[PATH_MAX];
	va_list ap;
	int err = 0;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, size) < 0)
		err = -errno;
	close(fd);
	return err;
}
