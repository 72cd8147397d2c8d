// SPDX-License-Identifier: GPL-2.0-only
/* What closes the device and opens it again, and how the link is afterwards. */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "ops.h"

const char *xdp_path;

static int inet = -1;

/* Return: 0 or a positive errno. */
static int ask(unsigned long request, void *data, short flags)
{
	struct ifreq ifr = {};

	if (inet < 0)
		inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (data)
		ifr.ifr_data = data;
	else
		ifr.ifr_flags = flags;
	return ioctl(inet, request, &ifr) ? errno : 0;
}

/* The driver has to be loaded again. */
__attribute__((noreturn))
static void is_lost(unsigned int n)
{
	printf("lost=%u\n", n);
	exit(LOST);
}

/* Down, which is where it would hang, and up. What has no interrupts left cannot
 * come up again.
 */
static void link_again(unsigned int n)
{
	int ret = ask(SIOCSIFFLAGS, NULL, 0);

	if (ret)
		wrong("%u: down: %s", n, strerror(ret));
	ret = ask(SIOCSIFFLAGS, NULL, IFF_UP);
	if (ret == ENODEV)
		is_lost(n);
	if (ret)
		wrong("%u: up: %s", n, strerror(ret));
}

static struct ethtool_channels channels;

static int set_combined(uint32_t num)
{
	channels.cmd = ETHTOOL_SCHANNELS;
	channels.combined_count = num;
	return ask(SIOCETHTOOL, &channels, 0);
}

static void get_channels(void)
{
	int ret;

	channels.cmd = ETHTOOL_GCHANNELS;
	ret = ask(SIOCETHTOOL, &channels, 0);
	if (ret)
		wrong("channels: %s", strerror(ret));
}

static void before_channels(void)
{
	int ret;

	get_channels();
	ret = set_combined(4);
	if (ret)
		wrong("4 channels: %s", strerror(ret));
}

static int run_channels(void)
{
	return set_combined(3);
}

/* Without MSI-X, whose vectors are memory too, igb has one channel for good. */
static int after_channels(unsigned int n, int ret)
{
	link_again(n);
	get_channels();
	if (!channels.other_count)
		is_lost(n);
	return ret;
}

static int route = -1, xdp_prog = -1;

/* Return: 0 or a positive errno. */
static int set_xdp(int prog)
{
	struct {
		struct nlmsghdr		hdr;
		struct ifinfomsg	info;
		struct nlattr		xdp;
		struct nlattr		fd_attr;
		int32_t			fd;
		struct nlattr		flags_attr;
		uint32_t		flags;
	} req = {
		.hdr = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_SETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.info.ifi_index = ifindex,
		.xdp = {
			.nla_len = sizeof(req) - offsetof(typeof(req), xdp),
			.nla_type = IFLA_XDP | NLA_F_NESTED,
		},
		.fd_attr = { .nla_len = 8, .nla_type = IFLA_XDP_FD },
		.fd = prog,
		.flags_attr = { .nla_len = 8, .nla_type = IFLA_XDP_FLAGS },
		.flags = XDP_FLAGS_DRV_MODE,
	};

	return send(route, &req, sizeof(req), 0) < 0 ? errno : 0;
}

static void before_xdp(void)
{
	union bpf_attr attr = {};

	if (xdp_prog >= 0)
		return;
	route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (route < 0)
		err(1, "rtnetlink");
	attr.pathname = (unsigned long)xdp_path;
	xdp_prog = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (xdp_prog < 0)
		err(1, "%s", xdp_path);
}

static int run_xdp(void)
{
	return set_xdp(xdp_prog);
}

/* Nobody asked whether it is there now; in any case it can be taken off. */
static int after_xdp(unsigned int n, int ret)
{
	link_again(n);
	if (set_xdp(-1))
		wrong("%u: XDP off: %s", n, strerror(errno));
	link_again(n);
	return ret;
}

const struct op link_ops[] = {
	{ "channels", before_channels, run_channels, after_channels, true },
	{ "xdp", before_xdp, run_xdp, after_xdp, false },
	{}
};
