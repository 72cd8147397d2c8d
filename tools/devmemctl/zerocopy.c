// SPDX-License-Identifier: GPL-2.0-only
/* Which calls of sendmsg(MSG_ZEROCOPY) the kernel is done with. Until then it
 * may send their memory again.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#include "out.h"
#include "zerocopy.h"

/* More than a notification has: an extended error and an address */
#define ZEROCOPY_CONTROL	256

bool zerocopy_idle(const struct zerocopy *z)
{
	return z->first == z->next;
}

bool zerocopy_full(const struct zerocopy *z)
{
	return z->next - z->first == ZEROCOPY_CALLS;
}

/* A call took @bytes > 0; not if zerocopy_full(). */
void zerocopy_add(struct zerocopy *z, uint64_t bytes)
{
	unsigned int i = z->next++ % ZEROCOPY_CALLS;

	z->call[i].bytes = bytes;
	z->call[i].done = false;
}

/**
 * zerocopy_complete() - calls are completed, in whatever order
 * @z: the calls
 * @low: number of the first of them
 * @high: number of the last
 *
 * Return: 0, or -1 with the reason printed if they were not under way.
 */
int zerocopy_complete(struct zerocopy *z, uint32_t low, uint32_t high)
{
	uint32_t n = z->next - z->first, at = low - z->first;
	unsigned int i;

	if (at >= n || high - low >= n - at)
		goto mismatch;
	do {
		i = low % ZEROCOPY_CALLS;
		if (z->call[i].done)
			goto mismatch;
		z->call[i].done = true;
	} while (low++ != high);

	for (; !zerocopy_idle(z); z->first++) {
		i = z->first % ZEROCOPY_CALLS;
		if (!z->call[i].done)
			break;
		z->completed += z->call[i].bytes;
	}
	return 0;

mismatch:
	out_error("completion of calls %" PRIu32 " to %" PRIu32
		  ", which are not under way", low, high);
	return -1;
}

static int zerocopy_notified(struct zerocopy *z,
			     const struct sock_extended_err *ee)
{
	/* Whatever else there is has nothing to do with memory. */
	if (ee->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		return 0;
	if (ee->ee_code & SO_EE_CODE_ZEROCOPY_COPIED) {
		out_error("the kernel copied the bytes of calls %" PRIu32
			  " to %" PRIu32 ", which nobody can read",
			  ee->ee_info, ee->ee_data);
		return -1;
	}
	z->notifications++;
	return zerocopy_complete(z, ee->ee_info, ee->ee_data);
}

static int zerocopy_message(struct zerocopy *z, struct msghdr *msg)
{
	struct sock_extended_err ee;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (!(cmsg->cmsg_level == SOL_IP &&
		      cmsg->cmsg_type == IP_RECVERR) &&
		    !(cmsg->cmsg_level == SOL_IPV6 &&
		      cmsg->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(cmsg), sizeof(ee));
		if (zerocopy_notified(z, &ee))
			return -1;
	}
	return 0;
}

/**
 * zerocopy_read() - take the notifications that are there
 * @z: the calls
 * @fd: their socket
 *
 * Return: how many messages came, or -1 with the reason printed.
 */
int zerocopy_read(struct zerocopy *z, int fd)
{
	char control[ZEROCOPY_CONTROL]
		__attribute__((aligned(sizeof(struct cmsghdr))));
	struct msghdr msg = { .msg_control = control };
	int n = 0;

	for (;;) {
		msg.msg_controllen = sizeof(control);
		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				return n;
			out_errno(errno, "read completions");
			return -1;
		}
		n++;
		if (zerocopy_message(z, &msg))
			return -1;
	}
}
