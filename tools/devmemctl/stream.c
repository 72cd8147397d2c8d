// SPDX-License-Identifier: GPL-2.0-only
/* Receiving with MSG_SOCK_DEVMEM. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "devmem_sock.h"
#include "out.h"
#include "stop.h"
#include "stream.h"

/* Room for the control messages of 1638 frags; the kernel ends a recvmsg()
 * early rather than lose one.
 */
#define STREAM_CONTROL	(64 * 1024)

/* How often a wait looks for stop_requested, in ms */
#define STREAM_WAIT	500

/**
 * stream_init() - get the buffers
 * @s: the stream
 *
 * Return: 0, or -1 with the reason printed. stream_free() is due in any case.
 */
int stream_init(struct stream *s)
{
	s->iov = malloc(SINK_CHUNK);
	s->control = malloc(STREAM_CONTROL);
	if (s->iov && s->control)
		return 0;
	out_errno(errno, "receive buffer");
	return -1;
}

void stream_free(struct stream *s)
{
	free(s->control);
	free(s->iov);
}

/**
 * stream_wait() - wait a moment for a socket to be readable
 * @fd: socket
 *
 * Return: 1 if it is, 0 if not yet, -1 with the reason printed.
 */
int stream_wait(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ret;

	ret = poll(&pfd, 1, STREAM_WAIT);
	if (ret < 0 && errno == EINTR)
		return 0;
	if (ret < 0)
		out_errno(errno, "poll");
	return ret;
}

static int stream_return_tokens(struct stream *s, int fd)
{
	if (!s->batch.frags)
		return 0;
	s->dontneed_calls++;
	return token_batch_return(&s->batch, fd);
}

/* Return: 1 if @cmsg is about data, then in @frag; 0 if not; -1 if it lies. */
static int stream_frag(const struct stream *s, struct cmsghdr *cmsg,
		       struct devmem_cmsg *frag)
{
	if (cmsg->cmsg_level != SOL_SOCKET ||
	    (cmsg->cmsg_type != SCM_DEVMEM_DMABUF &&
	     cmsg->cmsg_type != SCM_DEVMEM_LINEAR))
		return 0;
	if (cmsg->cmsg_len != CMSG_LEN(sizeof(*frag))) {
		out_error("control message of %zu bytes, not %zu",
			  (size_t)cmsg->cmsg_len, CMSG_LEN(sizeof(*frag)));
		return -1;
	}
	memcpy(frag, CMSG_DATA(cmsg), sizeof(*frag));
	if (cmsg->cmsg_type == SCM_DEVMEM_LINEAR)
		return 1;

	if (frag->dmabuf_id != s->id) {
		out_error("frag of binding %" PRIu32 ", not %" PRIu32,
			  (uint32_t)frag->dmabuf_id, s->id);
		out_fix("devmemctl show tells which queues that one has");
		return -1;
	}
	if (frag->frag_size > s->size ||
	    frag->frag_offset > s->size - frag->frag_size) {
		out_error("frag of %" PRIu32 " bytes at %" PRIu64
			  " is outside the dma-buf of %" PRIu64 " bytes",
			  (uint32_t)frag->frag_size,
			  (uint64_t)frag->frag_offset, s->size);
		return -1;
	}
	return 1;
}

/* Hand the frags of one recvmsg() to the sink, in stream order. Linear bytes
 * stand in the iovec one after the other.
 */
static int stream_sink(struct stream *s, struct msghdr *msg, size_t bytes)
{
	size_t left = bytes, linear = 0;
	struct devmem_cmsg frag;
	struct cmsghdr *cmsg;
	int ret;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		ret = stream_frag(s, cmsg, &frag);
		if (ret < 0)
			return -1;
		if (!ret)
			continue;
		if (frag.frag_size > left)
			goto mismatch;

		left -= frag.frag_size;
		if (cmsg->cmsg_type == SCM_DEVMEM_DMABUF) {
			sink_device(s->sink, frag.frag_offset, frag.frag_size);
			s->bytes_device += frag.frag_size;
			s->frags++;
		} else {
			sink_linear(s->sink, s->iov + linear, frag.frag_size);
			linear += frag.frag_size;
		}
	}

	/* A socket that has not seen device memory yet gives plain bytes. */
	if (left == bytes) {
		sink_linear(s->sink, s->iov, bytes);
		linear = bytes;
		left = 0;
	}
	if (left)
		goto mismatch;

	s->bytes_linear += linear;
	return 0;

mismatch:
	out_error("control messages do not add up to the %zu bytes received",
		  bytes);
	return -1;
}

static int stream_collect_tokens(struct stream *s, int fd, struct msghdr *msg)
{
	struct devmem_cmsg frag;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_DEVMEM_DMABUF)
			continue;
		memcpy(&frag, CMSG_DATA(cmsg), sizeof(frag));
		while (!token_batch_add(&s->batch, frag.frag_token))
			if (stream_return_tokens(s, fd))
				return -1;
	}

	return s->batch.frags < s->tokens ? 0 : stream_return_tokens(s, fd);
}

static int stream_chunk(struct stream *s, int fd, struct msghdr *msg,
			size_t bytes)
{
	s->recvmsg_calls++;
	if (msg->msg_flags & MSG_CTRUNC) {
		out_error("control messages truncated, tokens are lost");
		return -1;
	}
	if (bytes > SINK_CHUNK) {
		out_error("recvmsg returned %zu bytes, asked for %d", bytes,
			  SINK_CHUNK);
		return -1;
	}
	/* sink_end() goes with sink_begin(), whatever is between. */
	if (sink_begin(s->sink))
		return -1;
	if (stream_sink(s, msg, bytes)) {
		sink_end(s->sink);
		return -1;
	}
	if (sink_end(s->sink))
		return -1;
	return s->hold ? 0 : stream_collect_tokens(s, fd, msg);
}

static void stream_recvmsg_error(const struct stream *s, int err)
{
	switch (err) {
	case EFAULT:
		out_errno(err, "recvmsg: data is in device memory, stuck");
		out_fix("devmemctl check; if OK, devmem_tcp_core is at fault");
		break;
	case ENODEV:
		out_errno(err, "recvmsg: data in memory of somebody else");
		break;
	case ENOMEM:
		out_errno(err, "recvmsg: no token for the next frag");
		out_fix(s->hold ? "receive without --hold" :
				  "give the memory cgroup more");
		break;
	case EMSGSIZE:
		out_errno(err, "recvmsg: control buffer too small");
		break;
	default:
		out_errno(err, "recvmsg");
		break;
	}
}

static uint64_t stream_bytes(const struct stream *s)
{
	return s->bytes_device + s->bytes_linear;
}

static int stream_loop(struct stream *s, int fd)
{
	double first = 0, base = s->seconds;
	struct msghdr msg = {};
	struct iovec iov;
	uint64_t left;
	ssize_t ret;

	while (!stop_requested) {
		left = s->limit - stream_bytes(s);
		if (!left)
			return STREAM_DONE;

		iov.iov_base = s->iov;
		iov.iov_len = left < SINK_CHUNK ? left : SINK_CHUNK;
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		msg.msg_control = s->control;
		msg.msg_controllen = STREAM_CONTROL;

		ret = recvmsg(fd, &msg, MSG_SOCK_DEVMEM | MSG_DONTWAIT);
		if (!ret)
			return STREAM_DONE;
		if (ret > 0) {
			if (!first)
				first = progress_now();
			if (stream_chunk(s, fd, &msg, ret))
				return STREAM_FAILED;
			s->seconds = base + progress_now() - first;
		} else if (errno == EAGAIN ||
			   (errno == ENOMEM && s->batch.frags)) {
			/* The sender may be waiting for these very buffers, or
			 * they are all that the binding's limit allows.
			 */
			if (stream_return_tokens(s, fd) || stream_wait(fd) < 0)
				return STREAM_FAILED;
		} else if (errno != EINTR) {
			stream_recvmsg_error(s, errno);
			return STREAM_FAILED;
		}
		progress_tick(s->progress, stream_bytes(s));
	}
	return STREAM_STOPPED;
}

/**
 * stream_receive() - receive until the sender closes
 * @s: the stream
 * @fd: connected socket
 *
 * All tokens are back with the kernel when it returns, unless that fails. Of
 * those that are held it is the last close() that returns them.
 *
 * Return: STREAM_DONE; STREAM_STOPPED by a signal; STREAM_FAILED with the
 * reason printed.
 */
int stream_receive(struct stream *s, int fd)
{
	int ret;

	ret = stream_loop(s, fd);
	progress_end(s->progress);
	if (ret != STREAM_FAILED && stream_return_tokens(s, fd))
		ret = STREAM_FAILED;
	s->batch.ranges = 0;
	s->batch.frags = 0;
	return ret;
}
