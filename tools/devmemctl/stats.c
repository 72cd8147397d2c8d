// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl stats: the queues of bindings, as the driver and the module count.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/ethtool.h>

#include "binding.h"
#include "cmd.h"
#include "iface.h"

static const struct option_desc stats_options[] = {
	{ "device", 'd', "IFNAME", "only bindings of this interface" },
	{ "interval", 'i', "SECONDS", "again and again" },
	{ }
};

/* Names of one device's counters and their values; n is 0 without any. */
struct stats {
	unsigned int n;
	char (*name)[ETH_GSTRING_LEN];
	struct ethtool_stats *value;
	struct ethtool_gstrings *strings;
};

static unsigned int stats_count(const struct iface *iface)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t n;
	} set = {
		.info.cmd = ETHTOOL_GSSET_INFO,
		.info.sset_mask = 1ULL << ETH_SS_STATS,
	};

	if (iface_ethtool(iface, &set) || !set.info.sset_mask)
		return 0;
	return set.n;
}

static void stats_free(struct stats *s)
{
	free(s->strings);
	free(s->value);
	memset(s, 0, sizeof(*s));
}

static void stats_get(struct stats *s, const struct iface *iface)
{
	unsigned int n = stats_count(iface);

	memset(s, 0, sizeof(*s));
	s->strings = calloc(1, sizeof(*s->strings) + n * ETH_GSTRING_LEN);
	s->value = calloc(1, sizeof(*s->value) + n * sizeof(uint64_t));
	if (!s->strings || !s->value)
		return;

	s->strings->cmd = ETHTOOL_GSTRINGS;
	s->strings->string_set = ETH_SS_STATS;
	s->strings->len = n;
	s->value->cmd = ETHTOOL_GSTATS;
	s->value->n_stats = n;
	if (iface_ethtool(iface, s->strings) || iface_ethtool(iface, s->value))
		return;
	s->name = (void *)s->strings->data;
	s->n = n;
}

/* The driver's counters of a queue that are about device memory */
static void stats_driver(const struct stats *s, uint32_t queue)
{
	char prefix[ETH_GSTRING_LEN], name[ETH_GSTRING_LEN + 1];
	unsigned int i;
	int len;

	len = snprintf(prefix, sizeof(prefix), "rx_queue_%" PRIu32 "_devmem_",
		       queue);
	for (i = 0; i < s->n; i++) {
		if (strncmp(s->name[i], prefix, len))
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)sizeof(s->name[i]) - len, s->name[i] + len);
		out_u64(name, s->value->data[i], "    %-16s %16" PRIu64 "\n",
			name, (uint64_t)s->value->data[i]);
	}
}

static void stats_binding(const struct binding *b)
{
	struct iface iface = {};
	char ifname[IF_NAMESIZE];
	struct stats stats = {};
	unsigned int i;

	if (!iface_get(&iface, iface_name(ifname, b->ifindex)))
		stats_get(&stats, &iface);
	for (i = 0; i < b->pools; i++) {
		out_object(NULL);
		out_str("ifname", ifname, "%s", ifname);
		out_u64("queue", b->pool[i].queue, " queue %" PRIu32,
			b->pool[i].queue);
		out_u64("binding", b->id, ", binding %" PRIu32 "\n", b->id);
		out_u64("allocs", b->pool[i].allocs,
			"    %-16s %16" PRIu64 "\n", "allocs",
			b->pool[i].allocs);
		out_u64("empty", b->pool[i].empty,
			"    %-16s %16" PRIu64 "\n", "empty",
			b->pool[i].empty);
		stats_driver(&stats, b->pool[i].queue);
		out_end();
	}
	stats_free(&stats);
}

static int stats_once(struct netlink *nl, uint32_t ifindex)
{
	struct binding_list list = {};
	int err;
	size_t i;

	err = binding_list(nl, ifindex, &list);
	out_array(NULL);
	for (i = 0; !err && i < list.n; i++)
		stats_binding(&list.binding[i]);
	out_end();
	free(list.binding);
	return err || out_finish() ? CMD_FAILED : CMD_DONE;
}

static int stats_run(int argc, char **argv)
{
	const char *ifname = NULL, *why = NULL;
	struct iface iface = {};
	uint32_t interval = 0;
	struct netlink nl;
	int result, err;
	int c;

	while ((c = cmd_option(&cmd_stats, argc, argv)) != -1) {
		if (c == '?')
			return CMD_USAGE;
		if (c == 'd')
			ifname = optarg;
		else if (c == 'i')
			why = parse_u32(optarg, &interval);
	}
	if (why || argc > optind)
		return cmd_usage(&cmd_stats, why ? "interval: %s" :
				 "'%s' not understood", why ?: argv[optind]);
	err = ifname ? iface_get(&iface, ifname) : 0;
	if (err) {
		out_errno(-err, "interface %s", ifname);
		return CMD_FAILED;
	}

	if (binding_connect(&nl))
		return CMD_FAILED;
	while (!(result = stats_once(&nl, iface.index)) && interval) {
		sleep(interval);
		out_text("\n");
	}
	netlink_close(&nl);
	return result;
}

const struct command cmd_stats = {
	.name = "stats",
	.args = "[-d IFNAME] [-i SECONDS]",
	.help = "Show the counters of bound queues",
	.options = stats_options,
	.run = stats_run,
};
