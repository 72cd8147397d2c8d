// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests: sending, with a kernel of our own. It reads the memory as late as it
 * may: when it tells that it has. So what is overwritten too early arrives wrong.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include <cmocka.h>

#include "compiler.h"
#include "devmem_sock.h"
#include "stop.h"
#include "xmit.h"

#define ID		7
#define STREAM_MAX	(3 << 20)

struct fake_call {
	uint64_t at;		/* in the stream */
	uint64_t offset;	/* in the memory */
	uint64_t len;
	uint32_t number;
	bool told;
};

/* calls[first] to calls[n - 1] may be under way; told is to be read. */
static struct {
	uint8_t memory[2 << 20];
	uint64_t from;		/* first byte that may be sent */
	uint8_t stream[STREAM_MAX];
	uint64_t sent;
	struct fake_call calls[65536];
	unsigned int first, n;
	unsigned int told[64];
	unsigned int tells;
	bool calm;		/* takes all, and tells in order */
	uint64_t most;		/* that it takes, if not 0 */
	int send_err;		/* what sendmsg() says from @err_after on */
	uint64_t err_after;
	int sock_err;		/* SO_ERROR, once */
	uint8_t code;		/* of notifications */
	int access;		/* between begin and end */
	char error[256];	/* last one printed */
} fake;

void out_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake.error, sizeof(fake.error), fmt, ap);
	va_end(ap);
}

void out_errno(int err, const char *fmt, ...)
{
	va_list ap;

	(void)err;
	va_start(ap, fmt);
	vsnprintf(fake.error, sizeof(fake.error), fmt, ap);
	va_end(ap);
}

void out_fix(const char *fmt, ...)
{
	(void)fmt;
}

int dmabuf_begin(const struct dmabuf *buf)
{
	assert_ptr_equal(buf->map, fake.memory);
	assert_int_equal(fake.access++, 0);
	return 0;
}

int dmabuf_end(const struct dmabuf *buf)
{
	(void)buf;
	assert_int_equal(--fake.access, 0);
	return 0;
}

static bool chance(unsigned int percent)
{
	return !fake.calm && rand() % 100 < (int)percent;
}

/* Acknowledged: the last time that the memory is read. */
static void fake_tell(unsigned int i)
{
	struct fake_call *call = &fake.calls[i];

	memcpy(fake.stream + call->at, fake.memory + call->offset, call->len);
	call->told = true;
	fake.told[fake.tells++] = i;
	while (fake.first < fake.n && fake.calls[fake.first].told)
		fake.first++;
}

/* Time passes: some calls are acknowledged, now and then not the oldest. */
static void fake_time(void)
{
	unsigned int i;

	while (fake.first < fake.n && fake.tells < ARRAY_SIZE(fake.told)) {
		i = fake.first;
		if (chance(20) && fake.n - i > 1)
			i += 1 + rand() % (fake.n - i - 1);
		if (!fake.calls[i].told)
			fake_tell(i);
		if (chance(30))
			break;
	}
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	uint64_t offset = (uintptr_t)msg->msg_iov->iov_base;
	uint64_t len = msg->msg_iov->iov_len;
	uint32_t id;

	assert_int_equal(fd, 5);
	assert_int_equal(flags, MSG_ZEROCOPY | MSG_DONTWAIT | MSG_NOSIGNAL);
	assert_int_equal(msg->msg_iovlen, 1);
	assert_int_equal(cmsg->cmsg_level, SOL_SOCKET);
	assert_int_equal(cmsg->cmsg_type, SCM_DEVMEM_DMABUF);
	assert_int_equal(cmsg->cmsg_len, CMSG_LEN(sizeof(id)));
	memcpy(&id, CMSG_DATA(cmsg), sizeof(id));
	assert_int_equal(id, ID);
	assert_true(len && offset >= fake.from &&
		    offset + len <= sizeof(fake.memory));

	if (fake.send_err && fake.sent >= fake.err_after) {
		errno = fake.send_err;
		return -1;
	}
	if (chance(20)) {
		errno = chance(50) ? EAGAIN : EINTR;
		return -1;
	}
	if (chance(10) && fake.first < fake.n) {
		errno = ENOBUFS;
		return -1;
	}
	if (chance(50))
		len = 1 + rand() % len;
	assert_true(fake.sent + len <= STREAM_MAX);
	if (fake.most && len > fake.most)
		len = fake.most;
	assert_true(fake.n < ARRAY_SIZE(fake.calls));
	assert_true(fake.n - fake.first < ZEROCOPY_CALLS);
	fake.calls[fake.n] = (struct fake_call){
		.at = fake.sent, .offset = offset, .len = len,
		.number = fake.n,
	};
	fake.n++;
	fake.sent += len;
	return len;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sock_extended_err ee = {
		.ee_origin = SO_EE_ORIGIN_ZEROCOPY,
		.ee_code = fake.code,
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	assert_int_equal(fd, 5);
	assert_int_equal(flags, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (chance(10))
		fake_time();
	if (!fake.tells) {
		errno = chance(10) ? EINTR : EAGAIN;
		return -1;
	}

	ee.ee_data = fake.calls[fake.told[--fake.tells]].number;
	ee.ee_info = ee.ee_data;
	/* The kernel joins what follows on each other. */
	while (fake.tells &&
	       fake.calls[fake.told[fake.tells - 1]].number == ee.ee_info - 1) {
		ee.ee_info--;
		fake.tells--;
	}
	cmsg->cmsg_level = fake.n % 2 ? SOL_IP : SOL_IPV6;
	cmsg->cmsg_type = fake.n % 2 ? IP_RECVERR : IPV6_RECVERR;
	cmsg->cmsg_len = CMSG_LEN(sizeof(ee));
	memcpy(CMSG_DATA(cmsg), &ee, sizeof(ee));
	msg->msg_controllen = CMSG_SPACE(sizeof(ee));
	return 0;
}

int __wrap_poll(struct pollfd *pfd, nfds_t n, int timeout)
{
	assert_int_equal(n, 1);
	assert_true(timeout > 0);
	/* Nothing would ever come. */
	assert_true(pfd->events || fake.first < fake.n || fake.tells ||
		    fake.sock_err);
	fake_time();
	pfd->revents = pfd->events;
	if (fake.tells || fake.sock_err)
		pfd->revents |= POLLERR;
	return !!pfd->revents;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	assert_int_equal(fd, 5);
	assert_int_equal(level, SOL_SOCKET);
	assert_int_equal(name, SO_ERROR);
	assert_int_equal(*len, sizeof(int));
	memcpy(value, &fake.sock_err, sizeof(int));
	fake.sock_err = 0;
	return 0;
}

static int start(void **state)
{
	(void)state;

	memset(&fake, 0, sizeof(fake));
	fake.calm = true;
	stop_requested = 0;
	return 0;
}

static void fill(uint8_t *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = rand();
}

static const struct dmabuf dmabuf = {
	.size = sizeof(fake.memory), .map = fake.memory,
};

/* Send what @file has, or is in the memory. Return: as xmit_send(). */
static int transfer(const char *file, uint64_t offset, uint64_t length,
		    char *hex)
{
	struct progress progress = {};
	struct feed feed;
	struct xmit xmit = {
		.id = ID, .ifname = "eth1", .host = "192.0.2.1", .feed = &feed,
		.progress = &progress,
	};
	int ret;

	assert_int_equal(feed_open(&feed, file, hex), 0);
	feed.dmabuf = &dmabuf;
	fake.from = offset;
	assert_int_equal(feed_limit(&feed, dmabuf.size, offset, length), 0);
	ret = xmit_send(&xmit, 5);
	assert_int_equal(fake.access, 0);
	if (!ret) {
		assert_int_equal(xmit.sent, fake.sent);
		assert_int_equal(xmit.sendmsg_calls, fake.n);
		assert_int_equal(xmit.zerocopy.completed, fake.sent);
		assert_true(zerocopy_idle(&xmit.zerocopy));
		if (hex)
			digest_hex(feed.digest, hex);
	}
	feed_close(&feed);
	return ret;
}

static void assert_sha256(const char *hex, const uint8_t *data, size_t len)
{
	EVP_MD_CTX *digest = digest_new();
	char want[DIGEST_HEX];

	assert_int_equal(digest_update(digest, data, len), 0);
	digest_hex(digest, want);
	assert_string_equal(hex, want);
	EVP_MD_CTX_free(digest);
}

static void test_memory(void **state)
{
	char hex[DIGEST_HEX];

	(void)state;

	fill(fake.memory, sizeof(fake.memory));
	assert_int_equal(transfer(NULL, 1000, 1 << 20, hex), 0);
	assert_int_equal(fake.sent, 1 << 20);
	assert_memory_equal(fake.stream, fake.memory + 1000, 1 << 20);
	assert_sha256(hex, fake.memory + 1000, 1 << 20);

	start(NULL);
	fake.calm = false;
	fill(fake.memory, sizeof(fake.memory));
	assert_int_equal(transfer(NULL, 4096, UINT64_MAX, NULL), 0);
	assert_int_equal(fake.sent, sizeof(fake.memory) - 4096);
	assert_memory_equal(fake.stream, fake.memory + 4096, fake.sent);
}

/* As many calls as we can keep track of are under way: it waits. */
static void test_many(void **state)
{
	(void)state;

	fake.most = 1;
	fill(fake.memory, 3 * ZEROCOPY_CALLS);
	assert_int_equal(transfer(NULL, 0, 3 * ZEROCOPY_CALLS, NULL), 0);
	assert_int_equal(fake.n, 3 * ZEROCOPY_CALLS);
	assert_memory_equal(fake.stream, fake.memory, fake.sent);
}

/* A ring of @size bytes, which is at the end of the memory. */
static void assert_ring(const char *path, const uint8_t *data, uint64_t size,
			uint64_t len, bool calm)
{
	char hex[DIGEST_HEX];

	start(NULL);
	fake.calm = calm;
	assert_int_equal(transfer(path, dmabuf.size - size, len, hex), 0);
	assert_int_equal(fake.sent, len);
	assert_memory_equal(fake.stream, data, len);
	assert_sha256(hex, data, len);
}

static void test_ring(void **state)
{
	static const struct {
		uint64_t size;
		uint64_t len;
	} rings[] = {
		{ 1, 300 }, { 3, 300 }, { 4, 301 }, { 5, 1000 }, { 100, 9999 },
		{ 4096, 100000 }, { 65537, 1000000 }, { 1 << 20, STREAM_MAX },
		{ 2 << 20, STREAM_MAX }, { 2 << 20, 1 },
	};
	static uint8_t data[STREAM_MAX];
	unsigned int i, seed;
	char path[32];
	int fd;

	(void)state;

	fill(data, sizeof(data));
	fd = memfd_create("stream", 0);
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < ARRAY_SIZE(rings); i++) {
		assert_ring(path, data, rings[i].size, rings[i].len, true);
		for (seed = 1; seed <= 20; seed++) {
			srand(seed);
			assert_ring(path, data, rings[i].size, rings[i].len,
				    false);
		}
	}
	/* to the end of the file, and nothing */
	start(NULL);
	assert_int_equal(transfer(path, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(fake.sent, sizeof(data));
	start(NULL);
	assert_int_equal(transfer("/dev/null", 0, UINT64_MAX, NULL), 0);
	assert_int_equal(fake.sent, 0);
	close(fd);
}

static void test_refused(void **state)
{
	static const struct {
		int err;
		const char *text;
	} errs[] = {
		{ EINVAL, "sendmsg: no binding 7 to send from, or eth1 cannot gather" },
		{ EACCES, "sendmsg: binding 7 is for sockets of another user" },
		{ ENODEV,
		  "sendmsg: the route to 192.0.2.1 is not through eth1, or binding 7 has ended" },
		{ ENOBUFS, "sendmsg: no memory for a completion" },
		{ EPIPE, "sendmsg" },
	};
	unsigned int i;

	(void)state;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		start(NULL);
		fake.send_err = errs[i].err;
		assert_int_equal(transfer(NULL, 0, 100, NULL), -1);
		assert_string_equal(fake.error, errs[i].text);
		start(NULL);
		fake.send_err = errs[i].err;
		fake.err_after = 1 << 20;
		fake.most = 1 << 18;
		assert_int_equal(transfer(NULL, 0, 2 << 20, NULL), -1);
	}
}

static void test_lost(void **state)
{
	(void)state;

	/* all is completed because all was thrown away */
	fake.sock_err = ECONNRESET;
	assert_int_equal(transfer(NULL, 0, 100, NULL), -1);
	assert_string_equal(fake.error,
			    "connection lost before all was acknowledged");
	start(NULL);
	fake.code = SO_EE_CODE_ZEROCOPY_COPIED;
	assert_int_equal(transfer(NULL, 0, 100, NULL), -1);
	assert_string_equal(fake.error,
			    "the kernel copied the bytes of calls 0 to 0, which nobody can read");
	start(NULL);
	stop_requested = 1;
	assert_int_equal(transfer(NULL, 0, 100, NULL), -1);
	assert_string_equal(fake.error, "");
}

static void test_limit(void **state)
{
	struct feed feed;

	(void)state;

	assert_int_equal(feed_open(&feed, NULL, false), 0);
	assert_int_equal(feed_limit(&feed, 4096, 4096, UINT64_MAX), -1);
	assert_int_equal(feed_limit(&feed, 4096, 1000, 3097), -1);
	assert_string_equal(fake.error,
			    "only 3096 bytes of the dma-buf are behind offset 1000");
	assert_int_equal(feed_limit(&feed, 4096, 1000, 3096), 0);
	assert_int_equal(feed.left, 3096);
	assert_int_equal(feed_limit(&feed, 4096, 1, UINT64_MAX), 0);
	assert_int_equal(feed.left, 4095);
	feed_close(&feed);
	assert_int_equal(feed_open(&feed, "/nonexistent", false), -1);
	feed_close(&feed);
	assert_int_equal(feed_open(&feed, "/", false), 0);
	assert_int_equal(feed_limit(&feed, 4096, 1000, UINT64_MAX), 0);
	assert_int_equal(feed_next(&feed), -1);
	assert_string_equal(fake.error, "read /");
	feed_close(&feed);
}

static void test_calls(void **state)
{
	/* numbers go on with 0 */
	struct zerocopy z = { .first = UINT32_MAX, .next = UINT32_MAX };
	unsigned int i;

	(void)state;

	assert_true(zerocopy_idle(&z));
	for (i = 1; i <= 4; i++)
		zerocopy_add(&z, i);
	assert_int_equal(zerocopy_complete(&z, 0, 1), 0);
	assert_int_equal(z.completed, 0);
	assert_int_equal(zerocopy_complete(&z, UINT32_MAX, UINT32_MAX), 0);
	assert_int_equal(z.completed, 1 + 2 + 3);
	assert_false(zerocopy_idle(&z));
	assert_int_equal(zerocopy_complete(&z, 2, 2), 0);
	assert_int_equal(z.completed, 1 + 2 + 3 + 4);
	assert_true(zerocopy_idle(&z));

	for (i = 0; i < ZEROCOPY_CALLS; i++) {
		assert_false(zerocopy_full(&z));
		zerocopy_add(&z, 1);
	}
	assert_true(zerocopy_full(&z));
	assert_int_equal(zerocopy_complete(&z, 3, 2 + ZEROCOPY_CALLS), 0);
	assert_true(zerocopy_idle(&z));
}

/* A kernel that tells nonsense must not make us overwrite anything. */
static void test_calls_wrong(void **state)
{
	struct zerocopy z = { .first = 10, .next = 10 };

	(void)state;

	assert_int_equal(zerocopy_complete(&z, 10, 10), -1);
	zerocopy_add(&z, 1);
	zerocopy_add(&z, 1);
	zerocopy_add(&z, 1);
	assert_int_equal(zerocopy_complete(&z, 9, 10), -1);
	assert_int_equal(zerocopy_complete(&z, 12, 13), -1);
	assert_int_equal(zerocopy_complete(&z, 12, 11), -1);
	assert_int_equal(zerocopy_complete(&z, 11, 11), 0);
	assert_int_equal(zerocopy_complete(&z, 11, 12), -1);
	assert_string_equal(fake.error,
			    "completion of calls 11 to 12, which are not under way");
	assert_int_equal(z.completed, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_memory, start),
		cmocka_unit_test_setup(test_many, start),
		cmocka_unit_test_setup(test_ring, start),
		cmocka_unit_test_setup(test_refused, start),
		cmocka_unit_test_setup(test_lost, start),
		cmocka_unit_test_setup(test_limit, start),
		cmocka_unit_test_setup(test_calls, start),
		cmocka_unit_test_setup(test_calls_wrong, start),
	};

	return cmocka_run_group_tests_name("devmemctl send", tests, NULL, NULL);
}
