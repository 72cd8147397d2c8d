// SPDX-License-Identifier: GPL-2.0-only
/* Receive side scaling, through the ethtool ioctl: the netlink of 6.1 has no
 * request for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/ethtool.h>

#include "flow.h"
#include "out.h"
#include "rss.h"
#include "sysfs.h"

#define RSS_SYSCTL_KEY	"/proc/sys/net/core/netdev_rss_key"
#define RSS_INIT_NETNS	"/proc/1/ns/net"

/* Bit 0 of hfunc; only the string set of hash functions says so */
#define RSS_TOEPLITZ	1

static int rss_rings(struct rss *rss, const struct iface *iface)
{
	struct ethtool_rxnfc nfc = { .cmd = ETHTOOL_GRXRINGS };
	int err;

	err = iface_ethtool(iface, &nfc);
	if (!err)
		rss->rings = nfc.data;
	return err;
}

/**
 * rss_get() - read what the device does
 * @rss: result; its key is unknown if the driver does not tell it
 * @iface: the interface
 *
 * Return: 0 or a negative errno: -EOPNOTSUPP without a table, -E2BIG if it is
 * larger than we know to handle.
 */
int rss_get(struct rss *rss, const struct iface *iface)
{
	struct ethtool_rxfh sizes = { .cmd = ETHTOOL_GRSSH };
	struct ethtool_rxfh *rxfh;
	int err;

	memset(rss, 0, sizeof(*rss));
	err = iface_ethtool(iface, &sizes);
	if (err)
		return err;
	if (!sizes.indir_size)
		return -EOPNOTSUPP;
	if (sizes.indir_size > RETA_MAX)
		return -E2BIG;
	err = rss_rings(rss, iface);
	if (err)
		return err;

	rxfh = calloc(1, sizeof(*rxfh) + sizes.key_size +
			 sizes.indir_size * sizeof(rxfh->rss_config[0]));
	if (!rxfh)
		return -ENOMEM;
	rxfh->cmd = ETHTOOL_GRSSH;
	rxfh->indir_size = sizes.indir_size;
	rxfh->key_size = sizes.key_size;
	err = iface_ethtool(iface, rxfh);
	if (err)
		goto free_rxfh;
	/* 0: a driver that knows no other */
	rss->toeplitz = !rxfh->hfunc || rxfh->hfunc & RSS_TOEPLITZ;
	rss->reta.size = rxfh->indir_size;
	memcpy(rss->reta.queue, rxfh->rss_config,
	       rxfh->indir_size * sizeof(rxfh->rss_config[0]));
	if (rxfh->key_size <= RSS_KEY_MAX) {
		rss->key_len = rxfh->key_size;
		memcpy(rss->key, rxfh->rss_config + rxfh->indir_size,
		       rxfh->key_size);
	}

free_rxfh:
	free(rxfh);
	return err;
}

static int rss_read_sysctl(struct rss *rss)
{
	char buf[3 * RSS_KEY_MAX + 1];
	int err;

	err = sysfs_read(buf, sizeof(buf), RSS_SYSCTL_KEY);
	if (err)
		return err;
	if (parse_key(buf, rss->key, RSS_KEY_MAX, &rss->key_len)) {
		rss->key_len = 0;
		return -EPROTO;
	}
	return 0;
}

/* The sysctl is to be seen in the initial network namespace only. */
static int rss_read_sysctl_there(struct rss *rss)
{
	int here, there;
	int err;

	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (here < 0)
		return -errno;
	there = open(RSS_INIT_NETNS, O_RDONLY | O_CLOEXEC);
	if (there < 0) {
		err = -errno;
		goto close_here;
	}
	if (setns(there, CLONE_NEWNET)) {
		err = -errno;
		goto close_there;
	}

	err = rss_read_sysctl(rss);

	if (setns(here, CLONE_NEWNET)) {
		out_errno(errno, "return to our network namespace");
		exit(EXIT_FAILURE);
	}
close_there:
	close(there);
close_here:
	close(here);
	return err;
}

/**
 * rss_find_key() - find the key that a driver does not tell
 * @rss: what rss_get() has filled in
 * @iface: the interface
 *
 * igb takes its key from netdev_rss_key_fill(), as most drivers do. All of
 * them get the same one, which the kernel makes once and shows as a sysctl.
 *
 * Return: 0 or a negative errno, -EOPNOTSUPP if nobody tells.
 */
int rss_find_key(struct rss *rss, const struct iface *iface)
{
	if (rss->key_len >= FLOW_KEY)
		return 0;
	if (strcmp(iface->driver, "igb"))
		return -EOPNOTSUPP;
	if (!rss_read_sysctl(rss))
		return 0;
	return rss_read_sysctl_there(rss);
}

/**
 * rss_set() - write the table; the key stays
 * @iface: the interface
 * @reta: the table, of the size that the device has
 *
 * Return: 0 or a negative errno.
 */
int rss_set(const struct iface *iface, const struct reta *reta)
{
	struct ethtool_rxfh *rxfh;
	int err;

	rxfh = calloc(1, sizeof(*rxfh) +
			 reta->size * sizeof(rxfh->rss_config[0]));
	if (!rxfh)
		return -ENOMEM;
	rxfh->cmd = ETHTOOL_SRSSH;
	rxfh->indir_size = reta->size;
	memcpy(rxfh->rss_config, reta->queue,
	       reta->size * sizeof(rxfh->rss_config[0]));
	err = iface_ethtool(iface, rxfh);
	free(rxfh);
	return err;
}

/**
 * rss_set_default() - let the kernel spread over all queues, entry by entry
 * @iface: the interface
 *
 * Also tells the kernel that nobody has configured the table, so that fewer
 * channels can be set again.
 *
 * Return: 0 or a negative errno.
 */
int rss_set_default(const struct iface *iface)
{
	struct ethtool_rxfh rxfh = { .cmd = ETHTOOL_SRSSH };

	return iface_ethtool(iface, &rxfh);
}
