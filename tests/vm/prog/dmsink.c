// SPDX-License-Identifier: GPL-2.0-only
/* dmsink [-s SEED] [-r BYTES] PORT [STEP]...: an ordinary receiver of the
 * test stream of lib/pattern.h, one connection. -r: SO_RCVBUF. Steps:
 *
 *   read:BYTES
 *   drain:MS		read until nothing comes for so long
 *   wait:FILE, touch:FILE, sleep:MS
 *   rst		reset the connection, and end
 *
 * Then it reads to the end. Prints received=BYTES and right=BYTES, which is less
 * if one was wrong; end=eof, or the errno.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pattern.h"
#include "step.h"

static uint64_t seed, received, right;
static const char *end;

/* One recv() of at most @bytes; returns what came. */
static size_t sink_once(int fd, uint64_t bytes)
{
	static uint8_t buf[256 << 10];
	ssize_t ret;

	ret = recv(fd, buf, bytes < sizeof(buf) ? bytes : sizeof(buf), 0);
	if (ret <= 0) {
		end = ret ? strerrorname_np(errno) : "eof";
		return 0;
	}
	if (right == received)
		right += pattern_check(seed, received, buf, ret);
	received += ret;
	return ret;
}

static void sink(int fd, uint64_t bytes)
{
	while (bytes && !end)
		bytes -= sink_once(fd, bytes);
}

static void say(void)
{
	printf("received=%llu\nright=%llu\nend=%s\n",
	       (unsigned long long)received, (unsigned long long)right,
	       end ?: "none");
	fflush(stdout);
}

static void run_step(int fd, const char *s)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct linger now = { .l_onoff = 1 };
	unsigned long a;

	if (sscanf(s, "read:%lu", &a) == 1) {
		sink(fd, a);
	} else if (sscanf(s, "drain:%lu", &a) == 1) {
		while (!end && poll(&p, 1, a) > 0)
			sink_once(fd, UINT64_MAX);
	} else if (!strcmp(s, "rst")) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
		say();
		exit(0);
	} else if (!step_common(s)) {
		errx(2, "unknown step %s", s);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	int c, fd, one = 1, rcvbuf = 0;

	while ((c = getopt(argc, argv, "+s:r:")) != -1) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			rcvbuf = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind < 1)
		errx(2, "usage: dmsink [-s SEED] [-r BYTES] PORT [STEP]...");
	at.sin6_port = htons(atoi(*argv++));
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (rcvbuf &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf)))
		err(1, "SO_RCVBUF");
	if (bind(fd, (void *)&at, sizeof(at)) || listen(fd, 1))
		err(1, "listen");
	c = accept(fd, NULL, NULL);
	if (c < 0)
		err(1, "accept");
	close(fd);
	for (; *argv; argv++)
		run_step(c, *argv);
	sink(c, UINT64_MAX);
	say();
	return 0;
}
