// SPDX-License-Identifier: GPL-2.0-only
/* ICMP echo over IPv4 and IPv6: every host answers, with what it was sent. */
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo.h"
#include "out.h"
#include "progress.h"

/* ICMP and ICMPv6 have the same header: type, code, checksum, id, sequence */
struct echo_packet {
	struct icmphdr hdr;
	uint8_t data[ECHO_MAX];
};

/* What can come before it, of IPv4 */
#define ECHO_IP_MAX	60

/* Internet checksum, ready to be written into the packet */
uint16_t echo_checksum(const void *data, unsigned int len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/**
 * echo_open() - prepare to ask a peer
 * @e: the peer
 * @ifname: interface that requests leave by, and answers come in by
 * @peer: numeric address
 *
 * Return: 0, or -1 with the reason printed. On success echo_close() is due.
 */
int echo_open(struct echo *e, const char *ifname, const char *peer)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_RAW,
		.ai_flags = AI_NUMERICHOST,
	};
	struct addrinfo *ai;
	int err;

	err = getaddrinfo(peer, NULL, &hints, &ai);
	if (err) {
		out_error("'%s': %s", peer, gai_strerror(err));
		return -1;
	}
	memset(e, 0, sizeof(*e));
	memcpy(&e->peer, ai->ai_addr, ai->ai_addrlen);
	e->peer_len = ai->ai_addrlen;
	e->id = getpid();
	freeaddrinfo(ai);

	e->fd = socket(e->peer.ss_family, SOCK_RAW | SOCK_CLOEXEC,
		       e->peer.ss_family == AF_INET6 ? (int)IPPROTO_ICMPV6 :
						       (int)IPPROTO_ICMP);
	if (e->fd < 0) {
		err = errno;
		out_errno(err, "raw socket");
		if (err == EPERM)
			out_fix("run as root, or with CAP_NET_RAW");
		return -1;
	}
	if (setsockopt(e->fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
		       strlen(ifname))) {
		out_errno(errno, "raw socket on %s", ifname);
		close(e->fd);
		return -1;
	}
	return 0;
}

void echo_close(struct echo *e)
{
	close(e->fd);
}

/**
 * echo_send() - send one request
 * @e: the peer
 * @data: what it is to send back
 * @len: bytes, up to ECHO_MAX
 *
 * Return: 0 or a negative errno.
 */
int echo_send(struct echo *e, const void *data, unsigned int len)
{
	struct echo_packet packet = {
		.hdr.type = e->peer.ss_family == AF_INET6 ? ICMP6_ECHO_REQUEST :
							    ICMP_ECHO,
		.hdr.un.echo.id = htons(e->id),
		.hdr.un.echo.sequence = htons(++e->seq),
	};
	unsigned int size = sizeof(packet.hdr) + len;

	memcpy(packet.data, data, len);
	/* that of IPv6 is made by the kernel */
	if (e->peer.ss_family == AF_INET)
		packet.hdr.checksum = echo_checksum(&packet, size);
	if (sendto(e->fd, &packet, size, 0, (struct sockaddr *)&e->peer,
		   e->peer_len) < 0)
		return -errno;
	return 0;
}

/* Is that an answer to us with @len bytes? */
static bool echo_is_answer(const struct echo *e, const uint8_t *buf,
			   size_t size, unsigned int len)
{
	bool v6 = e->peer.ss_family == AF_INET6;
	struct icmphdr hdr;
	size_t ip = 0;

	/* Only of IPv4 a raw socket gets the header. */
	if (!v6)
		ip = size ? (buf[0] & 0xf) * 4 : 0;
	if (size != ip + sizeof(hdr) + len)
		return false;
	memcpy(&hdr, buf + ip, sizeof(hdr));
	return hdr.type == (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
	       hdr.un.echo.id == htons(e->id);
}

/**
 * echo_wait() - wait for an answer, as far as it comes to a socket
 * @e: the peer
 * @len: bytes that were sent
 * @ms: wait so long at most
 *
 * Return: 1 it came, 0 not, or a negative errno; -EINTR for a signal.
 */
int echo_wait(struct echo *e, unsigned int len, int ms)
{
	uint8_t buf[ECHO_IP_MAX + sizeof(struct echo_packet)];
	struct pollfd pfd = { .fd = e->fd, .events = POLLIN };
	double end = progress_now() + ms / 1e3;
	ssize_t size;
	int left, ret;

	for (;;) {
		left = (end - progress_now()) * 1e3;
		ret = poll(&pfd, 1, left > 0 ? left : 0);
		if (ret <= 0)
			return ret ? -errno : 0;
		size = recv(e->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (size >= 0 && echo_is_answer(e, buf, size, len))
			return 1;
		if (size < 0 && errno != EAGAIN)
			return -errno;
	}
}
