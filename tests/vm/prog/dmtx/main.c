// SPDX-License-Identifier: GPL-2.0-only
/* dmtx [OPTION]... ADDRESS PORT STEP...: sends the test stream of lib/pattern.h
 * from a dma-buf.
 *
 *   -m PCI[:OFFSET[:SIZE]]	the dma-buf: this range of BAR 2; without it
 *				descriptor 20, see withbuf
 *   -d IFNAME		bind it to send through this device
 *   -n			over the family netdev; without it devmem_tcp
 *   -u UID		whose sockets may send; -1: anybody
 *   -i ID		instead of -d: somebody has bound it
 *   -s SEED, -b SOURCE_PORT
 *   -S BYTES		SO_SNDBUF
 *   -z			without SO_ZEROCOPY
 *   -F			with TCP_FASTOPEN_CONNECT: the first call connects
 *
 * The dma-buf is used as a ring: what was sent from a place has to be completed
 * before the place is written again. Steps, one after the other:
 *
 *   send:BYTES[:SIZE[:IOVECS]]	in calls of SIZE (64 KiB), with so many
 *				iovecs each (1)
 *   odd:BYTES		calls of many sizes and offsets
 *   host:BYTES		from host memory, an ordinary send()
 *   more:BYTES:SIZE	as send, with MSG_MORE
 *   nowait:BYTES	as send, with MSG_DONTWAIT; polls for room
 *   fill:BYTES		send until no room is left, at most so much, without
 *			waiting; prints NAME.bytes
 *   done		waits until all is completed
 *   pending		prints NAME.pending, calls that are not completed
 *   try:OFFSET:BYTES[:FLAGS[:ID]]   one sendmsg(), prints NAME.errno; FLAGS
 *			instead of MSG_ZEROCOPY, ID instead of the binding's.
 *			What it sends is not of the stream
 *   uring:OP		the same by io_uring, 1000 bytes: OP is sendmsg, waitall
 *			(the same with MSG_WAITALL), or zc, IORING_OP_SENDMSG_ZC
 *   user:UID		the user from here on
 *   cork:N, nodelay:N, repair:N	the socket options of TCP
 *   stamps		ask for a timestamp of all that is sent
 *   linger:SECONDS	SO_LINGER
 *   faults:on, faults:off	between these each sendmsg() is made with its first
 *			allocation or copy failing, then with its second, ..., until
 *			it succeeds; prints NAME.injected, and NAME.failed of these
 *   unbind		close the netlink socket or ask for it; the program goes on
 *   rst		reset the connection, and end
 *   close		close it, and end; prints NAME.ms
 *   exit		end, with all descriptors as they are
 *   wait:FILE, touch:FILE, sleep:MS
 *
 * A step can have a name: NAME=STEP. Prints id=, sent=, completed=, copied=:
 * completions that say that data was copied; stamps=: timestamps. Then it shuts down
 * and waits for the peer's end.
 */
#include <err.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "dmtx.h"
#include "genl.h"
#include "netdev.h"
#include "pattern.h"
#include "step.h"

#define BUF_FD		20
#define CALL_SIZE	(64 << 10)
#define MAX_IOV		16

static struct genl g = { .fd = -1 };
static uint64_t sent;
static int sndbuf;
static bool over_netdev, fast_open, zerocopy = true;
uint32_t id;
int sock = -1;
const char *step_name;

static void bind_buf(const char *ifname, int fd, const char *user)
{
	uint32_t ifindex = if_nametoindex(ifname);
	const struct nlattr *attr;
	int ret;

	if (!ifindex)
		err(1, "%s", ifname);
	genl_need(&g, over_netdev ? NETDEV_FAMILY : DEVMEM_TCP_FAMILY_NAME);
	if (over_netdev) {
		genl_begin(&g, NETDEV_BIND_TX);
		genl_put_u32(&g, NETDEV_A_BIND_IFINDEX, ifindex);
		genl_put_u32(&g, NETDEV_A_BIND_FD, fd);
	} else {
		genl_begin(&g, DEVMEM_TCP_CMD_BIND_TX);
		genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, ifindex);
		genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, fd);
		if (user)
			genl_put_u32(&g, DEVMEM_TCP_A_TX_USER, atol(user));
	}
	ret = genl_call(&g);
	if (ret)
		errx(1, "bind-tx: %s: %s", strerrorname_np(ret), g.text);
	attr = genl_reply(&g, over_netdev ? NETDEV_A_BIND_ID : DEVMEM_TCP_A_ID,
			  0);
	if (!attr)
		errx(1, "bind-tx: no id");
	id = *(const uint32_t *)nla_payload(attr);
	printf("id=%u\n", id);
}

static void unbind_buf(void)
{
	if (!over_netdev) {
		genl_begin(&g, DEVMEM_TCP_CMD_UNBIND);
		genl_put_u32(&g, DEVMEM_TCP_A_ID, id);
		if (genl_call(&g))
			errx(1, "unbind: %s", g.text);
	}
	close(g.fd);
}

static void set_tcp(int option, int value)
{
	if (setsockopt(sock, IPPROTO_TCP, option, &value, sizeof(value)))
		err(1, "TCP option %d", option);
}

static void connect_to(const char *host, const char *port, unsigned int source)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct sockaddr_in6 from = { .sin6_port = htons(source) };
	struct addrinfo *ai;
	int one = 1;

	if (getaddrinfo(host, port, &hints, &ai))
		errx(2, "%s port %s: not an address", host, port);
	sock = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		err(1, "socket");
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (zerocopy &&
	    setsockopt(sock, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		err(1, "SO_ZEROCOPY");
	if (fast_open)
		set_tcp(TCP_FASTOPEN_CONNECT, 1);
	if (sndbuf &&
	    setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf)))
		err(1, "SO_SNDBUF");
	from.sin6_family = ai->ai_family;
	if (source && bind(sock, (void *)&from, ai->ai_addrlen))
		err(1, "source port %u", source);
	if (connect(sock, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect to %s port %s", host, port);
	freeaddrinfo(ai);
}

static void send_call(uint64_t len, int num, int flags)
{
	struct iovec iovs[MAX_IOV], *iov = iovs;
	uint64_t before = head, part, put = 0;
	ssize_t ret;
	int i;

	for (i = 0; i < num; i++) {
		part = i + 1 < num ? len / num : len - put;
		iovs[i].iov_base = (void *)place(sent + put, part);
		iovs[i].iov_len = part;
		put += part;
	}
	for (; len; len -= ret, sent += ret) {
		ret = send_from(iov, num, MSG_ZEROCOPY | flags, id);
		if (ret == -EAGAIN || ret == -ENOBUFS) {
			struct pollfd p = { .fd = sock, .events = POLLOUT };

			if (!read_completions(0))
				poll(&p, 1, 100);
			ret = 0;
			continue;
		}
		if (ret < 0)
			errx(1, "sendmsg after %llu bytes: %s",
			     (unsigned long long)sent, strerror(-ret));
		/* The rest of the place is not sent yet. */
		if ((uint64_t)ret < len)
			ring_partly(before);
		for (part = ret; part; ) {
			put = part < iov->iov_len ? part : iov->iov_len;
			iov->iov_base += put;
			iov->iov_len -= put;
			part -= put;
			if (!iov->iov_len && num > 1)
				iov++, num--;
		}
	}
	read_completions(0);
}

static void send_all(uint64_t bytes, uint64_t call, int iovecs, int flags)
{
	uint64_t len;

	for (; bytes; bytes -= len) {
		len = bytes < call ? bytes : call;
		send_call(len, len < (uint64_t)iovecs ? 1 : iovecs, flags);
	}
}

static void send_odd(uint64_t bytes)
{
	static const unsigned int sizes[] = {
		1, 20000, 3, 1448, 4096, 4097, 60000, 191, 100000, 2, 5000, 150,
	};
	unsigned int i;
	uint64_t len;

	for (i = 0; bytes; i++, bytes -= len) {
		len = sizes[i % (sizeof(sizes) / sizeof(*sizes))];
		len = len < bytes ? len : bytes;
		send_call(len, len < 3 ? 1 : 1 + i % 3, 0);
	}
}

static void send_host(uint64_t bytes)
{
	static uint8_t buf[CALL_SIZE];
	ssize_t ret;
	size_t n;

	for (; bytes; bytes -= ret, sent += ret) {
		n = bytes < sizeof(buf) ? bytes : sizeof(buf);
		pattern_fill(seed, sent, buf, n);
		ret = send(sock, buf, n, MSG_NOSIGNAL);
		if (ret < 0)
			err(1, "send");
	}
}

/* As much as goes without waiting. */
static void send_fill(uint64_t most)
{
	struct iovec iov;
	uint64_t before = sent;
	ssize_t ret;

	do {
		iov.iov_base = (void *)place(sent, CALL_SIZE);
		iov.iov_len = CALL_SIZE;
		ret = send_from(&iov, 1, MSG_ZEROCOPY | MSG_DONTWAIT, id);
		if (ret > 0)
			sent += ret;
	} while (ret == CALL_SIZE && sent - before < most);
	printf("%s.bytes=%llu\n", step_name,
	       (unsigned long long)(sent - before));
}

static void say_totals(void)
{
	printf("sent=%llu\ncompleted=%u\ncalls=%u\ncopied=%u\nstamps=%u\n",
	       (unsigned long long)sent, completed, nr_calls, copied, stamps);
	fflush(stdout);
}

static void set_linger(int seconds)
{
	struct linger l = { .l_onoff = 1, .l_linger = seconds };

	if (setsockopt(sock, SOL_SOCKET, SO_LINGER, &l, sizeof(l)))
		err(1, "SO_LINGER");
}

static void ask_for_stamps(void)
{
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK |
		    SOF_TIMESTAMPING_SOFTWARE;

	if (setsockopt(sock, SOL_SOCKET, SO_TIMESTAMPING, &flags,
		       sizeof(flags)))
		err(1, "SO_TIMESTAMPING");
}

static void close_it(void)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	close(sock);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%s.ms=%ld\n", step_name, (to.tv_sec - from.tv_sec) * 1000 +
	       (to.tv_nsec - from.tv_nsec) / 1000000);
	say_totals();
	exit(0);
}

/* Return: false if @s sets nothing. */
static bool set_option(const char *s)
{
	int n;

	if (sscanf(s, "cork:%d", &n) == 1)
		set_tcp(TCP_CORK, n);
	else if (sscanf(s, "nodelay:%d", &n) == 1)
		set_tcp(TCP_NODELAY, n);
	else if (sscanf(s, "repair:%d", &n) == 1)
		set_tcp(TCP_REPAIR, n);
	else if (sscanf(s, "linger:%d", &n) == 1)
		set_linger(n);
	else if (!strcmp(s, "stamps"))
		ask_for_stamps();
	else
		return false;
	return true;
}

static void run_step(char *s)
{
	unsigned long a = 0, b = CALL_SIZE;
	long c = 1, d = id;
	char *eq = strchr(s, '='), *colon = strchr(s, ':');

	step_name = "step";
	if (eq && (!colon || eq < colon)) {
		*eq = '\0';
		step_name = s;
		s = eq + 1;
	}
	if (sscanf(s, "send:%lu:%lu:%ld", &a, &b, &c) >= 1) {
		send_all(a, b, c, 0);
	} else if (sscanf(s, "odd:%lu", &a) == 1) {
		send_odd(a);
	} else if (sscanf(s, "host:%lu", &a) == 1) {
		send_host(a);
	} else if (sscanf(s, "more:%lu:%lu", &a, &b) == 2) {
		send_all(a, b, 1, MSG_MORE);
	} else if (sscanf(s, "nowait:%lu", &a) == 1) {
		send_all(a, b, 1, MSG_DONTWAIT);
	} else if (sscanf(s, "fill:%lu", &a) == 1) {
		send_fill(a);
	} else if (!strcmp(s, "done")) {
		wait_done();
	} else if (!strcmp(s, "pending")) {
		read_completions(0);
		printf("%s.pending=%u\n", step_name, nr_calls - completed);
	} else if (!strncmp(s, "try:", 4)) {
		c = MSG_ZEROCOPY;
		if (sscanf(s, "try:%li:%li:%li:%li", (long *)&a, (long *)&b, &c,
			   &d) < 2)
			errx(2, "%s?", s);
		try_one(a, b, c, d);
	} else if (!strncmp(s, "uring:", 6)) {
		try_uring(s + 6);
	} else if (sscanf(s, "user:%lu", &a) == 1) {
		if (seteuid(a))
			err(1, "user %lu", a);
	} else if (!strcmp(s, "faults:on")) {
		faults = true;
	} else if (!strcmp(s, "faults:off")) {
		faults = false;
		printf("%s.injected=%lu\n%s.failed=%lu\n", step_name,
		       injected, step_name, failed);
	} else if (!strcmp(s, "unbind")) {
		unbind_buf();
	} else if (!strcmp(s, "rst")) {
		set_linger(0);
		close_it();
	} else if (!strcmp(s, "exit")) {
		say_totals();
		_exit(0);
	} else if (!strcmp(s, "close")) {
		close_it();
	} else if (!set_option(s) && !step_common(s)) {
		errx(2, "unknown step %s", s);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *ifname = NULL, *bar = NULL, *user = NULL;
	unsigned int source = 0;
	struct stat st;
	int c, buf = BUF_FD;
	char byte;

	while ((c = getopt(argc, argv, "+m:d:nu:i:s:b:S:zF")) != -1) {
		switch (c) {
		case 'm':
			bar = optarg;
			break;
		case 'd':
			ifname = optarg;
			break;
		case 'n':
			over_netdev = true;
			break;
		case 'u':
			user = optarg;
			break;
		case 'i':
			id = atoi(optarg);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'b':
			source = atoi(optarg);
			break;
		case 'S':
			sndbuf = atoi(optarg);
			break;
		case 'z':
			zerocopy = false;
			break;
		case 'F':
			fast_open = true;
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind < 3 || (!ifname && !id))
		errx(2, "usage: dmtx [OPTION]... ADDRESS PORT STEP...");
	if (bar)
		buf = bar_export(bar, &size);
	else if (!fstat(buf, &st))
		size = lseek(buf, 0, SEEK_END);
	if (size) {
		mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buf,
			   0);
		if (mem == MAP_FAILED)
			err(1, "mmap");
	}
	if (ifname)
		bind_buf(ifname, buf, user);
	fflush(stdout);
	connect_to(argv[0], argv[1], source);
	for (argv += 2; *argv; argv++)
		run_step(*argv);
	say_totals();
	if (shutdown(sock, SHUT_WR))
		err(1, "shutdown");
	while (recv(sock, &byte, 1, 0) > 0)
		;
	wait_done();
	say_totals();
	return 0;
}
