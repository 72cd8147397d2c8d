// SPDX-License-Identifier: GPL-2.0-only
/* bindbench IFNAME QUEUE PAGE_SIZE COUNT [MEMORY.STAT]: binds descriptor 20 (see
 * withbuf) to a queue, asks for the binding and unbinds it, COUNT times.
 *
 * Prints one JSON object: medians in milliseconds of bind, show (which counts
 * the buffers that are held) and unbind; buffers; and of the memory cgroup whose
 * MEMORY.STAT it is, what it is charged for the binding, in bytes.
 */
#include <err.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/devmem_tcp.h>

#include "genl.h"

#define DMABUF_FD	20
#define COUNT_MAX	1000

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec * 1e-6;
}

static double request(struct genl *g, const char *what)
{
	double begin = now_ms();
	int ret = genl_call(g);

	if (ret)
		errx(1, "%s: %s: %s", what, g->text, strerror(ret));
	return now_ms() - begin;
}

static uint32_t value(const struct genl *g, uint16_t type)
{
	const struct nlattr *attr = genl_reply(g, type, 0);

	if (!attr)
		errx(1, "attribute %u is missing", type);
	return *(const uint32_t *)nla_payload(attr);
}

static uint64_t charged(const char *path)
{
	FILE *f = fopen(path, "r");
	char name[64];
	uint64_t n;

	if (!f)
		err(1, "%s", path);
	while (fscanf(f, "%63s %" SCNu64, name, &n) == 2)
		if (!strcmp(name, "vmalloc")) {
			fclose(f);
			return n;
		}
	errx(1, "no vmalloc in %s", path);
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

static double median(double *ms, int count)
{
	qsort(ms, count, sizeof(*ms), compare);
	return ms[count / 2];
}

int main(int argc, char **argv)
{
	static double bind[COUNT_MAX], show[COUNT_MAX], unbind[COUNT_MAX];
	uint32_t id, niovs = 0;
	uint64_t bytes = 0;
	static struct genl g;
	int i, count;

	if (argc < 5)
		errx(2, "usage: bindbench IFNAME QUEUE PAGE_SIZE COUNT [MEMORY.STAT]");
	count = atoi(argv[4]);
	if (count < 1 || count > COUNT_MAX)
		errx(2, "COUNT is 1 to %d", COUNT_MAX);
	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	for (i = 0; i < count; i++) {
		genl_begin(&g, DEVMEM_TCP_CMD_BIND_RX);
		genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, if_nametoindex(argv[1]));
		genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, DMABUF_FD);
		genl_put_u32(&g, DEVMEM_TCP_A_QUEUE, atoi(argv[2]));
		genl_put_u32(&g, DEVMEM_TCP_A_RX_PAGE_SIZE, atoi(argv[3]));
		bind[i] = request(&g, "bind");
		id = value(&g, DEVMEM_TCP_A_ID);

		genl_begin(&g, DEVMEM_TCP_CMD_GET);
		genl_put_u32(&g, DEVMEM_TCP_A_ID, id);
		show[i] = request(&g, "show");
		niovs = value(&g, DEVMEM_TCP_A_NUM_NIOVS);
		if (argc > 5 && !i)
			bytes = charged(argv[5]);

		genl_begin(&g, DEVMEM_TCP_CMD_UNBIND);
		genl_put_u32(&g, DEVMEM_TCP_A_ID, id);
		unbind[i] = request(&g, "unbind");
	}
	printf("{\"buffers\": %u, \"bytes\": %" PRIu64 ", ", niovs, bytes);
	printf("\"bind_ms\": %.2f, \"show_ms\": %.2f, \"unbind_ms\": %.2f}\n",
	       median(bind, count), median(show, count),
	       median(unbind, count));
	return 0;
}
