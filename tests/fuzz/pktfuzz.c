// SPDX-License-Identifier: GPL-2.0-only
/* pktfuzz --bar PCI [--dev IFNAME] [--mtu N] --seconds N|--ops N [--seed N]:
 * raw frames from netns tx to queues 0 and 1 in netns rx, which are bound to a
 * part of the BAR:
 *
 *   - connections of a TCP peer of its own to the reader, with segments ahead
 *     of their turn, again, overlapping, urgent, with odd options, headers,
 *     fragments, padding, and damaged ones with garbage inside
 *   - segments of ordinary connections again, cut otherwise, and damaged
 *   - frames of any other kind
 *
 * The reader compares every byte of all connections. The peer is the host .77:
 * netns tx does not forward, so nobody answers for it; the stage gives netns rx
 * its neighbour entry. Prints KEY=NUMBER lines. Exit status 0, 1 a check failed,
 * 2 usage.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define PEERS_AT_ONCE	6
#define BAR_SIZE	(16 << 20)

static const char *const names[] = { READER_NAMES, PACKET_NAMES, NULL };

/* Hears what ordinary connections send, and nothing else: a damaged copy that it
 * takes for one of their segments gets a right checksum when it is sent again.
 */
static int live = -1;

static void hear(struct peer *peers)
{
	struct segment s;
	unsigned int i;

	while (wire_hear(&s))
		for (i = 0; i < PEERS_AT_ONCE; i++)
			if (peers[i].sport == s.dport)
				peer_take(&peers[i], &s);
}

/* A segment of an ordinary connection: again as it was, or damaged. */
static void replay(struct rng *r)
{
	static uint8_t bufs[2][FRAME_ROOM];
	struct segment s = {}, last;
	unsigned int use = 0;
	size_t at, room;
	struct frame f;
	ssize_t len;

	/* the last one that is here */
	while ((len = recv(live, bufs[use], FRAME_ROOM, MSG_DONTWAIT)) > 0)
		if (frame_parse(bufs[use], len, &last) && last.len &&
		    last.src[15] == TX_HOST && last.dport == READER_PORT &&
		    !(last.flags & (TCP_SYN | TCP_RST | TCP_FIN))) {
			s = last;
			use = !use;
		}
	if (!s.len)
		return;
	wire_init(r, &f, s.v6, TX_HOST);
	f.sport = s.sport;
	f.dport = s.dport;
	at = rnd(r, s.len);
	f.seq = s.seq + at;
	f.ack = s.ack;
	f.flags = s.flags;
	f.window = s.window;
	f.opts_len = s.opts_len;
	memcpy(f.opts, s.opts, s.opts_len);
	room = options.mtu - 80 - s.opts_len;
	f.len = 1 + rnd_size(r, s.len - at - 1);
	if (f.len > room)
		f.len = room;
	f.payload = s.payload + at;
	count(REPLAYED);
	if (chance(r, 10)) {
		fragments(r, &f);
		return;
	}
	if (chance(r, 60))
		damage(r, &f);
	else if (chance(r, 30))
		odd_ip(r, &f);
	if (f.len > room - 40)
		f.len = room - 40;
	wire_frame(&f);
}

static void fuzz_run(uint64_t seed)
{
	struct peer peers[PEERS_AT_ONCE] = {};
	struct rng r = { seed };
	struct peer *p;
	unsigned int i;

	enter_netns("tx");
	wire_open();
	live = wire_socket();
	for (i = 0; i < PEERS_AT_ONCE; i++)
		peers[i].sport = 20000 + 8 * rnd(&r, 2000) + i;
	while (fuzz_op()) {
		p = &peers[rnd(&r, PEERS_AT_ONCE)];
		hear(peers);
		if (chance(&r, 4))
			other_frame(&r);
		else if (chance(&r, 8))
			replay(&r);
		else if (p->state != PEER_NONE)
			peer_step(&r, p);
		else if (chance(&r, 20))
			peer_begin(&r, p);
		if (p->state == PEER_SYN || chance(&r, 2))
			usleep(rnd(&r, 1000));
	}
}

static void check(void)
{
	reader_check();
	if (!shared->counts[PEERS_OPEN] || !shared->counts[PEER_ACKED])
		fuzz_fail("the peer had no connection");
}

int main(int argc, char **argv)
{
	struct rng r;

	fuzz_begin(argc, argv);
	r.state = options.seed;
	enter_netns("rx");
	reader_bind(0, BAR_SIZE, 0, 1, 0);
	spawn("reader", reader_run, rnd64(&r));
	spawn("stream", stream_run, rnd64(&r));
	spawn("stream", stream_run, rnd64(&r));
	spawn("packets", fuzz_run, rnd64(&r));
	while (!fuzz_over())
		usleep(50000);
	return fuzz_end(names, check);
}
