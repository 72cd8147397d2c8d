// SPDX-License-Identifier: GPL-2.0-only
/* netbench send ADDRESS PORT MIB CONNECTIONS: MIB through each, 64 KiB in turns
 * netbench MODE [OPTION]... PORT MIB: takes a stream of it, of which all but the
 * first eighth is between mark_begin() and mark_end() of mark.h. MODE:
 *
 *   recv	recv(), and that is all
 *   copy	recv(), then a copy into the device memory
 *   map	TCP_ZEROCOPY_RECEIVE, then a copy into the device memory
 *   devmem	recvmsg() of device memory; it binds it
 *
 *   -m PCI[:OFFSET[:SIZE]]	the device memory, a range of BAR 2
 *   -d IFNAME, -q QUEUE	bind it to these, -q more than once
 *   -e		each queue has a binding of its own, to 64 MiB of the BAR; -m PCI
 *   -s BYTES	size of its buffers (4096)
 *   -t N	return tokens when N are held, 1 to 1024 (128)
 *   -c N	connections (1), of MIB each
 *   -l NETNS,ADDRESS	nobody else sends: this program does, 32 KiB from NETNS to
 *		ADDRESS, receives them, and so on. Nothing happens at a time that
 *		another CPU or process has a say in
 *
 * The stream is 64 KiB of lib/pattern.h again and again. What is in the device
 * memory at the end is compared with it: for devmem the frags that are held then.
 * Prints KEY=VALUE: bytes, nanoseconds, frags and linear bytes of the window;
 * compared, in bytes.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "devmem_sock.h"
#include "genl.h"
#include "mark.h"
#include "pattern.h"
#include "tcp_zc.h"

#define MIB		1048576ull
#define BLOCK		(64 << 10)
#define CHUNK		(512 << 10)	/* of a system call */
#define STEP		(32 << 10)	/* less than a window at first */
#define MAX_CONNS	256
#define MAX_TOKENS	(DEVMEM_DONTNEED_FRAGS + 1024)

#define MAX_QUEUES	64
#define SLICE		(64u << 20)

struct held {
	uint64_t	pos;
	const uint8_t	*at;
	uint32_t	size;
};

static struct binding {
	uint32_t	id;
	const uint8_t	*mem;
} bindings[MAX_QUEUES];
static unsigned int nr_bindings;

static struct conn {
	int			fd;
	uint64_t		pos;
	struct devmem_token	tokens[MAX_TOKENS];	/* runs */
	struct held		held[MAX_TOKENS];
	uint32_t		nr_tokens, nr_held;
} conns[MAX_CONNS];
static unsigned int nr_conns = 1, batch = 128;
static uint8_t *mem, *buf, *map, block[2 * BLOCK];
static uint64_t mem_size, put, total, frags, linear, compared;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Return: when. What was counted before does not count. */
static uint64_t begin_window(void)
{
	frags = 0;
	linear = 0;
	mark_begin();
	return now_ns();
}

static void *area(size_t len, int prot, int flags, int fd)
{
	void *p = mmap(NULL, len, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

static void compare(uint64_t pos, const uint8_t *at, uint64_t len)
{
	uint64_t n;

	for (; len; len -= n, pos += n, at += n, compared += n) {
		n = len < BLOCK ? len : BLOCK;
		if (memcmp(block + pos % BLOCK, at, n))
			errx(1, "wrong bytes at %llu of the stream",
			     (unsigned long long)pos);
	}
}

/* The device memory is a ring. */
static void copy_in(const uint8_t *from, size_t len)
{
	size_t n;

	for (; len; len -= n, from += n, put += n) {
		n = mem_size - put % mem_size;
		n = n < len ? n : len;
		memcpy(mem + put % mem_size, from, n);
	}
}

static ssize_t take_recv(struct conn *c)
{
	return recv(c->fd, buf, CHUNK, 0);
}

static ssize_t take_copy(struct conn *c)
{
	ssize_t n = recv(c->fd, buf, CHUNK, 0);

	if (n > 0)
		copy_in(buf, n);
	return n;
}

static ssize_t take_map(struct conn *c)
{
	struct tcp_zc zc = { (uintptr_t)map, .length = CHUNK };
	socklen_t len = sizeof(zc);
	ssize_t n = 0;

	if (!map)
		map = area(CHUNK, PROT_READ, MAP_SHARED, c->fd);
	zc.address = (uintptr_t)map;
	if (getsockopt(c->fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &len)) {
		if (errno == EIO)	/* the end of the stream */
			return 0;
		err(1, "TCP_ZEROCOPY_RECEIVE");
	}
	copy_in(map, zc.length);
	if (zc.recv_skip_hint || !zc.length) {
		n = recv(c->fd, buf, zc.recv_skip_hint ?: CHUNK, 0);
		if (n < 0)
			return n;
		copy_in(buf, n);
		linear += n;
	}
	return zc.length + n;
}

static void give_back(struct conn *c)
{
	uint32_t i;

	for (i = 0; i < c->nr_tokens; i += DEVMEM_DONTNEED_RANGES)
		if (setsockopt(c->fd, SOL_SOCKET, SO_DEVMEM_DONTNEED,
			       c->tokens + i, sizeof(*c->tokens) *
			       (c->nr_tokens - i < DEVMEM_DONTNEED_RANGES ?
				c->nr_tokens - i : DEVMEM_DONTNEED_RANGES)) < 0)
			err(1, "SO_DEVMEM_DONTNEED");
	c->nr_tokens = 0;
	c->nr_held = 0;
}

/* They mostly follow each other. */
static void note_token(struct conn *c, uint32_t token)
{
	struct devmem_token *last = &c->tokens[c->nr_tokens - 1];

	if (c->nr_tokens && last->token_start + last->token_count == token)
		last->token_count++;
	else
		c->tokens[c->nr_tokens++] = (struct devmem_token){ token, 1 };
}

static const uint8_t *binding_mem(uint32_t id)
{
	const struct binding *b = bindings;

	while (b->id != id)
		if (++b == bindings + nr_bindings)
			errx(1, "a frag of binding %u", id);
	return b->mem;
}

/* Return: bytes, which begin at @pos of the stream. */
static uint32_t take_frag(struct conn *c, const struct cmsghdr *cmsg,
			  uint64_t pos)
{
	const struct devmem_cmsg *f = (const void *)CMSG_DATA(cmsg);

	if (cmsg->cmsg_type == SCM_DEVMEM_DMABUF) {
		note_token(c, f->frag_token);
		c->held[c->nr_held++] = (struct held){
			pos, binding_mem(f->dmabuf_id) + f->frag_offset,
			f->frag_size,
		};
		frags++;
	} else {
		linear += f->frag_size;
	}
	return f->frag_size;
}

static ssize_t take_devmem(struct conn *c)
{
	static uint8_t control[512 * CMSG_SPACE(sizeof(struct devmem_cmsg))];
	struct iovec iov = { buf, CHUNK };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	uint64_t pos = c->pos;
	ssize_t n;

	n = recvmsg(c->fd, &msg, MSG_SOCK_DEVMEM);
	if (n <= 0)
		return n;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		pos += take_frag(c, cmsg, pos);
	if (c->nr_held >= batch)
		give_back(c);
	return n;
}

static const struct mode {
	const char	*name;
	ssize_t		(*take)(struct conn *c);
} modes[] = {
	{ "recv", take_recv }, { "copy", take_copy }, { "map", take_map },
	{ "devmem", take_devmem },
};

static struct addrinfo *resolve(const char *host, const char *port)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_family = host ? AF_UNSPEC : AF_INET6,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *ai;

	if (getaddrinfo(host, port, &hints, &ai))
		errx(2, "%s port %s: not an address", host ?: "", port);
	return ai;
}

static int connect_to(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect");
	return fd;
}

static void send_bytes(int fd, const uint8_t *at, size_t len)
{
	ssize_t n;

	for (; len; len -= n, at += n) {
		n = send(fd, at, len, MSG_NOSIGNAL);
		if (n < 0)
			err(1, "send");
	}
}

static int send_all(const char *host, const char *port, uint64_t mib)
{
	const struct addrinfo *ai = resolve(host, port);
	unsigned int i;
	uint64_t n;

	for (i = 0; i < nr_conns; i++)
		conns[i].fd = connect_to(ai);
	for (n = 0; n < mib * MIB; n += BLOCK)
		for (i = 0; i < nr_conns; i++)
			send_bytes(conns[i].fd, block, BLOCK);
	for (i = 0; i < nr_conns; i++)
		shutdown(conns[i].fd, SHUT_WR);
	for (i = 0; i < nr_conns; i++)
		if (recv(conns[i].fd, block, 1, 0))
			err(1, "end");
	return 0;
}

static int listen_at(const char *port)
{
	const struct addrinfo *ai = resolve(NULL, port);
	int fd = socket(ai->ai_family, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) ||
	    listen(fd, MAX_CONNS))
		err(1, "listen");
	return fd;
}

static void accept_all(int fd)
{
	unsigned int i;

	for (i = 0; i < nr_conns; i++) {
		conns[i].fd = accept(fd, NULL, NULL);
		if (conns[i].fd < 0)
			err(1, "accept");
	}
	close(fd);
}

static void bind_queues(int fd, const uint8_t *at, const char *ifname,
			const uint32_t *queues, unsigned int num,
			uint32_t page_size)
{
	static struct genl g;
	const struct nlattr *id;
	unsigned int i;

	if (!g.family)
		genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	genl_begin(&g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, if_nametoindex(ifname));
	genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, fd);
	for (i = 0; i < num; i++)
		genl_put_u32(&g, DEVMEM_TCP_A_QUEUE, queues[i]);
	genl_put_u32(&g, DEVMEM_TCP_A_RX_PAGE_SIZE, page_size);
	if (genl_call(&g))
		errx(1, "bind: %s", g.text);
	id = genl_reply(&g, DEVMEM_TCP_A_ID, 0);
	if (!id)
		errx(1, "bind: no id");
	bindings[nr_bindings].mem = at;
	memcpy(&bindings[nr_bindings++].id, nla_payload(id), sizeof(uint32_t));
}

/* A binding for each of them. */
static void bind_each(const char *pci, const char *ifname,
		      const uint32_t *queues, unsigned int num,
		      uint32_t page_size)
{
	uint64_t size;
	unsigned int i;
	char spec[64];
	int fd;

	for (i = 0; i < num; i++) {
		snprintf(spec, sizeof(spec), "%s:%u:%u", pci, i * SLICE, SLICE);
		fd = bar_export(spec, &size);
		bind_queues(fd, area(size, PROT_READ, MAP_SHARED, fd), ifname,
			    queues + i, 1, page_size);
		close(fd);
	}
}

static void watch(int epfd, uint32_t i)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, conns[i].fd, &event))
		err(1, "epoll_ctl");
}

/* Until all have ended. Return: nanoseconds of the window, after @warm bytes. */
static uint64_t take_all(ssize_t (*take)(struct conn *c), uint64_t warm,
			 uint64_t *bytes)
{
	struct epoll_event events[MAX_CONNS] = { { .data.u32 = 0 } };
	int epfd = epoll_create1(EPOLL_CLOEXEC), i, num = 1;
	unsigned int open = nr_conns;
	uint64_t begin = 0, before = 0;
	struct conn *c;
	ssize_t n;

	for (i = 0; i < (int)nr_conns; i++)
		watch(epfd, i);
	while (open) {
		/* one of its own need not ask */
		if (nr_conns > 1)
			num = epoll_wait(epfd, events, MAX_CONNS, -1);
		if (num < 0)
			err(1, "epoll_wait");
		for (i = 0; i < num; i++) {
			c = &conns[events[i].data.u32];
			n = take(c);
			if (n < 0)
				err(1, "receive");
			c->pos += n;
			total += n;
			if (!n) {
				epoll_ctl(epfd, EPOLL_CTL_DEL, c->fd, NULL);
				open--;
			}
		}
		if (!begin && total >= warm) {
			begin = begin_window();
			before = total;
		}
	}
	mark_end();
	*bytes = total - before;
	return now_ns() - begin;
}

static void enter(const char *netns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

/* The same from a sender of our own; @from is NETNS,ADDRESS. */
static uint64_t lockstep(ssize_t (*take)(struct conn *c), char *from,
			 const char *port, uint64_t want, uint64_t *bytes)
{
	int fd, listener = listen_at(port);
	const char *netns = strsep(&from, ",");
	struct conn *c = conns;
	uint64_t sent, begin = 0;
	ssize_t n;

	enter(netns);
	fd = connect_to(resolve(from, port));
	accept_all(listener);
	for (sent = 0; sent < want; ) {
		if (sent == want / 8)
			begin = begin_window();
		send_bytes(fd, block + sent % BLOCK, STEP);
		for (sent += STEP; c->pos < sent; c->pos += n) {
			n = take(c);
			if (n <= 0)
				err(1, "receive");
		}
	}
	mark_end();
	total = c->pos;
	*bytes = want - want / 8;
	return now_ns() - begin;
}

/* What stands in the device memory. */
static void check_all(ssize_t (*take)(struct conn *c))
{
	uint64_t len = put < mem_size ? put : mem_size, from = put - len;
	const struct held *h;
	unsigned int i;

	for (i = 0; i < nr_conns; i++)
		for (h = conns[i].held; h < conns[i].held + conns[i].nr_held; h++)
			compare(h->pos, h->at, h->size);
	/* with several connections it has no order */
	if (nr_conns > 1 || (take != take_copy && take != take_map))
		return;
	compare(from, mem + from % mem_size, mem_size - from % mem_size < len ?
		mem_size - from % mem_size : len);
	if (from % mem_size + len > mem_size)
		compare(put - put % mem_size, mem, put % mem_size);
}

int main(int argc, char **argv)
{
	uint32_t queues[MAX_QUEUES], nr_queues = 0, page_size = 4096;
	const char *spec = NULL, *ifname = NULL;
	char *from = NULL;
	ssize_t (*take)(struct conn *c) = NULL;
	uint64_t bytes, ns, size, want;
	bool each = false;
	unsigned int i;
	int c, fd = -1;

	pattern_fill(0, 0, block, BLOCK);
	memcpy(block + BLOCK, block, BLOCK);
	if (argc == 6 && !strcmp(argv[1], "send")) {
		nr_conns = atoi(argv[5]);
		if (nr_conns > MAX_CONNS)
			errx(2, "%d connections at most", MAX_CONNS);
		return send_all(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	}
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (argc > 1 && !strcmp(argv[1], modes[i].name))
			take = modes[i].take;
	optind = 2;
	while (take && (c = getopt(argc, argv, "m:d:q:es:t:c:l:")) != -1) {
		if (c == 'm')
			spec = optarg;
		else if (c == 'd')
			ifname = optarg;
		else if (c == 'q')
			queues[nr_queues++ % MAX_QUEUES] = atoi(optarg);
		else if (c == 'e')
			each = true;
		else if (c == 's')
			page_size = atoi(optarg);
		else if (c == 't')
			batch = atoi(optarg);
		else if (c == 'c')
			nr_conns = atoi(optarg);
		else if (c == 'l')
			from = optarg;
		else
			return 2;
	}
	if (!take || argc - optind != 2 || nr_conns > MAX_CONNS ||
	    batch > DEVMEM_DONTNEED_FRAGS)
		errx(2, "usage: see the top of netbench.c");
	buf = area(CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1);
	memset(buf, 1, CHUNK);
	if (spec && !each) {
		fd = bar_export(spec, &mem_size);
		mem = area(mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
		/* a page fault is no part of what is measured */
		for (size = 0; size < mem_size && take != take_devmem;
		     size += 4096)
			mem[size] = 0;
	}
	if (take == take_devmem && each)
		bind_each(spec, ifname, queues, nr_queues, page_size);
	else if (take == take_devmem)
		bind_queues(fd, mem, ifname, queues, nr_queues, page_size);
	want = nr_conns * strtoul(argv[optind + 1], NULL, 0) * MIB;
	if (from) {
		ns = lockstep(take, from, argv[optind], want, &bytes);
	} else {
		accept_all(listen_at(argv[optind]));
		ns = take_all(take, want / 8, &bytes);
	}
	check_all(take);
	if (total != want)
		errx(1, "%llu bytes came", (unsigned long long)total);
	printf("bytes=%llu\nnanoseconds=%llu\nfrags=%llu\nlinear=%llu\ncompared=%llu\n",
	       (unsigned long long)bytes, (unsigned long long)ns,
	       (unsigned long long)frags, (unsigned long long)linear,
	       (unsigned long long)compared);
	return 0;
}
