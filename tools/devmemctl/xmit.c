// SPDX-License-Identifier: GPL-2.0-only
/* Sending with MSG_ZEROCOPY and SCM_DEVMEM_DMABUF. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "devmem_sock.h"
#include "out.h"
#include "stop.h"
#include "xmit.h"

/* How often a wait shows progress, in ms */
#define XMIT_WAIT	500

static void xmit_perror(const struct xmit *x, int err)
{
	switch (err) {
	case EINVAL:
		out_errno(err, "sendmsg: no binding %" PRIu32
			  " to send from, or %s cannot gather", x->id,
			  x->ifname);
		out_fix("devmemctl show lists the bindings; ethtool -K %s sg on",
			x->ifname);
		break;
	case EACCES:
		out_errno(err, "sendmsg: binding %" PRIu32
			  " is for sockets of another user", x->id);
		out_fix("devmemctl show %" PRIu32
			" says whose; devmemctl bind --tx --user decides",
			x->id);
		break;
	case ENODEV:
		out_errno(err, "sendmsg: the route to %s is not through %s, or binding %"
			  PRIu32 " has ended", x->host, x->ifname, x->id);
		out_fix("ip route get %s; devmemctl show %" PRIu32, x->host,
			x->id);
		break;
	case EHOSTUNREACH:
		out_errno(err, "sendmsg");
		out_fix("ip route get %s", x->host);
		break;
	case ENOBUFS:
		out_errno(err, "sendmsg: no memory for a completion");
		out_fix("sysctl -w net.core.optmem_max=131072");
		break;
	default:
		out_errno(err, "sendmsg");
		break;
	}
}

/* Was the connection lost? What it held is completed then, but not sent. */
static int xmit_check(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err)
		out_errno(err, "connection lost before all was acknowledged");
	return err ? -1 : 0;
}

/* Until completions come, or @events. Return: 1, or -1 with the reason printed.
 */
static int xmit_wait(struct xmit *x, int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int ret;

	if (poll(&pfd, 1, XMIT_WAIT) < 0) {
		if (errno == EINTR)
			return 1;
		out_errno(errno, "poll");
		return -1;
	}
	if (!(pfd.revents & (POLLERR | POLLHUP)))
		return 1;
	ret = zerocopy_read(&x->zerocopy, fd);
	if (ret)
		return ret < 0 ? -1 : 1;
	if (xmit_check(fd))
		return -1;
	if (!(pfd.revents & POLLHUP))
		return 1;
	out_error("connection closed before all was acknowledged");
	return -1;
}

/* Send what is fed and not sent. The iovec's addresses are offsets in the
 * dma-buf. Return: as xmit_wait().
 */
static int xmit_sendmsg(struct xmit *x, int fd)
{
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(sizeof(uint32_t))];
	} control = {
		.hdr.cmsg_level = SOL_SOCKET,
		.hdr.cmsg_type = SCM_DEVMEM_DMABUF,
		.hdr.cmsg_len = CMSG_LEN(sizeof(uint32_t)),
	};
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)feed_offset(x->feed, x->sent),
		.iov_len = x->feed->fed - x->sent,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t ret;

	memcpy(CMSG_DATA(&control.hdr), &x->id, sizeof(x->id));
	ret = sendmsg(fd, &msg, MSG_ZEROCOPY | MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ret > 0) {
		x->sendmsg_calls++;
		x->sent += ret;
		zerocopy_add(&x->zerocopy, ret);
		return 1;
	}
	switch (errno) {
	case EINTR:
		return 1;
	case EAGAIN:
		return xmit_wait(x, fd, POLLOUT);
	case ENOBUFS:
		/* Completions that are not told yet take up that memory. */
		if (!zerocopy_idle(&x->zerocopy))
			return xmit_wait(x, fd, 0);
		break;
	}
	xmit_perror(x, errno);
	return -1;
}

/* Return: 1 there is more to do, 0 all is acknowledged, -1 with the reason
 * printed.
 */
static int xmit_step(struct xmit *x, int fd)
{
	const struct zerocopy *z = &x->zerocopy;
	struct feed *f = x->feed;

	if (zerocopy_read(&x->zerocopy, fd) < 0)
		return -1;
	if (x->sent < f->fed)
		return zerocopy_full(z) ? xmit_wait(x, fd, 0) :
					  xmit_sendmsg(x, fd);
	if (!f->left)
		return zerocopy_idle(z) ? xmit_check(fd) : xmit_wait(x, fd, 0);
	/* What is not completed must not be overwritten. */
	if (f->size - (f->fed - z->completed) < feed_piece(f))
		return xmit_wait(x, fd, 0);
	return feed_next(f) ? -1 : 1;
}

/**
 * xmit_send() - send all of a feed and wait until it is acknowledged
 * @x: the stream
 * @fd: connected socket with SO_ZEROCOPY
 *
 * Return: 0; or -1, with the reason printed unless it is stop_requested. Then
 * the kernel may still use the memory, and what the peer has is not all.
 */
int xmit_send(struct xmit *x, int fd)
{
	double first = progress_now();
	int ret;

	do {
		ret = xmit_step(x, fd);
		x->seconds = progress_now() - first;
		progress_tick(x->progress, x->zerocopy.completed);
	} while (ret > 0 && !stop_requested);
	progress_end(x->progress);
	return ret ? -1 : 0;
}
