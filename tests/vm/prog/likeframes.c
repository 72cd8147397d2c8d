// SPDX-License-Identifier: GPL-2.0-only
/* likeframes IFNAME SOURCE DESTINATION FIELD COUNT: sends COUNT times 32 TCP segments
 * that follow each other in a stream, of a connection that does not exist. Every
 * second one differs from the others in FIELD, or all have it if it is all:FIELD.
 *
 *   none, id, tos, ttl, df, frag, ipopt, ack, window, cwr, ece, urg, fin, psh,
 *   opts, src, sport, gap, short, long, vlan, prio, tag, pad, csum
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frame.h"

#define FRAMES	32
#define ROOM	2048
#define PAYLOAD	1000

static const uint8_t timestamps[12] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };

static void to_address(const char *s, uint8_t to[16], bool v6)
{
	if (inet_pton(v6 ? AF_INET6 : AF_INET, s, v6 ? to : to + 12) != 1)
		errx(2, "%s is no address", s);
}

/* Frame @i. When four bits of an address or a port differ in all ways there is a frame
 * whose hash, which is linear, has the three low bits of the others'.
 */
static void change(struct frame *f, const char *field, unsigned int i)
{
	static const uint8_t nops[4] = { 1, 1, 1, 1 };
	unsigned int n = i / 2 + 1;

	if (!strcmp(field, "id"))
		f->id = 0x4321;
	else if (!strcmp(field, "tos"))
		f->tos = 3;
	else if (!strcmp(field, "ttl"))
		f->ttl = 63;
	else if (!strcmp(field, "df"))
		f->frag_off = 0x4000;
	else if (!strcmp(field, "frag"))
		f->frag_off = 0x2000;
	else if (!strcmp(field, "ipopt"))
		memcpy(f->ip_opts, nops, f->ip_opts_len = 4);
	else if (!strcmp(field, "ack"))
		f->ack++;
	else if (!strcmp(field, "window"))
		f->window++;
	else if (!strcmp(field, "cwr"))
		f->flags |= 0x80;
	else if (!strcmp(field, "ece"))
		f->flags |= 0x40;
	else if (!strcmp(field, "urg"))
		f->flags |= TCP_URG;
	else if (!strcmp(field, "fin"))
		f->flags |= TCP_FIN;
	else if (!strcmp(field, "psh"))
		f->flags |= TCP_PSH;
	else if (!strcmp(field, "opts"))
		f->opts[11]++;
	else if (!strcmp(field, "src"))
		f->src[f->v6 ? 5 : 13] ^= n;
	else if (!strcmp(field, "sport"))
		f->sport ^= n;
	else if (!strcmp(field, "gap"))
		f->seq++;
	else if (!strcmp(field, "short"))
		f->len -= 100;
	else if (!strcmp(field, "long"))
		f->len += 100;
	else if (!strcmp(field, "vlan"))
		f->vlan[f->vlans++] = 5;
	else if (!strcmp(field, "prio"))
		f->vlan[f->vlans++] = 0;
	else if (!strcmp(field, "tag"))
		f->vlan[f->vlans++] = 5 + i % 2;
	else if (!strcmp(field, "pad"))
		f->pad = 4;
	else if (!strcmp(field, "csum"))
		f->bad_csum = true;
	else if (strcmp(field, "none"))
		errx(2, "%s?", field);
}

int main(int argc, char **argv)
{
	static uint8_t payload[PAYLOAD + 100], room[FRAMES][ROOM];
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	struct frame same = {
		.sport = 2000, .dport = 9, .ack = 1, .flags = TCP_ACK,
		.window = 1000, .opts_len = sizeof(timestamps),
		.payload = payload, .len = PAYLOAD, .id = 1,
	}, f;
	struct mmsghdr msgs[FRAMES] = {};
	struct iovec iov[FRAMES];
	const char *field;
	int fd, i, count;
	bool all;

	if (argc != 6)
		errx(2, "usage: likeframes IFNAME SOURCE DESTINATION FIELD COUNT");
	same.v6 = strchr(argv[2], ':');
	to_address(argv[2], same.src, same.v6);
	to_address(argv[3], same.dst, same.v6);
	memcpy(same.opts, timestamps, sizeof(timestamps));
	to.sll_ifindex = if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (void *)&to, sizeof(to)))
		err(1, "%s", argv[1]);

	all = !strncmp(argv[4], "all:", 4);
	field = argv[4] + (all ? 4 : 0);
	for (i = 0; i < FRAMES; i++) {
		f = same;
		if (all || i % 2)
			change(&f, field, i);
		same.seq += f.len;
		iov[i].iov_base = room[i];
		iov[i].iov_len = frame_build(&f, room[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	for (count = atoi(argv[5]); count; count--)
		if (sendmmsg(fd, msgs, FRAMES, 0) != FRAMES)
			err(1, "sendmmsg");
	return 0;
}
