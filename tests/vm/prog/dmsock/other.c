// SPDX-License-Identifier: GPL-2.0-only
/* Readers that know nothing of device memory: they get host bytes or an error,
 * never other bytes, and what they do not get is still there.
 *
 *   plain:N		recv() of up to N bytes
 *   plainread:N	recv() until N bytes are there
 *   plainv:N		readv(), in two parts
 *   plainpipe:N	splice() into a pipe
 *   plainfile:N	sendfile() into a pipe
 *   plainzc:N		TCP_ZEROCOPY_RECEIVE: N bytes of mapping, then a copy
 *   plaintls		the socket becomes a TLS 1.2 one, for receiving
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dmsock.h"
#include "tcp_zc.h"

#define TCP_ULP			31
#define SOL_TLS			282

/* @ret: bytes in iov_buf, or -errno */
static void plain_came(ssize_t ret)
{
	say_errno(ret < 0 ? -ret : 0);
	if (ret > 0) {
		check_bytes(conn.pos, iov_buf, ret, "plain bytes");
		conn.pos += ret;
	}
	say("bytes", "%zd", ret < 0 ? 0 : ret);
}

static size_t at_most(size_t len)
{
	return len < IOV_SIZE ? len : IOV_SIZE;
}

static void plain_many(uint64_t bytes)
{
	uint64_t left = bytes;
	ssize_t ret;

	while (left) {
		ret = recv(conn.fd, iov_buf, at_most(left), MSG_DONTWAIT);
		if (ret < 0 && errno == EAGAIN && wait_readable(patience) > 0)
			continue;
		if (ret <= 0)
			break;
		check_bytes(conn.pos, iov_buf, ret, "plain bytes");
		conn.pos += ret;
		left -= ret;
	}
	say("bytes", "%llu", (unsigned long long)(bytes - left));
	if (left)
		say_errno(errno);
}

static void plain_readv(size_t len)
{
	struct iovec iov[2] = {
		{ iov_buf, len / 2 }, { iov_buf + len / 2, len - len / 2 },
	};
	ssize_t ret = readv(conn.fd, iov, 2);

	plain_came(ret < 0 ? -errno : ret);
}

/* Through a pipe, by splice() or sendfile(). */
static void plain_pipe(size_t len, bool send)
{
	int flags = fcntl(conn.fd, F_GETFL), pipefd[2];
	ssize_t ret;

	if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK) ||
	    fcntl(conn.fd, F_SETFL, flags | O_NONBLOCK))
		err(1, "pipe");
	if (send)
		ret = sendfile(pipefd[1], conn.fd, NULL, at_most(len));
	else
		ret = splice(conn.fd, NULL, pipefd[1], NULL, at_most(len),
			     SPLICE_F_NONBLOCK);
	if (ret > 0 && read(pipefd[0], iov_buf, ret) != ret)
		wrong("the pipe lost bytes");
	plain_came(ret < 0 ? -errno : ret);
	fcntl(conn.fd, F_SETFL, flags);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void plain_zerocopy(size_t len)
{
	uint8_t *map = mmap(NULL, at_most(len), PROT_READ, MAP_SHARED, conn.fd,
			    0);
	struct tcp_zc zc = {
		.address = (uintptr_t)map,
		.length = at_most(len),
		.copybuf_address = (uintptr_t)iov_buf,
		.copybuf_len = 65536,
	};
	socklen_t size = sizeof(zc);

	if (map == MAP_FAILED)
		err(1, "mmap of the socket");
	if (getsockopt(conn.fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc,
		       &size)) {
		say_errno(errno);
		zc.length = 0;
		zc.copybuf_len = 0;
	} else {
		say_errno(zc.copybuf_len < 0 ? -zc.copybuf_len : 0);
	}
	if (zc.length)
		check_bytes(conn.pos, map, zc.length, "the mapping");
	conn.pos += zc.length;
	if (zc.copybuf_len > 0) {
		check_bytes(conn.pos, iov_buf, zc.copybuf_len, "the copy");
		conn.pos += zc.copybuf_len;
	}
	say("mapped", "%u", zc.length);
	say("copied", "%d", zc.copybuf_len > 0 ? zc.copybuf_len : 0);
	munmap(map, at_most(len));
}

static void plain_tls(void)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	if (setsockopt(conn.fd, IPPROTO_TCP, TCP_ULP, "tls", 3) ||
	    setsockopt(conn.fd, SOL_TLS, TLS_RX, &info, sizeof(info)))
		say_errno(errno);
	else
		say_errno(0);
}

bool step_other(const char *s)
{
	unsigned long a = 0;
	ssize_t ret;

	if (sscanf(s, "plain:%lu", &a) == 1) {
		ret = recv(conn.fd, iov_buf, at_most(a), MSG_DONTWAIT);
		plain_came(ret < 0 ? -errno : ret);
	} else if (sscanf(s, "plainread:%lu", &a) == 1) {
		plain_many(a);
	} else if (sscanf(s, "plainv:%lu", &a) == 1) {
		plain_readv(at_most(a));
	} else if (sscanf(s, "plainpipe:%lu", &a) == 1) {
		plain_pipe(a, false);
	} else if (sscanf(s, "plainfile:%lu", &a) == 1) {
		plain_pipe(a, true);
	} else if (sscanf(s, "plainzc:%lu", &a) == 1) {
		plain_zerocopy(a);
	} else if (!strcmp(s, "plaintls")) {
		plain_tls();
	} else {
		return false;
	}
	return true;
}
