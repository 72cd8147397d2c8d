// SPDX-License-Identifier: GPL-2.0-only
/* rawpeer 4|6 STEP...: the TCP peer of pktfuzz, which sends what it is told to, over
 * IPv4 or IPv6. The stream is the one that dmsock expects; its numbers wrap at byte
 * 1500.
 *
 *   open		connect; what is sent before is of no connection
 *   POS+LEN[,FIELD]...	a segment: LEN bytes of the stream from POS on
 *   acked:POS		wait until all before POS is acknowledged, and no more is
 *   close:POS		a FIN there, and wait for the other end's
 *
 * FIELD is what is odd about the frame:
 *
 *   wrong=N		the first N bytes are not those of the stream
 *   csum, ipcsum	that checksum is wrong
 *   doff=N, ihl=N, total=N, proto=N, type=N, pad=N	see struct frame
 *   nops=N, hop=N, dst=N	bytes of IPv4 options or of an extension header
 *   like=POS		an IPv4 or destination option that looks like the TCP header
 *			of a segment at POS
 *   frags=N		in fragments of N bytes
 *
 * Exit status: 0, 1 the other end does not do its part, 2 usage.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pattern.h"
#include "peer.h"

#define PATIENCE	20000	/* ms */
#define LIKE_LEN	20

static uint8_t payload[16 << 10];
static struct rng rng;
static struct peer peer = { .limit = UINT64_MAX };

static bool fin;		/* the other end's came */

static bool is_acked(uint64_t pos)
{
	if (peer.acked > pos)
		errx(1, "byte %llu is acknowledged",
		     (unsigned long long)peer.acked - 1);
	return peer.acked == pos;
}

static bool is_open(uint64_t pos)
{
	return peer.state == PEER_OPEN && is_acked(pos);
}

static bool is_closed(uint64_t pos)
{
	return fin && is_acked(pos + 1);
}

static void wait_until(bool (*done)(uint64_t pos), uint64_t pos)
{
	uint64_t end = now_ms() + PATIENCE;
	struct segment s;

	while (!done(pos)) {
		if (now_ms() > end)
			errx(1, "byte %llu: %llu are acknowledged",
			     (unsigned long long)pos,
			     (unsigned long long)peer.acked);
		if (!wire_hear(&s)) {
			usleep(1000);
			continue;
		}
		if (s.dport != peer.sport)
			continue;
		if (s.flags & TCP_RST && peer.state != PEER_NONE)
			errx(1, "the other end resets the connection");
		fin |= s.flags & TCP_FIN;
		peer_take(&peer, &s);
	}
}

static void send_ack(uint64_t pos, uint8_t flags)
{
	struct frame f;

	peer_head(&rng, &peer, &f, pos);
	f.flags |= flags;
	wire_frame(&f);
}

/* However this ends, the reader goes on to the next connection. */
static void reset(void)
{
	if (peer.state == PEER_OPEN && !fin)
		send_ack(peer.acked, TCP_RST);
}

static void do_open(void)
{
	peer.state = PEER_SYN;
	peer_syn(&rng, &peer);
	wait_until(is_open, 0);
	send_ack(0, 0);
}

static void do_close(uint64_t pos)
{
	send_ack(pos, TCP_FIN);
	wait_until(is_closed, pos);
	send_ack(pos + 1, 0);
}

/* An extension header of @len bytes, all of it padding. */
static void put_ext(struct frame *f, uint8_t type, unsigned int len)
{
	f->ext = type;
	f->ip_opts_len = len;
	f->ip_opts[0] = 6;
	f->ip_opts[1] = len / 8 - 1;
	f->ip_opts[2] = 1;
	f->ip_opts[3] = len - 4;
}

/* The ports are where an option's type and length are, or an extension header's first
 * bytes: those that every such frame has. Unknown options are ignored.
 */
static void put_like(struct frame *f, uint32_t seq)
{
	uint8_t *p = f->ip_opts;

	f->ip_opts_len = LIKE_LEN;
	p[0] = 0x1e;
	p[1] = LIKE_LEN;
	if (f->v6) {
		put_ext(f, 60, LIKE_LEN + 4);
		p[2] = 0x1e;
		p[3] = LIKE_LEN;
	}
	p[4] = seq >> 24;
	p[5] = seq >> 16;
	p[6] = seq >> 8;
	p[7] = seq;
	/* as long as what follows, and the right TCP header */
	p[12] = (f->ip_opts_len / 4 + 5) << 4;
	p[13] = TCP_ACK;
}

static bool put_field(struct frame *f, const char *name, int n)
{
	if (!strcmp(name, "csum"))
		f->bad_csum = true;
	else if (!strcmp(name, "ipcsum"))
		f->bad_ip_csum = true;
	else if (!strcmp(name, "doff"))
		f->doff = n;
	else if (!strcmp(name, "proto"))
		f->proto = n;
	else if (!strcmp(name, "type"))
		f->ethertype = n;
	else if (!strcmp(name, "ihl"))
		f->ihl = n;
	else if (!strcmp(name, "total"))
		f->total_delta = n;
	else if (!strcmp(name, "pad"))
		f->pad = n;
	else if (!strcmp(name, "nops"))
		memset(f->ip_opts, 1, f->ip_opts_len = n);
	else if (!strcmp(name, "hop"))
		put_ext(f, 0, n);
	else if (!strcmp(name, "dst"))
		put_ext(f, 60, n);
	else if (!strcmp(name, "like"))
		put_like(f, peer.iss + 1 + n);
	else
		return false;
	return true;
}

static void send_fragments(const struct frame *f, size_t bytes)
{
	static uint8_t whole[FRAME_ROOM], buf[FRAME_ROOM];
	size_t at, len;

	frame_build(f, whole);
	for (at = 0; (len = frame_fragment(whole, at, bytes, buf)); at += bytes)
		wire_send(buf, len);
}

static void do_segment(uint64_t pos, size_t len, char *fields)
{
	int n, i, frags = 0;
	struct frame f;
	char *name, *value;

	if (len > sizeof(payload))
		errx(2, "%zu bytes?", len);
	peer_head(&rng, &peer, &f, pos);
	pattern_fill(0, pos, payload, len);
	f.payload = payload;
	f.len = len;
	while ((name = strsep(&fields, ","))) {
		value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		n = value ? strtol(value, NULL, 0) : 0;
		if (!strcmp(name, "wrong"))
			for (i = 0; i < n && i < (int)len; i++)
				payload[i] ^= 0xff;
		else if (!strcmp(name, "frags"))
			frags = n;
		else if (!put_field(&f, name, n))
			errx(2, "%s?", name);
	}
	if (frags)
		send_fragments(&f, frags);
	else
		wire_frame(&f);
}

static void run_step(char *s)
{
	unsigned long long pos;
	size_t len;
	int n = 0;

	if (!strcmp(s, "open"))
		do_open();
	else if (sscanf(s, "acked:%llu", &pos) == 1)
		wait_until(is_acked, pos);
	else if (sscanf(s, "close:%llu", &pos) == 1)
		do_close(pos);
	else if (sscanf(s, "%llu+%zu%n", &pos, &len, &n) == 2 && s[n] == ',')
		do_segment(pos, len, s + n + 1);
	else if (n && !s[n])
		do_segment(pos, len, NULL);
	else
		errx(2, "%s?", s);
}

int main(int argc, char **argv)
{
	static struct shared counts;

	if (argc < 3)
		errx(2, "usage: rawpeer 4|6 STEP...");
	shared = &counts;
	rng.state = getpid();
	peer.v6 = !strcmp(argv[1], "6");
	peer.sport = 20000 + getpid() % 10000;
	peer.iss = -1501u;
	wire_open();
	atexit(reset);
	for (argv += 2; *argv; argv++)
		run_step(*argv);
	if (counts.counts[REFUSED])
		errx(1, "a frame was refused");
	return 0;
}
