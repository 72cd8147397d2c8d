// SPDX-License-Identifier: GPL-2.0-only
/* Everything that is done to sockets but receiving. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devmem_sock.h"
#include "sock.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif

/* Whoever uses the old one meanwhile has it a little longer, or another. */
void set_slot(unsigned int slot, int fd)
{
	int old = atomic_exchange(&slots[slot], fd);

	if (old >= 0)
		close(old);
}

static const struct {
	int	level, name;
} opts[] = {
	{ SOL_SOCKET, SO_RCVBUF }, { SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_RCVLOWAT }, { SOL_SOCKET, SO_PEEK_OFF },
	{ SOL_SOCKET, SO_OOBINLINE }, { SOL_SOCKET, SO_TIMESTAMP },
	{ SOL_SOCKET, SO_TIMESTAMPNS }, { SOL_SOCKET, SO_TIMESTAMPING },
	{ SOL_SOCKET, SO_BUSY_POLL }, { SOL_SOCKET, SO_ZEROCOPY },
	{ SOL_SOCKET, SO_KEEPALIVE }, { SOL_SOCKET, SO_MARK },
	{ SOL_SOCKET, SO_INCOMING_CPU }, { SOL_SOCKET, SO_RXQ_OVFL },
	{ SOL_SOCKET, SO_DETACH_FILTER }, { SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_DEVMEM_LINEAR }, { SOL_SOCKET, SO_DEVMEM_DMABUF },
	{ IPPROTO_TCP, TCP_INQ }, { IPPROTO_TCP, TCP_WINDOW_CLAMP },
	{ IPPROTO_TCP, TCP_QUICKACK }, { IPPROTO_TCP, TCP_CORK },
	{ IPPROTO_TCP, TCP_NODELAY }, { IPPROTO_TCP, TCP_MAXSEG },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT }, { IPPROTO_TCP, TCP_REPAIR },
	{ IPPROTO_TCP, TCP_REPAIR_QUEUE }, { IPPROTO_TCP, TCP_QUEUE_SEQ },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT }, { IPPROTO_TCP, TCP_LINGER2 },
	{ IPPROTO_TCP, TCP_SAVE_SYN }, { IPPROTO_TCP, TCP_TIMESTAMP },
};

static void tls_on(struct rng *r, int fd)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	if (chance(r, 80))
		setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3);
	else
		setsockopt(fd, IPPROTO_TCP, TCP_ULP, "espintcp", 8);
	if (chance(r, 70))
		setsockopt(fd, SOL_TLS, TLS_RX, &info, sizeof(info));
	if (chance(r, 30))
		setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof(info));
}

/* Loads a word from anywhere in the segment. */
static void filter_on(struct rng *r, int fd)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, rnd(r, 2000) },
		{ BPF_RET | BPF_K, 0, 0, chance(r, 80) ? -1u : rnd(r, 200) },
	};
	struct sock_fprog prog = { 2, code };

	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

void op_sockopt(struct hand *h, unsigned int slot)
{
	struct rng *r = &h->r;
	int fd = slots[slot];
	uint32_t value = rnd_edge(r), many[16] = { value };
	unsigned int i = rnd(r, sizeof(opts) / sizeof(*opts));
	socklen_t len = chance(r, 90) ? 4 : rnd(r, sizeof(many));

	count(SOCKOPTS);
	switch (rnd(r, 40)) {
	case 0:
		tls_on(r, fd);
		break;
	case 1:
		filter_on(r, fd);
		break;
	case 2 ... 3:
		getsockopt(fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, many, &len);
		break;
	case 4 ... 9:
		len = sizeof(many);
		getsockopt(fd, opts[i].level, rnd(r, 90), many, &len);
		break;
	default:
		/* repairing stops the stream: seldom */
		if (opts[i].name == TCP_REPAIR && chance(r, 80))
			return;
		/* microseconds of polling that not even SIGKILL ends */
		if (opts[i].name == SO_BUSY_POLL)
			many[0] = rnd(r, 2000);
		setsockopt(fd, opts[i].level, opts[i].name, many, len);
	}
}

/* By way of the socket pair that all processes have. */
static void pass(unsigned int slot)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = slots[slot];

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	sendmsg(mail[0], &msg, MSG_DONTWAIT);
}

static void take_mail(unsigned int slot)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(mail[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0 ||
	    !CMSG_FIRSTHDR(&msg))
		return;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	set_slot(slot, fd);
	count(PASSED);
}

/* A child that has all sockets for a while. */
static void fork_child(struct hand *h, unsigned int slot)
{
	pid_t pid = fork();

	if (!pid) {
		op_recvmsg(h, slot);
		op_dontneed(h, slot);
		usleep(rnd(&h->r, 20000));
		_exit(0);
	}
	if (pid > 0)
		count(FORKED);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

void op_life(struct hand *h, unsigned int slot)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct linger linger = { 1, rnd(&h->r, 2) };
	struct rng *r = &h->r;
	int fd = slots[slot];

	count(LIFE);
	switch (rnd(r, 12)) {
	case 0:
		shutdown(fd, rnd(r, 3));
		break;
	case 1:
		connect(fd, &none, sizeof(none));
		break;
	case 2 ... 3:
		set_slot(slot, -1);
		break;
	case 4:
		set_slot(rnd(r, SLOTS), fcntl(fd, F_DUPFD_CLOEXEC, 0));
		break;
	case 5:
		pass(slot);
		break;
	case 6 ... 7:
		take_mail(slot);
		break;
	case 8:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		break;
	case 9:
		listen(fd, 1);
		break;
	case 10:
		if (chance(r, 20))
			fork_child(h, slot);
		break;
	default:
		fcntl(fd, F_SETFL, chance(r, 50) ? O_NONBLOCK : 0);
	}
}

void op_accept(struct hand *h, unsigned int slot)
{
	struct timeval tv = { .tv_usec = 10000 };
	int fd = accept4(listeners[chance(&h->r, 15)], NULL, NULL,
			 SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	set_slot(slot, fd);
	count(ACCEPTED);
}

void op_send(struct hand *h, unsigned int slot)
{
	static const int flags[] = {
		0, MSG_OOB, MSG_MORE, MSG_ZEROCOPY, MSG_EOR, MSG_SOCK_DEVMEM,
		MSG_FASTOPEN,
	};
	size_t len = rnd_size(&h->r, 20000);

	count(SENDS);
	if (chance(&h->r, 70)) {
		send(slots[slot], h->area, len, flags[rnd(&h->r, 7)] |
		     MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	}
	if (write(h->pipe[1], h->area, len < 4096 ? len : 4096) > 0)
		splice(h->pipe[0], NULL, slots[slot], NULL, len,
		       SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	while (read(h->pipe[0], h->area, AREA) > 0)
		;
}

void op_ready(struct hand *h, unsigned int slot)
{
	struct epoll_event ev = { .events = rnd64(&h->r) & ~EPOLLEXCLUSIVE };
	struct pollfd pfd = { slots[slot], POLLIN | POLLPRI | POLLRDHUP, 0 };
	static const unsigned long what[] = {
		SIOCINQ, SIOCATMARK, SIOCOUTQ, SIOCOUTQNSD,
	};
	static __thread int epfd = -1;
	int value;

	count(READY);
	if (epfd < 0)
		epfd = epoll_create1(EPOLL_CLOEXEC);
	switch (rnd(&h->r, 4)) {
	case 0:
		epoll_ctl(epfd, 1 + rnd(&h->r, 3), slots[slot], &ev);
		break;
	case 1:
		epoll_wait(epfd, &ev, 1, rnd(&h->r, 3));
		break;
	case 2:
		poll(&pfd, 1, rnd(&h->r, 3));
		break;
	default:
		ioctl(slots[slot], what[rnd(&h->r, 4)], &value);
	}
}
