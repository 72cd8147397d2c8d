// SPDX-License-Identifier: GPL-2.0-only
/* A TCP connection to send over with MSG_ZEROCOPY. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect.h"
#include "out.h"
#include "stop.h"

/* Return: 0 or a negative errno. */
static int connect_from(int fd, int af, const struct endpoint *from)
{
	struct addrinfo hints = {
		.ai_family = af,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *ai;
	int one = 1;
	int err = 0;

	if (getaddrinfo(*from->host ? from->host : NULL, from->port, &hints,
			&ai))
		return -EAFNOSUPPORT;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		err = -errno;
	freeaddrinfo(ai);
	return err;
}

/* Return: the socket, or a negative errno. */
static int connect_one(const struct addrinfo *to, const struct endpoint *from)
{
	int one = 1;
	int err = 0;
	int fd;

	fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A ring waits for the acknowledgment of its last bytes. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) < 0)
		err = -errno;
	if (!err && *from->port)
		err = connect_from(fd, to->ai_family, from);
	if (!err && connect(fd, to->ai_addr, to->ai_addrlen) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void connect_perror(int err, const struct endpoint *to,
			   const struct endpoint *from)
{
	out_errno(-err, "connect to %s port %s", to->host, to->port);
	switch (-err) {
	case ECONNREFUSED:
		out_fix("start a receiver there, such as ncat --recv-only -l %s",
			to->port);
		break;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ETIMEDOUT:
		out_fix("ping %s has to work", to->host);
		break;
	case EADDRINUSE:
		out_fix("ss -Htnap sport = :%s shows who has that port",
			from->port);
		break;
	case EADDRNOTAVAIL:
		out_fix("ip addr lists the addresses of this network namespace");
		break;
	case EAFNOSUPPORT:
		out_fix("--from takes an address of the peer's family");
		break;
	}
}

/**
 * connect_open() - connect to the first address that answers
 * @to: where to
 * @from: where from; without a port anywhere
 *
 * Return: a socket with SO_ZEROCOPY, or -1, with the reason printed unless it is
 * stop_requested.
 */
int connect_open(const struct endpoint *to, const struct endpoint *from)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list, *ai;
	int fd = -EADDRNOTAVAIL;
	int err;

	err = getaddrinfo(to->host, to->port, &hints, &list);
	if (err) {
		out_error("%s: %s", to->host, gai_strerror(err));
		return -1;
	}
	for (ai = list; ai && fd < 0 && !stop_requested; ai = ai->ai_next)
		fd = connect_one(ai, from);
	freeaddrinfo(list);
	if (fd >= 0)
		return fd;
	if (!stop_requested)
		connect_perror(fd, to, from);
	return -1;
}

/* Close in a way that the peer does not take for the end of the stream, and that
 * drops what is not acknowledged.
 */
void connect_abort(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}
