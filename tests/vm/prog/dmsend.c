// SPDX-License-Identifier: GPL-2.0-only
/* dmsend [-s SEED] [-b SOURCE_PORT] [-F BYTES] [-lMk] ADDRESS PORT STEP...: an
 * ordinary TCP sender of the test stream of lib/pattern.h. -l: to who connects to
 * ADDRESS and PORT; -F: that much in the SYN; -M: by MPTCP; -k: with MD5
 * signatures. Steps, one after the other:
 *
 *   send:BYTES		in writes of 64 KiB
 *   each:SIZE:COUNT:US	COUNT writes of SIZE, each a segment of its own, US
 *			microseconds apart
 *   mix:BYTES		writes of very different sizes, 1 to 30000
 *   until:FILE		until FILE exists
 *   oob:SIZE		one write with MSG_OOB: the last byte is urgent
 *   wait:FILE		until FILE exists
 *   touch:FILE
 *   sleep:MS
 *   rst		reset the connection, and end
 *   close		close it, and end
 *
 * Then it shuts down and waits for the peer's end. Prints sent=BYTES.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "md5.h"
#include "pattern.h"
#include "step.h"

#define WRITE_SIZE	(64 << 10)

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

static uint64_t seed, sent;
static size_t in_syn;
static int protocol;
static bool sign, wait_for_peer;

static void fast_open(int fd, const struct addrinfo *ai)
{
	static uint8_t buf[2048];
	ssize_t ret;

	pattern_fill(seed, 0, buf, in_syn);
	ret = sendto(fd, buf, in_syn, MSG_FASTOPEN | MSG_NOSIGNAL, ai->ai_addr,
		     ai->ai_addrlen);
	if (ret < 0)
		err(1, "connect with data");
	sent = ret;
}

static int connect_to(const char *host, const char *port, unsigned int source)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct sockaddr_in6 from = { .sin6_port = htons(source) };
	struct addrinfo *ai;
	int fd, one = 1;

	if (getaddrinfo(host, port, &hints, &ai))
		errx(2, "%s port %s: not an address", host, port);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (wait_for_peer) {
		if (bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 1))
			err(1, "listen on %s port %s", host, port);
		fd = accept(fd, NULL, NULL);
		if (fd < 0)
			err(1, "accept");
		freeaddrinfo(ai);
		return fd;
	}
	if (sign)
		md5_sign(fd, ai->ai_addr, ai->ai_addrlen);
	from.sin6_family = ai->ai_family;
	if (source && bind(fd, (void *)&from, ai->ai_addrlen))
		err(1, "source port %u", source);
	if (in_syn)
		fast_open(fd, ai);
	else if (connect(fd, ai->ai_addr, ai->ai_addrlen))
		err(1, "connect to %s port %s", host, port);
	freeaddrinfo(ai);
	return fd;
}

static void send_bytes(int fd, uint64_t bytes, size_t size, int flags)
{
	static uint8_t buf[WRITE_SIZE];
	ssize_t ret;
	size_t n;

	while (bytes) {
		n = bytes < size ? bytes : size;
		pattern_fill(seed, sent, buf, n);
		ret = send(fd, buf, n, flags | MSG_NOSIGNAL);
		if (ret < 0)
			err(1, "send after %llu bytes",
			    (unsigned long long)sent);
		sent += ret;
		bytes -= ret;
	}
}

static void send_mix(int fd, uint64_t bytes)
{
	static const unsigned int sizes[] = {
		1, 20000, 100, 1448, 7, 190, 30000, 191, 2896, 60, 5000, 150,
	};
	unsigned int i;
	uint64_t n;

	for (i = 0; bytes; i++, bytes -= n) {
		n = sizes[i % (sizeof(sizes) / sizeof(*sizes))];
		n = n < bytes ? n : bytes;
		send_bytes(fd, n, n, 0);
		if (i % 4 == 3)
			usleep(500);
	}
}

static void reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	exit(0);
}

static void run_step(int fd, const char *s)
{
	unsigned long a = 0, b = 0, c = 0;

	if (sscanf(s, "send:%lu", &a) == 1) {
		send_bytes(fd, a, WRITE_SIZE, 0);
	} else if (sscanf(s, "each:%lu:%lu:%lu", &a, &b, &c) == 3) {
		for (; b; b--) {
			send_bytes(fd, a, a, MSG_EOR);
			usleep(c);
		}
	} else if (sscanf(s, "mix:%lu", &a) == 1) {
		send_mix(fd, a);
	} else if (sscanf(s, "oob:%lu", &a) == 1 && a <= WRITE_SIZE) {
		send_bytes(fd, a, a, MSG_OOB);
	} else if (!strcmp(s, "rst")) {
		reset(fd);
	} else if (!strcmp(s, "close")) {
		exit(0);
	} else if (!strncmp(s, "until:", 6)) {
		while (access(s + 6, F_OK))
			send_bytes(fd, WRITE_SIZE, WRITE_SIZE, 0);
	} else if (!step_common(s)) {
		errx(2, "unknown step %s", s);
	}
}

int main(int argc, char **argv)
{
	unsigned int source = 0;
	char byte;
	int c, fd;

	while ((c = getopt(argc, argv, "+s:b:F:lMk")) != -1) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'b':
			source = atoi(optarg);
			break;
		case 'F':
			in_syn = atoi(optarg);
			break;
		case 'l':
			wait_for_peer = true;
			break;
		case 'k':
			sign = true;
			break;
		case 'M':
			protocol = IPPROTO_MPTCP;
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind < 3 || in_syn > 2048)
		errx(2, "usage: dmsend [-s SEED] [-b PORT] [-F BYTES] [-lMk] ADDRESS PORT STEP...");
	fd = connect_to(argv[0], argv[1], source);
	for (argv += 2; *argv; argv++)
		run_step(fd, *argv);
	printf("sent=%llu\n", (unsigned long long)sent);
	if (shutdown(fd, SHUT_WR))
		err(1, "shutdown");
	while (recv(fd, &byte, 1, 0) > 0)
		;
	close(fd);
	return 0;
}
