// SPDX-License-Identifier: GPL-2.0-only
/* io_uring, one request at a time:
 *
 *   uring:N[:FLAGS]	IORING_OP_RECVMSG with MSG_SOCK_DEVMEM, tokens are
 *			kept. FLAGS: d MSG_DONTWAIT, w MSG_WAITALL
 *   uringwait:N:FILE	the same; FILE appears when the request waits
 *   uringleave:N:FILE	the same, but the socket is closed before FILE appears:
 *			what comes is for nobody
 *   uringplain:N	IORING_OP_RECV
 *   uringmulti		IORING_OP_RECV, multishot
 *   uringmultimsg:N	IORING_OP_RECVMSG with MSG_SOCK_DEVMEM, multishot,
 *			until N bytes came or its end
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dmsock.h"
#include "uring.h"

#define ENTRIES		8
#define BUFFERS		4
#define BUFFER_SIZE	65536
#define BUFFER_CONTROL	2048

static struct uring ring = { .fd = -1 };
static uint8_t buffers[BUFFERS][BUFFER_SIZE] __attribute__((aligned(16)));

static void submit(const struct io_uring_sqe *sqe)
{
	if (!uring_submit(&ring, sqe))
		err(1, "io_uring_enter");
}

static bool completed(struct io_uring_cqe *cqe, int ms)
{
	uint64_t until = now_us() + ms * 1000ull;

	while (!uring_completed(&ring, cqe)) {
		if (now_us() > until)
			return false;
		usleep(1000);
	}
	return true;
}

static void wait_completed(struct io_uring_cqe *cqe)
{
	if (!completed(cqe, patience))
		wrong("no completion");
}

/* @file: appears when the request waits. @leave: then it is the last that has
 * the socket.
 */
static void uring_recvmsg(size_t len, int flags, const char *file, bool leave)
{
	struct ask ask = ask_for(len, 512, flags);
	struct io_uring_sqe sqe = { .opcode = IORING_OP_RECVMSG };
	struct io_uring_cqe cqe;
	struct got got = {};
	struct iovec iov;
	struct msghdr msg;

	ask_msg(&ask, &iov, &msg);
	sqe.fd = conn.fd;
	sqe.addr = (uintptr_t)&msg;
	sqe.len = 1;
	sqe.msg_flags = MSG_SOCK_DEVMEM | flags;
	submit(&sqe);
	if (file) {
		if (completed(&cqe, 300))
			wrong("it did not wait: %d", cqe.res);
		if (leave)
			close(conn.fd);
		fflush(NULL);
		close(open(file, O_CREAT | O_WRONLY, 0600));
	}
	wait_completed(&cqe);
	if (cqe.res > 0)
		take_msg(&msg, cqe.res, flags, &got);
	say_got(cqe.res, &got);
	if (leave)
		conn = (struct conn){ .fd = -1 };
}

static void uring_plain(size_t len)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_RECV };
	struct io_uring_cqe cqe;

	sqe.fd = conn.fd;
	sqe.addr = (uintptr_t)iov_buf;
	sqe.len = len;
	submit(&sqe);
	wait_completed(&cqe);
	say_errno(cqe.res < 0 ? -cqe.res : 0);
	if (cqe.res > 0) {
		check_bytes(conn.pos, iov_buf, cqe.res, "plain bytes");
		conn.pos += cqe.res;
	}
	say("bytes", "%d", cqe.res < 0 ? 0 : cqe.res);
}

static void provide_buffers(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_PROVIDE_BUFFERS };
	struct io_uring_cqe cqe;

	sqe.fd = BUFFERS;
	sqe.addr = (uintptr_t)buffers;
	sqe.len = BUFFER_SIZE;
	sqe.buf_group = 1;
	submit(&sqe);
	wait_completed(&cqe);
	if (cqe.res < 0)
		wrong("IORING_OP_PROVIDE_BUFFERS");
}

static void uring_multi(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_RECV };
	struct io_uring_cqe cqe;

	provide_buffers();
	sqe.fd = conn.fd;
	sqe.ioprio = IORING_RECV_MULTISHOT;
	sqe.flags = IOSQE_BUFFER_SELECT;
	sqe.buf_group = 1;
	submit(&sqe);
	wait_completed(&cqe);
	if (cqe.res > 0)
		wrong("it got %d bytes", cqe.res);
	say_errno(-cqe.res);
	say("more", "%d", !!(cqe.flags & IORING_CQE_F_MORE));
}

static size_t multi_take(const struct io_uring_cqe *cqe, struct got *got)
{
	uint8_t *buf = buffers[cqe->flags >> IORING_CQE_BUFFER_SHIFT];
	struct io_uring_recvmsg_out *out = (void *)buf;
	struct msghdr msg = {
		.msg_control = out + 1,
		.msg_controllen = out->controllen,
		.msg_flags = out->flags,
	};

	memcpy(iov_buf, buf + sizeof(*out) + BUFFER_CONTROL,
	       BUFFER_SIZE - sizeof(*out) - BUFFER_CONTROL);
	take_msg(&msg, out->payloadlen, 0, got);
	return out->payloadlen;
}

/* Until the request with user_data 1 and its cancellation are both over. */
static void multi_cancel(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_ASYNC_CANCEL };
	struct io_uring_cqe cqe;
	int open = 2;

	sqe.fd = -1;
	sqe.addr = 1;
	sqe.user_data = 2;
	submit(&sqe);
	while (open) {
		wait_completed(&cqe);
		if (cqe.user_data == 1 && cqe.res > 0)
			wrong("%d bytes more than the peer sent", cqe.res);
		open -= !(cqe.flags & IORING_CQE_F_MORE);
	}
}

static void uring_multi_msg(size_t len)
{
	struct msghdr msg = { .msg_controllen = BUFFER_CONTROL };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_RECVMSG };
	struct got got, sum = {};
	struct io_uring_cqe cqe;
	size_t bytes = 0;

	provide_buffers();
	sqe.fd = conn.fd;
	sqe.addr = (uintptr_t)&msg;
	sqe.len = 1;
	sqe.ioprio = IORING_RECV_MULTISHOT;
	sqe.flags = IOSQE_BUFFER_SELECT;
	sqe.buf_group = 1;
	sqe.msg_flags = MSG_SOCK_DEVMEM;
	sqe.user_data = 1;
	submit(&sqe);
	do {
		wait_completed(&cqe);
		if (cqe.res <= 0)
			break;
		bytes += multi_take(&cqe, &got);
		sum.device += got.device;
		sum.linear += got.linear;
		sum.frags += got.frags;
	} while (bytes < len && cqe.flags & IORING_CQE_F_MORE);
	say("last", "%s", cqe.res < 0 ? strerrorname_np(-cqe.res) : "0");
	if (cqe.flags & IORING_CQE_F_MORE)
		multi_cancel();
	say_got(bytes, &sum);
}

bool step_uring(const char *s)
{
	char flags[8] = "", file[128];
	unsigned long a = 0;
	int f = 0;

	if (strncmp(s, "uring", 5))
		return false;
	if (ring.fd < 0 && !uring_open(&ring, ENTRIES)) {
		say_errno(errno);
		return true;
	}
	if (sscanf(s, "uringwait:%lu:%127s", &a, file) == 2) {
		uring_recvmsg(a, 0, file, false);
	} else if (sscanf(s, "uringleave:%lu:%127s", &a, file) == 2) {
		uring_recvmsg(a, 0, file, true);
	} else if (sscanf(s, "uring:%lu:%7s", &a, flags) >= 1) {
		f |= strchr(flags, 'd') ? MSG_DONTWAIT : 0;
		f |= strchr(flags, 'w') ? MSG_WAITALL : 0;
		uring_recvmsg(a, f, NULL, false);
	} else if (sscanf(s, "uringplain:%lu", &a) == 1) {
		uring_plain(a);
	} else if (!strcmp(s, "uringmulti")) {
		uring_multi();
	} else if (sscanf(s, "uringmultimsg:%lu", &a) == 1) {
		uring_multi_msg(a);
	} else {
		return false;
	}
	return true;
}
