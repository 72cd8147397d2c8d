/* SPDX-License-Identifier: GPL-2.0-only */
/* The TCP peer of the packet fuzzer, made of raw frames. */
#ifndef PEER_H
#define PEER_H

#include "frame.h"
#include "fuzz.h"
#include "reader.h"

enum {
	FRAMES = READER_COUNTS, REFUSED, FRAME_BYTES, IN_ORDER, AHEAD, AGAIN,
	ODD_FLAGS, ODD_OPTIONS, ODD_IP, DAMAGED, FRAGMENTS, CONTROL, REPLAYED,
	OTHER, PEERS, PEERS_OPEN, PEER_ACKED, PEER_RESETS, PACKET_COUNTS
};

#define PACKET_NAMES \
	"frames", "refused", "frame_bytes", "in_order", "ahead", "again", \
	"odd_flags", "odd_options", "odd_ip", "damaged", "fragmented", \
	"control", "replayed", "other", "peers", "peers_open", \
	"peer_acked", "peer_resets"

enum peer_state { PEER_NONE, PEER_SYN, PEER_OPEN, PEER_FIN };

/**
 * struct peer - one end of a connection to the reader
 * @state: where it is
 * @v6: IPv6
 * @sport: port, and seed of the stream
 * @iss: our first number; stream byte n has @iss + 1 + n
 * @rcv_nxt: what we acknowledge
 * @next: stream byte that comes next in order
 * @acked: first byte that is not acknowledged
 * @limit: length of the stream
 * @window: of the other end, bytes
 * @shift: for its window
 * @stamps: send timestamps
 * @stamp: last one that came
 * @progress_ms: when @acked moved
 */
struct peer {
	enum peer_state	state;
	bool		v6;
	uint16_t	sport;
	uint32_t	iss, rcv_nxt;
	uint64_t	next, acked, limit;
	uint32_t	window;
	uint8_t		shift;
	bool		stamps;
	uint32_t	stamp;
	uint64_t	progress_ms;
};

int wire_socket(void);
void wire_open(void);
void wire_send(const uint8_t *buf, size_t len);
void wire_frame(const struct frame *f);
void wire_init(struct rng *r, struct frame *f, bool v6, uint8_t host);
bool wire_hear(struct segment *s);

void peer_head(struct rng *r, const struct peer *p, struct frame *f,
	       uint64_t pos);
void peer_syn(struct rng *r, const struct peer *p);
void peer_begin(struct rng *r, struct peer *p);
void peer_take(struct peer *p, const struct segment *s);
void peer_step(struct rng *r, struct peer *p);

void odd_options(struct rng *r, struct frame *f);
void odd_ip(struct rng *r, struct frame *f);
void damage(struct rng *r, struct frame *f);
void fragments(struct rng *r, const struct frame *f);
void other_frame(struct rng *r);

#endif /* PEER_H */
