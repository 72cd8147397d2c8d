// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl bind and unbind. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "cmd.h"
#include "dmabuf.h"
#include "format.h"

static const struct option_desc bind_options[] = {
	CMD_OPTION_DEVICE,
	CMD_OPTION_QUEUES,
	CMD_OPTION_PAGE_SIZE,
	CMD_OPTION_SOCK_LIMIT,
	{ }
};

/* The kernel's default, which is part of its ABI */
#define BIND_PAGE_SIZE	4096

struct bind_args {
	struct binding_request request;
	struct source source;
};

static int bind_parse(struct bind_args *a, int argc, char **argv)
{
	struct binding_request *r = &a->request;
	const char *why, *name;
	int c;

	memset(a, 0, sizeof(*a));
	r->page_size = BIND_PAGE_SIZE;

	while ((c = cmd_option(&cmd_bind, argc, argv)) != -1) {
		why = NULL;
		name = argv[optind - 1];
		switch (c) {
		case 'd':
			r->ifname = optarg;
			break;
		case 'q':
			why = parse_queues(optarg, &r->queues);
			break;
		case OPT_PAGE_SIZE:
			why = parse_page_size(optarg, &r->page_size);
			break;
		case OPT_SOCK_LIMIT:
			why = parse_u32(optarg, &r->sock_limit);
			break;
		default:
			return CMD_USAGE;
		}
		if (why)
			return cmd_usage(&cmd_bind, "'%s': %s", name, why);
	}

	if (!r->ifname)
		return cmd_usage(&cmd_bind, "-d IFNAME missing");
	if (!r->queues.n)
		return cmd_usage(&cmd_bind, "-q LIST missing");
	why = parse_source(argc - optind, argv + optind, &a->source);
	if (why)
		return cmd_usage(&cmd_bind, "SOURCE: %s", why);
	return CMD_DONE;
}

static void bind_show(const struct binding_request *r, uint32_t id,
		      uint64_t size)
{
	char queues[512], bytes[32];
	unsigned int i;

	format_queues(queues, sizeof(queues), &r->queues);
	format_size(bytes, sizeof(bytes), size);

	out_object(NULL);
	out_u64("id", id, "bound id %" PRIu32, id);
	out_str("ifname", r->ifname, ": %s", r->ifname);
	out_text(" %s", queues);
	out_array("queues");
	for (i = 0; i < r->queues.n; i++)
		out_u64(NULL, r->queues.queue[i], NULL);
	out_end();
	out_u64("size", size, ", %s", bytes);
	out_u64("niovs", size / r->page_size, " in %" PRIu64 " buffers",
		size / r->page_size);
	out_u64("page_size", r->page_size, " of %" PRIu32 "\n", r->page_size);
	out_end();
}

static int bind_run(int argc, char **argv)
{
	int result = CMD_FAILED;
	struct bind_args args;
	struct dmabuf buf;
	struct netlink nl;
	uint32_t id;
	int ret;

	ret = bind_parse(&args, argc, argv);
	if (ret)
		return ret;

	if (binding_connect(&nl))
		return CMD_FAILED;
	if (dmabuf_open(&buf, &args.source))
		goto close_nl;
	args.request.dmabuf = buf.fd;
	if (!binding_create(&nl, &args.request, &id)) {
		bind_show(&args.request, id, buf.size);
		result = CMD_DONE;
	}

	dmabuf_close(&buf);
close_nl:
	netlink_close(&nl);
	return result;
}

const struct command cmd_bind = {
	.name = "bind",
	.args = "-d IFNAME -q LIST [OPTIONS] SOURCE",
	.help = "Let RX queues of a device write into a dma-buf",
	.source = true,
	.options = bind_options,
	.run = bind_run,
};

static const struct option_desc unbind_options[] = {
	{ "all", OPT_ALL, NULL, "all bindings of this network namespace" },
	{ }
};

static void unbind_show(uint32_t id)
{
	out_object(NULL);
	out_u64("id", id, "unbound id %" PRIu32 "\n", id);
	out_end();
}

static int unbind_one(struct netlink *nl, uint32_t id)
{
	if (binding_destroy(nl, id)) {
		binding_perror(nl, id);
		return CMD_FAILED;
	}
	unbind_show(id);
	return CMD_DONE;
}

static int unbind_all(struct netlink *nl)
{
	struct binding_list list;
	int result = CMD_DONE;
	size_t i;

	if (binding_list(nl, 0, &list)) {
		result = CMD_FAILED;
		goto free_list;
	}
	for (i = 0; i < list.n; i++) {
		/* Somebody else may have been faster. */
		if (binding_destroy(nl, list.binding[i].id) == -ENOENT)
			continue;
		if (nl->err) {
			binding_perror(nl, list.binding[i].id);
			result = CMD_FAILED;
			continue;
		}
		unbind_show(list.binding[i].id);
	}
free_list:
	free(list.binding);
	return result;
}

static int unbind_run(int argc, char **argv)
{
	const char *why = NULL;
	struct netlink nl;
	bool all = false;
	uint32_t id = 0;
	int result;
	int c;

	while ((c = cmd_option(&cmd_unbind, argc, argv)) != -1) {
		if (c != OPT_ALL)
			return CMD_USAGE;
		all = true;
	}
	if (argc - optind != !all)
		return cmd_usage(&cmd_unbind, "either one ID or --all");
	if (!all)
		why = parse_u32(argv[optind], &id);
	if (why)
		return cmd_usage(&cmd_unbind, "'%s': %s", argv[optind], why);

	if (binding_connect(&nl))
		return CMD_FAILED;
	out_array(NULL);
	result = all ? unbind_all(&nl) : unbind_one(&nl, id);
	out_end();
	netlink_close(&nl);
	return result;
}

const struct command cmd_unbind = {
	.name = "unbind",
	.args = "{ID | --all}",
	.help = "Put the queues of a binding back on host memory",
	.options = unbind_options,
	.run = unbind_run,
};
