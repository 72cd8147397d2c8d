// SPDX-License-Identifier: GPL-2.0-only
/* io_uring by its system calls: requests of several kinds, up to REQUESTS of
 * which wait at a time.
 */
#include <err.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "devmem_sock.h"
#include "sock.h"

#define ENTRIES		16
#define REQUESTS	8
#define ROOM		4096
#define CANCEL		100	/* user_data of what has no request */

struct uring_request {
	bool		busy, control_used;
	unsigned int	slot;
	struct msghdr	msg;
	struct iovec	iov;
	uint8_t		buf[ROOM] __attribute__((aligned(16)));
	uint8_t		control[ROOM] __attribute__((aligned(16)));
};

struct ring {
	int			fd;
	unsigned int		*sq_tail, *sq_mask, *sq_array;
	unsigned int		*cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe	*sqes;
	struct io_uring_cqe	*cqes;
	struct uring_request	requests[REQUESTS];
};

static struct ring *ring_open(void)
{
	struct io_uring_params p = {};
	struct ring *ring = calloc(1, sizeof(*ring));
	uint8_t *map;

	if (!ring)
		err(1, NULL);
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring->fd < 0)
		return ring;
	map = mmap(NULL, p.cq_off.cqes + p.cq_entries *
		   sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
		   MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, p.sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	if (map == MAP_FAILED || ring->sqes == MAP_FAILED)
		err(1, "mmap of io_uring");
	ring->sq_tail = (void *)(map + p.sq_off.tail);
	ring->sq_mask = (void *)(map + p.sq_off.ring_mask);
	ring->sq_array = (void *)(map + p.sq_off.array);
	ring->cq_head = (void *)(map + p.cq_off.head);
	ring->cq_tail = (void *)(map + p.cq_off.tail);
	ring->cq_mask = (void *)(map + p.cq_off.ring_mask);
	ring->cqes = (void *)(map + p.cq_off.cqes);
	return ring;
}

static void submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int at = *ring->sq_tail & *ring->sq_mask;

	ring->sqes[at] = *sqe;
	ring->sq_array[at] = at;
	__atomic_store_n(ring->sq_tail, *ring->sq_tail + 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0);
}

static void complete(struct ring *ring)
{
	const struct io_uring_cqe *cqe;
	struct uring_request *req;

	syscall(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_GETEVENTS,
		NULL, 0);
	while (*ring->cq_head !=
	       __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE)) {
		cqe = &ring->cqes[*ring->cq_head & *ring->cq_mask];
		if (cqe->user_data < REQUESTS) {
			req = &ring->requests[cqe->user_data];
			if (cqe->res > 0 && req->control_used)
				take_control(req->slot, req->control,
					     req->msg.msg_controllen, cqe->res);
			req->busy = false;
		}
		__atomic_store_n(ring->cq_head, *ring->cq_head + 1,
				 __ATOMIC_RELEASE);
	}
}

static void cancel(struct ring *ring, unsigned int i)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_ASYNC_CANCEL,
		.fd = -1,
		.addr = i,
		.user_data = CANCEL,
	};

	submit(ring, &sqe);
}

static void request(struct rng *r, struct ring *ring, unsigned int i,
		    unsigned int slot)
{
	struct uring_request *req = &ring->requests[i];
	struct io_uring_sqe sqe = { .user_data = i, .fd = slots[slot] };

	req->busy = true;
	req->control_used = false;
	req->slot = slot;
	req->iov = (struct iovec){ req->buf, rnd_size(r, ROOM) };
	memset(&req->msg, 0, sizeof(req->msg));
	req->msg.msg_iov = &req->iov;
	req->msg.msg_iovlen = 1;
	req->msg.msg_control = req->control;
	req->msg.msg_controllen = rnd_size(r, ROOM);
	switch (rnd(r, 8)) {
	case 0:
		sqe.opcode = IORING_OP_RECV;
		sqe.addr = (uintptr_t)req->buf;
		sqe.len = req->iov.iov_len;
		break;
	case 1:
		sqe.opcode = IORING_OP_POLL_ADD;
		sqe.poll32_events = POLLIN;
		break;
	case 2:
		sqe.opcode = IORING_OP_SHUTDOWN;
		sqe.len = rnd(r, 3);
		break;
	default:
		sqe.opcode = IORING_OP_RECVMSG;
		sqe.addr = (uintptr_t)&req->msg;
		sqe.len = 1;
		sqe.msg_flags = MSG_SOCK_DEVMEM |
				(chance(r, 30) ? MSG_DONTWAIT : 0) |
				(chance(r, 20) ? MSG_WAITALL : 0) |
				(chance(r, 10) ? MSG_PEEK : 0);
		if (chance(r, 10))
			sqe.ioprio = IORING_RECVSEND_POLL_FIRST;
		req->control_used = true;
	}
	if (chance(r, 10))
		sqe.flags = IOSQE_ASYNC;
	submit(ring, &sqe);
	count(URINGS);
}

void op_uring(struct hand *h, unsigned int slot)
{
	unsigned int i = rnd(&h->r, REQUESTS);

	if (!h->ring)
		h->ring = ring_open();
	if (h->ring->fd < 0)
		return;
	if (!h->ring->requests[i].busy)
		request(&h->r, h->ring, i, slot);
	else if (chance(&h->r, 40))
		cancel(h->ring, i);
	complete(h->ring);
}

/* What still waits may get something that nobody hears of. */
void uring_end(struct hand *h)
{
	unsigned int i;

	if (!h->ring || h->ring->fd < 0)
		return;
	complete(h->ring);
	for (i = 0; i < REQUESTS; i++)
		if (h->ring->requests[i].busy)
			count(URING_LOST);
	close(h->ring->fd);
}
