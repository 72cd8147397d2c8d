// SPDX-License-Identifier: GPL-2.0-only
/* bindrun -d IFNAME -q QUEUE[,QUEUE]... [-s RX_PAGE_SIZE] PCI[:OFFSET[:SIZE]]
 *	COMMAND...: binds a range of BAR 2, prints id=, and becomes COMMAND with
 * the dma-buf as descriptor 20 (dmsock -f 20). The binding stays.
 */
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "genl.h"

#define COMMAND_FD	20

int main(int argc, char **argv)
{
	uint32_t ifindex = 0, page_size = 0, id;
	const struct nlattr *attr;
	char *queues = NULL, *q;
	static struct genl g;
	uint64_t size;
	int c, dmabuf, ret;

	while ((c = getopt(argc, argv, "+d:q:s:")) != -1) {
		if (c == 'd')
			ifindex = if_nametoindex(optarg);
		else if (c == 'q')
			queues = optarg;
		else if (c == 's')
			page_size = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	if (!ifindex || !queues || argc - optind < 2)
		errx(2, "usage: bindrun -d IFNAME -q QUEUES [-s RX_PAGE_SIZE] PCI[:OFFSET[:SIZE]] COMMAND...");

	dmabuf = bar_export(argv[optind++], &size);
	genl_need(&g, DEVMEM_TCP_FAMILY_NAME);
	genl_begin(&g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, ifindex);
	genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, dmabuf);
	for (q = strtok(queues, ","); q; q = strtok(NULL, ","))
		genl_put_u32(&g, DEVMEM_TCP_A_QUEUE, strtoul(q, NULL, 0));
	if (page_size)
		genl_put_u32(&g, DEVMEM_TCP_A_RX_PAGE_SIZE, page_size);
	ret = genl_call(&g);
	if (ret)
		errx(1, "bind: %s: %s", g.text, strerror(ret));
	attr = genl_reply(&g, DEVMEM_TCP_A_ID, 0);
	if (!attr)
		errx(1, "bind: no id");
	memcpy(&id, nla_payload(attr), sizeof(id));
	printf("id=%u\n", id);
	fflush(stdout);

	if (dup2(dmabuf, COMMAND_FD) < 0)
		err(1, "dup2");
	execvp(argv[optind], argv + optind);
	err(1, "%s", argv[optind]);
}
