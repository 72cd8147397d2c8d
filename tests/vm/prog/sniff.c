// SPDX-License-Identifier: GPL-2.0-only
/* sniff IFNAME PORT FILE: listens to an interface as tcpdump would, until FILE
 * exists. Of TCP over IPv4 to PORT it prints how many frames had payload
 * (data=), of these how many were captured whole (whole=) or with the headers
 * alone (headers=), and the most bytes of payload that were seen of one that
 * was not whole (most=).
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned long data, whole, headers, most;

static void look(const uint8_t *frame, size_t got, uint16_t port)
{
	size_t start, len, seen;
	struct tcphdr tcp;
	struct iphdr ip;

	if (got < ETH_HLEN + sizeof(ip))
		return;
	memcpy(&ip, frame + ETH_HLEN, sizeof(ip));
	start = ETH_HLEN + ip.ihl * 4;
	if (ip.protocol != IPPROTO_TCP || got < start + sizeof(tcp))
		return;
	memcpy(&tcp, frame + start, sizeof(tcp));
	start += tcp.doff * 4;
	len = ETH_HLEN + ntohs(ip.tot_len);
	if (ntohs(tcp.dest) != port || len <= start)
		return;
	data++;
	if (got >= len) {
		whole++;
		return;
	}
	seen = got > start ? got - start : 0;
	headers += !seen;
	most = seen > most ? seen : most;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
	};
	static uint8_t frame[65536];
	struct pollfd pfd;
	int fd, room = 64 << 20;
	ssize_t got;

	if (argc != 4)
		errx(2, "usage: sniff IFNAME PORT FILE");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "AF_PACKET");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
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
		got = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
		if (got > 0)
			look(frame, got, atoi(argv[2]));
	}
	printf("data=%lu\nwhole=%lu\nheaders=%lu\nmost=%lu\n", data, whole,
	       headers, most);
	return 0;
}
