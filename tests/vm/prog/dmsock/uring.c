// SPDX-License-Identifier: GPL-2.0-only
/* io_uring by its system calls, one request at a time:
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
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dmsock.h"

#define ENTRIES		8
#define BUFFERS		4
#define BUFFER_SIZE	65536
#define BUFFER_CONTROL	2048

static struct {
	int			fd;
	unsigned int		*sq_tail, *sq_mask, *sq_array;
	unsigned int		*cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe	*sqes;
	struct io_uring_cqe	*cqes;
} ring = { .fd = -1 };

static uint8_t buffers[BUFFERS][BUFFER_SIZE] __attribute__((aligned(16)));

static bool ring_open(void)
{
	struct io_uring_params p = {};
	size_t size;
	uint8_t *map;

	if (ring.fd >= 0)
		return true;
	ring.fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring.fd < 0)
		return false;
	if (!(p.features & IORING_FEAT_SINGLE_MMAP))
		errx(1, "io_uring without a single mapping");
	size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	if (size < p.sq_off.array + p.sq_entries * sizeof(unsigned int))
		size = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		   IORING_OFF_SQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(*ring.sqes),
			 PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
			 IORING_OFF_SQES);
	if (map == MAP_FAILED || ring.sqes == MAP_FAILED)
		err(1, "mmap of io_uring");
	ring.sq_tail = (void *)(map + p.sq_off.tail);
	ring.sq_mask = (void *)(map + p.sq_off.ring_mask);
	ring.sq_array = (void *)(map + p.sq_off.array);
	ring.cq_head = (void *)(map + p.cq_off.head);
	ring.cq_tail = (void *)(map + p.cq_off.tail);
	ring.cq_mask = (void *)(map + p.cq_off.ring_mask);
	ring.cqes = (void *)(map + p.cq_off.cqes);
	return true;
}

static void submit(const struct io_uring_sqe *sqe)
{
	unsigned int at = *ring.sq_tail & *ring.sq_mask;

	ring.sqes[at] = *sqe;
	ring.sq_array[at] = at;
	__atomic_store_n(ring.sq_tail, *ring.sq_tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) != 1)
		err(1, "io_uring_enter");
}

static bool completed(struct io_uring_cqe *cqe, int ms)
{
	uint64_t until = now_us() + ms * 1000ull;

	while (*ring.cq_head ==
	       __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE)) {
		if (now_us() > until)
			return false;
		/* Completions of requests that wait are work of this task. */
		syscall(SYS_io_uring_enter, ring.fd, 0, 0,
			IORING_ENTER_GETEVENTS, NULL, 0);
		usleep(1000);
	}
	*cqe = ring.cqes[*ring.cq_head & *ring.cq_mask];
	__atomic_store_n(ring.cq_head, *ring.cq_head + 1, __ATOMIC_RELEASE);
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
	if (!ring_open()) {
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
