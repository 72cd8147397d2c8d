// SPDX-License-Identifier: GPL-2.0-only
/* portid PCI IFNAME QUEUE_A QUEUE_B COUNT: one netlink socket, which owns a
 * binding of QUEUE_A, is being closed while another takes its address, as soon
 * as it is free, and binds QUEUE_B: that is not to end with the first. COUNT
 * times.
 *
 * Prints first=, bindings of the socket that closed and were still there when
 * close() had returned; second=, bindings of the other that were gone; early=,
 * how often the address was taken before close() had returned; failed=, binds
 * that failed. The first three numbers are wanted to be 0, 0, and not 0.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "netdev.h"

#define HALF		(32ull << 20)

static uint32_t ifindex;
static uint16_t family;
static atomic_bool closed;
static int closing;

/* A socket at the address @portid, as soon as nobody else has it. */
static void open_at(struct genl *g, uint32_t portid)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_pid = portid,
	};

	memset(g, 0, sizeof(*g));
	g->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	g->family = family;
	if (g->fd < 0)
		err(1, "socket");
	while (bind(g->fd, (void *)&addr, sizeof(addr)))
		if (errno != EADDRINUSE)
			err(1, "bind to %u", portid);
}

/* Return: id, 0 if it failed. */
static uint32_t bind_rx(struct genl *g, int dmabuf, uint32_t queue)
{
	const struct nlattr *id;
	int ret;

	netdev_begin_bind(g, ifindex, dmabuf);
	netdev_put_queue(g, NETDEV_A_BIND_QUEUES, queue, 0);
	ret = genl_call(g);
	id = genl_reply(g, NETDEV_A_BIND_ID, 0);
	if (!ret && id)
		return *(const uint32_t *)nla_payload(id);
	printf("bind.errno=%s\nbind.text=%s\n",
	       ret ? strerrorname_np(ret) : "0", g->text);
	return 0;
}

static bool exists(uint32_t id)
{
	static struct genl g;
	int ret;

	if (!g.family)
		genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	genl_begin(&g, DEVMEM_TCP_CMD_GET);
	genl_put_u32(&g, DEVMEM_TCP_A_ID, id);
	ret = genl_call(&g);
	if (ret && ret != ENOENT)
		errx(1, "GET: %s", strerror(ret));
	return !ret;
}

static void *close_it(void *unused)
{
	(void)unused;
	close(closing);
	closed = true;
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int first = 0, second = 0, early = 0, failed = 0;
	static struct genl a, b, any;
	int i, dmabuf_a, dmabuf_b;
	uint32_t id_a, id_b, portid;
	pthread_t thread;
	uint64_t size;
	char spec[64];

	if (argc != 6)
		errx(2, "usage: portid PCI IFNAME QUEUE_A QUEUE_B COUNT");
	ifindex = if_nametoindex(argv[2]);
	snprintf(spec, sizeof(spec), "%s:0:%llu", argv[1], HALF);
	dmabuf_a = bar_export(spec, &size);
	snprintf(spec, sizeof(spec), "%s:%llu:%llu", argv[1], HALF, HALF);
	dmabuf_b = bar_export(spec, &size);
	genl_need(&any, NETDEV_FAMILY);
	family = any.family;
	portid = getpid() + 100000;

	for (i = 0; i < atoi(argv[5]); i++) {
		open_at(&a, portid);
		id_a = bind_rx(&a, dmabuf_a, atoi(argv[3]));
		closed = false;
		closing = a.fd;
		if (pthread_create(&thread, NULL, close_it, NULL))
			err(1, "thread");
		open_at(&b, portid);
		early += !closed;
		id_b = bind_rx(&b, dmabuf_b, atoi(argv[4]));
		pthread_join(thread, NULL);
		failed += !id_a + !id_b;
		first += id_a && exists(id_a);
		second += id_b && !exists(id_b);
		close(b.fd);
		first += id_b && exists(id_b);
	}
	printf("first=%u\nsecond=%u\nearly=%u\nfailed=%u\n", first, second,
	       early, failed);
	return 0;
}
