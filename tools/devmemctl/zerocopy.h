/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ZEROCOPY_H
#define ZEROCOPY_H

#include <stdbool.h>
#include <stdint.h>

/* Most calls that are not completed at a time */
#define ZEROCOPY_CALLS	1024

/**
 * struct zerocopy - calls of sendmsg(MSG_ZEROCOPY) on one socket, numbered from
 *	0 on by the kernel
 * @first: the oldest that is not completed
 * @next: number of the next
 * @call: those between, each at its number modulo ZEROCOPY_CALLS
 * @completed: bytes of all calls before @first; their memory is free
 * @notifications: that told so
 */
struct zerocopy {
	uint32_t first;
	uint32_t next;
	struct {
		uint64_t bytes;
		bool done;
	} call[ZEROCOPY_CALLS];
	uint64_t completed;
	uint64_t notifications;
};

bool zerocopy_idle(const struct zerocopy *z);
bool zerocopy_full(const struct zerocopy *z);
void zerocopy_add(struct zerocopy *z, uint64_t bytes);
int zerocopy_complete(struct zerocopy *z, uint32_t low, uint32_t high);
int zerocopy_read(struct zerocopy *z, int fd);

#endif /* ZEROCOPY_H */
