// SPDX-License-Identifier: GPL-2.0-only
/* io_uring: requests of several kinds, up to REQUESTS of which wait at a time. */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devmem_sock.h"
#include "sock.h"
#include "uring.h"

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
	struct uring		uring;
	struct uring_request	requests[REQUESTS];
};

static void complete(struct ring *ring)
{
	struct uring_request *req;
	struct io_uring_cqe cqe;

	while (uring_completed(&ring->uring, &cqe)) {
		if (cqe.user_data >= REQUESTS)
			continue;
		req = &ring->requests[cqe.user_data];
		if (cqe.res > 0 && req->control_used)
			take_control(req->slot, req->control,
				     req->msg.msg_controllen, cqe.res);
		req->busy = false;
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

	uring_submit(&ring->uring, &sqe);
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
	uring_submit(&ring->uring, &sqe);
	count(URINGS);
}

void op_uring(struct hand *h, unsigned int slot)
{
	unsigned int i = rnd(&h->r, REQUESTS);

	if (!h->ring) {
		h->ring = calloc(1, sizeof(*h->ring));
		if (!h->ring)
			err(1, NULL);
		uring_open(&h->ring->uring, ENTRIES);
	}
	if (h->ring->uring.fd < 0)
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

	if (!h->ring || h->ring->uring.fd < 0)
		return;
	complete(h->ring);
	for (i = 0; i < REQUESTS; i++)
		if (h->ring->requests[i].busy)
			count(URING_LOST);
	close(h->ring->uring.fd);
}
