// SPDX-License-Identifier: GPL-2.0-only
/* churn PCI[:OFFSET[:SIZE]] IFNAME QUEUE COUNT FILE COMMAND...: binds a range
 * of BAR 2 to a queue and unbinds it, COUNT times, while COMMAND runs with the
 * dma-buf as descriptor 20. Then it makes FILE and waits for COMMAND.
 *
 * Prints cycles=, seconds=, per_second=; slowest_ms= is the longest bind plus
 * unbind. Exit status 1 if a request failed, or COMMAND did.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "genl.h"

#define COMMAND_FD	20

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void request(struct genl *g, const char *what)
{
	int ret = genl_call(g);

	if (ret)
		errx(1, "%s: %s: %s", what, g->text, strerror(ret));
}

static void cycle(struct genl *g, int dmabuf, uint32_t ifindex, uint32_t queue)
{
	const struct nlattr *attr;
	uint32_t id;

	genl_begin(g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(g, DEVMEM_TCP_A_IFINDEX, ifindex);
	genl_put_u32(g, DEVMEM_TCP_A_DMABUF_FD, dmabuf);
	genl_put_u32(g, DEVMEM_TCP_A_QUEUE, queue);
	request(g, "bind");
	attr = genl_reply(g, DEVMEM_TCP_A_ID, 0);
	if (!attr)
		errx(1, "bind: no id");
	id = *(const uint32_t *)nla_payload(attr);

	/* long enough for data to come, but for some cycles */
	if (id % 4)
		usleep(id % 4 * 3000);
	genl_begin(g, DEVMEM_TCP_CMD_UNBIND);
	genl_put_u32(g, DEVMEM_TCP_A_ID, id);
	request(g, "unbind");
}

static pid_t start(char **command, int dmabuf)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (dup2(dmabuf, COMMAND_FD) < 0)
		err(1, "dup2");
	execvp(*command, command);
	err(1, "%s", *command);
}

int main(int argc, char **argv)
{
	double begin, last, t, slowest = 0;
	static struct genl g;
	uint32_t ifindex;
	int dmabuf, status;
	uint64_t size;
	long i, count;
	pid_t pid;

	if (argc < 7)
		errx(2, "usage: churn PCI[:OFFSET[:SIZE]] IFNAME QUEUE COUNT FILE COMMAND...");
	ifindex = if_nametoindex(argv[2]);
	if (!ifindex)
		err(1, "%s", argv[2]);
	count = atol(argv[4]);
	dmabuf = bar_export(argv[1], &size);
	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	pid = start(argv + 6, dmabuf);

	/* so that traffic is under way */
	sleep(1);
	begin = now();
	last = begin;
	for (i = 0; i < count; i++) {
		cycle(&g, dmabuf, ifindex, atoi(argv[3]));
		t = now();
		slowest = t - last > slowest ? t - last : slowest;
		last = t;
	}
	printf("cycles=%ld\nseconds=%.1f\nper_second=%.1f\nslowest_ms=%.1f\n",
	       count, last - begin, count / (last - begin), slowest * 1e3);
	fflush(stdout);
	close(open(argv[5], O_CREAT | O_WRONLY, 0600));
	waitpid(pid, &status, 0);
	return !!status;
}
