// SPDX-License-Identifier: GPL-2.0-only
/* icmpquote FILE: what ICMP errors about our TCP segments quote of them, until
 * FILE exists: number of errors (errors=), the most bytes of payload in one
 * (most=), and how many of all those were not zero (bytes=).
 */
#include <err.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned long errors, most, bytes;

/* Length of the IPv4 header at @at, 0 if there is none. */
static size_t ip_len(const uint8_t *at, size_t left, struct iphdr *ip)
{
	if (left < sizeof(*ip))
		return 0;
	memcpy(ip, at, sizeof(*ip));
	return ip->ihl * 4 <= left ? ip->ihl * 4 : 0;
}

static void look(const uint8_t *packet, size_t len)
{
	size_t at, quoted, i;
	struct icmphdr icmp;
	struct tcphdr tcp;
	struct iphdr ip;

	at = ip_len(packet, len, &ip);
	if (!at || at + sizeof(icmp) > len)
		return;
	memcpy(&icmp, packet + at, sizeof(icmp));
	at += sizeof(icmp);
	quoted = ip_len(packet + at, len - at, &ip);
	if (icmp.type != ICMP_DEST_UNREACH || !quoted ||
	    ip.protocol != IPPROTO_TCP)
		return;
	at += quoted;
	if (at + sizeof(tcp) > len)
		return;
	memcpy(&tcp, packet + at, sizeof(tcp));
	at += tcp.doff * 4;
	errors++;
	if (at >= len)
		return;
	most = len - at > most ? len - at : most;
	for (i = at; i < len; i++)
		bytes += packet[i] != 0;
}

int main(int argc, char **argv)
{
	static uint8_t packet[65536];
	struct pollfd pfd = { .events = POLLIN };
	ssize_t ret;

	if (argc != 2)
		errx(2, "usage: icmpquote FILE");
	pfd.fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (pfd.fd < 0)
		err(1, "socket");
	puts("listening");
	fflush(stdout);
	while (access(argv[1], F_OK)) {
		if (poll(&pfd, 1, 50) <= 0)
			continue;
		ret = recv(pfd.fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (ret > 0)
			look(packet, ret);
	}
	printf("errors=%lu\nmost=%lu\nbytes=%lu\n", errors, most, bytes);
	return 0;
}
