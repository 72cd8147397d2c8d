// SPDX-License-Identifier: GPL-2.0-only
/* sniff [-r] IFNAME PORT FILE: listens to an interface as tcpdump would, until FILE
 * exists. Of TCP to PORT it prints the number of frames (frames=), of these how many
 * had payload (data=), of these how many were captured with the headers alone
 * (headers=) or whole although they do not fit into a header buffer (whole=), and
 * the most bytes of payload that were seen of one that was not whole (most=).
 * -r: by a ring that is mapped, as tcpdump does.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_BUFFER	256	/* of the NIC: what fits is in host memory */
#define RING_FRAME	4096
#define RING_FRAMES	1024

static unsigned long frames, data, whole, headers, most;

/* Where TCP begins in a frame, 0 if it is none; @len: of all of the packet, with the
 * Ethernet header.
 */
static size_t find_tcp(const uint8_t *frame, size_t got, size_t *len)
{
	struct ip6_hdr ip6;
	struct iphdr ip;

	if (got < ETH_HLEN + sizeof(ip6))
		return 0;
	memcpy(&ip, frame + ETH_HLEN, sizeof(ip));
	if (ip.version == 4 && ip.protocol == IPPROTO_TCP) {
		*len = ETH_HLEN + ntohs(ip.tot_len);
		return ETH_HLEN + ip.ihl * 4;
	}
	memcpy(&ip6, frame + ETH_HLEN, sizeof(ip6));
	if (ip.version == 6 && ip6.ip6_nxt == IPPROTO_TCP) {
		*len = ETH_HLEN + sizeof(ip6) + ntohs(ip6.ip6_plen);
		return ETH_HLEN + sizeof(ip6);
	}
	return 0;
}

static void look(const uint8_t *frame, size_t got, uint16_t port)
{
	size_t start, len, seen;
	struct tcphdr tcp;

	start = find_tcp(frame, got, &len);
	if (!start || got < start + sizeof(tcp))
		return;
	memcpy(&tcp, frame + start, sizeof(tcp));
	start += tcp.doff * 4;
	if (ntohs(tcp.dest) != port)
		return;
	frames++;
	if (len <= start)
		return;
	data++;
	if (got >= len) {
		whole += len > HEADER_BUFFER;
		return;
	}
	seen = got > start ? got - start : 0;
	headers += !seen;
	most = seen > most ? seen : most;
}

static uint8_t *ring_open(int fd)
{
	struct tpacket_req req = {
		.tp_block_size = RING_FRAMES * RING_FRAME,
		.tp_block_nr = 1,
		.tp_frame_size = RING_FRAME,
		.tp_frame_nr = RING_FRAMES,
	};
	uint8_t *ring;

	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		err(1, "PACKET_RX_RING");
	ring = mmap(NULL, req.tp_block_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	if (ring == MAP_FAILED)
		err(1, "mmap");
	return ring;
}

static void ring_read(uint8_t *ring, uint16_t port)
{
	static unsigned int next;
	struct tpacket_hdr *hdr;

	for (;; next = (next + 1) % RING_FRAMES) {
		hdr = (void *)(ring + next * RING_FRAME);
		if (!(__atomic_load_n(&hdr->tp_status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER))
			return;
		look((uint8_t *)hdr + hdr->tp_mac, hdr->tp_snaplen, port);
		__atomic_store_n(&hdr->tp_status, TP_STATUS_KERNEL,
				 __ATOMIC_RELEASE);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	bool by_ring = argc > 1 && !strcmp(argv[1], "-r");
	static uint8_t frame[65536];
	uint8_t *ring = NULL;
	struct pollfd pfd;
	int fd, room = 64 << 20;
	ssize_t got;

	argv += by_ring;
	if (argc - by_ring != 4)
		errx(2, "usage: sniff [-r] IFNAME PORT FILE");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "AF_PACKET");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (by_ring)
		ring = ring_open(fd);
	addr.sll_ifindex = if_nametoindex(argv[1]);
	if (!addr.sll_ifindex || bind(fd, (void *)&addr, sizeof(addr)))
		err(1, "%s", argv[1]);
	puts("listening=1");
	fflush(stdout);
	pfd.fd = fd;
	pfd.events = POLLIN;
	for (;;) {
		if (poll(&pfd, 1, 100) <= 0) {
			if (!access(argv[3], F_OK))
				break;
			continue;
		}
		if (ring) {
			ring_read(ring, atoi(argv[2]));
			continue;
		}
		got = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
		if (got > 0)
			look(frame, got, atoi(argv[2]));
	}
	printf("frames=%lu\ndata=%lu\nwhole=%lu\nheaders=%lu\nmost=%lu\n",
	       frames, data, whole, headers, most);
	return 0;
}
