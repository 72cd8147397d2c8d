// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl show. */
#include <getopt.h>
#include <stdlib.h>

#include "binding.h"
#include "cmd.h"
#include "iface.h"

static const struct option_desc show_options[] = {
	{ "device", 'd', "IFNAME", "only bindings of this interface" },
	{ }
};

static int show_one(struct netlink *nl, uint32_t id)
{
	struct binding b;

	if (binding_get(nl, id, &b)) {
		binding_perror(nl, id);
		return CMD_FAILED;
	}
	out_array(NULL);
	binding_out(&b, NULL);
	out_end();
	return CMD_DONE;
}

static int show_list(struct netlink *nl, const char *ifname)
{
	struct binding_list list = {};
	struct iface iface = {};
	int result = CMD_FAILED;
	size_t i;

	if (ifname && iface_find(&iface, ifname))
		return CMD_FAILED;
	if (binding_list(nl, iface.index, &list))
		goto free_list;

	out_array(NULL);
	for (i = 0; i < list.n; i++)
		binding_out(&list.binding[i], NULL);
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
