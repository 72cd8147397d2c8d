// SPDX-License-Identifier: GPL-2.0-only
/* dbreq attach ID: prints attach=N, how a binding is attached to its dma-buf.
 * dbreq alarm MS IFNAME QUEUE: binds descriptor 20 (see withbuf) while a signal
 * that has a handler comes; prints errno=NAME (0 if none).
 */
#include <err.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <linux/devmem_tcp.h>

#include "genl.h"

#define DMABUF_FD	20

static struct genl g;

static int show(uint32_t id)
{
	const struct nlattr *attr;
	int ret;

	genl_begin(&g, DEVMEM_TCP_CMD_GET);
	genl_put_u32(&g, DEVMEM_TCP_A_ID, id);
	ret = genl_call(&g);
	attr = genl_reply(&g, DEVMEM_TCP_A_ATTACH, 0);
	if (ret || !attr)
		errx(1, "binding %u: %s", id, ret ? strerror(ret) : "no attr");
	printf("attach=%u\n", *(const uint32_t *)nla_payload(attr));
	return 0;
}

static void on_alarm(int signal)
{
	(void)signal;
}

static int bind_alarmed(unsigned int ms, const char *ifname, uint32_t queue)
{
	struct itimerval timer = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
	};
	int ret;

	genl_begin(&g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, if_nametoindex(ifname));
	genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, DMABUF_FD);
	genl_put_u32(&g, DEVMEM_TCP_A_QUEUE, queue);
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = genl_call(&g);
	printf("errno=%s\n", ret ? strerrorname_np(ret) ?: "unknown" : "0");
	return 0;
}

int main(int argc, char **argv)
{
	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	if (argc == 3 && !strcmp(argv[1], "attach"))
		return show(atoi(argv[2]));
	if (argc == 5 && !strcmp(argv[1], "alarm"))
		return bind_alarmed(atoi(argv[2]), argv[3], atoi(argv[4]));
	errx(2, "usage: dbreq attach ID | alarm MS IFNAME QUEUE");
}
