// SPDX-License-Identifier: GPL-2.0-only
/* The dma-bufs: export, map, bind. */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "dmsock.h"
#include "genl.h"

struct range ranges[MAX_RANGES];
unsigned int nr_ranges;

static struct genl *control_socket(void)
{
	static struct genl g;

	if (!g.family)
		genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	return &g;
}

/* The dma-buf's descriptor is inherited by the tool. */
static void bind_by_tool(struct range *r, const struct bind_how *how)
{
	char cmd[256];
	FILE *tool;

	snprintf(cmd, sizeof(cmd),
		 "devmemctl -j bind -d %s -q %s fd %d | jq -r .id",
		 how->ifname, r->queues, r->fd);
	tool = popen(cmd, "r");
	if (!tool || fscanf(tool, "%u", &r->id) != 1)
		errx(1, "'%s' gave no id", cmd);
	pclose(tool);
}

static void bind_by_hand(struct range *r, const struct bind_how *how)
{
	struct genl *g = control_socket();
	const struct nlattr *id;
	const char *s;
	char *end;
	int ret;

	genl_begin(g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(g, DEVMEM_TCP_A_IFINDEX, if_nametoindex(how->ifname));
	genl_put_u32(g, DEVMEM_TCP_A_DMABUF_FD, r->fd);
	for (s = r->queues; *s; s = *end ? end + 1 : end)
		genl_put_u32(g, DEVMEM_TCP_A_QUEUE, strtoul(s, &end, 0));
	if (how->page_size)
		genl_put_u32(g, DEVMEM_TCP_A_RX_PAGE_SIZE, how->page_size);
	if (how->sock_limit)
		genl_put_u32(g, DEVMEM_TCP_A_SOCK_LIMIT, how->sock_limit);
	ret = genl_call(g);
	id = genl_reply(g, DEVMEM_TCP_A_ID, 0);
	if (ret || !id)
		errx(1, "bind: %s %s", strerrorname_np(ret), g->text);
	memcpy(&r->id, nla_payload(id), sizeof(r->id));
}

void range_open(struct range *r, const struct bind_how *how)
{
	if (r->spec)
		r->fd = bar_export(r->spec, &r->size);
	else
		r->size = lseek(r->fd, 0, SEEK_END);
	r->map = mmap(NULL, r->size, PROT_READ, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED)
		err(1, "mmap of %s", r->spec ?: "the descriptor");
	if (!r->spec)
		return;
	if (how->sock_limit || how->page_size)
		bind_by_hand(r, how);
	else
		bind_by_tool(r, how);
	printf("id=%u\n", r->id);
	fflush(stdout);
}

const struct range *range_of(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < nr_ranges; i++)
		if (ranges[i].id == id || !ranges[i].queues)
			return &ranges[i];
	wrong("dmabuf_id %u is none of ours", id);
}

/* Buffers given to the NIC so far, by all pools of the first binding. */
uint64_t pool_allocs(void)
{
	const struct nlattr *nest, *attr;
	struct genl *g = control_socket();
	uint64_t sum = 0, allocs;
	int i, ret;

	genl_begin(g, DEVMEM_TCP_CMD_GET);
	genl_put_u32(g, DEVMEM_TCP_A_ID, ranges[0].id);
	ret = genl_call(g);
	if (ret)
		wrong("GET: %s", strerrorname_np(ret));
	for (i = 0; (nest = genl_reply(g, DEVMEM_TCP_A_POOL, i)); i++) {
		attr = genl_find(nla_payload(nest), nest->nla_len - NLA_HDRLEN,
				 DEVMEM_TCP_A_POOL_ALLOCS, 0);
		if (!attr)
			wrong("a pool without ALLOCS");
		memcpy(&allocs, nla_payload(attr), sizeof(allocs));
		sum += allocs;
	}
	return sum;
}
