// SPDX-License-Identifier: GPL-2.0-only
/* unload -m PCI -d IFNAME -q QUEUE[,QUEUE]... [-p PORT] [-c CYCLES] [-n FLOWS]
 *	FILE: takes FLOWS connections (8) of dmsend to PORT (5000) and checks every
 * byte of them, while it binds, removes devmem_tcp and loads it again, CYCLES
 * times (1). Then it makes FILE and reads the streams to their end.
 *
 * BAR 2 is used in four parts, one for each cycle. A part is bound again only
 * when devmem_tcp_core has no reference left but those of the sockets: then
 * nobody holds a buffer of the binding before, and all of it was checked.
 *
 * Each cycle wants, within PATIENCE: all flows in device memory; rmmod; no
 * reference to the dma-buf but ours, at once; devmem_tcp_core in use; all flows
 * in host memory; the binding gone; modprobe; bind at the first attempt.
 *
 * Prints rmmod_us=, in each cycle; of these median_us=, max_us=; cycles=,
 * ready_ms= (most from rmmod to where all streams have gone on), again_ms=
 * (most for modprobe and bind), tokens= (returned after their binding had
 * ended), device=, linear=; fail= for what did not come true. Exit status 1 for
 * that, and for a wrong byte.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "bar.h"
#include "devmem_sock.h"
#include "genl.h"
#include "pattern.h"

#define PARTS		4
#define PART_SIZE	(16ull << 20)
#define MAX_FLOWS	16
#define MAX_CYCLES	1000
#define KEEP		128	/* tokens that a flow has, at most */
#define STEP		65536	/* bytes that show that a flow goes on */
#define PATIENCE	60000	/* ms */

struct flow {
	int		fd;
	uint64_t	pos;
	uint32_t	tokens[2 * KEEP], ids[2 * KEEP];
	unsigned int	held;
};

struct part {
	int		fd;
	long		users;
	const uint8_t	*map;
};

/* Between the receiver, which writes the counters, and who unloads. */
struct shared {
	_Atomic uint32_t	ids[MAX_CYCLES];	/* by cycle */
	_Atomic uint32_t	live;			/* id, 0: none */
	_Atomic uint64_t	device[MAX_FLOWS], linear[MAX_FLOWS];
	_Atomic uint64_t	stale;
	_Atomic unsigned int	flows, ended;
};

static struct shared *shared;
static struct part parts[PARTS];
static struct flow flows[MAX_FLOWS];
static unsigned int nr_flows = 8;

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

__attribute__((format(printf, 1, 2), noreturn))
static void give_up(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("fail=");
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	exit(1);
}

/* The receiver */

static const struct part *part_of(uint32_t id)
{
	int64_t end = now_us() + 1000ll * PATIENCE;
	int i;

	/* The first frags can be here before the answer to the bind request. */
	do {
		for (i = 0; i < MAX_CYCLES && shared->ids[i]; i++)
			if (shared->ids[i] == id)
				return &parts[i % PARTS];
	} while (now_us() < end);
	give_up("no binding %u", id);
}

static void check(const struct flow *f, uint64_t at, const uint8_t *buf,
		  size_t len, const char *where)
{
	size_t good = pattern_check(0, at, buf, len);

	if (good != len)
		give_up("flow %zu, byte %llu in %s is wrong", f - flows,
			(unsigned long long)(at + good), where);
}

/* The oldest @num of those that are held. */
static void return_tokens(struct flow *f, unsigned int num)
{
	struct devmem_token batch[DEVMEM_DONTNEED_RANGES];
	unsigned int i = 0, n, first;
	int ret;

	while (i < num) {
		first = i;
		for (n = 0; i < num; i++) {
			if (n && batch[n - 1].token_start +
				 batch[n - 1].token_count == f->tokens[i]) {
				batch[n - 1].token_count++;
				continue;
			}
			if (n == DEVMEM_DONTNEED_RANGES)
				break;
			batch[n].token_start = f->tokens[i];
			batch[n++].token_count = 1;
		}
		ret = setsockopt(f->fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, batch,
				 n * sizeof(*batch));
		if (ret != (int)(i - first))
			give_up("DONTNEED of %u tokens gave %d", i - first, ret);
		for (; first < i; first++)
			shared->stale += f->ids[first] != shared->live;
	}
	f->held -= num;
	memmove(f->tokens, f->tokens + num, f->held * sizeof(*f->tokens));
	memmove(f->ids, f->ids + num, f->held * sizeof(*f->ids));
}

static void take(struct flow *f, struct msghdr *msg, const uint8_t *iov,
		 size_t len)
{
	uint64_t device = 0, linear = 0;
	const struct part *part;
	struct devmem_cmsg frag;
	struct cmsghdr *cmsg;

	if (msg->msg_flags & MSG_CTRUNC)
		give_up("control messages were truncated");
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		memcpy(&frag, CMSG_DATA(cmsg), sizeof(frag));
		if (cmsg->cmsg_type == SCM_DEVMEM_LINEAR) {
			check(f, f->pos, iov + linear, frag.frag_size,
			      "linear");
			linear += frag.frag_size;
		} else {
			part = part_of(frag.dmabuf_id);
			if (frag.frag_offset + frag.frag_size > PART_SIZE)
				give_up("a frag outside of the dma-buf");
			check(f, f->pos, part->map + frag.frag_offset,
			      frag.frag_size, "device memory");
			f->ids[f->held] = frag.dmabuf_id;
			f->tokens[f->held++] = frag.frag_token;
			device += frag.frag_size;
		}
		f->pos += frag.frag_size;
	}
	/* before its first device memory a socket gets plain bytes */
	if (!device && !linear) {
		check(f, f->pos, iov, len, "plain bytes");
		linear = len;
		f->pos += len;
	}
	if (device + linear != len)
		give_up("%zu bytes, of which control messages tell of %llu", len,
			(unsigned long long)(device + linear));
	shared->device[f - flows] += device;
	shared->linear[f - flows] += linear;
	/* Some are always out when the binding ends, and come back then. */
	if (f->held >= KEEP)
		return_tokens(f, f->held - KEEP / 2);
	else if (!shared->live)
		return_tokens(f, f->held);
}

static void receive(struct flow *f)
{
	static char control[KEEP * CMSG_SPACE(sizeof(struct devmem_cmsg))];
	static uint8_t buf[STEP];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t ret = recvmsg(f->fd, &msg, MSG_SOCK_DEVMEM | MSG_DONTWAIT);

	if (ret < 0 && errno != EAGAIN)
		give_up("flow %zu: %s", f - flows, strerror(errno));
	if (ret > 0)
		take(f, &msg, buf, ret);
	if (ret)
		return;
	return_tokens(f, f->held);
	close(f->fd);
	f->fd = -1;
	shared->ended++;
}

static int receiver(int listener)
{
	struct pollfd fds[MAX_FLOWS];
	unsigned int i;

	for (i = 0; i < nr_flows; i++) {
		flows[i].fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (flows[i].fd < 0)
			err(1, "accept");
		shared->flows++;
	}
	while (shared->ended < nr_flows) {
		for (i = 0; i < nr_flows; i++) {
			fds[i].fd = flows[i].fd;
			fds[i].events = POLLIN;
		}
		if (poll(fds, nr_flows, PATIENCE) <= 0)
			give_up("nothing comes any more");
		for (i = 0; i < nr_flows; i++)
			if (fds[i].revents)
				receive(&flows[i]);
	}
	return 0;
}

/* Who unloads */

static pid_t child;
static uint64_t before[MAX_FLOWS];

static void note(const _Atomic uint64_t *counters)
{
	unsigned int i;

	for (i = 0; i < nr_flows; i++)
		before[i] = counters[i];
}

static bool all_moved(const _Atomic uint64_t *counters)
{
	unsigned int i;

	for (i = 0; i < nr_flows; i++)
		if (counters[i] < before[i] + STEP)
			return false;
	return true;
}

static bool all_device(void)
{
	return all_moved(shared->device);
}

static bool all_linear(void)
{
	return all_moved(shared->linear);
}

static bool all_there(void)
{
	return shared->flows == nr_flows;
}

static long number_in(const char *path, const char *format)
{
	FILE *f = fopen(path, "re");
	char line[128];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &n) != 1)
			n = -1;
	if (f)
		fclose(f);
	return n;
}

/* Only the sockets hold the core: the binding is freed, so no buffer of it is
 * in a queue, and no token of it is out.
 */
static bool buried(void)
{
	return number_in("/sys/module/devmem_tcp_core/refcnt", "%ld") ==
	       (long)nr_flows;
}

static long dmabuf_users(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return number_in(path, "count: %ld");
}

static void wait_until(bool (*true_now)(void), const char *what)
{
	int64_t end = now_us() + 1000ll * PATIENCE;

	while (!true_now()) {
		if (waitpid(child, NULL, WNOHANG))
			give_up("the receiver is gone, before: %s", what);
		if (now_us() > end)
			give_up("%s: not within %d s", what, PATIENCE / 1000);
		usleep(500);
	}
}

static int rmmod(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

static void do_bind(unsigned int cycle, uint32_t ifindex, const char *queues)
{
	const struct nlattr *id;
	static struct genl g;
	const char *s;
	char *end;
	int ret;

	ret = genl_open(&g, DEVMEM_TCP_FAMILY_NAME);
	if (ret)
		give_up("cycle %u: family: %s", cycle, strerror(ret));
	genl_begin(&g, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&g, DEVMEM_TCP_A_IFINDEX, ifindex);
	genl_put_u32(&g, DEVMEM_TCP_A_DMABUF_FD, parts[cycle % PARTS].fd);
	for (s = queues; *s; s = *end ? end + 1 : end)
		genl_put_u32(&g, DEVMEM_TCP_A_QUEUE, strtoul(s, &end, 0));
	ret = genl_call(&g);
	id = genl_reply(&g, DEVMEM_TCP_A_ID, 0);
	if (ret || !id)
		give_up("cycle %u: bind: %s: %s", cycle, strerror(ret), g.text);
	shared->live = *(const uint32_t *)nla_payload(id);
	shared->ids[cycle] = shared->live;
	close(g.fd);
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static void max_of(int64_t *most, int64_t value)
{
	*most = value > *most ? value : *most;
}

static void unload(unsigned int cycles, uint32_t ifindex, const char *queues)
{
	static long us[MAX_CYCLES];
	int64_t start, ready = 0, again = 0;
	const struct part *part;
	unsigned int i;
	int ret;

	do_bind(0, ifindex, queues);
	for (i = 0; i < cycles; i++) {
		part = &parts[i % PARTS];
		note(shared->device);
		wait_until(all_device, "all flows in device memory");
		if (dmabuf_users(part->fd) <= part->users)
			give_up("cycle %u: a binding without the dma-buf", i);

		start = now_us();
		ret = rmmod("devmem_tcp");
		us[i] = now_us() - start;
		if (ret)
			give_up("cycle %u: rmmod: %s", i, strerror(ret));
		if (dmabuf_users(part->fd) != part->users)
			give_up("cycle %u: %ld users of the dma-buf, before %ld",
				i, dmabuf_users(part->fd), part->users);
		if (rmmod("devmem_tcp_core") != EWOULDBLOCK)
			give_up("cycle %u: core is not in use", i);
		printf("rmmod_us=%ld\n", us[i]);
		fflush(stdout);
		shared->live = 0;
		note(shared->linear);
		wait_until(all_linear, "all flows in host memory");
		max_of(&ready, now_us() - start);
		wait_until(buried, "the binding is gone");

		start = now_us();
		if (system("modprobe devmem_tcp"))
			give_up("cycle %u: modprobe", i);
		if (i + 1 < cycles) {
			do_bind(i + 1, ifindex, queues);
			max_of(&again, now_us() - start);
		}
	}
	qsort(us, cycles, sizeof(*us), compare);
	printf("cycles=%u\nmedian_us=%ld\nmax_us=%ld\nready_ms=%lld\nagain_ms=%lld\n",
	       cycles, us[cycles / 2], us[cycles - 1],
	       (long long)ready / 1000, (long long)again / 1000);
}

static void open_parts(const char *pci)
{
	uint64_t size;
	char spec[64];
	int i;

	for (i = 0; i < PARTS; i++) {
		snprintf(spec, sizeof(spec), "%s:%llu:%llu", pci, i * PART_SIZE,
			 PART_SIZE);
		parts[i].fd = bar_export(spec, &size);
		parts[i].map = mmap(NULL, PART_SIZE, PROT_READ, MAP_SHARED,
				    parts[i].fd, 0);
		if (parts[i].map == MAP_FAILED)
			err(1, "mmap of %s", spec);
	}
}

static int listen_on(unsigned int port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int one = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, MAX_FLOWS))
		err(1, "listen on port %u", port);
	return fd;
}

static void finish(void)
{
	uint64_t device = 0, linear = 0;
	int status = 1;
	unsigned int i;

	waitpid(child, &status, 0);
	for (i = 0; i < nr_flows; i++) {
		device += shared->device[i];
		linear += shared->linear[i];
	}
	printf("tokens=%llu\ndevice=%llu\nlinear=%llu\nended=%u\n",
	       (unsigned long long)shared->stale, (unsigned long long)device,
	       (unsigned long long)linear, shared->ended);
	if (status)
		exit(1);
}

int main(int argc, char **argv)
{
	const char *pci = NULL, *ifname = "", *queues = NULL;
	unsigned int i, port = 5000, cycles = 1;
	int c, listener;

	while ((c = getopt(argc, argv, "m:d:q:p:c:n:")) != -1) {
		if (c == 'm')
			pci = optarg;
		else if (c == 'd')
			ifname = optarg;
		else if (c == 'q')
			queues = optarg;
		else if (c == 'p')
			port = atoi(optarg);
		else if (c == 'c')
			cycles = atoi(optarg);
		else if (c == 'n')
			nr_flows = atoi(optarg);
		else
			return 2;
	}
	if (!pci || !queues || !if_nametoindex(ifname) || !argv[optind] ||
	    !cycles || cycles > MAX_CYCLES || nr_flows > MAX_FLOWS)
		errx(2, "usage: unload -m PCI -d IFNAME -q QUEUES [-p PORT] [-c CYCLES] [-n FLOWS] FILE");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	open_parts(pci);
	listener = listen_on(port);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(receiver(listener));
	}
	wait_until(all_there, "all connections");
	for (i = 0; i < PARTS; i++)
		parts[i].users = dmabuf_users(parts[i].fd);
	unload(cycles, if_nametoindex(ifname), queues);
	fflush(stdout);
	close(open(argv[optind], O_CREAT | O_WRONLY, 0600));
	finish();
	return 0;
}
