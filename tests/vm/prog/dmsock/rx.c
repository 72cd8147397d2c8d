// SPDX-License-Identifier: GPL-2.0-only
/* Receiving: every byte is compared where it is, in the order of the control
 * messages.
 */
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmsock.h"
#include "pattern.h"

uint8_t iov_buf[IOV_SIZE];
uint64_t seed;
bool blind;				/* to device memory */
FILE *frag_list;

static char control[CMSG_SPACE(sizeof(struct devmem_cmsg)) * MAX_CMSGS];

void check_bytes(uint64_t at, const uint8_t *buf, size_t len,
		 const char *where)
{
	size_t good;

	if (frag_list)
		return;
	good = pattern_check(seed, at, buf, len);
	if (good != len)
		wrong("stream byte %llu, in %s, after %zu good ones of %zu",
		      (unsigned long long)(at + good), where, good, len);
}

static void take_device(const struct devmem_cmsg *f, uint64_t at)
{
	const struct range *r;

	if (!f->frag_token || f->frag_token > INT32_MAX)
		wrong("token %u", f->frag_token);
	keep_token(f->frag_token);
	if (!nr_ranges)
		return;
	r = range_of(f->dmabuf_id);
	if (f->frag_offset > r->size || r->size - f->frag_offset < f->frag_size)
		wrong("frag at %#llx is outside",
		      (unsigned long long)f->frag_offset);
	if (frag_list)
		fprintf(frag_list, "%llu %llu %u\n", (unsigned long long)at,
			(unsigned long long)f->frag_offset, f->frag_size);
	else if (!blind)
		check_bytes(at, r->map + f->frag_offset, f->frag_size,
			    "device memory");
}

/* One control message, about stream bytes from @at on. Return: how many. */
static uint32_t take_cmsg(struct got *got, uint64_t at, size_t left,
			  const struct cmsghdr *cmsg)
{
	struct devmem_cmsg f;

	if (cmsg->cmsg_level != SOL_SOCKET ||
	    (cmsg->cmsg_type != SCM_DEVMEM_LINEAR &&
	     cmsg->cmsg_type != SCM_DEVMEM_DMABUF)) {
		got->others++;
		return 0;
	}
	if (got->others)
		wrong("one of ours after another control message");
	if (cmsg->cmsg_len != CMSG_LEN(sizeof(f)))
		wrong("control message of %zu bytes", (size_t)cmsg->cmsg_len);
	memcpy(&f, CMSG_DATA(cmsg), sizeof(f));
	if (!f.frag_size || f.frag_size > left || f.flags)
		wrong("frag of %u bytes, %zu left, flags %#x", f.frag_size,
		      left, f.flags);
	if (cmsg->cmsg_type == SCM_DEVMEM_LINEAR) {
		check_bytes(at, iov_buf + got->linear, f.frag_size, "linear");
		got->linear += f.frag_size;
		got->linears++;
	} else {
		take_device(&f, at);
		got->switches += got->frags && got->id != f.dmabuf_id;
		got->id = f.dmabuf_id;
		got->device += f.frag_size;
		got->frags++;
	}
	return f.frag_size;
}

struct ask ask_for(size_t len, unsigned int cmsgs, int flags)
{
	return (struct ask){
		.len = len,
		.control = cmsgs ? control : NULL,
		.controllen = cmsgs * CMSG_SPACE(sizeof(struct devmem_cmsg)),
		.flags = flags | MSG_DONTWAIT,
	};
}

void ask_msg(const struct ask *ask, struct iovec *iov, struct msghdr *msg)
{
	iov->iov_base = iov_buf;
	iov->iov_len = ask->len;
	memset(msg, 0, sizeof(*msg));
	msg->msg_iov = iov;
	msg->msg_iovlen = 1;
	msg->msg_control = ask->control;
	msg->msg_controllen = ask->controllen;
}

/* Bytes without any control message are plain. */
void take_msg(struct msghdr *msg, size_t bytes, int flags, struct got *got)
{
	struct cmsghdr *cmsg;
	size_t done = 0;

	memset(got, 0, sizeof(*got));
	got->ctrunc = msg->msg_flags & MSG_CTRUNC;
	if (!msg->msg_control)
		msg->msg_controllen = 0;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg))
		done += take_cmsg(got, conn.pos + done, bytes - done, cmsg);
	if (flags & MSG_TRUNC) {
		if (done)
			wrong("MSG_TRUNC gave control messages");
		done = bytes;
	} else if (!done && bytes) {
		check_bytes(conn.pos, iov_buf, bytes, "plain bytes");
		got->linear = bytes;
		done = bytes;
	}
	if (done != bytes)
		wrong("control messages tell of %zu bytes, recvmsg of %zu",
		      done, bytes);
	if (!(flags & MSG_PEEK))
		conn.pos += bytes;
}

/* One recvmsg(MSG_SOCK_DEVMEM). Return: bytes, or -errno. */
ssize_t receive(const struct ask *ask, struct got *got)
{
	struct iovec iov;
	struct msghdr msg;
	ssize_t ret;

	memset(got, 0, sizeof(*got));
	memset(iov_buf, 0xee, ask->len < 4096 ? ask->len : 4096);
	do {
		ask_msg(ask, &iov, &msg);
		fault_begin();
		ret = recvmsg(conn.fd, &msg, MSG_SOCK_DEVMEM | ask->flags);
	} while (fault_again(ret < 0 ? errno : 0));
	if (ret < 0)
		return -errno;
	take_msg(&msg, ret, ask->flags, got);
	return ret;
}

/* @ret: bytes or -errno */
void say_got(ssize_t ret, const struct got *got)
{
	say_errno(ret < 0 ? -ret : 0);
	say("bytes", "%zd", ret < 0 ? 0 : ret);
	say("device", "%llu", (unsigned long long)got->device);
	say("linear", "%llu", (unsigned long long)got->linear);
	say("frags", "%u", got->frags);
	say("linears", "%u", got->linears);
	say("switches", "%u", got->switches);
	say("others", "%u", got->others);
	say("ctrunc", "%d", got->ctrunc);
	say("pos", "%llu", (unsigned long long)conn.pos);
	say("held", "%zu", conn.nr_tokens);
}

/* Until @bytes are there (0: until EOF) or nothing came for @ms. */
void receive_many(uint64_t bytes, bool keep, int ms)
{
	struct got got, sum = {};
	uint64_t left = bytes;
	const char *end = "all";
	struct ask ask;
	ssize_t ret;

	while (!bytes || left) {
		ask = ask_for(bytes && left < IOV_SIZE ? left : IOV_SIZE,
			      MAX_CMSGS, 0);
		ret = receive(&ask, &got);
		if (!ret) {
			end = "eof";
			break;
		}
		if (ret == -EAGAIN) {
			if (!keep)
				free_all();
			if (wait_readable(ms))
				continue;
			end = "timeout";
			break;
		}
		/* the limit of the binding, if we have any */
		if (ret == -ENOMEM && !keep && conn.nr_tokens) {
			free_all();
			continue;
		}
		if (ret < 0) {
			end = strerrorname_np(-ret);
			break;
		}
		if (got.ctrunc)
			wrong("control messages were truncated");
		left -= ret;
		sum.device += got.device;
		sum.linear += got.linear;
		sum.frags += got.frags;
		sum.linears += got.linears;
		if (!keep && conn.nr_tokens >= 256)
			free_all();
	}
	if (!keep)
		free_all();
	say_got(bytes - left, &sum);
	say("end", "%s", end);
}

static int flags_of(const char *s)
{
	int flags = 0;

	for (; *s; s++)
		flags |= *s == 'p' ? MSG_PEEK : *s == 't' ? MSG_TRUNC :
			 *s == 'w' ? MSG_WAITALL : *s == 'o' ? MSG_OOB :
			 *s == 'e' ? MSG_ERRQUEUE : 0;
	return flags;
}

static void do_recv(size_t len, unsigned int cmsgs, const char *flags)
{
	struct got got;
	struct ask ask;
	ssize_t ret;

	if (cmsgs > MAX_CMSGS || len > IOV_SIZE)
		errx(2, "recv: too much");
	ask = ask_for(len, cmsgs, flags_of(flags));
	if (strchr(flags, 'b'))
		ask.flags &= ~MSG_DONTWAIT;
	ret = receive(&ask, &got);
	say_got(ret, &got);
}

/* A control buffer of @bytes, of which the first @good are there. */
static void do_ctl(size_t len, size_t bytes, size_t good)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct ask ask = ask_for(len, 1, 0);
	uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct got got;
	ssize_t ret;

	if (map == MAP_FAILED || munmap(map + page, page) || good > page)
		err(1, "mmap");
	ask.control = map + page - good;
	ask.controllen = bytes;
	ret = receive(&ask, &got);
	say_got(ret, &got);
	munmap(map, page);
}

static void do_nullctl(size_t len, size_t bytes)
{
	struct ask ask = ask_for(len, 0, 0);
	struct got got;
	ssize_t ret;

	ask.controllen = bytes;
	ret = receive(&ask, &got);
	say_got(ret, &got);
}

/* recvmmsg() of @num messages of @len bytes and @cmsgs control messages. */
static void do_mmsg(size_t len, unsigned int num, unsigned int cmsgs)
{
	const size_t space = cmsgs * CMSG_SPACE(sizeof(struct devmem_cmsg));
	struct got got, sum = {};
	struct mmsghdr msgs[16];
	struct iovec iov[16];
	struct ask ask;
	size_t bytes = 0;
	int ret, i;

	if (num > 16 || num * len > IOV_SIZE || num * space > sizeof(control))
		errx(2, "mmsg: too much");
	for (i = 0; i < (int)num; i++) {
		ask = ask_for(len, cmsgs, 0);
		ask.control = cmsgs ? control + i * space : NULL;
		ask_msg(&ask, &iov[i], &msgs[i].msg_hdr);
		iov[i].iov_base = iov_buf + i * len;
		msgs[i].msg_len = 0;
	}
	ret = recvmmsg(conn.fd, msgs, num, MSG_SOCK_DEVMEM | MSG_DONTWAIT,
		       NULL);
	say("msgs", "%d", ret < 0 ? 0 : ret);
	for (i = 0; i < ret; i++) {
		memmove(iov_buf, iov_buf + i * len, len);
		take_msg(&msgs[i].msg_hdr, msgs[i].msg_len, 0, &got);
		bytes += msgs[i].msg_len;
		sum.device += got.device;
		sum.linear += got.linear;
		sum.frags += got.frags;
	}
	say_got(ret < 0 ? -errno : (ssize_t)bytes, &sum);
}

bool step_rx(const char *s)
{
	unsigned long a = 0, b = 0, c = -1ul;
	unsigned int cmsgs = 1024;
	char flags[8] = "";

	if (sscanf(s, "recv:%lu:%u:%7s", &a, &cmsgs, flags) >= 1)
		do_recv(a, cmsgs, flags);
	else if (sscanf(s, "ctl:%lu:%lu:%lu", &a, &b, &c) >= 2)
		do_ctl(a, b, c < b ? c : b);
	else if (sscanf(s, "nullctl:%lu:%lu", &a, &b) == 2)
		do_nullctl(a, b);
	else if (sscanf(s, "mmsg:%lu:%lu:%lu", &a, &b, &c) == 3)
		do_mmsg(a, b, c);
	else if (sscanf(s, "read:%lu", &a) == 1)
		receive_many(a, false, patience);
	else if (sscanf(s, "hold:%lu", &a) == 1)
		receive_many(a, true, patience);
	else if (sscanf(s, "dry:%lu", &a) == 1)
		receive_many(0, true, a);
	else if (!strcmp(s, "eof"))
		receive_many(0, false, patience);
	else
		return false;
	return true;
}
