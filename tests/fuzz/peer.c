// SPDX-License-Identifier: GPL-2.0-only
/* A TCP peer that does what it likes, with one rule: whatever the other end can
 * take for stream bytes is right. So its reader can compare all that it gets.
 */
#include <string.h>

#include "pattern.h"
#include "peer.h"

#define RETRY		30	/* ms without progress */
#define GIVE_UP		4000	/* ms */

static uint8_t payload[64 << 10];

/* Largest payload that fits in the link's frames. */
static size_t most(const struct frame *f)
{
	size_t head = (f->v6 ? 60 : 40) + f->opts_len + f->ip_opts_len;

	return options.mtu > head ? options.mtu - head : 0;
}

static void put_stamps(const struct peer *p, struct frame *f)
{
	uint32_t now = __builtin_bswap32(now_ms());
	uint32_t echo = __builtin_bswap32(p->stamp);

	memcpy(f->opts, "\1\1\10\12", 4);
	memcpy(f->opts + 4, &now, 4);
	memcpy(f->opts + 8, &echo, 4);
	f->opts_len = 12;
}

/**
 * peer_head() - a segment without payload
 * @r: for the id
 * @p: from which
 * @f: the frame
 * @pos: where in the stream
 */
void peer_head(struct rng *r, const struct peer *p, struct frame *f,
	       uint64_t pos)
{
	wire_init(r, f, p->v6, PEER_HOST);
	f->sport = p->sport;
	f->dport = READER_PORT;
	f->seq = p->iss + 1 + (uint32_t)pos;
	f->ack = p->rcv_nxt;
	f->flags = TCP_ACK;
	f->window = 65535;
	if (p->stamps)
		put_stamps(p, f);
}

/* What comes at @pos, whatever the header looks like. */
static void fill(const struct peer *p, struct frame *f, uint64_t pos,
		 size_t len)
{
	size_t room = most(f);

	f->len = len < room ? len : room;
	if (pos + f->len > p->limit)
		f->len = p->limit > pos ? p->limit - pos : 0;
	pattern_fill(p->sport, pos, payload, f->len);
	f->payload = payload;
}

/**
 * peer_syn() - ask for a connection
 * @r: for the id
 * @p: whose
 */
void peer_syn(struct rng *r, const struct peer *p)
{
	static const uint8_t stamp_offer[12] = { 1, 1, 8, 10 };
	struct frame f;

	wire_init(r, &f, p->v6, PEER_HOST);
	f.sport = p->sport;
	f.dport = READER_PORT;
	f.seq = p->iss;
	f.flags = TCP_SYN;
	f.window = 65535;
	/* MSS, SACK permitted, window scale */
	memcpy(f.opts, "\2\4\5\264\4\2\1\3\3\7\1\1", 12);
	f.opts_len = 12;
	if (p->stamps) {
		memcpy(f.opts + 12, stamp_offer, 12);
		f.opts[19] = 1;
		f.opts_len = 24;
	}
	wire_frame(&f);
}

/**
 * peer_begin() - a new connection
 * @r: for its kind
 * @p: that one
 */
void peer_begin(struct rng *r, struct peer *p)
{
	uint16_t sport = p->sport;

	memset(p, 0, sizeof(*p));
	p->sport = sport < 60000 ? sport + 8 : 20000 + sport % 8;
	p->v6 = chance(r, 40);
	p->stamps = chance(r, 50);
	p->iss = chance(r, 30) ? 0u - rnd(r, 100000) : (uint32_t)rnd64(r);
	p->limit = chance(r, 20) ? rnd(r, 3000) : 1 + rnd(r, 4 << 20);
	p->state = PEER_SYN;
	p->progress_ms = now_ms();
	count(PEERS);
	peer_syn(r, p);
}

static void take_options(struct peer *p, const struct segment *s)
{
	unsigned int i = 0, len;
	uint32_t stamp;

	while (i < s->opts_len && s->opts[i]) {
		if (s->opts[i] == 1) {
			i++;
			continue;
		}
		len = i + 1 < s->opts_len ? s->opts[i + 1] : 0;
		if (len < 2 || i + len > s->opts_len)
			return;
		if (s->opts[i] == 3 && len == 3 && s->flags & TCP_SYN)
			p->shift = s->opts[i + 2];
		if (s->opts[i] == 8 && len == 10) {
			memcpy(&stamp, s->opts + i + 2, 4);
			p->stamp = __builtin_bswap32(stamp);
		}
		i += len;
	}
}

/**
 * peer_take() - a segment from the other end
 * @p: whose
 * @s: the segment
 */
void peer_take(struct peer *p, const struct segment *s)
{
	int32_t more;

	if (p->state == PEER_NONE)
		return;
	if (s->flags & TCP_RST) {
		count(PEER_RESETS);
		p->state = PEER_NONE;
		return;
	}
	take_options(p, s);
	if (p->state == PEER_SYN) {
		if ((s->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK) ||
		    s->ack != p->iss + 1)
			return;
		p->state = PEER_OPEN;
		p->rcv_nxt = s->seq + 1;
		p->window = s->window;
		p->progress_ms = now_ms();
		count(PEERS_OPEN);
		return;
	}
	if (!(s->flags & TCP_ACK))
		return;
	if (s->seq == p->rcv_nxt)
		p->rcv_nxt += s->len + !!(s->flags & TCP_FIN);
	more = s->ack - (p->iss + 1 + (uint32_t)p->acked);
	p->window = s->window << (s->flags & TCP_SYN ? 0 : p->shift);
	if (more <= 0)
		return;
	if (p->acked + more > p->limit) {
		/* our FIN as well */
		p->state = PEER_NONE;
		more = p->limit - p->acked;
	}
	p->acked += more;
	count_add(PEER_ACKED, more);
	p->progress_ms = now_ms();
	if (p->next < p->acked)
		p->next = p->acked;
}

static void send_in_order(struct rng *r, struct peer *p, struct frame *f)
{
	size_t len = chance(r, 70) ? 9000 : 1 + rnd_size(r, 9000);

	peer_head(r, p, f, p->next);
	if (chance(r, 8)) {
		odd_options(r, f);
		count(ODD_OPTIONS);
	}
	fill(p, f, p->next, len);
	f->flags |= chance(r, 30) ? TCP_PSH : 0;
	if (p->next + f->len > p->acked + p->window && chance(r, 95)) {
		f->len = 0;
		return;
	}
	p->next += f->len;
	count(IN_ORDER);
}

/* At @pos, which was sent already, or is ahead of its turn. */
static void send_at(struct rng *r, struct peer *p, struct frame *f,
		    uint64_t pos)
{
	peer_head(r, p, f, pos);
	fill(p, f, pos, 1 + rnd_size(r, 9000));
}

static uint64_t behind(struct rng *r, const struct peer *p)
{
	uint32_t n = rnd(r, chance(r, 70) ? 6000 : 200000);

	return p->next > n ? p->next - n : 0;
}

static void odd_flags(struct rng *r, struct frame *f)
{
	/* FIN, SYN and RST have their own place */
	f->flags = rnd64(r) & ~(TCP_FIN | TCP_SYN | TCP_RST);
	if (chance(r, 80))
		f->flags |= TCP_ACK;
	if (chance(r, 60)) {
		f->flags |= TCP_URG;
		f->urg = chance(r, 70) ? rnd(r, f->len + 2) : rnd_edge(r);
	}
	if (chance(r, 20))
		f->ack += rnd_edge(r);
	if (chance(r, 30))
		f->window = rnd_edge(r);
	count(ODD_FLAGS);
}

/* Segments that end or seem to end the connection. */
static void control(struct rng *r, struct peer *p, struct frame *f)
{
	peer_head(r, p, f, p->next);
	count(CONTROL);
	switch (rnd(r, 20)) {
	case 0:
		f->flags |= TCP_RST;
		p->state = PEER_NONE;
		break;
	case 1:
		p->state = PEER_NONE;	/* without a word */
		break;
	case 2 ... 6:
		f->flags |= TCP_RST;
		f->seq += 1 + rnd_edge(r) / 2;
		break;
	case 7 ... 10:
		f->flags |= TCP_SYN;
		f->seq += chance(r, 50) ? 0 : rnd_edge(r);
		break;
	case 11 ... 14:
		f->ack += rnd_edge(r);
		break;
	default:
		f->window = chance(r, 50) ? 0 : rnd_edge(r);
	}
}

static void last_one(struct rng *r, struct peer *p, struct frame *f)
{
	peer_head(r, p, f, p->limit);
	f->flags |= TCP_FIN;
	if (chance(r, 5) && p->acked == p->limit)
		p->state = PEER_NONE;
}

static void open_step(struct rng *r, struct peer *p, struct frame *f)
{
	unsigned int what = rnd(r, 1000);

	if (p->acked >= p->limit) {
		last_one(r, p, f);
	} else if (now_ms() - p->progress_ms > RETRY && what < 600) {
		peer_head(r, p, f, p->acked);
		fill(p, f, p->acked, 1 + rnd_size(r, 9000));
		count(AGAIN);
	} else if (what < 600) {
		send_in_order(r, p, f);
	} else if (what < 720) {
		send_at(r, p, f, p->next + rnd(r, chance(r, 90) ? 30000 :
					       500000));
		count(AHEAD);
	} else if (what < 850) {
		send_at(r, p, f, behind(r, p));
		count(AGAIN);
	} else if (what < 990) {
		send_at(r, p, f, chance(r, 50) ? p->next : p->acked);
	} else {
		control(r, p, f);
	}
	if (what >= 720 && what < 990 && chance(r, 60))
		odd_flags(r, f);
}

/**
 * peer_step() - send something
 * @r: what
 * @p: from which
 */
void peer_step(struct rng *r, struct peer *p)
{
	struct frame f;

	memset(&f, 0, sizeof(f));
	if (p->state == PEER_SYN) {
		if (now_ms() - p->progress_ms > GIVE_UP)
			p->state = PEER_NONE;
		else
			peer_syn(r, p);
		return;
	}
	if (now_ms() - p->progress_ms > GIVE_UP) {
		p->state = PEER_NONE;
		return;
	}
	open_step(r, p, &f);
	if (!f.dport)
		return;
	if (f.len && chance(r, 4)) {
		fragments(r, &f);
		return;
	}
	if (chance(r, 6)) {
		odd_ip(r, &f);
		/* headers that grew leave less room */
		if (f.len > most(&f))
			f.len = most(&f);
		count(ODD_IP);
	}
	if (chance(r, 6)) {
		damage(r, &f);
		count(DAMAGED);
	}
	wire_frame(&f);
}
