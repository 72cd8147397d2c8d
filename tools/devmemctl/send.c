// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl send: bind, connect, send, unbind. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "cmd.h"
#include "connect.h"
#include "dmabuf.h"
#include "iface.h"
#include "stop.h"
#include "xmit.h"

static const struct option_desc send_options[] = {
	CMD_OPTION_DEVICE,
	{ "connect", 'c', "HOST:PORT", "where to send to" },
	{ "from", OPT_FROM, "[ADDR:]PORT", "source address and port" },
	{ "binding", OPT_BINDING, "ID",
	  "send from this binding instead of a new one" },
	{ "input", 'i', "FILE", "send FILE; it is written to the memory first" },
	{ "offset", OPT_OFFSET, "BYTES", "start there in the dma-buf (0)" },
	{ "length", OPT_LENGTH, "BYTES", "send so many (all there is)" },
	{ "hash", OPT_HASH, NULL, "show the SHA-256 of the stream" },
	{ "no-unbind", OPT_NO_UNBIND, NULL, "leave the binding there" },
	{ "progress", OPT_PROGRESS, NULL,
	  "show progress even if stderr is no terminal" },
	{ }
};

/**
 * struct send_args - the command line
 * @request: the binding to make
 * @source: its dma-buf
 * @has_source: @source was given
 * @binding: send from this binding instead, 0 if not
 * @to: where to
 * @from: where from, without a port: anywhere
 * @file: what to send, NULL: what is in the memory
 * @offset: where in the dma-buf to start
 * @length: bytes to send, UINT64_MAX: all
 * @hash: hash the stream
 * @no_unbind: leave the binding
 * @progress: force progress
 */
struct send_args {
	struct binding_request request;
	struct source source;
	bool has_source;
	uint32_t binding;
	struct endpoint to;
	struct endpoint from;
	const char *file;
	uint64_t offset;
	uint64_t length;
	bool hash;
	bool no_unbind;
	bool progress;
};

/**
 * struct send_target - the binding that we send from
 * @ifname: its device
 * @id: its id
 * @size: bytes of its dma-buf
 */
struct send_target {
	char ifname[IF_NAMESIZE];
	uint32_t id;
	uint64_t size;
};

/* Return: NULL, or what is wrong with the option's value. */
static const char *send_option(void *args, int c)
{
	struct send_args *a = args;
	const char *why = NULL;

	switch (c) {
	case 'd':
		a->request.ifname = optarg;
		break;
	case 'c':
		return parse_connect(optarg, &a->to);
	case OPT_FROM:
		return parse_listen(optarg, &a->from);
	case OPT_BINDING:
		why = parse_u32(optarg, &a->binding);
		return why || a->binding ? why : "ids start at 1";
	case 'i':
		a->file = optarg;
		break;
	case OPT_OFFSET:
		return parse_size(optarg, &a->offset);
	case OPT_LENGTH:
		why = parse_size(optarg, &a->length);
		return why || a->length ? why : "no bytes";
	case OPT_HASH:
		a->hash = true;
		break;
	case OPT_NO_UNBIND:
		a->no_unbind = true;
		break;
	case OPT_PROGRESS:
		a->progress = true;
		break;
	}
	return NULL;
}

/* What goes together; the words that are left are the SOURCE. */
static int send_check(struct send_args *a, int argc, char **argv)
{
	const char *why;

	if (!*a->to.port)
		return cmd_usage(&cmd_send, "-c HOST:PORT missing");
	if (a->binding && a->request.ifname)
		return cmd_usage(&cmd_send, "--binding excludes -d");
	if (!a->binding && !a->request.ifname)
		return cmd_usage(&cmd_send, "-d IFNAME missing");

	a->has_source = !a->binding || argc;
	if (!a->has_source) {
		if (a->file || a->hash)
			return cmd_usage(&cmd_send,
					 "-i and --hash need the SOURCE, too");
		return CMD_DONE;
	}
	why = parse_source(argc, argv, &a->source);
	if (why)
		return cmd_usage(&cmd_send, "SOURCE: %s", why);
	if (a->binding && !a->file && !a->hash)
		return cmd_usage(&cmd_send,
				 "with --binding SOURCE is for -i and --hash");
	return CMD_DONE;
}

/* Return: CMD_DONE, or CMD_USAGE with the reason printed. */
static int send_parse(struct send_args *a, int argc, char **argv)
{
	memset(a, 0, sizeof(*a));
	a->request.tx = true;
	a->length = UINT64_MAX;

	if (cmd_options(&cmd_send, argc, argv, send_option, a))
		return CMD_USAGE;
	return send_check(a, argc - optind, argv + optind);
}

static void send_summary(const struct xmit *x, const struct endpoint *to,
			 bool whole)
{
	double mbit = x->seconds > 0 ? x->sent * 8e-6 / x->seconds : 0;
	char hex[DIGEST_HEX];

	out_object(NULL);
	out_u64("binding", x->id, "binding %" PRIu32, x->id);
	out_str("ifname", x->ifname, " on %s", x->ifname);
	out_str("host", to->host, ", to %s", to->host);
	out_str("port", to->port, " port %s\n", to->port);
	out_u64("bytes", x->sent,
		"from device memory %12" PRIu64 " bytes\n", x->sent);
	out_u64("bytes_completed", x->zerocopy.completed,
		"completed          %12" PRIu64 " bytes\n",
		x->zerocopy.completed);
	out_u64("sendmsg_calls", x->sendmsg_calls,
		"sendmsg calls      %12" PRIu64 "\n", x->sendmsg_calls);
	out_u64("completions", x->zerocopy.notifications,
		"completions        %12" PRIu64 "\n",
		x->zerocopy.notifications);
	out_double("seconds", x->seconds,
		   "seconds            %12.3f\n", x->seconds);
	out_double("mbit_s", mbit,
		   "Mbit/s             %12.1f\n", mbit);
	if (x->feed->digest && whole) {
		digest_hex(x->feed->digest, hex);
		out_str("sha256", hex, "sha256             %s\n", hex);
	} else {
		out_null("sha256", NULL);
	}
	out_end();
}

/* With the binding there */
static int send_bound(const struct send_args *a, const struct send_target *t,
		      struct feed *feed)
{
	struct progress progress;
	struct xmit xmit = {
		.id = t->id,
		.ifname = t->ifname,
		.host = a->to.host,
		.feed = feed,
		.progress = &progress,
	};
	int result = CMD_DONE;
	int fd;

	progress_init(&progress, a->progress);
	fd = connect_open(&a->to, &a->from);
	if (fd < 0) {
		if (stop_requested)
			out_error("stopped by a signal");
		return CMD_FAILED;
	}
	progress_note(&progress, "connected to %s port %s, binding %" PRIu32
		      ": %s", a->to.host, a->to.port, t->id, t->ifname);

	if (xmit_send(&xmit, fd)) {
		if (stop_requested)
			out_error("stopped by a signal");
		connect_abort(fd);
		result = CMD_FAILED;
	} else {
		close(fd);
	}
	send_summary(&xmit, &a->to, result == CMD_DONE);
	return result;
}

/* Let the feed look into the dma-buf, if it has to. */
static int send_map(struct feed *feed, struct dmabuf *buf)
{
	if (!feed_touches(feed))
		return 0;
	if (dmabuf_map(buf, feed->path)) {
		out_fix("fill it by other means, and send without -i and --hash");
		return -1;
	}
	feed->dmabuf = buf;
	return 0;
}

/* The binding that --binding names; its dma-buf is ours only if there is a
 * SOURCE.
 */
static int send_target_get(struct send_target *t, struct netlink *nl,
			   const struct send_args *a)
{
	struct binding b;

	if (binding_get(nl, a->binding, &b)) {
		binding_perror(nl, a->binding);
		return -1;
	}
	if (!b.tx) {
		out_error("binding %" PRIu32 " is to receive into", b.id);
		out_fix("devmemctl bind --tx makes one to send from");
		return -1;
	}
	iface_name(t->ifname, b.ifindex);
	t->id = b.id;
	t->size = b.size;
	return 0;
}

static int send_existing(const struct send_args *a, struct netlink *nl,
			 struct feed *feed)
{
	struct send_target target;
	int result = CMD_FAILED;
	struct dmabuf buf;

	if (send_target_get(&target, nl, a) ||
	    feed_limit(feed, target.size, a->offset, a->length))
		return CMD_FAILED;
	if (!a->has_source)
		return send_bound(a, &target, feed);

	if (dmabuf_open(&buf, &a->source))
		return CMD_FAILED;
	if (buf.size != target.size) {
		out_error("SOURCE has %" PRIu64 " bytes, the dma-buf of binding %"
			  PRIu32 " %" PRIu64, buf.size, target.id, target.size);
		out_fix("devmemctl bind --tx ... -- COMMAND hands on the one that is bound");
	} else if (!send_map(feed, &buf)) {
		result = send_bound(a, &target, feed);
	}
	dmabuf_close(&buf);
	return result;
}

static int send_new(struct send_args *a, struct netlink *nl, struct feed *feed)
{
	struct send_target target;
	int result = CMD_FAILED;
	struct dmabuf buf;

	if (dmabuf_open(&buf, &a->source))
		return CMD_FAILED;
	if (feed_limit(feed, buf.size, a->offset, a->length) ||
	    send_map(feed, &buf))
		goto close_buf;
	snprintf(target.ifname, sizeof(target.ifname), "%s",
		 a->request.ifname);
	a->request.dmabuf = buf.fd;
	if (binding_create(nl, &a->request, &target.id))
		goto close_buf;

	result = send_bound(a, &target, feed);

	if (!a->no_unbind && binding_destroy(nl, target.id)) {
		binding_perror(nl, target.id);
		result = CMD_FAILED;
	}
close_buf:
	dmabuf_close(&buf);
	return result;
}

static int send_run(int argc, char **argv)
{
	struct send_args args;
	int result = CMD_FAILED;
	struct netlink nl;
	struct feed feed;
	int ret;

	ret = send_parse(&args, argc, argv);
	if (ret)
		return ret;

	stop_on_signals();
	if (binding_connect(&nl))
		return CMD_FAILED;
	if (!feed_open(&feed, args.file, args.hash))
		result = args.binding ? send_existing(&args, &nl, &feed) :
					send_new(&args, &nl, &feed);
	feed_close(&feed);
	netlink_close(&nl);
	return result;
}

const struct command cmd_send = {
	.name = "send",
	.args = "-c HOST:PORT [OPTIONS] {-d IFNAME SOURCE | --binding ID [SOURCE]}",
	.help = "Send a TCP stream out of device memory",
	.source = true,
	.more = "Sent is what is in the dma-buf from --offset on; or FILE, for which that part of\n"
		"the dma-buf is a ring. It ends when the peer has acknowledged all of it; if that\n"
		"fails the connection is reset. The route to HOST must be through the device of\n"
		"the binding. --binding needs no privilege, only to be the user that it is for,\n"
		"and SOURCE then only for -i and --hash.\n",
	.options = send_options,
	.run = send_run,
};
