// SPDX-License-Identifier: GPL-2.0-only
/* Sending from device memory, and the completions. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "devmem_sock.h"
#include "sock.h"

#define MAX_IOV		24	/* a frame has room for 17 */

static int tx_flags(struct rng *r)
{
	static const int flags[] = { MSG_MORE, MSG_EOR, MSG_OOB, MSG_FASTOPEN };
	int f = MSG_NOSIGNAL;

	if (chance(r, 95))
		f |= MSG_ZEROCOPY;
	if (chance(r, 80))
		f |= MSG_DONTWAIT;
	if (chance(r, 20))
		f |= flags[rnd(r, 4)];
	return f;
}

/* Bases are offsets in the dma-buf, also beyond its end. */
static unsigned int tx_iov(struct rng *r, struct iovec *iov)
{
	unsigned int n = 1 + rnd(r, chance(r, 80) ? 3 : MAX_IOV), i;

	for (i = 0; i < n; i++) {
		iov[i].iov_base = (void *)(uintptr_t)rnd(r, OTHER_BYTES);
		iov[i].iov_len = rnd_size(r, 1 << 17);
		if (chance(r, 3))
			iov[i].iov_base = chance(r, 50) ? bad_pointer(r) :
				(void *)(uintptr_t)(OTHER_BYTES - rnd(r, 5000));
		if (chance(r, 1))
			iov[i].iov_len = rnd64(r);
	}
	return n;
}

/* One, seldom two of the messages that name a binding, some of them malformed. */
static size_t tx_control(struct rng *r, uint8_t *control)
{
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = 2 * CMSG_SPACE(sizeof(uint32_t)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	unsigned int n = chance(r, 97) ? 1 : 2, i;
	uint32_t id;

	memset(control, 0, msg.msg_controllen);
	for (i = 0; i < n; i++) {
		id = chance(r, 97) ? some_id(r) : rnd_edge(r);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_DEVMEM_DMABUF;
		cmsg->cmsg_len = CMSG_LEN(sizeof(id));
		memcpy(CMSG_DATA(cmsg), &id, sizeof(id));
		if (chance(r, 1))
			cmsg->cmsg_len = rnd_edge(r);
		cmsg = (void *)((uint8_t *)cmsg + CMSG_SPACE(sizeof(id)));
	}
	return n * CMSG_SPACE(sizeof(id));
}

void op_send_device(struct hand *h, unsigned int slot)
{
	uint8_t control[2 * CMSG_SPACE(sizeof(uint32_t))];
	int fd = slots[slot], one = chance(&h->r, 98);
	struct iovec iov[MAX_IOV];
	struct msghdr msg = { .msg_iov = iov, .msg_control = control };
	ssize_t ret;

	setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	msg.msg_iovlen = tx_iov(&h->r, iov);
	msg.msg_controllen = tx_control(&h->r, control);
	ret = sendmsg(fd, &msg, tx_flags(&h->r));
	count(DEVICE_SENDS);
	count_errno(ret < 0 ? errno : 0);
	if (ret > 0)
		count_add(DEVICE_SENT, ret);
	if (chance(&h->r, 30)) {
		msg.msg_iovlen = 0;
		msg.msg_controllen = sizeof(control);
		recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
	}
}
