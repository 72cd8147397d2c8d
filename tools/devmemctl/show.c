// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl show. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "binding.h"
#include "cmd.h"
#include "format.h"
#include "iface.h"

static const struct option_desc show_options[] = {
	{ "device", 'd', "IFNAME", "only bindings of this interface" },
	{ }
};

static void show_pool(const struct binding_pool *pool)
{
	out_object(NULL);
	out_u64("queue", pool->queue, "    queue %" PRIu32, pool->queue);
	if (pool->napi_id)
		out_u64("napi_id", pool->napi_id, ": napi %" PRIu32,
			pool->napi_id);
	else
		out_text(": device down");
	out_u64("allocs", pool->allocs, ", %" PRIu64 " buffers to the NIC",
		pool->allocs);
	out_u64("empty", pool->empty, ", %" PRIu64 " times none free\n",
		pool->empty);
	out_end();
}

static void show_binding(const struct binding *b)
{
	char queues[512], bytes[32], ifname[IF_NAMESIZE];
	unsigned int i;

	iface_name(ifname, b->ifindex);
	format_queues(queues, sizeof(queues), &b->queues);
	format_size(bytes, sizeof(bytes), b->size);

	out_object(NULL);
	out_u64("id", b->id, "id %" PRIu32, b->id);
	out_u64("ifindex", b->ifindex, NULL);
	out_str("ifname", ifname, ": %s", ifname);
	out_text(" %s", queues);
	out_array("queues");
	for (i = 0; i < b->queues.n; i++)
		out_u64(NULL, b->queues.queue[i], NULL);
	out_end();
	out_u64("size", b->size, ", %s", bytes);
	out_u64("niovs", b->num_niovs, " in %" PRIu32 " buffers",
		b->num_niovs);
	out_u64("page_size", b->page_size, " of %" PRIu32, b->page_size);
	if (b->num_held >= 0)
		out_u64("held", b->num_held, ", %" PRId64 " held",
			b->num_held);
	if (*b->exporter)
		out_str("exporter", b->exporter, ", exported by %s",
			b->exporter);
	out_text("\n");
	out_array("pools");
	for (i = 0; i < b->pools; i++)
		show_pool(&b->pool[i]);
	out_end();
	out_end();
}

static int show_one(struct netlink *nl, uint32_t id)
{
	struct binding b;

	if (binding_get(nl, id, &b)) {
		binding_perror(nl, id);
		return CMD_FAILED;
	}
	out_array(NULL);
	show_binding(&b);
	out_end();
	return CMD_DONE;
}

static int show_list(struct netlink *nl, const char *ifname)
{
	struct binding_list list = {};
	struct iface iface = {};
	int result = CMD_FAILED;
	size_t i;
	int err;

	if (ifname) {
		err = iface_get(&iface, ifname);
		if (err) {
			out_errno(-err, "interface %s", ifname);
			return CMD_FAILED;
		}
	}
	if (binding_list(nl, iface.index, &list))
		goto free_list;

	out_array(NULL);
	for (i = 0; i < list.n; i++)
		show_binding(&list.binding[i]);
	out_end();
	result = CMD_DONE;

free_list:
	free(list.binding);
	return result;
}

static int show_run(int argc, char **argv)
{
	const char *ifname = NULL;
	const char *why = NULL;
	struct netlink nl;
	uint32_t id = 0;
	int result;
	int c;

	while ((c = cmd_option(&cmd_show, argc, argv)) != -1) {
		if (c != 'd')
			return CMD_USAGE;
		ifname = optarg;
	}
	argc -= optind;
	argv += optind;
	if (argc > !ifname)
		return cmd_usage(&cmd_show, "either one ID or -d IFNAME");
	if (argc)
		why = parse_u32(argv[0], &id);
	if (why)
		return cmd_usage(&cmd_show, "'%s': %s", argv[0], why);

	if (binding_connect(&nl))
		return CMD_FAILED;
	result = argc ? show_one(&nl, id) : show_list(&nl, ifname);
	netlink_close(&nl);
	return result;
}

const struct command cmd_show = {
	.name = "show",
	.args = "[-d IFNAME | ID]",
	.help = "List bindings",
	.options = show_options,
	.run = show_run,
};
