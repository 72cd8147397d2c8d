// SPDX-License-Identifier: GPL-2.0-only
/* A network interface, seen through ioctls and netlink: unlike /sys/class/net
 * these always show the network namespace of the caller.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "iface.h"
#include "nl.h"

static int iface_ioctl(unsigned long cmd, struct ifreq *ifr, const char *name)
{
	int err = 0;
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	if (ioctl(fd, cmd, ifr) < 0)
		err = -errno;
	close(fd);
	return err;
}

/**
 * iface_get() - look up an interface
 * @iface: result
 * @name: its name
 *
 * Return: 0 or a negative errno, -ENODEV if there is none of that name.
 */
int iface_get(struct iface *iface, const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = {};
	int err;

	memset(iface, 0, sizeof(*iface));
	iface->index = if_nametoindex(name);
	if (!iface->index)
		return -errno;
	snprintf(iface->name, sizeof(iface->name), "%s", name);

	err = iface_ioctl(SIOCGIFFLAGS, &ifr, name);
	if (err)
		return err;
	iface->up = ifr.ifr_flags & IFF_UP;

	if (!iface_ethtool(iface, &info)) {
		snprintf(iface->driver, sizeof(iface->driver), "%s",
			 info.driver);
		snprintf(iface->bus, sizeof(iface->bus), "%s", info.bus_info);
	}
	return 0;
}

/* As iface_get(). Return: 0, or -1 with the reason printed. */
int iface_find(struct iface *iface, const char *name)
{
	int err = iface_get(iface, name);

	if (!err)
		return 0;
	out_errno(-err, "interface %s", name);
	out_fix("ip link lists the interfaces of this network namespace");
	return -1;
}

/**
 * iface_ethtool() - ethtool ioctl
 * @iface: the interface
 * @cmd: one of the structs of linux/ethtool.h; they begin with the request
 *
 * Return: 0 or a negative errno.
 */
int iface_ethtool(const struct iface *iface, void *cmd)
{
	struct ifreq ifr = { .ifr_data = cmd };

	return iface_ioctl(SIOCETHTOOL, &ifr, iface->name);
}

/* Return: 1 RX checksums are verified by the device, 0 not, or -errno. */
int iface_rx_checksum(const struct iface *iface)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GRXCSUM };
	int err;

	err = iface_ethtool(iface, &value);
	return err ? err : !!value.data;
}

static int iface_xdp_reply(struct nlmsghdr *reply, void *arg)
{
	struct nlattr *tb[IFLA_MAX + 1], *xdp[IFLA_XDP_MAX + 1];
	int *attached = arg;

	if (nlmsg_parse(reply, sizeof(struct ifinfomsg), tb, IFLA_MAX,
			NULL) < 0)
		return -EPROTO;
	if (!tb[IFLA_XDP])
		return 0;
	if (nla_parse_nested(xdp, IFLA_XDP_MAX, tb[IFLA_XDP], NULL) < 0 ||
	    !xdp[IFLA_XDP_ATTACHED])
		return -EPROTO;

	*attached = nla_get_u8(xdp[IFLA_XDP_ATTACHED]) != XDP_ATTACHED_NONE;
	return 0;
}

/* Return: 1 an XDP program is attached, 0 none, or -errno. */
int iface_xdp(const struct iface *iface)
{
	struct ifinfomsg info = { .ifi_index = iface->index };
	struct netlink nl = {};
	struct nl_msg *msg;
	int attached = 0;
	int err;

	err = netlink_open(&nl, NETLINK_ROUTE);
	if (err)
		return err;

	err = -ENOMEM;
	msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST);
	if (!msg)
		goto close_nl;
	if (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		goto close_nl;
	}
	err = netlink_request(&nl, msg, iface_xdp_reply, &attached);

close_nl:
	netlink_close(&nl);
	return err ? err : attached;
}

static int iface_data_split_reply(struct nlmsghdr *reply, void *arg)
{
	struct nlattr *tb[ETHTOOL_A_RINGS_MAX + 1];
	int *split = arg;

	if (genlmsg_parse(reply, 0, tb, ETHTOOL_A_RINGS_MAX, NULL) < 0)
		return -EPROTO;
	if (tb[ETHTOOL_A_RINGS_TCP_DATA_SPLIT])
		*split = nla_get_u8(tb[ETHTOOL_A_RINGS_TCP_DATA_SPLIT]);
	return 0;
}

/* Return: ETHTOOL_TCP_DATA_SPLIT_*, or -errno. */
int iface_data_split(const struct iface *iface)
{
	int split = ETHTOOL_TCP_DATA_SPLIT_UNKNOWN;
	struct netlink nl = {};
	struct nlattr *header;
	struct nl_msg *msg;
	int err;

	err = netlink_open(&nl, NETLINK_GENERIC);
	if (err)
		return err;
	err = netlink_resolve(&nl, ETHTOOL_GENL_NAME);
	if (err)
		goto close_nl;

	err = -ENOMEM;
	msg = netlink_message(&nl, ETHTOOL_MSG_RINGS_GET, 0);
	if (!msg)
		goto close_nl;
	header = nla_nest_start(msg, ETHTOOL_A_RINGS_HEADER | NLA_F_NESTED);
	if (!header || nla_put_u32(msg, ETHTOOL_A_HEADER_DEV_INDEX,
				   iface->index) < 0) {
		nlmsg_free(msg);
		goto close_nl;
	}
	nla_nest_end(msg, header);
	err = netlink_request(&nl, msg, iface_data_split_reply, &split);

close_nl:
	netlink_close(&nl);
	return err ? err : split;
}

/* Names that were asked for, as many as a machine may have NICs: of one that
 * goes away the last news comes when it has no name any more.
 */
static struct {
	uint32_t index;
	char name[IF_NAMESIZE];
} iface_seen[64];

/**
 * iface_name() - name of an interface
 * @buf: IF_NAMESIZE bytes
 * @index: ifindex
 *
 * Return: @buf. If it is gone, the name it had when this was called before, or
 * "if7" for index 7.
 */
const char *iface_name(char *buf, uint32_t index)
{
	unsigned int i = index % ARRAY_SIZE(iface_seen);

	if (if_indextoname(index, buf)) {
		iface_seen[i].index = index;
		memcpy(iface_seen[i].name, buf, IF_NAMESIZE);
	} else if (iface_seen[i].index == index) {
		memcpy(buf, iface_seen[i].name, IF_NAMESIZE);
	} else {
		snprintf(buf, IF_NAMESIZE, "if%u", index);
	}
	return buf;
}
