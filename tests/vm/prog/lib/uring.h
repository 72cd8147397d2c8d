/* SPDX-License-Identifier: GPL-2.0-only */
/* io_uring by its system calls, for there is no 32-bit liburing. */
#ifndef URING_H
#define URING_H

#include <linux/io_uring.h>
#include <stdbool.h>

/**
 * struct uring - one ring, of which one thread submits and reads
 * @fd: of the ring, -1: not open
 * The rest is mapped from the kernel.
 */
struct uring {
	int			fd;
	unsigned int		*sq_tail, *sq_mask, *sq_array;
	unsigned int		*cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe	*sqes;
	struct io_uring_cqe	*cqes;
};

bool uring_open(struct uring *ring, unsigned int entries);
bool uring_submit(struct uring *ring, const struct io_uring_sqe *sqe);
bool uring_completed(struct uring *ring, struct io_uring_cqe *cqe);

#endif /* URING_H */
