// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl recv: bind, listen, receive, unbind. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "binding.h"
#include "cmd.h"
#include "dmabuf.h"
#include "format.h"
#include "iface.h"
#include "stop.h"
#include "stream.h"

#define RECV_TOKENS	256

static const struct option_desc recv_options[] = {
	CMD_OPTION_DEVICE,
	CMD_OPTION_QUEUES,
	{ "listen", 'l', "[ADDR:]PORT",
	  "where to listen; no ADDR: IPv4 and IPv6" },
	CMD_OPTION_PAGE_SIZE,
	CMD_OPTION_SOCK_LIMIT,
	{ "binding", OPT_BINDING, "ID",
	  "receive on this binding instead of a new one" },
	{ "output", 'o', "FILE", "write the stream to FILE" },
	{ "hash", OPT_HASH, NULL, "show the SHA-256 of the stream" },
	{ "map", OPT_MAP, "FILE",
	  "list stream offset, dma-buf offset, length of frags" },
	{ "tokens", OPT_TOKENS, "N",
	  "return buffers when N are held, 1 to 1024 (256)" },
	{ "hold", OPT_HOLD, NULL,
	  "return buffers when the connection ends, not before" },
	{ "max-bytes", OPT_MAX_BYTES, "BYTES", "stop after BYTES" },
	{ "count", OPT_COUNT, "N", "connections to take, one by one (1)" },
	{ "allow-linear", OPT_ALLOW_LINEAR, NULL,
	  "a stream without any frag is no failure" },
	{ "no-unbind", OPT_NO_UNBIND, NULL, "leave the binding there" },
	{ "progress", OPT_PROGRESS, NULL,
	  "show progress even if stderr is no terminal" },
	{ }
};

/**
 * struct recv_args - the command line
 * @request: the binding to make
 * @source: its dma-buf
 * @binding: receive on this binding instead, 0 if not
 * @listen: where to listen
 * @file: for the stream, or NULL
 * @map: for the map, or NULL
 * @hash: hash the stream
 * @tokens: return tokens when this many are held
 * @hold: do not return them
 * @max_bytes: stop after this many
 * @count: connections to take
 * @allow_linear: accept streams without frags
 * @no_unbind: leave the binding
 * @progress: force progress
 */
struct recv_args {
	struct binding_request request;
	struct source source;
	uint32_t binding;
	struct endpoint listen;
	const char *file;
	const char *map;
	bool hash;
	uint32_t tokens;
	bool hold;
	uint64_t max_bytes;
	uint32_t count;
	bool allow_linear;
	bool no_unbind;
	bool progress;
};

/**
 * struct recv_target - the binding that we receive on
 * @ifname: its device
 * @queues: its RX queues
 * @id: its id
 * @size: bytes of its dma-buf
 */
struct recv_target {
	char ifname[IF_NAMESIZE];
	struct queue_list queues;
	uint32_t id;
	uint64_t size;
};

/* What goes into the request for a binding; *@why says what is wrong with it.
 * Return: whether it was such an option.
 */
static bool recv_request_option(struct binding_request *r, int c,
				const char **why)
{
	switch (c) {
	case 'd':
		r->ifname = optarg;
		return true;
	case 'q':
		*why = parse_queues(optarg, &r->queues);
		return true;
	case OPT_PAGE_SIZE:
		*why = parse_page_size(optarg, &r->page_size);
		return true;
	case OPT_SOCK_LIMIT:
		*why = parse_u32(optarg, &r->sock_limit);
		return true;
	}
	return false;
}

/* As parse_u32(), and in @min to @max. */
static const char *recv_number(uint32_t *value, uint32_t min, uint32_t max,
			       const char *range)
{
	const char *why = parse_u32(optarg, value);

	if (!why && (*value < min || *value > max))
		why = range;
	return why;
}

/* Return: NULL, or what is wrong with the option's value. */
static const char *recv_option(void *args, int c)
{
	struct recv_args *a = args;
	const char *why = NULL;

	if (recv_request_option(&a->request, c, &why))
		return why;

	switch (c) {
	case 'l':
		return parse_listen(optarg, &a->listen);
	case 'o':
		a->file = optarg;
		break;
	case OPT_BINDING:
		return recv_number(&a->binding, 1, UINT32_MAX,
				   "ids start at 1");
	case OPT_HASH:
		a->hash = true;
		break;
	case OPT_MAP:
		a->map = optarg;
		break;
	case OPT_TOKENS:
		return recv_number(&a->tokens, 1, DEVMEM_DONTNEED_FRAGS,
				   "not in 1 to 1024");
	case OPT_HOLD:
		a->hold = true;
		break;
	case OPT_MAX_BYTES:
		return parse_size(optarg, &a->max_bytes);
	case OPT_COUNT:
		return recv_number(&a->count, 1, UINT32_MAX, "not at least 1");
	case OPT_ALLOW_LINEAR:
		a->allow_linear = true;
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
static int recv_check(struct recv_args *a, int argc, char **argv)
{
	const struct binding_request *r = &a->request;
	const char *why;

	if (!*a->listen.port)
		return cmd_usage(&cmd_recv, "-l [ADDR:]PORT missing");
	if (a->binding) {
		if (argc || r->ifname || r->queues.n || r->page_size ||
		    r->sock_limit)
			return cmd_usage(&cmd_recv,
					 "--binding excludes -d, -q, SOURCE and what belongs to them");
		if (a->file || a->hash)
			return cmd_usage(&cmd_recv,
					 "--binding excludes -o and --hash");
		return CMD_DONE;
	}

	if (!r->ifname)
		return cmd_usage(&cmd_recv, "-d IFNAME missing");
	if (!r->queues.n)
		return cmd_usage(&cmd_recv, "-q LIST missing");
	why = parse_source(argc, argv, &a->source);
	if (why)
		return cmd_usage(&cmd_recv, "SOURCE: %s", why);
	return CMD_DONE;
}

/* Return: CMD_DONE, or CMD_USAGE with the reason printed. */
static int recv_parse(struct recv_args *a, int argc, char **argv)
{
	memset(a, 0, sizeof(*a));
	a->tokens = RECV_TOKENS;
	a->max_bytes = UINT64_MAX;
	a->count = 1;

	if (cmd_options(&cmd_recv, argc, argv, recv_option, a))
		return CMD_USAGE;
	return recv_check(a, argc - optind, argv + optind);
}

/* A socket that has its address but does not listen yet, or a negative errno */
static int recv_socket_af(const struct endpoint *addr, int af)
{
	struct addrinfo hints = {
		.ai_family = af,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	};
	int one = 1, zero = 0;
	struct addrinfo *ai;
	int err = 0;
	int fd;

	if (getaddrinfo(*addr->host ? addr->host : NULL, addr->port, &hints,
			&ai))
		return -EINVAL;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err = -errno;
		goto free_ai;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		err = -errno;
		close(fd);
	}
free_ai:
	freeaddrinfo(ai);
	return err ? err : fd;
}

/* Without an address the IPv6 wildcard takes IPv4 as well, unless this kernel
 * has no IPv6. Return: the socket, or -1 with the reason printed.
 */
static int recv_socket(const struct endpoint *addr)
{
	int fd;

	fd = recv_socket_af(addr, *addr->host ? AF_UNSPEC : AF_INET6);
	if (fd == -EAFNOSUPPORT && !*addr->host)
		fd = recv_socket_af(addr, AF_INET);
	if (fd >= 0)
		return fd;

	out_errno(-fd, "listen on %s%sport %s", addr->host,
		  *addr->host ? " " : "", addr->port);
	if (fd == -EADDRINUSE)
		out_fix("ss -Hltnp sport = :%s shows who does", addr->port);
	else if (fd == -EADDRNOTAVAIL)
		out_fix("ip addr lists the addresses of this network namespace");
	else if (fd == -EACCES)
		out_fix("run as root, or choose a port from 1024 on");
	return -1;
}

/* The binding that --binding names */
static int recv_target_get(struct recv_target *t, struct netlink *nl,
			   uint32_t id)
{
	struct binding b;

	if (binding_get(nl, id, &b)) {
		binding_perror(nl, id);
		return -1;
	}
	if (b.tx) {
		out_error("binding %" PRIu32 " is to send from", id);
		out_fix("devmemctl send --binding %" PRIu32, id);
		return -1;
	}
	iface_name(t->ifname, b.ifindex);
	t->queues = b.queues;
	t->id = b.id;
	t->size = b.size;
	return 0;
}

/* A binding of our own */
static int recv_target_create(struct recv_target *t, struct netlink *nl,
			      struct recv_args *a, const struct dmabuf *buf)
{
	snprintf(t->ifname, sizeof(t->ifname), "%s", a->request.ifname);
	t->queues = a->request.queues;
	t->size = buf->size;
	a->request.dmabuf = buf->fd;
	return binding_create(nl, &a->request, &t->id);
}

/* The command that steers every flow to the bound queues */
static void recv_fix_steering(const struct recv_target *t)
{
	char queues[512];

	out_fix("devmemctl steer all -d %s -q %s", t->ifname,
		format_queue_numbers(queues, sizeof(queues), &t->queues));
}

/* Return: a connection, or -1; with stop_requested set nothing is printed. */
static int recv_accept(int listener)
{
	int fd;

	while (!stop_requested) {
		switch (stream_wait(listener)) {
		case -1:
			return -1;
		case 0:
			continue;
		}
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != EINTR && errno != EAGAIN &&
		    errno != ECONNABORTED) {
			out_errno(errno, "accept");
			return -1;
		}
	}
	return -1;
}

/* Return: CMD_*; *@connections counts those that came. */
static int recv_connections(const struct recv_args *a,
			    const struct recv_target *t, struct stream *s,
			    int listener, uint32_t *connections)
{
	uint64_t device, linear;
	int result = CMD_DONE;
	int ret;
	int fd;

	while (*connections < a->count) {
		fd = recv_accept(listener);
		if (fd < 0)
			return CMD_FAILED;
		++*connections;

		device = s->bytes_device;
		linear = s->bytes_linear;
		ret = stream_receive(s, fd);
		close(fd);
		if (ret != STREAM_DONE)
			return CMD_FAILED;

		if (s->bytes_linear > linear && s->bytes_device == device &&
		    !a->allow_linear) {
			out_error("connection %u: all %" PRIu64
				  " bytes came linear: not steered to a bound queue, or tiny",
				  *connections, s->bytes_linear - linear);
			recv_fix_steering(t);
			result = CMD_FAILED;
		}
		if (s->bytes_device + s->bytes_linear == s->limit)
			break;
	}
	return result;
}

static void recv_summary(const struct recv_target *t, struct stream *s,
			 uint32_t connections)
{
	uint64_t bytes = s->bytes_device + s->bytes_linear;
	double mbit = s->seconds > 0 ? bytes * 8e-6 / s->seconds : 0;
	char hex[DIGEST_HEX];

	out_object(NULL);
	out_u64("binding", t->id, "binding %u", t->id);
	out_str("ifname", t->ifname, " on %s", t->ifname);
	out_u64("connections", connections, ", %u connection%s\n", connections,
		connections == 1 ? "" : "s");
	out_u64("bytes_device", s->bytes_device,
		"into device memory %12" PRIu64 " bytes\n", s->bytes_device);
	out_u64("bytes_linear", s->bytes_linear,
		"linear             %12" PRIu64 " bytes\n", s->bytes_linear);
	out_u64("frags", s->frags,
		"frags              %12" PRIu64 "\n", s->frags);
	out_u64("recvmsg_calls", s->recvmsg_calls,
		"recvmsg calls      %12" PRIu64 "\n", s->recvmsg_calls);
	out_u64("dontneed_calls", s->dontneed_calls,
		"dontneed calls     %12" PRIu64 "\n", s->dontneed_calls);
	out_double("seconds", s->seconds,
		   "seconds            %12.3f\n", s->seconds);
	out_double("mbit_s", mbit,
		   "Mbit/s             %12.1f\n", mbit);
	if (s->sink->digest) {
		digest_hex(s->sink->digest, hex);
		out_str("sha256", hex, "sha256             %s\n", hex);
	} else {
		out_null("sha256", NULL);
	}
	out_end();
}

/* The socket gets its address before the binding is made, so that a port in
 * use leaves nothing behind, and listens only after that, so that no byte
 * arrives in host memory for want of a binding.
 */
static int recv_bound(const struct recv_args *a, const struct recv_target *t,
		      struct sink *sink, int listener)
{
	struct progress progress;
	struct stream stream = {
		.id = t->id,
		.size = t->size,
		.limit = a->max_bytes,
		.tokens = a->tokens,
		.hold = a->hold,
		.sink = sink,
		.progress = &progress,
	};
	uint32_t connections = 0;
	int result = CMD_FAILED;
	char queues[512];

	progress_init(&progress, a->progress);
	if (stream_init(&stream))
		goto free_stream;
	if (listen(listener, SOMAXCONN) < 0) {
		out_errno(errno, "listen on port %s", a->listen.port);
		goto free_stream;
	}
	format_queues(queues, sizeof(queues), &t->queues);
	progress_note(&progress, "listening on port %s, binding %u: %s %s",
		      a->listen.port, t->id, t->ifname, queues);

	result = recv_connections(a, t, &stream, listener, &connections);
	if (stop_requested)
		out_error("stopped by a signal");
	recv_summary(t, &stream, connections);

free_stream:
	stream_free(&stream);
	return result;
}

static int recv_existing(const struct recv_args *a, struct netlink *nl,
			 struct sink *sink, int listener)
{
	struct recv_target target;

	if (recv_target_get(&target, nl, a->binding))
		return CMD_FAILED;
	return recv_bound(a, &target, sink, listener);
}

static int recv_new(struct recv_args *a, struct netlink *nl,
		    struct sink *sink, int listener)
{
	struct recv_target target;
	int result = CMD_FAILED;
	struct dmabuf buf;

	if (dmabuf_open(&buf, &a->source))
		return CMD_FAILED;
	if (a->file || a->hash) {
		if (dmabuf_map(&buf, false))
			goto close_buf;
		sink->dmabuf = &buf;
	}
	if (recv_target_create(&target, nl, a, &buf))
		goto close_buf;

	result = recv_bound(a, &target, sink, listener);

	if (!a->no_unbind && binding_destroy(nl, target.id)) {
		binding_perror(nl, target.id);
		result = CMD_FAILED;
	}
close_buf:
	dmabuf_close(&buf);
	return result;
}

static int recv_run(int argc, char **argv)
{
	int result = CMD_FAILED;
	struct recv_args args;
	struct netlink nl;
	struct sink sink;
	int listener;
	int ret;

	ret = recv_parse(&args, argc, argv);
	if (ret)
		return ret;

	stop_on_signals();
	if (binding_connect(&nl))
		return CMD_FAILED;
	if (sink_open(&sink, args.file, args.map, args.hash))
		goto close_sink;
	listener = recv_socket(&args.listen);
	if (listener < 0)
		goto close_sink;

	if (args.binding)
		result = recv_existing(&args, &nl, &sink, listener);
	else
		result = recv_new(&args, &nl, &sink, listener);

	close(listener);
close_sink:
	if (sink_close(&sink))
		result = CMD_FAILED;
	netlink_close(&nl);
	return result;
}

const struct command cmd_recv = {
	.name = "recv",
	.args = "-l [ADDR:]PORT [OPTIONS] {-d IFNAME -q LIST SOURCE | --binding ID}",
	.help = "Receive TCP streams into device memory",
	.source = true,
	.options = recv_options,
	.run = recv_run,
};
