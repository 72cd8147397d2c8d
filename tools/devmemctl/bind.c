// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl bind and unbind. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "cmd.h"
#include "dmabuf.h"
#include "format.h"
#include "run.h"

static const struct option_desc bind_options[] = {
	CMD_OPTION_DEVICE,
	CMD_OPTION_QUEUES,
	CMD_OPTION_PAGE_SIZE,
	CMD_OPTION_SOCK_LIMIT,
	{ "tx", OPT_TX, NULL, "to send from, instead of -q" },
	{ "user", OPT_USER, "USER",
	  "with --tx: whose sockets may, any for all; yours" },
	{ }
};

/* The kernel's default, which is part of its ABI */
#define BIND_PAGE_SIZE	4096

/* What COMMAND finds in its environment */
#define BIND_ENV_ID	"DEVMEM_BINDING"
#define BIND_ENV_FD	"DEVMEM_DMABUF_FD"

/**
 * struct bind_args - the command line
 * @request: the binding to make
 * @user: what its @tx_user points to, if it does
 * @source: its dma-buf
 * @command: bound while this runs, NULL: for good
 */
struct bind_args {
	struct binding_request request;
	uint32_t user;
	struct source source;
	char **command;
};

/* Return: NULL, or what is wrong with the option's value. */
static const char *bind_option(void *args, int c)
{
	struct bind_args *a = args;
	struct binding_request *r = &a->request;

	switch (c) {
	case 'd':
		r->ifname = optarg;
		break;
	case 'q':
		return parse_queues(optarg, &r->queues);
	case OPT_PAGE_SIZE:
		return parse_page_size(optarg, &r->page_size);
	case OPT_SOCK_LIMIT:
		return parse_u32(optarg, &r->sock_limit);
	case OPT_TX:
		r->tx = true;
		break;
	case OPT_USER:
		r->tx_user = &a->user;
		return parse_user(optarg, &a->user);
	}
	return NULL;
}

/* What goes together. Return: CMD_DONE, or CMD_USAGE with the reason printed. */
static int bind_check(struct binding_request *r)
{
	if (!r->ifname)
		return cmd_usage(&cmd_bind, "-d IFNAME missing");
	if (r->tx) {
		if (r->queues.n || r->page_size || r->sock_limit)
			return cmd_usage(&cmd_bind,
					 "--tx excludes -q and what belongs to it");
		return CMD_DONE;
	}

	if (!r->queues.n)
		return cmd_usage(&cmd_bind, "-q LIST missing");
	if (r->tx_user)
		return cmd_usage(&cmd_bind, "--user is for --tx");
	if (!r->page_size)
		r->page_size = BIND_PAGE_SIZE;
	return CMD_DONE;
}

static int bind_parse(struct bind_args *a, int argc, char **argv)
{
	const char *why;

	memset(a, 0, sizeof(*a));
	a->command = cmd_command(&argc, argv);

	if (cmd_options(&cmd_bind, argc, argv, bind_option, a) ||
	    bind_check(&a->request))
		return CMD_USAGE;
	why = parse_source(argc - optind, argv + optind, &a->source);
	if (why)
		return cmd_usage(&cmd_bind, "SOURCE: %s", why);
	if (a->command && !*a->command)
		return cmd_usage(&cmd_bind, "COMMAND missing");
	return CMD_DONE;
}

static void bind_show(const struct binding *b, const char *ifname)
{
	char bytes[32];

	format_size(bytes, sizeof(bytes), b->size);

	out_object(NULL);
	out_u64("id", b->id, "bound id %" PRIu32, b->id);
	out_str("ifname", ifname, ": %s", ifname);
	binding_out_use(b);
	out_u64("size", b->size, ", %s", bytes);
	out_u64("niovs", b->num_niovs, " in %" PRIu32 " buffers",
		b->num_niovs);
	out_u64("page_size", b->page_size, " of %" PRIu32 "\n", b->page_size);
	out_end();
}

/* Return: 0, or -1 with the reason printed. */
static int bind_environment(uint32_t id, const struct dmabuf *buf)
{
	char value[16];

	snprintf(value, sizeof(value), "%" PRIu32, id);
	if (setenv(BIND_ENV_ID, value, 1))
		goto print;
	snprintf(value, sizeof(value), "%d", buf->fd);
	if (setenv(BIND_ENV_FD, value, 1) || fcntl(buf->fd, F_SETFD, 0))
		goto print;
	return 0;

print:
	out_errno(errno, "environment of the command");
	return -1;
}

/* Return: the exit status of @command; CMD_FAILED in place of 0 if the binding
 * did not last that long.
 */
static int bind_hold(struct netlink *nl, uint32_t id, const struct dmabuf *buf,
		     char **command)
{
	int status = CMD_FAILED;
	int err;

	out_finish();
	if (!bind_environment(id, buf))
		status = run_command(command);

	err = binding_destroy(nl, id);
	if (err == -ENOENT)
		out_error("binding %" PRIu32 " ended before the command did",
			  id);
	else if (err)
		binding_perror(nl, id);
	return err && status == CMD_DONE ? CMD_FAILED : status;
}

/* Say what was made. To send from it the kernel chose the buffers, and the user
 * if none was given. Return: 0, or -1 with the reason printed and unbound.
 */
static int bind_report(struct netlink *nl, const struct binding_request *r,
		       uint32_t id, uint64_t size)
{
	struct binding b = { .id = id, .queues = r->queues, .size = size };

	if (!r->tx) {
		b.page_size = r->page_size;
		b.num_niovs = size / r->page_size;
	} else if (binding_get(nl, id, &b)) {
		binding_perror(nl, id);
		binding_destroy(nl, id);
		return -1;
	}
	bind_show(&b, r->ifname);
	return 0;
}

static int bind_source(struct netlink *nl, struct bind_args *a)
{
	int result = CMD_FAILED;
	struct dmabuf buf;
	uint32_t id;

	if (dmabuf_open(&buf, &a->source))
		return CMD_FAILED;
	a->request.dmabuf = buf.fd;
	if (!binding_create(nl, &a->request, &id) &&
	    !bind_report(nl, &a->request, id, buf.size))
		result = a->command ? bind_hold(nl, id, &buf, a->command) :
				      CMD_DONE;
	dmabuf_close(&buf);
	return result;
}

static int bind_run(int argc, char **argv)
{
	struct bind_args args;
	struct netlink nl;
	int result;

	result = bind_parse(&args, argc, argv);
	if (result)
		return result;

	if (args.command) {
		out_to_stderr();
		run_signals();
	}
	if (binding_connect(&nl))
		return CMD_FAILED;
	result = bind_source(&nl, &args);
	netlink_close(&nl);
	return result;
}

const struct command cmd_bind = {
	.name = "bind",
	.args = "-d IFNAME {-q LIST | --tx} [OPTIONS] SOURCE [-- COMMAND [ARG]...]",
	.help = "Let RX queues of a device write into a dma-buf, or send from it",
	.source = true,
	.command = true,
	.more = "With --tx TCP sockets can send from the dma-buf through the device: those of\n"
		"USER, which is a name, a number or any.\n\n"
		"Without COMMAND the binding stays until devmemctl unbind. With it, it ends when\n"
		"COMMAND does, and the exit status is that of COMMAND. COMMAND finds the id in\n"
		"the variable " BIND_ENV_ID ", and the dma-buf open as the descriptor that\n"
		BIND_ENV_FD " tells.\n",
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
	out_array(NULL);
	unbind_show(id);
	out_end();
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
	out_array(NULL);
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
	out_end();
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
	result = all ? unbind_all(&nl) : unbind_one(&nl, id);
	netlink_close(&nl);
	return result;
}

const struct command cmd_unbind = {
	.name = "unbind",
	.args = "{ID | --all}",
	.help = "End a binding, and put its queues back on host memory",
	.options = unbind_options,
	.run = unbind_run,
};
