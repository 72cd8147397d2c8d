// SPDX-License-Identifier: GPL-2.0-only
/* The connection: how it begins and ends, who else has it, when it is ready. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dmsock.h"
#include "ebpf.h"
#include "md5.h"

#ifndef TCP_INQ
#define TCP_INQ		36
#endif

struct conn conn = { .fd = -1 };
uint16_t port = 5000;
int rcvbuf;
int protocol;
const struct in6_addr *signer;

static struct conn second = { .fd = -1 };
static int listener = -1, epfd = -1;

int wait_readable(int ms)
{
	struct pollfd pfd = { .fd = conn.fd, .events = POLLIN };
	int ret;

	do {
		ret = poll(&pfd, 1, ms);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static void do_listen(void)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int one = 1;

	listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (rcvbuf)
		setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf,
			   sizeof(rcvbuf));
	if (signer) {
		addr.sin6_addr = *signer;
		md5_sign(listener, (void *)&addr, sizeof(addr));
		addr.sin6_addr = in6addr_any;
	}
	if (bind(listener, (void *)&addr, sizeof(addr)) ||
	    listen(listener, 8))
		err(1, "listen on port %u", port);
}

static void do_close(void)
{
	close(conn.fd);
	conn.fd = -1;
	conn.pos = 0;
	conn.nr_tokens = 0;
}

void do_accept(void)
{
	if (conn.fd >= 0)
		do_close();
	if (listener < 0)
		do_listen();
	conn.fd = listener;
	if (wait_readable(patience) <= 0)
		errx(1, "nobody connects");
	conn.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (conn.fd < 0)
		err(1, "accept");
	conn.pos = 0;
	conn.nr_tokens = 0;
}

static void do_swap(void)
{
	struct conn tmp = conn;

	conn = second;
	second = tmp;
}

/* Each connection has a process of its own. */
void do_many(unsigned int n)
{
	unsigned int i, failed = 0;
	char name[32];
	int status;

	for (i = 0; i < n; i++) {
		do_accept();
		fflush(stdout);
		if (fork())
			continue;
		snprintf(name, sizeof(name), "%s%u", step_name, i);
		step_name = name;
		receive_many(0, false, patience);
		exit(0);
	}
	for (i = 0; i < n; i++) {
		wait(&status);
		failed += !!status;
	}
	say("failed", "%u", failed);
	if (failed)
		wrong("%u of %u streams", failed, n);
}

/* The socket that was a connection, or is none, becomes one to @address. */
static void do_connect(const char *address)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "::ffff:%s", address);
	if (!inet_pton(AF_INET6, mapped, &addr.sin6_addr))
		errx(2, "address %s", address);
	if (conn.fd < 0)
		conn.fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(conn.fd, (void *)&addr, sizeof(addr)))
		err(1, "connect to %s", address);
	conn.pos = 0;
}

static void do_disconnect(void)
{
	struct sockaddr addr = { .sa_family = AF_UNSPEC };

	say_errno(connect(conn.fd, &addr, sizeof(addr)) ? errno : 0);
}

/* A child that has the socket by fork(), until @file exists. */
static void do_keep(const char *file)
{
	fflush(NULL);
	if (fork())
		return;
	while (access(file, F_OK))
		usleep(2000);
	_exit(0);
}

/* A child that gets the socket by SCM_RIGHTS, returns all tokens there, then
 * keeps the socket until @file exists.
 */
static void pass_child(int from, const char *file)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct got got;
	struct ask ask;

	if (recvmsg(from, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		err(1, "SCM_RIGHTS");
	memcpy(&conn.fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	say("there", "%zu", conn.nr_tokens);
	free_all();
	/* more than what a ring may lack of its buffers */
	ask = ask_for(60000, 1024, MSG_WAITALL);
	say_got(receive(&ask, &got), &got);
	fflush(NULL);
	if (write(from, &byte, 1) != 1)
		err(1, "write");
	while (access(file, F_OK))
		usleep(2000);
	_exit(0);
}

static void do_pass(const char *file)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		err(1, "socketpair");
	fflush(NULL);
	if (!fork()) {
		close(conn.fd);
		close(pair[0]);
		pass_child(pair[1], file);
	}
	close(pair[1]);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &conn.fd, sizeof(int));
	if (sendmsg(pair[0], &msg, 0) != 1)
		err(1, "SCM_RIGHTS");
	do_close();
	if (read(pair[0], &byte, 1) != 1)
		wrong("the child did not return the tokens");
}

static void do_set(const char *name, int value)
{
	static const struct {
		const char *name;
		int level, option;
	} options[] = {
		{ "timestamp", SOL_SOCKET, SO_TIMESTAMP },
		{ "oobinline", SOL_SOCKET, SO_OOBINLINE },
		{ "rcvlowat", SOL_SOCKET, SO_RCVLOWAT },
		{ "rcvbuf", SOL_SOCKET, SO_RCVBUF },
		{ "peekoff", SOL_SOCKET, SO_PEEK_OFF },
		{ "inq", IPPROTO_TCP, TCP_INQ },
		{ "flowinfo", IPPROTO_IPV6, 11 },	/* IPV6_FLOWINFO */
	};
	unsigned int i;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strcmp(name, options[i].name))
			continue;
		say_errno(setsockopt(conn.fd, options[i].level,
				     options[i].option, &value,
				     sizeof(value)) ? errno : 0);
		return;
	}
	errx(2, "no option %s", name);
}

/* Loads byte @offset of each segment, 0 is the TCP header's first. One that
 * cannot be loaded is dropped.
 */
static void do_filter(uint32_t offset)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog prog = { .len = 2, .filter = code };
	int zero = 0;

	if (offset ? setsockopt(conn.fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				sizeof(prog)) :
		     setsockopt(conn.fd, SOL_SOCKET, SO_DETACH_FILTER, &zero,
				sizeof(zero)))
		err(1, "filter");
}

static void do_prog(const char *path)
{
	int fd = bpf_pinned(path);

	if (setsockopt(conn.fd, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof(fd)))
		err(1, "%s", path);
}

static void do_epoll(uint32_t events)
{
	struct epoll_event ev = { .events = events };

	if (epfd >= 0)
		close(epfd);
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, conn.fd, &ev))
		err(1, "epoll_ctl");
}

static void do_epwait(int ms)
{
	struct epoll_event ev = {};

	say("ready", "%d", epoll_wait(epfd, &ev, 1, ms));
	say("in", "%d", !!(ev.events & EPOLLIN));
}

static void do_ioctl(unsigned long what)
{
	int value = -1;

	say_errno(ioctl(conn.fd, what, &value) ? errno : 0);
	say("value", "%d", value);
}

static void do_shut(int how)
{
	say_errno(shutdown(conn.fd, how) ? errno : 0);
}

bool step_conn(const char *s)
{
	char name[16];
	int a;

	if (!strcmp(s, "accept"))
		do_accept();
	else if (sscanf(s, "many:%d", &a) == 1)
		do_many(a);
	else if (!strcmp(s, "close"))
		do_close();
	else if (!strcmp(s, "swap"))
		do_swap();
	else if (!strncmp(s, "connect:", 8))
		do_connect(s + 8);
	else if (!strcmp(s, "disconnect"))
		do_disconnect();
	else if (!strncmp(s, "keep:", 5))
		do_keep(s + 5);
	else if (!strncmp(s, "pass:", 5))
		do_pass(s + 5);
	else if (sscanf(s, "set:%15[a-z]:%d", name, &a) == 2)
		do_set(name, a);
	else if (sscanf(s, "filter:%d", &a) == 1)
		do_filter(a);
	else if (!strncmp(s, "prog:", 5))
		do_prog(s + 5);
	else if (!strcmp(s, "epoll:et"))
		do_epoll(EPOLLIN | EPOLLET);
	else if (!strcmp(s, "epoll:lt"))
		do_epoll(EPOLLIN);
	else if (sscanf(s, "epwait:%d", &a) == 1)
		do_epwait(a);
	else if (sscanf(s, "ready:%d", &a) == 1)
		say("ready", "%d", wait_readable(a));
	else if (!strcmp(s, "inq"))
		do_ioctl(SIOCINQ);
	else if (!strcmp(s, "atmark"))
		do_ioctl(SIOCATMARK);
	else if (!strcmp(s, "shut:rd"))
		do_shut(SHUT_RD);
	else if (!strcmp(s, "shut:wr"))
		do_shut(SHUT_WR);
	else
		return false;
	return true;
}
