// SPDX-License-Identifier: GPL-2.0-only
/* Receiving and returning: with all flags, sizes and pointers. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "devmem_sock.h"
#include "sock.h"
#include "tcp_zc.h"

static atomic_uint tokens[SLOTS][TOKENS];
static atomic_uint next_token[SLOTS];

static uint8_t *guarded(size_t len)
{
	uint8_t *map = mmap(NULL, len + 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* a hole would be filled by the next mapping */
	if (map == MAP_FAILED || mprotect(map + len, 4096, PROT_NONE))
		err(1, "mmap");
	return map;
}

void hand_init(struct hand *h, uint64_t seed)
{
	h->r.state = seed;
	h->area = guarded(AREA);
	h->control = guarded(CONTROL);
	h->ring = NULL;
	if (pipe2(h->pipe, O_NONBLOCK | O_CLOEXEC))
		err(1, "pipe");
}

void note_token(unsigned int slot, uint32_t token)
{
	tokens[slot][next_token[slot]++ % TOKENS] = token;
}

void *bad_pointer(struct rng *r)
{
	static const uintptr_t bad[] = {
		0, 8, 0xffffffff80000000, 0x7ffffffff000, 0x800000000000,
		0xfffffffffffffff0,
	};

	return (void *)bad[rnd(r, sizeof(bad) / sizeof(*bad))];
}

/* Control messages that came with @bytes; other kinds are fine. */
void take_control(unsigned int slot, const void *control, size_t len,
		  ssize_t bytes)
{
	struct msghdr msg = {
		.msg_control = (void *)control, .msg_controllen = len,
	};
	struct cmsghdr *cmsg;
	struct devmem_cmsg f;
	uint64_t sum = 0;

	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg;
	     cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    (cmsg->cmsg_type != SCM_DEVMEM_DMABUF &&
		     cmsg->cmsg_type != SCM_DEVMEM_LINEAR))
			continue;
		if (cmsg->cmsg_len != CMSG_LEN(sizeof(f))) {
			fuzz_fail("a control message of %zu bytes",
				  (size_t)cmsg->cmsg_len);
			return;
		}
		memcpy(&f, CMSG_DATA(cmsg), sizeof(f));
		sum += f.frag_size;
		if (cmsg->cmsg_type == SCM_DEVMEM_LINEAR)
			continue;
		count(DEVICE_FRAGS);
		count(HANDED);
		note_token(slot, f.frag_token);
		if (!f.frag_size || f.flags || !f.dmabuf_id || !f.frag_token ||
		    f.frag_token > INT32_MAX ||
		    f.frag_offset + f.frag_size > BAR_BYTES)
			fuzz_fail("frag at %llu of %u bytes, token %u",
				  (unsigned long long)f.frag_offset,
				  f.frag_size, f.frag_token);
	}
	if (sum > (uint64_t)bytes)
		fuzz_fail("control messages tell of %llu bytes of %zd",
			  (unsigned long long)sum, bytes);
}

static int some_flags(struct rng *r)
{
	static const int flags[] = {
		MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_OOB, MSG_ERRQUEUE,
		MSG_CTRUNC, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL, MSG_MORE,
	};
	int f = 0;
	unsigned int i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		f |= chance(r, i < 3 ? 15 : 3) ? flags[i] : 0;
	if (chance(r, 85))
		f |= MSG_SOCK_DEVMEM;
	if (chance(r, 75))
		f |= MSG_DONTWAIT;
	return chance(r, 2) ? (int)rnd64(r) : f;
}

static unsigned int some_iov(struct hand *h, struct iovec *iov,
			     unsigned int max)
{
	unsigned int n = chance(&h->r, 80) ? 1 : rnd(&h->r, max + 1), i;

	for (i = 0; i < n; i++) {
		iov[i].iov_len = rnd_size(&h->r, AREA / 2);
		iov[i].iov_base = h->area + rnd(&h->r, AREA / 2);
		if (chance(&h->r, 4))
			iov[i].iov_base = h->area + AREA -
					  rnd(&h->r, 5000);
		if (chance(&h->r, 2))
			iov[i].iov_base = bad_pointer(&h->r);
		if (chance(&h->r, 1))
			iov[i].iov_len = rnd64(&h->r);
	}
	return n;
}

/* Room for some control messages, which may end too early or nowhere. */
static void some_control(struct hand *h, struct msghdr *msg)
{
	static const size_t sizes[] = {
		0, 1, 15, 16, 17, 23, 24, 39, 40, 41, 79, 80, 120, 400, 4000,
		40960,
	};
	struct rng *r = &h->r;
	size_t len = chance(r, 70) ? CONTROL :
		     chance(r, 80) ? sizes[rnd(r, 16)] : rnd(r, CONTROL);

	msg->msg_control = h->control;
	msg->msg_controllen = len;
	if (chance(r, 4))
		msg->msg_control = h->control + CONTROL - rnd(r, 200);
	if (chance(r, 3))
		msg->msg_control = bad_pointer(r);
	if (chance(r, 4))
		msg->msg_control = NULL;
	if (chance(r, 1))
		msg->msg_controllen = rnd64(r);
}

void op_recvmsg(struct hand *h, unsigned int slot)
{
	struct iovec iov[64];
	struct msghdr msg = { .msg_iov = iov };
	char name[128];
	ssize_t ret;
	int flags = some_flags(&h->r);

	msg.msg_iovlen = some_iov(h, iov, 64);
	some_control(h, &msg);
	if (chance(&h->r, 20)) {
		msg.msg_name = name;
		msg.msg_namelen = rnd(&h->r, sizeof(name));
	}
	ret = recvmsg(slots[slot], &msg, flags);
	count(RECVS);
	if (flags & MSG_SOCK_DEVMEM)
		count_errno(ret < 0 ? errno : 0);
	if (ret > 0 && msg.msg_control && msg.msg_controllen <= CONTROL &&
	    !(flags & MSG_ERRQUEUE))
		take_control(slot, msg.msg_control, msg.msg_controllen, ret);
}

void op_recvmmsg(struct hand *h, unsigned int slot)
{
	struct mmsghdr msgs[4] = {};
	struct iovec iov[4];
	size_t space = CONTROL / 4;
	unsigned int i;
	int ret;

	for (i = 0; i < 4; i++) {
		some_iov(h, &iov[i], 1);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_control = h->control + i * space;
		msgs[i].msg_hdr.msg_controllen = space;
	}
	ret = recvmmsg(slots[slot], msgs, 4, MSG_SOCK_DEVMEM | MSG_DONTWAIT,
		       NULL);
	count(RECVS);
	for (i = 0; (int)i < ret; i++)
		take_control(slot, h->control + i * space,
			     msgs[i].msg_hdr.msg_controllen, msgs[i].msg_len);
}

static void plain_zerocopy(struct hand *h, int fd)
{
	size_t len = 4096 * (1 + rnd(&h->r, 64));
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	struct tcp_zc zc = {
		.address = (uintptr_t)map,
		.length = chance(&h->r, 80) ? len : rnd_edge(&h->r),
		.copybuf_address = (uintptr_t)h->area,
		.copybuf_len = chance(&h->r, 80) ? 65536 : rnd_edge(&h->r),
		.msg_control = (uintptr_t)h->control,
		.msg_controllen = rnd_size(&h->r, CONTROL),
	};
	socklen_t size = chance(&h->r, 80) ? sizeof(zc) :
			 rnd(&h->r, sizeof(zc));

	getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &size);
	if (map != MAP_FAILED)
		munmap(map, len);
}

/* Readers that know nothing of device memory. */
void op_plain(struct hand *h, unsigned int slot)
{
	size_t len = rnd_size(&h->r, AREA);
	int fd = slots[slot], devnull;
	struct iovec iov[8];

	count(PLAIN);
	switch (rnd(&h->r, 7)) {
	case 0:
		recv(fd, h->area, len, some_flags(&h->r) & ~MSG_SOCK_DEVMEM);
		break;
	case 1:
		if (read(fd, h->area, len) < 0)
			return;
		break;
	case 2:
		if (readv(fd, iov, some_iov(h, iov, 8)) < 0)
			return;
		break;
	case 3:
		splice(fd, NULL, h->pipe[1], NULL, len, SPLICE_F_NONBLOCK);
		break;
	case 4:
		devnull = open("/dev/null", O_WRONLY | O_CLOEXEC);
		sendfile(devnull, fd, NULL, len);
		close(devnull);
		break;
	case 5:
		tee(h->pipe[0], h->pipe[1], len, SPLICE_F_NONBLOCK);
		break;
	default:
		plain_zerocopy(h, fd);
	}
	while (read(h->pipe[0], h->area, AREA) > 0)
		;
}

void op_dontneed(struct hand *h, unsigned int slot)
{
	struct devmem_token *what = (void *)h->area;
	unsigned int n = chance(&h->r, 85) ? 1 + rnd(&h->r, 20) :
			 rnd(&h->r, 132), i, from;
	socklen_t len = n * sizeof(*what);
	struct rng *r = &h->r;
	int ret;

	for (i = 0; i < n; i++) {
		/* its own, another socket's, or any */
		from = chance(r, 90) ? slot : rnd(r, SLOTS);
		what[i].token_start = chance(r, 90) ?
				      tokens[from][rnd(r, TOKENS)] :
				      rnd_edge(r);
		what[i].token_count = chance(r, 80) ? 1 :
				      chance(r, 80) ? rnd(r, 200) :
				      rnd_edge(r);
	}
	if (chance(r, 3))
		len = rnd(r, 1100);
	if (chance(r, 3))
		what = chance(r, 50) ? bad_pointer(r) :
		       (void *)(h->area + AREA - rnd(r, 100));
	ret = setsockopt(slots[slot], SOL_SOCKET, SO_DEVMEM_DONTNEED, what,
			 len);
	count(DONTNEEDS);
	if (ret > 0)
		count_add(FREED, ret);
	if (ret > 1024)
		fuzz_fail("DONTNEED freed %d", ret);
}
