/* SPDX-License-Identifier: GPL-2.0-only */
/* The well-behaved ones beside a fuzzer: a reader that binds, and compares every
 * byte; senders of streams to it.
 */
#ifndef READER_H
#define READER_H

#include <stdint.h>

/* The first counters of a fuzzer that has a reader. */
enum {
	READER_CONNS, READER_BYTES, READER_DEVICE, READER_FRAGS, READER_FOREIGN,
	READER_AGAIN, STREAM_SENT, STREAM_READ, STREAM_ENDS,
	READER_COUNTS
};

#define READER_NAMES \
	"reader_conns", "reader_bytes", "reader_device", "reader_frags", \
	"reader_foreign", "reader_compared_again", "stream_sent", \
	"stream_read", "stream_ends"

#define READER_PORT	5000
#define RX_ADDRESS	"192.0.2.1"
#define RX_ADDRESS6	"2001:db8::1"

/* Hosts in the address's last byte. */
#define TX_HOST		0x02
#define PEER_HOST	0x4d	/* that of the packet fuzzer */

void reader_bind(uint64_t offset, uint64_t size, uint32_t first, uint32_t last,
		 uint32_t sock_limit);
void reader_run(uint64_t seed);
void stream_run(uint64_t seed);
void reader_check(void);

#endif /* READER_H */
