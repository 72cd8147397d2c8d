// SPDX-License-Identifier: GPL-2.0-only
/* dmsock [OPTION]... STEP...: receives the test stream of dmsend and checks
 * every byte where it is, in device memory or in the iovec, in the order of the
 * control messages. What it does with the socket is up to the steps.
 *
 *   -m PCI[:OFFSET[:SIZE]]	export this range of BAR 2 and map it; may be
 *				repeated. Without it: content is not checked
 *   -d IFNAME -q QUEUES	bind each -m range by devmemctl to QUEUES; one
 *				-q for each -m
 *   -f FD			map this dma-buf, which somebody else binds
 *   -n			do not compare what is in device memory
 *   -w FILE			list stream offset, dma-buf offset, length of
 *				frags in FILE for somebody else to compare, and
 *				compare nothing, so any sender will do
 *   -p PORT (5000), -s SEED, -r SO_RCVBUF
 *
 *   accept		listen, take a connection
 *   plain:N[:FLAGS]	recv() of up to N bytes
 *   recv:N[:CMSGS[:FLAGS]]	recvmsg(MSG_SOCK_DEVMEM), room for CMSGS control
 *			messages (1024); FLAGS: p MSG_PEEK. Tokens are kept
 *   read:N		receive N bytes in all, returning tokens at once
 *   hold:N		receive N bytes in all, keeping the tokens
 *   dry:MS		receive until nothing comes for MS, keeping the tokens
 *   plainread:N	plain recv() until N bytes are there
 *   eof		receive until the peer is done, returning tokens
 *   free		return all tokens that are kept
 *   freetimed		the same, then wait for buffers to go to the NIC again
 *   twice		return the last token that was returned, again
 *   dontneed:RANGES:START:COUNT	ask for that, from START on
 *   optlen:LEN		SO_DEVMEM_DONTNEED with this length
 *   udp		SO_DEVMEM_DONTNEED on a UDP socket
 *   ready:MS		poll() for that long
 *   wait:FILE, touch:FILE, sleep:MS, close
 *
 * plain, recv and dontneed never block. A step can have a name: NAME=STEP.
 * Its results are lines NAME.KEY=VALUE; errno 0 is success.
 *
 * Exit status: 0, 1 a byte or a control message was wrong, or nothing came for
 * 20 s, 2 usage.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "devmem_sock.h"
#include "genl.h"
#include "pattern.h"

#define MAX_RANGES	4
#define MAX_CMSGS	4096
#define IOV_SIZE	(1024 * 1024)
#define PATIENCE	20000	/* ms */

/* A part of the BAR that is a dma-buf. */
struct range {
	const char	*spec;		/* NULL: fd was given */
	const char	*queues;	/* NULL: any id may be this one */
	int		fd;
	uint32_t	id;
	uint64_t	size;
	const uint8_t	*map;
};

static struct range ranges[MAX_RANGES];
static unsigned int nr_ranges;
static uint16_t port = 5000;
static uint64_t seed;
static int rcvbuf;
static bool blind;			/* to device memory */
static FILE *frag_list;

static int listener = -1, conn = -1;
static uint64_t pos;			/* in the stream */
static uint32_t *tokens;		/* that are kept */
static size_t nr_tokens, room_tokens;
static uint32_t last_token;		/* that was returned */
static uint8_t iov_buf[IOV_SIZE];
static char control[CMSG_SPACE(sizeof(struct devmem_cmsg)) * MAX_CMSGS];

/* What one recvmsg() gave. */
struct got {
	unsigned int	frags, linears;
	uint64_t	device, linear;
};

static const char *step_name;

__attribute__((format(printf, 2, 3)))
static void say(const char *key, const char *fmt, ...)
{
	va_list ap;

	printf("%s.%s=", step_name, key);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void say_errno(int e)
{
	say("errno", "%s", e ? strerrorname_np(e) ?: "unknown" : "0");
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/* Wrong content ends the test: there is no use in going on. */
__attribute__((format(printf, 1, 2), noreturn))
static void wrong(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("wrong", "%s", text);
	exit(1);
}

static void range_open(struct range *r)
{
	if (r->spec)
		r->fd = bar_export(r->spec, &r->size);
	else
		r->size = lseek(r->fd, 0, SEEK_END);
	r->map = mmap(NULL, r->size, PROT_READ, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED)
		err(1, "mmap of %s", r->spec ?: "the descriptor");
}

/* The dma-buf's descriptor is inherited by the tool. */
static void range_bind(struct range *r, const char *ifname)
{
	char cmd[256];
	FILE *tool;

	snprintf(cmd, sizeof(cmd),
		 "devmemctl -j bind -d %s -q %s fd %d | jq -r .id",
		 ifname, r->queues, r->fd);
	tool = popen(cmd, "r");
	if (!tool || fscanf(tool, "%u", &r->id) != 1)
		errx(1, "'%s' gave no id", cmd);
	pclose(tool);
	printf("id=%u\n", r->id);
	fflush(stdout);
}

static const struct range *range_of(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < nr_ranges; i++)
		if (ranges[i].id == id || !ranges[i].queues)
			return &ranges[i];
	wrong("dmabuf_id %u is none of ours", id);
}

static void keep_token(uint32_t token)
{
	if (nr_tokens == room_tokens) {
		room_tokens = room_tokens ? 2 * room_tokens : 1024;
		tokens = reallocarray(tokens, room_tokens, sizeof(*tokens));
		if (!tokens)
			err(1, NULL);
	}
	tokens[nr_tokens++] = token;
}

static void check_bytes(uint64_t at, const uint8_t *buf, size_t len,
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

/* One control message, about stream bytes from @at on. */
static uint32_t take_cmsg(struct got *got, uint64_t at, size_t left,
			  const struct cmsghdr *cmsg)
{
	const struct range *r;
	struct devmem_cmsg f;

	if (cmsg->cmsg_level != SOL_SOCKET ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(f)))
		wrong("control message of level %d, %zu bytes",
		      cmsg->cmsg_level, (size_t)cmsg->cmsg_len);
	memcpy(&f, CMSG_DATA(cmsg), sizeof(f));
	if (!f.frag_size || f.frag_size > left || f.flags)
		wrong("frag of %u bytes, %zu left, flags %#x", f.frag_size,
		      left, f.flags);

	if (cmsg->cmsg_type == SCM_DEVMEM_LINEAR) {
		check_bytes(at, iov_buf + got->linear, f.frag_size, "linear");
		got->linear += f.frag_size;
		got->linears++;
		return f.frag_size;
	}
	if (cmsg->cmsg_type != SCM_DEVMEM_DMABUF)
		wrong("control message type %d", cmsg->cmsg_type);
	if (!f.frag_token)
		wrong("token 0");
	keep_token(f.frag_token);
	got->device += f.frag_size;
	got->frags++;
	if (!nr_ranges)
		return f.frag_size;
	r = range_of(f.dmabuf_id);
	if (f.frag_offset > r->size || r->size - f.frag_offset < f.frag_size)
		wrong("frag at %#llx is outside",
		      (unsigned long long)f.frag_offset);
	if (frag_list)
		fprintf(frag_list, "%llu %llu %u\n", (unsigned long long)at,
			(unsigned long long)f.frag_offset, f.frag_size);
	else if (!blind)
		check_bytes(at, r->map + f.frag_offset, f.frag_size,
			    "device memory");
	return f.frag_size;
}

/* One recvmsg(MSG_SOCK_DEVMEM). Bytes without any control message are plain.
 * Return: bytes, or -errno.
 */
static ssize_t receive(size_t len, unsigned int cmsgs, int flags,
		       struct got *got)
{
	struct iovec iov = { .iov_base = iov_buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = cmsgs ? control : NULL,
		.msg_controllen = cmsgs * CMSG_SPACE(sizeof(struct devmem_cmsg)),
	};
	struct cmsghdr *cmsg;
	ssize_t ret;
	size_t done = 0;

	memset(got, 0, sizeof(*got));
	ret = recvmsg(conn, &msg, MSG_SOCK_DEVMEM | MSG_DONTWAIT | flags);
	if (ret < 0)
		return -errno;
	if (msg.msg_flags & MSG_CTRUNC)
		wrong("control messages were truncated");
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		done += take_cmsg(got, pos + done, ret - done, cmsg);
	if (!done && ret > 0) {
		check_bytes(pos, iov_buf, ret, "plain bytes");
		got->linear = ret;
		done = ret;
	}
	if (done != (size_t)ret)
		wrong("control messages tell of %zu bytes, recvmsg of %zd",
		      done, ret);
	if (!(flags & MSG_PEEK))
		pos += ret;
	return ret;
}

/* Runs of consecutive tokens become ranges. Return: frags freed or -errno. */
static int return_tokens(void)
{
	struct devmem_token batch[DEVMEM_DONTNEED_RANGES];
	unsigned int n, frags;
	size_t i = 0;
	int ret, freed = 0;

	while (i < nr_tokens) {
		for (n = 0, frags = 0; i < nr_tokens &&
		     frags < DEVMEM_DONTNEED_FRAGS; i++, frags++) {
			if (n && batch[n - 1].token_start +
				 batch[n - 1].token_count == tokens[i]) {
				batch[n - 1].token_count++;
				continue;
			}
			if (n == DEVMEM_DONTNEED_RANGES)
				break;
			batch[n].token_start = tokens[i];
			batch[n++].token_count = 1;
		}
		ret = setsockopt(conn, SOL_SOCKET, SO_DEVMEM_DONTNEED, batch,
				 n * sizeof(*batch));
		if (ret < 0)
			return -errno;
		freed += ret;
		last_token = tokens[i - 1];
	}
	nr_tokens = 0;
	return freed;
}

static void free_all(void)
{
	size_t had = nr_tokens;
	int ret = return_tokens();

	if (ret < 0 || (size_t)ret != had)
		wrong("DONTNEED of %zu tokens gave %d", had, ret);
}

/* Buffers given to the NIC so far, by all pools of the first binding. */
static uint64_t pool_allocs(struct genl *g)
{
	const struct nlattr *nest, *attr;
	uint64_t sum = 0, allocs;
	int i, ret;

	genl_begin(g, DEVMEM_TCP_CMD_GET);
	genl_put_u32(g, DEVMEM_TCP_A_ID, ranges[0].id);
	ret = genl_call(g);
	if (ret)
		wrong("GET: %s", strerrorname_np(ret));
	for (i = 0; (nest = genl_reply(g, DEVMEM_TCP_A_POOL, i)); i++) {
		attr = genl_find(nla_payload(nest), nest->nla_len - NLA_HDRLEN,
				 DEVMEM_TCP_A_POOL_ALLOCS, 0);
		if (!attr)
			wrong("a pool without ALLOCS");
		memcpy(&allocs, nla_payload(attr), sizeof(allocs));
		sum += allocs;
	}
	return sum;
}

static void free_timed(void)
{
	static struct genl g;
	uint64_t before, start, us;
	size_t had = nr_tokens;

	if (genl_open(&g, DEVMEM_TCP_FAMILY_NAME))
		errx(1, "no family " DEVMEM_TCP_FAMILY_NAME);
	before = pool_allocs(&g);
	start = now_us();
	free_all();
	do {
		us = now_us() - start;
	} while (pool_allocs(&g) == before && us < 1000 * PATIENCE);
	close(g.fd);
	say("freed", "%zu", had);
	say("us", "%llu", (unsigned long long)us);
}

static int wait_readable(int ms)
{
	struct pollfd pfd = { .fd = conn, .events = POLLIN };
	int ret;

	do {
		ret = poll(&pfd, 1, ms);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static void say_got(const struct got *got)
{
	say("device", "%llu", (unsigned long long)got->device);
	say("linear", "%llu", (unsigned long long)got->linear);
	say("frags", "%u", got->frags);
	say("linears", "%u", got->linears);
	say("pos", "%llu", (unsigned long long)pos);
}

/* Until @bytes are there (0: until EOF) or nothing came for @ms. */
static void receive_many(uint64_t bytes, bool keep, int ms)
{
	struct got got, sum = {};
	uint64_t left = bytes;
	const char *end = "all";
	ssize_t ret;

	for (;;) {
		if (bytes && !left)
			break;
		ret = receive(bytes && left < IOV_SIZE ? left : IOV_SIZE,
			      MAX_CMSGS, 0, &got);
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
		if (ret < 0) {
			end = strerrorname_np(-ret);
			break;
		}
		left -= ret;
		sum.device += got.device;
		sum.linear += got.linear;
		sum.frags += got.frags;
		sum.linears += got.linears;
		if (!keep && nr_tokens >= 256)
			free_all();
	}
	if (!keep)
		free_all();
	say_got(&sum);
	say("end", "%s", end);
	if (keep)
		say("held", "%zu", nr_tokens);
}

static void plain_many(uint64_t bytes)
{
	uint64_t left = bytes;
	ssize_t ret;

	while (left) {
		ret = recv(conn, iov_buf, left < IOV_SIZE ? left : IOV_SIZE,
			   MSG_DONTWAIT);
		if (ret < 0 && errno == EAGAIN && wait_readable(PATIENCE) > 0)
			continue;
		if (ret <= 0)
			break;
		check_bytes(pos, iov_buf, ret, "plain bytes");
		pos += ret;
		left -= ret;
	}
	say("bytes", "%llu", (unsigned long long)(bytes - left));
	if (left)
		say_errno(errno);
}

static void do_accept(void)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int one = 1;

	if (conn >= 0)
		close(conn);
	if (listener < 0) {
		listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one,
			   sizeof(one));
		if (rcvbuf)
			setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &rcvbuf,
				   sizeof(rcvbuf));
		if (bind(listener, (void *)&addr, sizeof(addr)) ||
		    listen(listener, 8))
			err(1, "listen on port %u", port);
	}
	conn = listener;
	if (wait_readable(PATIENCE) <= 0)
		errx(1, "nobody connects");
	conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (conn < 0)
		err(1, "accept");
	pos = 0;
}

/* Each connection has a process of its own. */
static void do_many(unsigned int n)
{
	unsigned int i, failed = 0;
	char name[32];
	int status;

	for (i = 0; i < n; i++) {
		do_accept();
		fflush(stdout);
		if (fork())
			continue;
		snprintf(name, sizeof(name), "%s%u", step_name, i);
		step_name = name;
		receive_many(0, false, PATIENCE);
		exit(0);
	}
	for (i = 0; i < n; i++) {
		wait(&status);
		failed += !!status;
	}
	say("failed", "%u", failed);
	if (failed)
		wrong("%u of %u streams", failed, n);
}

static void do_plain(size_t len)
{
	ssize_t ret;

	ret = recv(conn, iov_buf, len < IOV_SIZE ? len : IOV_SIZE,
		   MSG_DONTWAIT);
	say_errno(ret < 0 ? errno : 0);
	if (ret > 0) {
		check_bytes(pos, iov_buf, ret, "plain bytes");
		pos += ret;
	}
	say("bytes", "%zd", ret < 0 ? 0 : ret);
}

static void do_recv(size_t len, unsigned int cmsgs, const char *flags)
{
	struct got got;
	ssize_t ret;

	if (cmsgs > MAX_CMSGS || len > IOV_SIZE)
		errx(2, "recv: too much");
	ret = receive(len, cmsgs, strchr(flags, 'p') ? MSG_PEEK : 0, &got);
	say_errno(ret < 0 ? -ret : 0);
	say("bytes", "%zd", ret < 0 ? 0 : ret);
	say_got(&got);
	say("held", "%zu", nr_tokens);
}

static void dontneed(int fd, const void *what, size_t len)
{
	int ret = setsockopt(fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, what, len);

	say_errno(ret < 0 ? errno : 0);
	say("freed", "%d", ret < 0 ? 0 : ret);
}

static void do_dontneed(unsigned int n, uint32_t start, uint32_t count)
{
	struct devmem_token *what = calloc(n + 1, sizeof(*what));
	unsigned int i;

	if (!what)
		err(1, NULL);
	for (i = 0; i < n; i++, start += count) {
		what[i].token_start = start;
		what[i].token_count = count;
	}
	dontneed(conn, what, n * sizeof(*what));
	free(what);
}

static void do_udp(void)
{
	struct devmem_token what = { 1, 1 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	dontneed(fd, &what, sizeof(what));
	close(fd);
}

static bool step_data(const char *s)
{
	unsigned long a = 0;
	unsigned int b = 1024;
	char flags[8] = "";

	if (sscanf(s, "recv:%lu:%u:%7s", &a, &b, flags) >= 1)
		do_recv(a, b, flags);
	else if (sscanf(s, "plain:%lu", &a) == 1)
		do_plain(a);
	else if (sscanf(s, "plainread:%lu", &a) == 1)
		plain_many(a);
	else if (sscanf(s, "read:%lu", &a) == 1)
		receive_many(a, false, PATIENCE);
	else if (sscanf(s, "hold:%lu", &a) == 1)
		receive_many(a, true, PATIENCE);
	else if (sscanf(s, "dry:%lu", &a) == 1)
		receive_many(0, true, a);
	else if (!strcmp(s, "eof"))
		receive_many(0, false, PATIENCE);
	else
		return false;
	return true;
}

static bool step_tokens(const char *s)
{
	static const uint64_t zeros[256];
	unsigned int a, b, c;

	if (!strcmp(s, "free")) {
		say("held", "%zu", nr_tokens);
		free_all();
	} else if (!strcmp(s, "freetimed")) {
		free_timed();
	} else if (!strcmp(s, "twice")) {
		do_dontneed(1, last_token, 1);
	} else if (sscanf(s, "dontneed:%u:%u:%u", &a, &b, &c) == 3) {
		do_dontneed(a, b, c);
	} else if (sscanf(s, "optlen:%u", &a) == 1 && a <= sizeof(zeros)) {
		dontneed(conn, zeros, a);
	} else if (!strcmp(s, "udp")) {
		do_udp();
	} else {
		return false;
	}
	return true;
}

static void run_step(char *s)
{
	char *equals = strchr(s, '=');
	unsigned int a;

	step_name = s;
	if (equals) {
		*equals = '\0';
		s = equals + 1;
	}
	if (step_data(s) || step_tokens(s))
		return;
	if (!strcmp(s, "accept")) {
		do_accept();
	} else if (sscanf(s, "many:%u", &a) == 1) {
		do_many(a);
	} else if (!strcmp(s, "close")) {
		close(conn);
		conn = -1;
		nr_tokens = 0;
	} else if (sscanf(s, "ready:%u", &a) == 1) {
		say("ready", "%d", wait_readable(a));
	} else if (sscanf(s, "sleep:%u", &a) == 1) {
		usleep(a * 1000);
	} else if (!strncmp(s, "wait:", 5)) {
		while (access(s + 5, F_OK))
			usleep(2000);
	} else if (!strncmp(s, "touch:", 6)) {
		fflush(NULL);
		close(open(s + 6, O_CREAT | O_WRONLY, 0600));
	} else {
		errx(2, "unknown step %s", s);
	}
}

int main(int argc, char **argv)
{
	const char *ifname = NULL;
	unsigned int i, queues = 0;
	int c;

	while ((c = getopt(argc, argv, "+m:f:d:q:nw:p:s:r:")) != -1) {
		if (c == 'm' && nr_ranges < MAX_RANGES)
			ranges[nr_ranges++].spec = optarg;
		else if (c == 'f' && !nr_ranges)
			ranges[nr_ranges++].fd = atoi(optarg);
		else if (c == 'q' && queues < MAX_RANGES)
			ranges[queues++].queues = optarg;
		else if (c == 'w')
			frag_list = fopen(optarg, "we");
		else if (c == 'n')
			blind = true;
		else if (c == 'd')
			ifname = optarg;
		else if (c == 'p')
			port = atoi(optarg);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'r')
			rcvbuf = atoi(optarg);
		else
			return 2;
	}
	for (i = 0; i < nr_ranges; i++) {
		if (!ranges[i].spec != !ranges[i].queues)
			errx(2, "one -q for each -m");
		range_open(&ranges[i]);
		if (ranges[i].spec)
			range_bind(&ranges[i], ifname);
	}
	for (argv += optind; *argv; argv++)
		run_step(*argv);
	return 0;
}
