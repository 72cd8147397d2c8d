// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl check: can this machine do device memory TCP? */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/ethtool_netlink.h>

#include "cmd.h"
#include "format.h"
#include "iface.h"
#include "kernel.h"
#include "probe.h"
#include "sysfs.h"

/* The chips that the fork of igb can split headers on: all of the 82576, which
 * differ in what they are soldered to. Only the first was ever run, in QEMU.
 */
#define CHECK_VENDOR	"0x8086"
static const char *const check_devices[] = {
	"0x10c9", "0x10e6", "0x10e7", "0x10e8", "0x150a", "0x150d", "0x1518",
	"0x1526",
};

#define PCI_DEVICE	"/sys/bus/pci/devices/%s"

enum check_status {
	CHECK_OK,
	CHECK_WARN,
	CHECK_FAIL,
};

static const char *const check_status_name[] = {
	[CHECK_OK]	= "OK",
	[CHECK_WARN]	= "WARN",
	[CHECK_FAIL]	= "FAIL",
};

static const struct option_desc check_options[] = {
	{ "device", 'd', "IFNAME",
	  "check this interface, not each one of igb" },
	{ "probe", OPT_PROBE, "PEER",
	  "have PEER send into SOURCE by way of the queues -q" },
	CMD_OPTION_QUEUES,
	{ }
};

/**
 * struct check - the check in progress
 * @failed: some item was CHECK_FAIL
 * @item: the item that check_report() is about
 * @ifname: its interface, NULL if it is about the machine
 * @fix: command that mends it, "" if there is none
 */
struct check {
	bool failed;
	const char *item;
	const char *ifname;
	char fix[256];
};

static void check_item(struct check *c, const char *item)
{
	c->item = item;
	c->fix[0] = '\0';
}

static void __printf(2, 3)
check_fix(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->fix, sizeof(c->fix), fmt, ap);
	va_end(ap);
}

static void __printf(3, 4)
check_report(struct check *c, enum check_status status, const char *fmt, ...)
{
	const char *name = check_status_name[status];
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	out_object(NULL);
	out_str("status", name, "%-4s ", name);
	if (c->ifname)
		out_str("ifname", c->ifname, " %s", c->ifname);
	else
		out_null("ifname", NULL);
	out_str("check", c->item, " %s", c->item);
	out_str("text", text, ": %s\n", text);
	if (status != CHECK_OK && *c->fix)
		out_str("fix", c->fix, "      fix: %s\n", c->fix);
	else
		out_null("fix", NULL);
	out_end();

	if (status == CHECK_FAIL)
		c->failed = true;
}

static void check_kernel(struct check *c)
{
	char where[PATH_MAX];

	check_item(c, "kernel");
	check_fix(c, KERNEL_FIX);
	switch (kernel_patched(where, sizeof(where))) {
	case KERNEL_PATCHED:
		check_report(c, CHECK_OK, "patched, says %.200s", where);
		break;
	case KERNEL_NOT_PATCHED:
		check_report(c, CHECK_FAIL, "not patched, no " KERNEL_MARKER
			     " in %.200s", where);
		break;
	case KERNEL_UNKNOWN:
		check_fix(c, "mount -t proc proc /proc");
		check_report(c, CHECK_FAIL,
			     "neither configuration nor symbols to be seen");
		break;
	}
}

static void check_module(struct check *c, const char *name,
			 enum check_status missing)
{
	char version[64];

	check_item(c, name);
	check_fix(c, "modprobe %s", name);
	if (!kernel_module_loaded(name)) {
		check_report(c, missing, "module not loaded");
		return;
	}
	if (sysfs_read(version, sizeof(version), "/sys/module/%s/version",
		       name))
		check_report(c, CHECK_OK, "loaded");
	else
		check_report(c, CHECK_OK, "loaded, version %s", version);
}

static void check_igb(struct check *c)
{
	check_item(c, "igb");
	if (!kernel_module_loaded("igb")) {
		check_fix(c, "modprobe igb");
		check_report(c, CHECK_FAIL, "module not loaded");
	} else if (!kernel_module_forked("igb")) {
		check_fix(c, KERNEL_FORK_FIX);
		check_report(c, CHECK_FAIL,
			     "the stock driver is loaded, not the fork");
	} else {
		check_report(c, CHECK_OK, "the devmem-tcp fork is loaded");
	}
}

static bool check_capability(unsigned int cap)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &hdr, data))
		return false;
	return data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

static void check_capabilities(struct check *c)
{
	check_item(c, "CAP_NET_ADMIN");
	check_fix(c, "run as root");
	if (check_capability(CAP_NET_ADMIN))
		check_report(c, CHECK_OK, "held, may bind");
	else
		check_report(c, CHECK_FAIL, "not held, may not bind");

	check_item(c, "CAP_SYS_RAWIO");
	check_fix(c, "run as root");
	if (check_capability(CAP_SYS_RAWIO))
		check_report(c, CHECK_OK, "held, may export a BAR");
	else
		check_report(c, CHECK_WARN, "not held, may not export a BAR");
}

/* Return: whether it makes sense to look at the rest. */
static bool check_driver(struct check *c, const struct iface *iface)
{
	check_item(c, "driver");
	if (strcmp(iface->driver, "igb")) {
		check_fix(c, "choose an interface of the driver igb: devmemctl check finds them");
		if (*iface->driver)
			check_report(c, CHECK_FAIL,
				     "%s cannot write into device memory; nothing else checked",
				     iface->driver);
		else
			check_report(c, CHECK_FAIL,
				     "none, so this is no NIC; nothing else checked");
		return false;
	}
	check_report(c, CHECK_OK, "igb");

	check_item(c, "link");
	check_fix(c, "ip link set %s up", iface->name);
	if (iface->up)
		check_report(c, CHECK_OK, "up");
	else
		check_report(c, CHECK_FAIL, "down");
	return true;
}

static bool check_is_82576(const char *vendor, const char *device)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(check_devices); i++)
		if (!strcmp(device, check_devices[i]))
			return !strcmp(vendor, CHECK_VENDOR);
	return false;
}

static void check_device(struct check *c, const struct iface *iface)
{
	char vendor[16], device[16], vfs[16];

	check_item(c, "header split");
	sysfs_read(vendor, sizeof(vendor), PCI_DEVICE "/vendor", iface->bus);
	sysfs_read(device, sizeof(device), PCI_DEVICE "/device", iface->bus);
	if (check_is_82576(vendor, device)) {
		check_report(c, CHECK_OK, "82576 at %s", iface->bus);
	} else {
		check_fix(c, "use an 82576 (PCI id 8086:10c9 and others)");
		check_report(c, CHECK_FAIL, "%s is %s:%s, not an 82576",
			     *iface->bus ? iface->bus : "the device",
			     *vendor ? vendor : "?", *device ? device : "?");
	}

	check_item(c, "SR-IOV");
	check_fix(c, "echo 0 > " PCI_DEVICE "/sriov_numvfs", iface->bus);
	sysfs_read(vfs, sizeof(vfs), PCI_DEVICE "/sriov_numvfs", iface->bus);
	if (*vfs && strcmp(vfs, "0"))
		check_report(c, CHECK_FAIL, "%s virtual functions", vfs);
	else
		check_report(c, CHECK_OK, "off");
}

static void check_features(struct check *c, const struct iface *iface)
{
	check_item(c, "XDP");
	check_fix(c, "ip link set %s xdp off", iface->name);
	switch (iface_xdp(iface)) {
	case 0:
		check_report(c, CHECK_OK, "no program");
		break;
	case 1:
		check_report(c, CHECK_FAIL, "a program is attached");
		break;
	default:
		check_report(c, CHECK_WARN, "cannot tell");
		break;
	}

	check_item(c, "rx checksumming");
	check_fix(c, "ethtool -K %s rx on", iface->name);
	if (iface_rx_checksum(iface) > 0)
		check_report(c, CHECK_OK, "on");
	else
		check_report(c, CHECK_FAIL, "off");

	/* What the driver does not tell is not off. */
	check_item(c, "tcp-data-split");
	check_fix(c, "ethtool -G %s tcp-data-split on, with an ethtool newer than Debian 12's",
		  iface->name);
	switch (iface_data_split(iface)) {
	case ETHTOOL_TCP_DATA_SPLIT_ENABLED:
		check_report(c, CHECK_OK, "on");
		break;
	case ETHTOOL_TCP_DATA_SPLIT_DISABLED:
		check_report(c, CHECK_FAIL, "off");
		break;
	default:
		check_report(c, CHECK_OK, "set by bind");
		break;
	}
}

/* Peer-to-peer DMA goes through dma_map_resource(), which works either way. */
static void check_iommu(struct check *c, const struct iface *iface)
{
	char group[16], type[16];

	check_item(c, "IOMMU");
	if (sysfs_link(group, sizeof(group), PCI_DEVICE "/iommu_group",
		       iface->bus)) {
		check_report(c, CHECK_OK,
			     "none, DMA to a peer is direct");
		return;
	}

	sysfs_read(type, sizeof(type), PCI_DEVICE "/iommu_group/type",
		   iface->bus);
	if (!strcmp(type, "identity")) {
		check_report(c, CHECK_OK,
			     "group %s, DMA to a peer is direct",
			     group);
	} else {
		check_fix(c, "boot with iommu=pt if transfers are slow");
		check_report(c, CHECK_WARN,
			     "group %s, %s: DMA to a peer is translated",
			     group, *type ? type : "unknown");
	}
}

static void check_iface(struct check *c, const char *ifname)
{
	struct iface iface;
	int err;

	c->ifname = ifname;
	err = iface_get(&iface, ifname);
	if (err) {
		check_item(c, "interface");
		check_fix(c, "ip link lists those of this network namespace");
		check_report(c, CHECK_FAIL, "%s", strerror(-err));
	} else if (check_driver(c, &iface)) {
		check_device(c, &iface);
		check_features(c, &iface);
		check_iommu(c, &iface);
	}
	c->ifname = NULL;
}

static void check_igb_ifaces(struct check *c)
{
	struct if_nameindex *list, *i;
	struct iface iface;
	bool found = false;

	list = if_nameindex();
	for (i = list; i && i->if_index; i++) {
		if (iface_get(&iface, i->if_name) ||
		    strcmp(iface.driver, "igb"))
			continue;
		found = true;
		check_iface(c, i->if_name);
	}
	if (list)
		if_freenameindex(list);

	if (!found) {
		check_item(c, "interface");
		check_fix(c, "run it in the namespace of the interface");
		check_report(c, CHECK_FAIL,
			     "none of igb in this network namespace");
	}
}

static void check_probe(struct check *c, struct probe *p)
{
	const char *ifname = p->request.ifname;
	char queues[512];

	c->ifname = ifname;
	check_item(c, "probe");
	if (c->failed) {
		check_report(c, CHECK_FAIL, "not tried, mend the rest first");
		c->ifname = NULL;
		return;
	}
	format_queue_numbers(queues, sizeof(queues), &p->request.queues);
	switch (probe_run(p)) {
	case PROBE_WRITTEN:
		check_report(c, CHECK_OK,
			     "what the NIC wrote is in the memory, at offset %" PRIu64,
			     p->offset);
		break;
	case PROBE_LOST:
		check_fix(c, "put both devices below the same PCIe switch or root port, or use memory of the host");
		check_report(c, CHECK_FAIL,
			     "the NIC wrote %" PRIu64 " frames, none is in the memory: writes to this peer are lost",
			     p->frames);
		break;
	case PROBE_DAMAGED:
		check_fix(c, "make sure that nobody else writes to this memory");
		check_report(c, CHECK_FAIL,
			     "what the NIC wrote at offset %" PRIu64 " is not all there",
			     p->offset);
		break;
	case PROBE_ELSEWHERE:
		check_fix(c, "devmemctl steer all -d %s -q %s -- devmemctl check ...",
			  ifname, queues);
		check_report(c, CHECK_FAIL,
			     "nothing probed: the answers of %s came through other queues",
			     p->peer);
		break;
	case PROBE_NO_FRAME:
		check_fix(c, "ping -s %d %s has to work while nothing is bound",
			  1024, p->peer);
		check_report(c, CHECK_FAIL,
			     "nothing probed: %s answers to small frames only",
			     p->peer);
		break;
	case PROBE_NO_PEER:
		check_fix(c, "ping -I %s %s has to work", ifname, p->peer);
		check_report(c, CHECK_FAIL,
			     "nothing probed: %s does not answer", p->peer);
		break;
	case PROBE_FAILED:
		check_report(c, CHECK_FAIL,
			     "nothing probed, the error is printed");
		break;
	}
	c->ifname = NULL;
}

/* Return: CMD_DONE, or CMD_USAGE with the reason printed. */
static int check_parse(struct probe *p, int argc, char **argv)
{
	struct binding_request *r = &p->request;
	const char *why, *name;
	int c;

	memset(p, 0, sizeof(*p));
	while ((c = cmd_option(&cmd_check, argc, argv)) != -1) {
		why = NULL;
		name = argv[optind - 1];
		switch (c) {
		case 'd':
			r->ifname = optarg;
			break;
		case 'q':
			why = parse_queues(optarg, &r->queues);
			break;
		case OPT_PROBE:
			p->peer = optarg;
			break;
		default:
			return CMD_USAGE;
		}
		if (why)
			return cmd_usage(&cmd_check, "'%s': %s", name, why);
	}
	argc -= optind;
	argv += optind;

	if (!p->peer) {
		if (argc || r->queues.n)
			return cmd_usage(&cmd_check,
					 "-q and SOURCE are for --probe");
		return CMD_DONE;
	}
	if (!r->ifname || !r->queues.n)
		return cmd_usage(&cmd_check, "--probe needs -d IFNAME and -q LIST");
	why = parse_source(argc, argv, &p->source);
	if (why)
		return cmd_usage(&cmd_check, "SOURCE: %s", why);
	return CMD_DONE;
}

static int check_run(int argc, char **argv)
{
	struct check check = {};
	struct probe probe;
	int result;

	result = check_parse(&probe, argc, argv);
	if (result)
		return result;

	out_array(NULL);
	check_kernel(&check);
	check_module(&check, "devmem_tcp_core", CHECK_FAIL);
	check_module(&check, "devmem_tcp", CHECK_FAIL);
	check_module(&check, "devmem_bar", CHECK_WARN);
	check_igb(&check);
	check_capabilities(&check);
	if (probe.request.ifname)
		check_iface(&check, probe.request.ifname);
	else
		check_igb_ifaces(&check);
	if (probe.peer)
		check_probe(&check, &probe);
	out_end();
	return check.failed ? CMD_FAILED : CMD_DONE;
}

const struct command cmd_check = {
	.name = "check",
	.args = "[-d IFNAME [-q LIST --probe PEER SOURCE]]",
	.help = "Say whether this machine can do it, and what to do if not",
	.source = true,
	.more = "With --probe, if all else is well: does what the NIC writes arrive in SOURCE?\n"
		"Where PCIe does not let one device write to another, data is lost and nobody\n"
		"tells. PEER, the address of a host behind IFNAME, is asked by ping to send a\n"
		"pattern, the queues of LIST are bound to SOURCE for a moment, and the pattern is\n"
		"looked for. It must come through these queues (see steer). The contents of SOURCE\n"
		"are lost, and ordinary connections through these queues suffer meanwhile.\n",
	.options = check_options,
	.run = check_run,
};
