// SPDX-License-Identifier: GPL-2.0-only
/* Raw frames from netns tx to the reader's host, and what comes back. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

static int wire = -1;

/**
 * wire_socket() - a socket that hears all frames of the link
 *
 * Return: its descriptor.
 */
int wire_socket(void)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("eth1"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)))
		err(1, "packet socket");
	return fd;
}

static void wire_option(int option)
{
	int one = 1;

	if (setsockopt(wire, SOL_PACKET, option, &one, sizeof(one)))
		err(1, "packet socket: option %d", option);
}

void wire_open(void)
{
	wire = wire_socket();
	wire_option(PACKET_IGNORE_OUTGOING);
	/* Hides what it sends from other packet sockets. */
	wire_option(PACKET_QDISC_BYPASS);
}

void wire_send(const uint8_t *buf, size_t len)
{
	if (send(wire, buf, len, 0) < 0) {
		count(REFUSED);
		if (errno == ENOBUFS)
			usleep(1000);
		return;
	}
	count(FRAMES);
	count_add(FRAME_BYTES, len);
}

void wire_frame(const struct frame *f)
{
	static uint8_t buf[FRAME_ROOM];

	wire_send(buf, frame_build(f, buf));
}

/**
 * wire_init() - a frame to the reader's host
 * @r: for the id
 * @f: the frame
 * @v6: IPv6
 * @host: last byte of its source
 */
void wire_init(struct rng *r, struct frame *f, bool v6, uint8_t host)
{
	memset(f, 0, sizeof(*f));
	f->v6 = v6;
	f->id = rnd64(r);
	if (v6) {
		inet_pton(AF_INET6, RX_ADDRESS6, f->dst);
		inet_pton(AF_INET6, RX_ADDRESS6, f->src);
	} else {
		inet_pton(AF_INET, RX_ADDRESS, f->dst + 12);
		inet_pton(AF_INET, RX_ADDRESS, f->src + 12);
	}
	f->src[15] = host;
}

/**
 * wire_hear() - a segment from the reader to the peer
 * @s: the segment, whose payload is there until the next call
 *
 * Return: false if none has come.
 */
bool wire_hear(struct segment *s)
{
	static uint8_t buf[FRAME_ROOM];
	ssize_t len;

	while ((len = recv(wire, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		if (frame_parse(buf, len, s) && s->dst[15] == PEER_HOST &&
		    s->sport == READER_PORT)
			return true;
	return false;
}
