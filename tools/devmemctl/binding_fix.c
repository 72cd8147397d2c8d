// SPDX-License-Identifier: GPL-2.0-only
/* The command that helps when a bind was refused. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "binding.h"
#include "compiler.h"

/* %1$s is the interface. With a text: for what the kernel says with that in it;
 * these come first.
 */
struct binding_fix {
	int err;
	const char *text;
	const char *fix;
};

/* What is different when it is to send from */
static const struct binding_fix binding_fixes_tx[] = {
	{ EINVAL, "not aligned", "choose memory in whole pages of 4 KiB" },
	{ EINVAL, "no such user", "cat /proc/self/uid_map shows the users of this user namespace" },
	{ E2BIG, NULL, "bind a smaller dma-buf" },
	{ ENOMEM, NULL,
	  "bind a smaller dma-buf, or give the memory cgroup more" },
};

static const struct binding_fix binding_fixes[] = {
	{ EEXIST, "XDP", "ip link set %1$s xdp off" },
	{ EINVAL, "rx queue is out of range",
	  "ethtool -l %1$s shows how many there are, ethtool -L %1$s combined N changes it" },
	{ EINVAL, "tcp-data-split",
	  "ethtool -G %1$s tcp-data-split on, with an ethtool newer than Debian 12's" },
	{ EINVAL, "rx-all", "ethtool -K %1$s rx-all off" },
	{ EINVAL, "rx checksumming", "ethtool -K %1$s rx on" },
	{ EINVAL, "not aligned", "bind with --page-size 4K" },
	{ EINVAL, "power of 2", "bind with --page-size 4K, 8K, 16K, 32K or 64K" },
	{ EINVAL, "open dma-buf",
	  "fd N takes a dma-buf that is open when devmemctl starts" },
	{ EOPNOTSUPP, "sr-iov", "echo 0 > /sys/class/net/%1$s/device/sriov_numvfs" },
	{ EPERM, NULL, "run as root, or with CAP_NET_ADMIN" },
	{ EEXIST, NULL, "devmemctl show -d %1$s; devmemctl unbind ID" },
	{ EBUSY, NULL, "ss --xdp -ap lists who uses AF_XDP: end that" },
	{ ENETDOWN, NULL, "ip link set %1$s up" },
	{ ENODEV, "exporter", "bind again; dmesg may tell why the exporter took it" },
	{ ENODEV, "loaded or unloaded", "modprobe devmem_tcp, and bind again" },
	{ ENODEV, NULL, "ip link lists the devices of this network namespace" },
	{ ERANGE, NULL, "bind with --page-size 4K, 8K, 16K, 32K or 64K" },
	{ E2BIG, NULL, "bind with --page-size 64K, or a smaller dma-buf" },
	{ ENOMEM, NULL,
	  "bind with a larger --page-size or a smaller dma-buf, or give the memory cgroup more" },
	{ ETIMEDOUT, NULL, "dmesg may tell what the exporter waits for" },
	{ EPROTO, NULL,
	  "install devmem-tcp of one version; rmmod devmem_tcp devmem_tcp_core igb; modprobe igb" },
};

static const char *binding_fix_in(const struct binding_fix *fixes,
				  unsigned int n, int err, const char *text)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (fixes[i].err == err &&
		    (!fixes[i].text || strstr(text, fixes[i].text)))
			return fixes[i].fix;
	return NULL;
}

/**
 * binding_fix() - what helps when a bind was refused
 * @err: errno
 * @text: what the kernel says about it, or ""
 * @tx: it was to send from
 *
 * Return: a format that takes the interface as its only argument, or NULL.
 */
const char *binding_fix(int err, const char *text, bool tx)
{
	const char *fix = NULL;

	/* The family does not know the command, and so says nothing. */
	if (tx && err == EOPNOTSUPP && !*text)
		return "install the module of version " VERSION;
	if (tx)
		fix = binding_fix_in(binding_fixes_tx,
				     ARRAY_SIZE(binding_fixes_tx), err, text);
	return fix ? fix : binding_fix_in(binding_fixes,
					  ARRAY_SIZE(binding_fixes), err, text);
}
