// SPDX-License-Identifier: GPL-2.0-only
/* Streams beside a fuzzer that must stay right, see reader.h.
 *
 * Byte n of a stream from source port P is that of the pattern with seed P. A
 * reader compares each byte when it comes, and bytes in device memory once more
 * when it returns their token: until then nobody may reuse the buffer.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "devmem_sock.h"
#include "fuzz.h"
#include "genl.h"
#include "pattern.h"
#include "reader.h"

#define MAX_CONNS	48
#define MAX_HELD	192
#define MAX_CMSGS	128
#define IOV_SIZE	(256 << 10)
#define IDLE		5000	/* ms, of a peer that is no well-behaved one */
#define PATIENCE	90000	/* ms, for the rest of a stream */

/* A frag whose token is not returned yet. */
struct held {
	uint64_t	pos, offset;
	uint32_t	size, token;
};

struct conn {
	int		fd;
	bool		strict;		/* from a sender of stream_run() */
	uint16_t	seed;
	uint64_t	pos, last_ms;
	unsigned int	num;
	struct held	held[MAX_HELD];
};

static struct {
	uint32_t	id;
	const uint8_t	*map;
	uint64_t	size;
} own;

static struct conn conns[MAX_CONNS];
static uint8_t iov_buf[IOV_SIZE];
static char control[CMSG_SPACE(sizeof(struct devmem_cmsg)) * MAX_CMSGS];
static struct rng rng;

/**
 * reader_bind() - bind a part of the BAR, in the namespace of the device
 * @offset: in the BAR
 * @size: bytes
 * @first: queue
 * @last: queue
 * @sock_limit: of the binding
 */
void reader_bind(uint64_t offset, uint64_t size, uint32_t first, uint32_t last,
		 uint32_t sock_limit)
{
	static struct genl g;
	const struct nlattr *id;
	char spec[64];
	int fd, ret;

	snprintf(spec, sizeof(spec), "%s:%llu:%llu", options.spec,
		 (unsigned long long)offset, (unsigned long long)size);
	fd = bar_export(spec, &own.size);
	own.map = mmap(NULL, own.size, PROT_READ, MAP_SHARED, fd, 0);
	if (own.map == MAP_FAILED)
		errx(1, "no memory to bind");
	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	genl_begin(&g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, if_nametoindex(options.ifname));
	genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, fd);
	for (; first <= last; first++)
		genl_put_u32(&g, DEVMEM_TCP_A_QUEUE, first);
	if (sock_limit)
		genl_put_u32(&g, DEVMEM_TCP_A_SOCK_LIMIT, sock_limit);
	ret = genl_call(&g);
	id = genl_reply(&g, DEVMEM_TCP_A_ID, 0);
	if (ret || !id)
		errx(1, "bind: %s %s", strerror(ret), g.text);
	own.id = *(const uint32_t *)nla_payload(id);
	printf("id=%u\n", own.id);
	close(g.fd);
	close(fd);
}

static bool right(const struct conn *c, uint64_t pos, const uint8_t *buf,
		  size_t len, const char *where)
{
	size_t good = pattern_check(c->seed, pos, buf, len);

	if (good == len)
		return true;
	fuzz_fail("port %u: stream byte %llu is wrong, %s, after %zu of %zu",
		  c->seed, (unsigned long long)(pos + good), where, good, len);
	return false;
}

static void check_held(const struct conn *c, const struct held *h,
		       const char *when)
{
	if (h->offset > own.size || own.size - h->offset < h->size)
		fuzz_fail("a frag at %llu is outside",
			  (unsigned long long)h->offset);
	else
		right(c, h->pos, own.map + h->offset, h->size, when);
}

/* The oldest @num of what is held. */
static void release(struct conn *c, unsigned int num)
{
	struct devmem_token what[DEVMEM_DONTNEED_RANGES];
	unsigned int i, n;
	int ret;

	for (; num && c->num; num -= n) {
		n = num < c->num ? num : c->num;
		n = n < DEVMEM_DONTNEED_RANGES ? n : DEVMEM_DONTNEED_RANGES;
		for (i = 0; i < n; i++) {
			check_held(c, &c->held[i], "when it was returned");
			count(READER_AGAIN);
			what[i].token_start = c->held[i].token;
			what[i].token_count = 1;
		}
		ret = setsockopt(c->fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, what,
				 n * sizeof(*what));
		if (ret != (int)n)
			fuzz_fail("%u tokens returned, %d freed: %s", n, ret,
				  ret < 0 ? strerror(errno) : "");
		c->num -= n;
		memmove(c->held, c->held + n, c->num * sizeof(*c->held));
	}
}

static void take_frag(struct conn *c, const struct devmem_cmsg *f, uint64_t pos)
{
	struct held *h;

	if (c->num == MAX_HELD)
		release(c, 1 + rnd(&rng, MAX_HELD));
	h = &c->held[c->num];
	h->pos = pos;
	h->offset = f->frag_offset;
	h->size = f->frag_size;
	h->token = f->frag_token;
	count(READER_FRAGS);
	count_add(READER_DEVICE, f->frag_size);
	if (f->dmabuf_id == own.id) {
		check_held(c, h, "when it came");
		c->num++;
		return;
	}
	/* of a binding whose memory we have not, and may be gone */
	count(READER_FOREIGN);
	h->size = 0;
	h->offset = 0;
	c->num++;
}

static size_t take_cmsgs(struct conn *c, struct msghdr *msg, size_t bytes)
{
	size_t done = 0, linear = 0;
	struct cmsghdr *cmsg;
	struct devmem_cmsg f;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		memcpy(&f, CMSG_DATA(cmsg), sizeof(f));
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_len != CMSG_LEN(sizeof(f)) || !f.frag_size ||
		    f.frag_size > bytes - done || f.flags) {
			fuzz_fail("a control message that cannot be");
			break;
		}
		if (cmsg->cmsg_type == SCM_DEVMEM_DMABUF) {
			take_frag(c, &f, c->pos + done);
		} else {
			right(c, c->pos + done, iov_buf + linear, f.frag_size,
			      "linear");
			linear += f.frag_size;
		}
		done += f.frag_size;
	}
	return done;
}

/* Return: false if that was its end. */
static bool read_once(struct conn *c)
{
	struct iovec iov = { iov_buf, 1 + rnd_size(&rng, IOV_SIZE - 1) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t ret;
	size_t done;

	ret = recvmsg(c->fd, &msg, MSG_SOCK_DEVMEM | MSG_DONTWAIT);
	if (ret < 0 && errno == EAGAIN)
		return true;
	/* the limit of the binding */
	if (ret < 0 && errno == ENOMEM && c->num) {
		release(c, c->num);
		return true;
	}
	if (ret <= 0) {
		if (c->strict && ret < 0)
			fuzz_fail("port %u: the stream ended with %s", c->seed,
				  strerror(errno));
		if (!ret)
			count(STREAM_ENDS);
		return false;
	}
	if (msg.msg_flags & MSG_CTRUNC)
		fuzz_fail("control messages were truncated");
	c->last_ms = now_ms();
	done = take_cmsgs(c, &msg, ret);
	if (!done)
		right(c, c->pos, iov_buf, ret, "plain");
	else if (done != (size_t)ret)
		fuzz_fail("control messages tell of %zu bytes of %zd", done,
			  ret);
	c->pos += ret;
	count_add(READER_BYTES, ret);
	if (c->strict)
		count_add(STREAM_READ, ret);
	return true;
}

static void take_conn(int listener)
{
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);
	struct conn *c;
	int fd;

	fd = accept4(listener, (void *)&addr, &len,
		     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	for (c = conns; c < conns + MAX_CONNS && c->fd >= 0; c++)
		;
	if (c == conns + MAX_CONNS) {
		close(fd);
		return;
	}
	count(READER_CONNS);
	c->fd = fd;
	c->seed = ntohs(addr.sin6_port);
	c->strict = addr.sin6_addr.s6_addr[15] == TX_HOST;
	c->pos = 0;
	c->num = 0;
	c->last_ms = now_ms();
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int one = 1, fd;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* An urgent byte of host memory stays where it is then. */
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	if (bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 64))
		err(1, "listen on port %u", port);
	return fd;
}

/* Return: connections that are open. */
static unsigned int serve(int listener)
{
	struct pollfd pfds[MAX_CONNS + 1] = {
		{ .fd = listener, .events = POLLIN },
	};
	unsigned int i, open = 0;
	uint64_t now;

	for (i = 0; i < MAX_CONNS; i++)
		pfds[i + 1] = (struct pollfd){ conns[i].fd, POLLIN, 0 };
	poll(pfds, MAX_CONNS + 1, 100);
	if (pfds[0].revents)
		take_conn(listener);
	now = now_ms();
	for (i = 0; i < MAX_CONNS; i++) {
		struct conn *c = &conns[i];
		bool end = false;

		if (c->fd < 0)
			continue;
		if (pfds[i + 1].fd == c->fd && pfds[i + 1].revents)
			end = !read_once(c);
		if (c->num && chance(&rng, 10))
			release(c, 1 + rnd(&rng, c->num));
		if (!c->strict && now - c->last_ms > IDLE)
			end = true;
		if (!end) {
			open++;
			continue;
		}
		if (chance(&rng, 50))
			release(c, c->num);
		close(c->fd);
		c->fd = -1;
	}
	return open;
}

/**
 * reader_run() - read all connections to READER_PORT, until the end
 * @seed: of what is up to the reader
 *
 * Other processes inherit nothing of it: call reader_bind() before.
 */
void reader_run(uint64_t seed)
{
	uint64_t until = 0;
	unsigned int i, open;
	int listener;

	rng.state = seed;
	for (i = 0; i < MAX_CONNS; i++)
		conns[i].fd = -1;
	listener = listen_on(READER_PORT);
	for (;;) {
		open = serve(listener);
		if (!shared->stop)
			continue;
		if (!until)
			until = now_ms() + PATIENCE;
		if (!open && now_ms() > until - PATIENCE + 3000)
			return;
		if (now_ms() < until)
			continue;
		for (i = 0; i < MAX_CONNS; i++)
			if (conns[i].fd >= 0 && conns[i].strict)
				fuzz_fail("port %u: the stream does not end",
					  conns[i].seed);
		return;
	}
}

static int connect_rx(struct rng *r)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(READER_PORT),
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), i, one = 1;

	inet_pton(AF_INET6, chance(r, 50) ? "::ffff:" RX_ADDRESS : RX_ADDRESS6,
		  &addr.sin6_addr);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (i = 0; i < 50; i++) {
		if (!connect(fd, (void *)&addr, sizeof(addr)))
			return fd;
		usleep(200000);
	}
	err(1, "connect");
}

static void send_stream(struct rng *r, int fd, uint64_t bytes)
{
	static uint8_t buf[64 << 10];
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);
	uint64_t pos = 0;
	ssize_t ret;
	size_t n;

	getsockname(fd, (void *)&addr, &len);
	while (!shared->stop && pos < bytes) {
		n = 1 + rnd_size(r, sizeof(buf) - 1);
		pattern_fill(ntohs(addr.sin6_port), pos, buf, n);
		ret = send(fd, buf, n, MSG_NOSIGNAL);
		if (ret < 0) {
			fuzz_fail("send: %s", strerror(errno));
			break;
		}
		pos += ret;
		count_add(STREAM_SENT, ret);
		/* the machine is for the fuzzer */
		if (chance(r, 80))
			usleep(rnd(r, 10000));
	}
	shutdown(fd, SHUT_WR);
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
	close(fd);
}

/**
 * stream_run() - one stream after the other to the reader, from netns tx
 * @seed: of their sizes
 */
void stream_run(uint64_t seed)
{
	struct rng r = { seed };

	enter_netns("tx");
	while (!shared->stop)
		send_stream(&r, connect_rx(&r), 1 + rnd(&r, 20 << 20));
}

/* All has ended: was all that was sent read? */
void reader_check(void)
{
	if (shared->counts[STREAM_SENT] != shared->counts[STREAM_READ])
		fuzz_fail("%llu bytes were sent, %llu read",
			  (unsigned long long)shared->counts[STREAM_SENT],
			  (unsigned long long)shared->counts[STREAM_READ]);
	if (!shared->counts[READER_DEVICE])
		fuzz_fail("nothing came in device memory");
}
