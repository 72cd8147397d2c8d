// SPDX-License-Identifier: GPL-2.0-only
/* xskbind IFNAME QUEUE: an AF_XDP socket in copy mode on that queue, without a
 * program that would feed it. Says "bound" and stays until it is killed.
 */
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_xdp.h>

#define SIZE	(64 * 4096)

static void make_ring(int fd, int option)
{
	int entries = 64;

	if (setsockopt(fd, SOL_XDP, option, &entries, sizeof(entries)))
		err(1, "ring %d", option);
}

int main(int argc, char **argv)
{
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP };
	struct xdp_umem_reg umem = { .len = SIZE, .chunk_size = 4096 };
	void *memory;
	int fd;

	if (argc != 3)
		return 2;
	addr.sxdp_ifindex = if_nametoindex(argv[1]);
	addr.sxdp_queue_id = atoi(argv[2]);
	addr.sxdp_flags = XDP_COPY;
	fd = socket(AF_XDP, SOCK_RAW, 0);
	if (fd < 0)
		err(1, "socket");
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	umem.addr = (unsigned long)memory;
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)))
		err(1, "umem");
	make_ring(fd, XDP_UMEM_FILL_RING);
	make_ring(fd, XDP_UMEM_COMPLETION_RING);
	make_ring(fd, XDP_RX_RING);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind");
	puts("bound");
	fflush(stdout);
	pause();
	return 0;
}
