// SPDX-License-Identifier: GPL-2.0-only
/* What can be odd about a frame. After odd_options() and odd_ip() it may be taken
 * all the same, so its payload stays right. After damage() it must not be taken,
 * and the payload is garbage.
 */
#include <string.h>

#include "peer.h"

static uint8_t garbage[64 << 10];

/* TCP options: known kinds with any length, and any bytes. */
void odd_options(struct rng *r, struct frame *f)
{
	static const uint8_t kinds[] = {
		0, 1, 2, 3, 4, 5, 8, 19, 28, 29, 30, 34, 253, 254,
	};
	unsigned int i;

	f->opts_len = 4 * rnd(r, 11);
	memset(f->opts, 1, sizeof(f->opts));
	for (i = 0; i + 1 < f->opts_len; i += 1 + rnd(r, 12)) {
		f->opts[i] = kinds[rnd(r, sizeof(kinds))];
		f->opts[i + 1] = chance(r, 80) ? rnd(r, 14) : rnd64(r);
		if (chance(r, 50))
			rnd_fill(r, f->opts + i, 2);
	}
}

static void odd_ipv4(struct rng *r, struct frame *f)
{
	f->ip_opts_len = 4 * rnd(r, 11);
	memset(f->ip_opts, 1, sizeof(f->ip_opts));
	if (!f->ip_opts_len)
		return;
	if (chance(r, 30))
		rnd_fill(r, f->ip_opts, f->ip_opts_len);
	/* record route, timestamp, loose source route, router alert */
	f->ip_opts[0] = (uint8_t[]){ 7, 68, 131, 148, 1, 0 }[rnd(r, 6)];
	if (chance(r, 80))
		f->ip_opts[1] = chance(r, 80) ? f->ip_opts_len : rnd64(r);
	if (f->ip_opts_len > 4)
		f->ip_opts[2] = chance(r, 80) ? 4 : rnd64(r);
}

/* A chain of extension headers of 8 or 16 bytes. */
static void odd_ipv6(struct rng *r, struct frame *f)
{
	/* hop by hop, routing, fragment, destination, none, AH, mobility */
	static const uint8_t types[] = { 0, 43, 44, 60, 59, 51, 135 };
	unsigned int n = 1 + rnd(r, 3), at = 0, len;
	uint8_t type = types[chance(r, 80) ? rnd(r, 4) : rnd(r, 7)], next;

	f->ext = type;
	while (n--) {
		len = type == 44 || chance(r, 70) ? 8 : 16;
		next = n ? types[chance(r, 80) ? 1 + rnd(r, 3) : rnd(r, 7)] :
			   f->proto ? f->proto : 6;
		memset(f->ip_opts + at, 0, len);
		f->ip_opts[at] = next;
		if (type == 44) {
			/* Some meet others of their id; TCP's sum is wrong then */
			f->ip_opts[at + 7] = rnd64(r);
			if (chance(r, 20))
				f->ip_opts[at + 3] = rnd64(r);
		} else {
			f->ip_opts[at + 1] = chance(r, 95) ? len / 8 - 1 :
					     rnd64(r);
			/* PadN over all of it */
			f->ip_opts[at + 2] = 1;
			f->ip_opts[at + 3] = len - 4;
		}
		if (chance(r, 10))
			rnd_fill(r, f->ip_opts + at + 2, len - 2);
		type = next;
		at += len;
	}
	f->ip_opts_len = at;
}

void odd_ip(struct rng *r, struct frame *f)
{
	unsigned int i;

	switch (rnd(r, 7)) {
	case 0 ... 2:
		if (f->v6)
			odd_ipv6(r, f);
		else
			odd_ipv4(r, f);
		break;
	case 3:
		f->pad = rnd_size(r, 200);
		break;
	case 4:
		f->vlans = 1 + rnd(r, 3);
		for (i = 0; i < 3; i++)
			f->vlan[i] = chance(r, 50) ? 0 : rnd64(r);
		break;
	case 5:
		f->tos = rnd64(r);
		break;
	default:
		f->ttl = rnd64(r);
		f->frag_off = chance(r, 50) ? 0x4000 : 0x8000;
	}
}

/* Nobody may take these bytes for those of a stream. */
void damage(struct rng *r, struct frame *f)
{
	unsigned int what = rnd(r, 9);

	f->bad_csum = true;
	/* A shorter packet has another checksum, and one in 65536 is good. */
	if (what != 4) {
		rnd_fill(r, garbage, f->len < 64 ? f->len : 64);
		f->payload = garbage;
	}
	switch (what) {
	case 0:
		f->doff = 1 + rnd(r, 4);
		break;
	case 1:
		f->doff = 6 + rnd(r, 10);
		break;
	case 2:
		f->doff = 15;
		f->len = rnd(r, f->len < 40 ? f->len + 1 : 40);
		break;
	case 3:
		f->total_delta = 1 + rnd(r, 3000);
		break;
	case 4:
		f->total_delta = -1 - (int)rnd(r, f->len + 40);
		break;
	case 5:
		f->ihl = 1 + rnd(r, 15);
		f->bad_ip_csum = chance(r, 50);
		break;
	case 6:
		f->proto = chance(r, 50) ? 17 : rnd64(r);
		break;
	case 7:
		f->ethertype = chance(r, 50) ? 0x0806 : rnd64(r);
		break;
	}
}

/* The segment in IPv4 fragments: some lost, some twice, in any order. Those of
 * IPv6 come from odd_ip(), one at a time.
 */
void fragments(struct rng *r, const struct frame *f)
{
	static uint8_t whole[FRAME_ROOM], buf[FRAME_ROOM];
	struct frame copy = *f;
	size_t at, bytes, len;
	unsigned int n;

	if (f->v6) {
		wire_frame(f);
		return;
	}
	copy.id = rnd64(r);
	copy.ip_opts_len = 0;
	if (chance(r, 20))
		damage(r, &copy);
	copy.total_delta = 0;
	frame_build(&copy, whole);
	count(FRAGMENTS);
	bytes = 8 * (1 + rnd(r, chance(r, 50) ? 10 : 180));
	for (at = 0, n = 0; n < 40; n++, at += bytes) {
		if (chance(r, 10) && at)
			at -= 8 * rnd(r, bytes / 8);
		len = frame_fragment(whole, at, bytes, buf);
		if (!len)
			break;
		if (chance(r, 97))
			wire_send(buf, len);
		if (chance(r, 5))
			wire_send(buf, len);
	}
	if (chance(r, 20)) {
		len = frame_fragment(whole, 0, bytes, buf);
		wire_send(buf, len);
	}
}

/* From no connection at all. */
static void other_packet(struct rng *r)
{
	static const uint8_t protos[] = { 1, 2, 4, 17, 41, 47, 50, 58, 132 };
	struct frame f;

	wire_init(r, &f, chance(r, 40), chance(r, 50) ? PEER_HOST : rnd64(r));
	f.sport = rnd64(r);
	f.dport = chance(r, 70) ? READER_PORT : rnd64(r);
	f.seq = rnd64(r);
	f.ack = rnd64(r);
	f.flags = rnd64(r);
	f.window = rnd64(r);
	f.urg = rnd64(r);
	rnd_fill(r, garbage, 64);
	f.payload = garbage;
	f.len = rnd_size(r, options.mtu - 60);
	if (chance(r, 60))
		f.proto = protos[rnd(r, sizeof(protos))];
	if (chance(r, 30))
		odd_options(r, &f);
	if (chance(r, 30))
		odd_ip(r, &f);
	if (chance(r, 30))
		damage(r, &f);
	if (f.v6 ? chance(r, 5) : chance(r, 20))
		f.frag_off = rnd64(r);
	wire_frame(&f);
}

/* Bytes of any kind behind a right address, or not even that. */
void other_frame(struct rng *r)
{
	static uint8_t buf[FRAME_ROOM];
	struct frame f;
	size_t len;

	count(OTHER);
	if (chance(r, 70)) {
		other_packet(r);
		return;
	}
	wire_init(r, &f, chance(r, 50), PEER_HOST);
	frame_build(&f, buf);
	len = 14 + rnd_size(r, options.mtu);
	rnd_fill(r, buf + 14 + rnd(r, 60), 64);
	if (chance(r, 30))
		rnd_fill(r, buf + 12, 2);
	wire_send(buf, len);
}
