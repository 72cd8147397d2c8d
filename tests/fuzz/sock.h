/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations of the socket fuzzer. All threads of a process share its sockets. */
#ifndef SOCK_H
#define SOCK_H

#include "fuzz.h"
#include "reader.h"

#define FUZZ_PORT	5001
#define MPTCP_PORT	5002
#define SLOTS		8
#define TOKENS		256
#define AREA		1048576
#define CONTROL		65536
#define BAR_BYTES	(64 << 20)
#define OTHER_BYTES	(16 << 20)	/* of a binding that comes and goes */

enum {
	RECVS = READER_COUNTS, DEVICE_FRAGS, PLAIN, DONTNEEDS, HANDED, FREED,
	SOCKOPTS, LIFE, ACCEPTED, PASSED, FORKED, SENDS, READY, URINGS,
	URING_LOST, DEVICE_SENDS, DEVICE_SENT, BINDS, UNBINDS, PEER_CONNS,
	PEER_BYTES, SOCK_COUNTS
};

#define SOCK_NAMES \
	"recvmsgs", "device_frags", "plain", "dontneeds", "handed", "freed", \
	"sockopts", "life", "accepted", "passed", "forked", "sends", \
	"ready", "urings", "uring_lost", "device_sends", "device_sent", \
	"binds", "unbinds", "peer_conns", "peer_bytes"

/**
 * struct hand - what a thread has of its own
 * @r: numbers
 * @area: AREA bytes, nothing behind
 * @control: CONTROL bytes, nothing behind
 * @pipe: for splice()
 * @ring: of io_uring, NULL: not yet
 */
struct hand {
	struct rng	r;
	uint8_t		*area, *control;
	int		pipe[2];
	struct ring	*ring;
};

extern atomic_int slots[SLOTS];
extern int listeners[2], mail[2];

void hand_init(struct hand *h, uint64_t seed);
void note_token(unsigned int slot, uint32_t token);
void take_control(unsigned int slot, const void *control, size_t len,
		  ssize_t bytes);
void *bad_pointer(struct rng *r);
void set_slot(unsigned int slot, int fd);

void op_recvmsg(struct hand *h, unsigned int slot);
void op_recvmmsg(struct hand *h, unsigned int slot);
void op_plain(struct hand *h, unsigned int slot);
void op_dontneed(struct hand *h, unsigned int slot);
void op_sockopt(struct hand *h, unsigned int slot);
void op_life(struct hand *h, unsigned int slot);
void op_accept(struct hand *h, unsigned int slot);
void op_send(struct hand *h, unsigned int slot);
void op_send_device(struct hand *h, unsigned int slot);
void op_ready(struct hand *h, unsigned int slot);
void op_uring(struct hand *h, unsigned int slot);
void uring_end(struct hand *h);

#endif /* SOCK_H */
