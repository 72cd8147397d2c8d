// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl monitor: bindings that come and go, or run out of buffers. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "binding.h"
#include "cmd.h"
#include "iface.h"

/* More than one message of either family can have */
#define MONITOR_BUF	65536

static const struct option_desc monitor_options[] = {
	{ "device", 'd', "IFNAME", "only bindings of this interface" },
	{ }
};

/**
 * struct monitor - what we listen to
 * @nl: socket that is in the groups
 * @ifindex: tell only of this interface, 0 for all
 */
struct monitor {
	struct netlink nl;
	uint32_t ifindex;
};

static void monitor_say(const char *event, const char *text)
{
	out_object(NULL);
	out_str("event", event, "%s\n", text);
	out_end();
}

static int monitor_join(struct monitor *m, uint32_t group)
{
	int one = group;

	if (!setsockopt(nl_socket_get_fd(m->nl.sk), SOL_NETLINK,
			NETLINK_ADD_MEMBERSHIP, &one, sizeof(one)))
		return 0;
	out_errno(errno, "join the netlink group");
	return -1;
}

static const char *monitor_event(uint8_t cmd)
{
	switch (cmd) {
	case DEVMEM_TCP_CMD_ADD_NTF:
		return "bound";
	case DEVMEM_TCP_CMD_DEL_NTF:
		return "unbound";
	case DEVMEM_TCP_CMD_EMPTY_NTF:
		return "exhausted";
	}
	return NULL;
}

/* A binding came or went, or has no free buffer. */
static int monitor_binding(struct monitor *m, struct nlmsghdr *msg)
{
	struct genlmsghdr *genl = nlmsg_data(msg);
	const char *event = monitor_event(genl->cmd);
	struct binding b;

	if (!event)
		return 0;
	if (binding_parse(msg, &b)) {
		out_error("the kernel sent a notification that lacks something");
		out_fix("install the module of version " VERSION);
		return -1;
	}
	if (!m->ifindex || m->ifindex == b.ifindex)
		binding_out(&b, event);
	return 0;
}

/* The module comes and goes, and the groups with it. */
static int monitor_family(struct monitor *m, struct nlmsghdr *msg)
{
	struct genlmsghdr *genl = nlmsg_data(msg);
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	uint32_t group;

	if (genlmsg_parse(msg, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !tb[CTRL_ATTR_FAMILY_NAME] || !tb[CTRL_ATTR_FAMILY_ID] ||
	    nla_strcmp(tb[CTRL_ATTR_FAMILY_NAME], DEVMEM_TCP_FAMILY_NAME))
		return 0;

	switch (genl->cmd) {
	case CTRL_CMD_DELFAMILY:
		monitor_say("unloaded", "module devmem_tcp unloaded");
		break;
	case CTRL_CMD_NEWFAMILY:
		if (netlink_parse_group(msg, DEVMEM_TCP_FAMILY_NAME,
					DEVMEM_TCP_MCGRP_BINDING, &group)) {
			out_error("this devmem_tcp has no notifications");
			return -1;
		}
		if (monitor_join(m, group))
			return -1;
		m->nl.family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
		monitor_say("loaded", "module devmem_tcp loaded");
		break;
	}
	return 0;
}

static int monitor_messages(struct monitor *m, struct nlmsghdr *msg, int len)
{
	int err = 0;

	for (; !err && nlmsg_ok(msg, len); msg = nlmsg_next(msg, &len)) {
		if (msg->nlmsg_type == GENL_ID_CTRL)
			err = monitor_family(m, msg);
		else if (msg->nlmsg_type == m->nl.family)
			err = monitor_binding(m, msg);
		if (out_finish())
			err = -1;
	}
	return err;
}

/* Until something fails or a signal ends us. */
static void monitor_loop(struct monitor *m)
{
	static char buf[MONITOR_BUF] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = nl_socket_get_fd(m->nl.sk);
	ssize_t len;

	for (;;) {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len > 0) {
			if (monitor_messages(m, (struct nlmsghdr *)buf, len))
				return;
		} else if (len < 0 && errno == ENOBUFS) {
			monitor_say("lost",
				    "events were lost, see devmemctl show");
			if (out_finish())
				return;
		} else if (!len || errno != EINTR) {
			out_errno(len ? errno : EIO, "receive notifications");
			return;
		}
	}
}

/* Learn the names of the interfaces while they have them. */
static int monitor_names(struct monitor *m)
{
	struct binding_list list;
	char name[IF_NAMESIZE];
	size_t i;
	int err;

	err = binding_list(&m->nl, 0, &list);
	for (i = 0; i < list.n; i++)
		iface_name(name, list.binding[i].ifindex);
	free(list.binding);
	return err;
}

/* Groups first, for the answers to requests must not mix with events. */
static int monitor_open(struct monitor *m)
{
	uint32_t binding, ctrl;
	int family;

	if (binding_connect(&m->nl))
		return -1;
	if (monitor_names(m))
		goto close_nl;
	family = m->nl.family;
	if (netlink_group(&m->nl, "nlctrl", "notify", &ctrl) ||
	    netlink_group(&m->nl, DEVMEM_TCP_FAMILY_NAME,
			  DEVMEM_TCP_MCGRP_BINDING, &binding)) {
		out_error("this devmem_tcp has no notifications");
		out_fix("install the module of version " VERSION);
		goto close_nl;
	}
	m->nl.family = family;
	if (!monitor_join(m, binding) && !monitor_join(m, ctrl))
		return 0;

close_nl:
	netlink_close(&m->nl);
	return -1;
}

static int monitor_run(int argc, char **argv)
{
	const char *ifname = NULL;
	struct monitor m = {};
	struct iface iface;
	int c;

	while ((c = cmd_option(&cmd_monitor, argc, argv)) != -1) {
		if (c != 'd')
			return CMD_USAGE;
		ifname = optarg;
	}
	if (argc > optind)
		return cmd_usage(&cmd_monitor, "'%s' not understood",
				 argv[optind]);
	if (ifname) {
		if (iface_find(&iface, ifname))
			return CMD_FAILED;
		m.ifindex = iface.index;
	}

	if (monitor_open(&m))
		return CMD_FAILED;
	monitor_loop(&m);
	netlink_close(&m.nl);
	return CMD_FAILED;
}

const struct command cmd_monitor = {
	.name = "monitor",
	.args = "[-d IFNAME]",
	.help = "Tell of bindings that come and go, until a signal ends it",
	.more = "A line, with -j a JSON object, for each event:\n"
		"  bound      a binding was made\n"
		"  unbound    it ended; reason is unbind (asked for), netlink (the socket that\n"
		"             made it was closed), device (gone, or in another namespace),\n"
		"             exporter (took the memory back) or module (unloaded)\n"
		"  exhausted  the queues named found no free buffer; at most once a second\n"
		"  lost       more came than we could read, see devmemctl show\n"
		"  unloaded   the module devmem_tcp, after its bindings\n"
		"  loaded     the module is there again\n",
	.options = monitor_options,
	.run = monitor_run,
};
