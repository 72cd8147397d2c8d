// SPDX-License-Identifier: GPL-2.0-only
/* sockfuzz --bar PCI [--dev IFNAME] --seconds N|--ops N [--seed N]: random
 * operations on sockets that receive device memory. In netns rx:
 *
 *   reader	well-behaved, with streams of its own from netns tx, of which
 *		every byte is compared twice
 *   root, nobody   a few threads that share a few sockets and do everything
 *		to them; sockets travel between the two
 *   binder	binds and unbinds queue 2, with another part of the BAR, from which
 *		it also lets them send
 *
 * In netns tx: senders to those sockets, which break off, reset, go away. Queue 1
 * is bound all the time. Prints KEY=NUMBER lines. Exit status 0, 1 a check failed,
 * 2 usage.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "genl.h"
#include "sock.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define THREADS		3
#define NOBODY		65534
#define OWN_BYTES	(48 << 20)
#define SOCK_LIMIT	256

static const char *const names[] = { READER_NAMES, SOCK_NAMES, NULL };

atomic_int slots[SLOTS];
int listeners[2], mail[2];

static const struct {
	const char	*name;		/* the thread's, while it does it */
	void		(*op)(struct hand *h, unsigned int slot);
	unsigned int	weight;
} ops[] = {
	{ "recvmsg", op_recvmsg, 28 }, { "recvmmsg", op_recvmmsg, 4 },
	{ "plain", op_plain, 5 }, { "dontneed", op_dontneed, 22 },
	{ "sockopt", op_sockopt, 8 }, { "life", op_life, 5 },
	{ "accept", op_accept, 10 }, { "send", op_send, 4 },
	{ "senddev", op_send_device, 4 },
	{ "ready", op_ready, 4 }, { "uring", op_uring, 6 },
};

static void step(struct hand *h)
{
	unsigned int i, at = rnd(&h->r, 100), slot = rnd(&h->r, SLOTS);

	/* most of the rest needs a socket */
	if (slots[slot] < 0 && chance(&h->r, 70))
		op_accept(h, slot);
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		if (at < ops[i].weight) {
			prctl(PR_SET_NAME, ops[i].name);
			ops[i].op(h, slot);
			return;
		}
		at -= ops[i].weight;
	}
}

static void *fuzz_thread(void *arg)
{
	struct hand *h = arg;

	while (fuzz_op()) {
		step(h);
		/* leave some of the machine to the streams */
		if (chance(&h->r, 5))
			usleep(rnd(&h->r, 2000));
	}
	uring_end(h);
	return NULL;
}

static void run_threads(uint64_t seed)
{
	static struct hand hands[THREADS];
	pthread_t threads[THREADS];
	struct rng r = { seed };
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		slots[i] = -1;
	for (i = 0; i < THREADS; i++) {
		hand_init(&hands[i], rnd64(&r));
		if (pthread_create(&threads[i], NULL, fuzz_thread, &hands[i]))
			errx(1, "pthread_create");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void run_nobody(uint64_t seed)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		err(1, "nobody");
	run_threads(seed);
}

/* Bind @fd, either to queue 2 or to send from. Return: the id, 0 if it failed. */
static uint32_t bind_it(struct genl *g, struct rng *r, int cmd, int fd)
{
	uint32_t id;

	genl_begin(g, cmd);
	genl_put_u32(g, DEVMEM_TCP_A_IFINDEX, if_nametoindex(options.ifname));
	genl_put_u32(g, DEVMEM_TCP_A_DMABUF_FD, fd);
	if (cmd == DEVMEM_TCP_CMD_BIND_TX) {
		genl_put_u32(g, DEVMEM_TCP_A_TX_USER,
			     chance(r, 70) ? DEVMEM_TCP_TX_ANYBODY : NOBODY);
	} else {
		genl_put_u32(g, DEVMEM_TCP_A_QUEUE, 2);
		genl_put_u32(g, DEVMEM_TCP_A_RX_PAGE_SIZE, 4096u << rnd(r, 5));
		genl_put_u32(g, DEVMEM_TCP_A_SOCK_LIMIT, SOCK_LIMIT);
	}
	if (genl_call(g)) {
		fuzz_fail("bind, command %d: %s", cmd, g->text);
		return 0;
	}
	count(BINDS);
	id = *(const uint32_t *)nla_payload(genl_reply(g, DEVMEM_TCP_A_ID, 0));
	add_id(id);
	return id;
}

static void unbind_it(struct genl *g, uint32_t *id)
{
	if (!*id)
		return;
	genl_begin(g, DEVMEM_TCP_CMD_UNBIND);
	genl_put_u32(g, DEVMEM_TCP_A_ID, *id);
	if (genl_call(g))
		fuzz_fail("unbind: %s", g->text);
	count(UNBINDS);
	*id = 0;
}

static void run_binder(uint64_t seed)
{
	static const int cmds[] = {
		DEVMEM_TCP_CMD_BIND_RX, DEVMEM_TCP_CMD_BIND_TX,
	};
	uint32_t ids[2] = { 0, 0 };
	static struct genl g;
	struct rng r = { seed };
	unsigned int which;
	uint64_t size;
	char spec[64];
	int fd;

	snprintf(spec, sizeof(spec), "%s:%u:%u", options.spec, OWN_BYTES,
		 OTHER_BYTES);
	fd = bar_export(spec, &size);
	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	while (!shared->stop) {
		which = rnd(&r, 2);
		if (ids[which]) {
			unbind_it(&g, &ids[which]);
			usleep(rnd(&r, 100000));
			continue;
		}
		ids[which] = bind_it(&g, &r, cmds[which], fd);
		if (!ids[which])
			break;
		usleep(rnd(&r, 400000));
	}
	unbind_it(&g, &ids[0]);
	unbind_it(&g, &ids[1]);
}

static int listen_on(uint16_t port, int protocol)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int fd, one = 1;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    protocol);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 16))
		err(1, "listen on port %u", port);
	return fd;
}

/* One connection of a sender that nobody can rely on. */
static void send_wild(struct rng *r)
{
	static uint8_t buf[64 << 10];
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	struct timeval tv = { .tv_usec = 100000 };
	struct linger now = { .l_onoff = 1 };
	bool mptcp = chance(r, 15);
	unsigned int n = rnd(r, chance(r, 50) ? 10 : 200);
	ssize_t ret;
	int fd;

	addr.sin6_port = htons(mptcp ? MPTCP_PORT : FUZZ_PORT);
	inet_pton(AF_INET6, chance(r, 50) ? "::ffff:" RX_ADDRESS : RX_ADDRESS6,
		  &addr.sin6_addr);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC,
		    mptcp ? IPPROTO_MPTCP : 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (connect(fd, (void *)&addr, sizeof(addr))) {
		usleep(20000);
		n = 0;
	} else {
		count(PEER_CONNS);
	}
	while (n-- && !shared->stop) {
		ret = send(fd, buf, 1 + rnd_size(r, sizeof(buf) - 1),
			   MSG_NOSIGNAL | (chance(r, 5) ? MSG_OOB : 0));
		if (ret < 0 && errno != EAGAIN)
			break;
		count_add(PEER_BYTES, ret > 0 ? ret : 0);
		if (chance(r, 20))
			usleep(rnd(r, 10000));
		if (chance(r, 25))
			recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
	if (chance(r, 30))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	else if (chance(r, 50))
		shutdown(fd, SHUT_WR);
	usleep(rnd(r, 30000));
	close(fd);
}

static void run_wild(uint64_t seed)
{
	struct rng r = { seed };

	enter_netns("tx");
	while (!shared->stop)
		send_wild(&r);
}

static void check(void)
{
	unsigned long long handed = shared->counts[HANDED];
	unsigned long long freed = shared->counts[FREED];

	reader_check();
	/* each of those requests may have had a control buffer of 4 KiB */
	if (freed > handed + shared->counts[URING_LOST] * 102)
		fuzz_fail("%llu tokens were handed out, %llu freed", handed,
			  freed);
	if (!freed || !shared->counts[BINDS] || !shared->counts[DEVICE_SENT])
		fuzz_fail("no token returned, nothing bound, or nothing sent");
}

int main(int argc, char **argv)
{
	unsigned int i;
	struct rng r;

	fuzz_begin(argc, argv);
	r.state = options.seed;
	enter_netns("rx");
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, mail))
		err(1, "socketpair");
	reader_bind(0, OWN_BYTES, 1, 1, SOCK_LIMIT);
	spawn("reader", reader_run, rnd64(&r));
	listeners[0] = listen_on(FUZZ_PORT, 0);
	listeners[1] = listen_on(MPTCP_PORT, IPPROTO_MPTCP);
	spawn("root", run_threads, rnd64(&r));
	spawn("nobody", run_nobody, rnd64(&r));
	spawn("binder", run_binder, rnd64(&r));
	close(listeners[0]);
	close(listeners[1]);
	for (i = 0; i < 2; i++)
		spawn("stream", stream_run, rnd64(&r));
	for (i = 0; i < 5; i++)
		spawn("wild", run_wild, rnd64(&r));
	while (!fuzz_over())
		usleep(50000);
	return fuzz_end(names, check);
}
