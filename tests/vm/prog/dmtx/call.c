// SPDX-License-Identifier: GPL-2.0-only
/* System calls that send from the dma-buf. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devmem_sock.h"
#include "dmtx.h"
#include "failnth.h"
#include "uring.h"

#define CONTROL		CMSG_SPACE(sizeof(uint32_t))

bool faults;
unsigned long injected, failed;

/* Make @msg say to send from binding @from; @control is all zero. */
static void name_binding(struct msghdr *msg, uint8_t control[CONTROL],
			 uint32_t from)
{
	struct cmsghdr *c = (void *)control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_DEVMEM_DMABUF;
	c->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(c), &from, sizeof(from));
	msg->msg_control = control;
	msg->msg_controllen = CONTROL;
}

static ssize_t send_msg(const struct msghdr *msg, int flags)
{
	unsigned int n = 0;
	ssize_t ret;
	bool used;

	do {
		if (faults)
			failnth_arm(++n);
		ret = sendmsg(sock, msg, flags | MSG_NOSIGNAL);
		used = faults && failnth_disarm();
		injected += used;
		used &= ret < 0 && (errno == ENOMEM || errno == ENOBUFS ||
				    errno == EFAULT);
		failed += used;
	} while (used);
	return ret;
}

/* One sendmsg() of @iovs, whose bases are offsets in the dma-buf. */
ssize_t send_from(struct iovec *iovs, int num, int flags, uint32_t from)
{
	struct msghdr msg = { .msg_iov = iovs, .msg_iovlen = num };
	uint8_t control[CONTROL] = { 0 };
	ssize_t ret;

	name_binding(&msg, control, from);
	ret = send_msg(&msg, flags);
	if (ret < 0)
		return -errno;
	ring_called();
	return ret;
}

void try_one(unsigned long offset, unsigned long len, long flags, long from)
{
	struct iovec iov = { (void *)offset, len };
	ssize_t ret = send_from(&iov, 1, flags, from);

	printf("%s.errno=%s\n%s.ret=%zd\n", step_name,
	       ret < 0 ? strerrorname_np(-ret) ?: "unknown" : "0", step_name,
	       ret);
}

void try_uring(const char *op)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SENDMSG,
		.fd = sock,
		.len = 1,
		.msg_flags = MSG_ZEROCOPY | MSG_NOSIGNAL,
	};
	struct iovec iov = { NULL, 1000 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint8_t control[CONTROL] = { 0 };
	struct uring ring;
	struct io_uring_cqe cqe;

	if (!strcmp(op, "zc")) {
		sqe.opcode = IORING_OP_SENDMSG_ZC;
		sqe.msg_flags = MSG_NOSIGNAL;
	} else if (!strcmp(op, "waitall")) {
		sqe.msg_flags |= MSG_WAITALL;
	} else if (strcmp(op, "sendmsg")) {
		errx(2, "uring:%s?", op);
	}
	name_binding(&msg, control, id);
	sqe.addr = (uintptr_t)&msg;
	if (!uring_open(&ring, 2) || !uring_submit(&ring, &sqe))
		err(1, "io_uring");
	while (!uring_completed(&ring, &cqe))
		usleep(1000);
	close(ring.fd);
	if (cqe.res > 0)
		ring_called();
	printf("%s.errno=%s\n%s.ret=%d\n", step_name,
	       cqe.res < 0 ? strerrorname_np(-cqe.res) ?: "unknown" : "0",
	       step_name, cqe.res);
}
