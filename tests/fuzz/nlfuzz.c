// SPDX-License-Identifier: GPL-2.0-only
/* nlfuzz --bar PCI [--dev IFNAME] --seconds N|--ops N [--seed N]: requests of
 * the families devmem_tcp and netdev, right and wrong ones, from several
 * processes with several threads:
 *
 *   root	in netns rx, one of which is killed again and again
 *   nobody	the same without any privilege: nothing may be bound or
 *		unbound, NUM_HELD is not shown
 *   elsewhere	root in a namespace without the device: no binding may be seen
 *   userns	nobody, who is root in namespaces of its own: the same
 *
 * Sockets are shared by the threads of a process, and closed while others use
 * them; dumps are left half-read. Every answer must be well-formed. Prints
 * KEY=NUMBER lines. Exit status 0, 1 a check failed, 2 usage.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>
#include <linux/genetlink.h>

#include "bar.h"
#include "genl.h"
#include "hostbuf.h"
#include "nl.h"

#define THREADS		3
#define SOCKETS		6
#define SEQS		4096
#define NOBODY		65534
/* An answer, if there is one, is there when send() returns. */
#define ANSWER_MS	2

enum {
	SENT, BROKEN, MUTATED, ANSWERS, NOTIFICATIONS, BOUND, UNBOUND, DUMPED,
	ABANDONED, SOCKETS_CLOSED, KILLED,
};

static const char *const names[] = {
	"messages", "broken", "mutated", "answers", "notifications", "bound",
	"unbound", "dumps", "abandoned", "sockets_closed", "killed", NULL
};

/* What a process may do. */
static struct {
	bool	admin;		/* CAP_NET_ADMIN here */
	bool	here;		/* in the device's namespace */
} role;

struct nl_world world;

static atomic_int sockets[SOCKETS];
static atomic_uint next_seq = 1;
static atomic_ullong asked[SEQS];	/* its number, and what it was */
#define ASKED_ADMIN	1
#define ASKED_UNBIND	2

static const int netlink_options[] = {
	NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK,
	NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS,
	NETLINK_LISTEN_ALL_NSID,
};

static int open_socket(struct rng *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int one = 1, small = rnd(r, 8192), i;

	if (fd < 0)
		return fd;
	for (i = 0; i < 7; i++)
		if (chance(r, i ? 20 : 70))
			setsockopt(fd, SOL_NETLINK, netlink_options[i], &one,
				   sizeof(one));
	if (chance(r, 10))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	/* groups of generic netlink start at 16 */
	for (i = 0; chance(r, 30) && i < 4; i++) {
		small = 2 + rnd(r, 30);
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &small,
			   sizeof(small));
	}
	return fd;
}

static void reopen(struct rng *r, unsigned int i)
{
	int old = atomic_exchange(&sockets[i], open_socket(r));

	if (old >= 0)
		close(old);
	count(SOCKETS_CLOSED);
}

/* Another descriptor for the same thing; somebody may be using the old one. */
static void renew_fd(struct rng *r)
{
	unsigned int i = rnd(r, MAX_FDS - 4);
	int fd = fcntl(world.fds[i], F_DUPFD_CLOEXEC, 100), old;

	if (fd < 0)
		return;
	old = atomic_exchange(&world.fds[i], fd);
	close(old);
}

static bool attrs_right(const void *at, int len)
{
	const struct nlattr *attr;

	for (; len > 0; len -= NLA_ALIGN(attr->nla_len),
	     at += NLA_ALIGN(attr->nla_len)) {
		attr = at;
		if (len < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN ||
		    attr->nla_len > len)
			return false;
		if (attr->nla_type & NLA_F_NESTED &&
		    !attrs_right(attr + 1, attr->nla_len - NLA_HDRLEN))
			return false;
	}
	return true;
}

static void take_binding(const struct nlmsghdr *hdr, const void *attrs, int len)
{
	static const uint16_t always[] = {
		DEVMEM_TCP_A_ID, DEVMEM_TCP_A_IFINDEX,
		DEVMEM_TCP_A_RX_PAGE_SIZE, DEVMEM_TCP_A_SIZE,
		DEVMEM_TCP_A_NUM_NIOVS, DEVMEM_TCP_A_EXPORTER,
		DEVMEM_TCP_A_SOCK_LIMIT,
	};
	bool tx = genl_find(attrs, len, DEVMEM_TCP_A_TX, 0);
	unsigned int i;

	for (i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (!genl_find(attrs, len, always[i], 0))
			fuzz_fail("a binding without attribute %u", always[i]);
	if (tx != !!genl_find(attrs, len, DEVMEM_TCP_A_TX_USER, 0) ||
	    tx == !!genl_find(attrs, len, DEVMEM_TCP_A_QUEUE, 0) ||
	    tx == !!genl_find(attrs, len, DEVMEM_TCP_A_POOL, 0))
		fuzz_fail("a binding to send from with queues, or one without");
	if (!role.here && hdr->nlmsg_seq)
		fuzz_fail("a binding of another namespace is shown");
	if (!role.admin && genl_find(attrs, len, DEVMEM_TCP_A_NUM_HELD, 0))
		fuzz_fail("NUM_HELD is shown to everybody");
}

static void take_reply(const struct nlmsghdr *hdr)
{
	const struct genlmsghdr *genl = NLMSG_DATA(hdr);
	const void *attrs = (const uint8_t *)hdr + NLMSG_LENGTH(GENL_HDRLEN);
	int len = (int)hdr->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	const struct nlattr *id;

	count(hdr->nlmsg_seq ? ANSWERS : NOTIFICATIONS);
	if (hdr->nlmsg_type != world.dmt && hdr->nlmsg_type != world.netdev)
		return;
	if (len < 0 || !attrs_right(attrs, len)) {
		fuzz_fail("malformed reply to command %u", genl->cmd);
		return;
	}
	if (nl_binds(hdr)) {
		id = genl_find(attrs, len, hdr->nlmsg_type == world.dmt ?
			       DEVMEM_TCP_A_ID : NETDEV_A_BIND_ID, 0);
		if (!id)
			fuzz_fail("a bind reply without an id");
		else
			add_id(*(const uint32_t *)nla_payload(id));
		if (!role.admin || !role.here)
			fuzz_fail("bound without the right to");
		count(BOUND);
	} else if (hdr->nlmsg_type == world.dmt) {
		take_binding(hdr, attrs, len);
	}
}

static void take_ack(const struct nlmsghdr *hdr)
{
	const struct nlmsgerr *e = NLMSG_DATA(hdr);
	uint32_t seq;
	uint64_t what;

	if (hdr->nlmsg_len < NLMSG_LENGTH(sizeof(*e))) {
		fuzz_fail("an ack of %u bytes", hdr->nlmsg_len);
		return;
	}
	count_errno(-e->error);
	if (e->error > 0)
		fuzz_fail("an ack with %d", e->error);
	/* of what we sent, and not of what damage made of it */
	seq = e->msg.nlmsg_seq;
	what = asked[seq % SEQS];
	if (e->error || what >> 8 != seq ||
	    (e->msg.nlmsg_type != world.dmt &&
	     e->msg.nlmsg_type != world.netdev))
		return;
	if (what & ASKED_ADMIN && (!role.admin || !role.here))
		fuzz_fail("a privileged request succeeded");
	if (what & ASKED_UNBIND)
		count(UNBOUND);
}

/* Until nothing comes for @ms milliseconds, or @max datagrams. Never waits in
 * recv(): @fd may be a socket that another thread has just opened, and whatever
 * limits the wait there is not set yet.
 */
static void take_all(int fd, unsigned int max, int ms)
{
	static __thread uint8_t buf[32768];
	const struct nlmsghdr *hdr;
	struct pollfd in = {};
	ssize_t len;

	in.fd = fd;
	in.events = POLLIN;
	while (max--) {
		poll(&in, 1, ms);
		len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (len <= 0) {
			if (len < 0 && errno == ENOBUFS)
				continue;
			return;
		}
		for (hdr = (void *)buf; NLMSG_OK(hdr, len);
		     hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_ERROR)
				take_ack(hdr);
			else if (hdr->nlmsg_type == NLMSG_DONE)
				count(DUMPED);
			else
				take_reply(hdr);
			if (hdr->nlmsg_type == NLMSG_ERROR ||
			    hdr->nlmsg_type == NLMSG_DONE)
				ms = 0;
		}
	}
}

static void note(const struct nlmsghdr *hdr)
{
	const struct genlmsghdr *genl = NLMSG_DATA(hdr);
	uint64_t what = (uint64_t)hdr->nlmsg_seq << 8;

	if (nl_privileged(hdr)) {
		what |= ASKED_ADMIN;
		if (hdr->nlmsg_type == world.dmt &&
		    genl->cmd == DEVMEM_TCP_CMD_UNBIND)
			what |= ASKED_UNBIND;
	}
	asked[hdr->nlmsg_seq % SEQS] = what;
}

/* One datagram of one message or more. */
static void request(struct rng *r, int fd)
{
	static __thread uint8_t buf[4 * MSG_ROOM];
	static __thread struct nl_msg msg;
	unsigned int n = chance(r, 90) ? 1 : 1 + rnd(r, 6);
	size_t len = 0, start;
	bool broken;

	while (n-- && len < 3 * MSG_ROOM) {
		nl_generate(r, &msg);
		if (chance(r, 35)) {
			nl_mutate(r, &msg);
			count(MUTATED);
		}
		broken = chance(r, 12);
		if (broken)
			count(BROKEN);
		start = len;
		len += NLMSG_ALIGN(nl_serialize(r, &msg, next_seq++, broken,
						buf + start));
		note((void *)(buf + start));
		count(SENT);
	}
	send(fd, buf, len, chance(r, 90) ? 0 : MSG_DONTWAIT);
}

static void step(struct rng *r)
{
	unsigned int i = rnd(r, SOCKETS);
	int fd = sockets[i];

	switch (rnd(r, 24)) {
	case 0:
		reopen(r, i);
		break;
	case 1:
		renew_fd(r);
		break;
	case 2:
		take_all(fd, 1 + rnd(r, 3), 0);
		break;
	case 3:
		/* what was asked before is read by somebody, or by nobody */
		request(r, fd);
		break;
	case 4:
		request(r, fd);
		take_all(fd, 1, ANSWER_MS);
		reopen(r, i);
		count(ABANDONED);
		break;
	default:
		request(r, fd);
		take_all(fd, 50, ANSWER_MS);
	}
}

static void *fuzz_thread(void *arg)
{
	struct rng *r = arg;

	while (fuzz_op())
		step(r);
	return NULL;
}

static void run_threads(uint64_t seed)
{
	struct rng rngs[THREADS], r = { seed };
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < SOCKETS; i++)
		sockets[i] = open_socket(&r);
	for (i = 0; i < THREADS; i++) {
		rngs[i].state = rnd64(&r);
		if (pthread_create(&threads[i], NULL, fuzz_thread, &rngs[i]))
			errx(1, "pthread_create");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void drop_privileges(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		err(1, "nobody");
}

static void run_root(uint64_t seed)
{
	role.admin = true;
	role.here = true;
	run_threads(seed);
}

static void run_nobody(uint64_t seed)
{
	role.here = true;
	drop_privileges();
	run_threads(seed);
}

static void run_elsewhere(uint64_t seed)
{
	role.admin = true;
	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	run_threads(seed);
}

static void run_userns(uint64_t seed)
{
	drop_privileges();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		err(1, "unshare");
	run_threads(seed);
}

static void open_world(void)
{
	static struct genl g;
	unsigned int n = 0, i;
	uint64_t size;
	char spec[64];
	int pipefd[2];

	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	world.dmt = g.family;
	close(g.fd);
	genl_need(&g, NETDEV_FAMILY);
	world.netdev = g.family;
	world.ifindex = if_nametoindex(options.ifname);
	for (i = 0; i < 4; i++) {
		snprintf(spec, sizeof(spec), "%s:%u:%u", options.spec,
			 i << 24, i == 3 ? 65536 : 8 << 20);
		world.fds[n++] = bar_export(spec, &size);
	}
	world.fds[n++] = udma_buf(1 << 20);
	world.fds[n++] = heap_buf(256 << 10);
	world.nr_dmabufs = n;
	if (pipe(pipefd))
		err(1, "pipe");
	world.fds[n++] = pipefd[0];
	world.fds[n++] = g.fd;
	world.fds[n++] = socket(AF_INET, SOCK_STREAM, 0);
	world.fds[n++] = socket(AF_UNIX, SOCK_DGRAM, 0);
	world.fds[n++] = memfd_create("nlfuzz", 0);
	world.fds[n++] = epoll_create1(0);
	world.fds[n++] = open("/dev/null", O_RDWR);
	world.fds[n++] = open("/dev/udmabuf", O_RDWR);
	world.fds[n++] = open("/", O_PATH);
	while (n < MAX_FDS)
		world.fds[n++] = 900 + n;
}

int main(int argc, char **argv)
{
	struct rng r;

	fuzz_begin(argc, argv);
	r.state = options.seed;
	enter_netns("rx");
	open_world();
	spawn("root", run_root, rnd64(&r));
	spawn("victim", run_root, rnd64(&r));
	spawn("nobody", run_nobody, rnd64(&r));
	spawn("elsewhere", run_elsewhere, rnd64(&r));
	spawn("userns", run_userns, rnd64(&r));
	while (!fuzz_over()) {
		usleep(1000 * (100 + rnd(&r, 1500)));
		if (fuzz_over() || !kill_one("victim"))
			break;
		count(KILLED);
		spawn("victim", run_root, rnd64(&r));
	}
	return fuzz_end(names, NULL);
}
