// SPDX-License-Identifier: GPL-2.0-only
/* failnth [OPTION]... OP...: does each OP over and over, the Nth allocation or
 * copy failing, N = 1, 2, 3, ..., until none failed any more. Each time it has
 * to succeed or to fail with an errno that says so, and nothing may be left.
 *
 *   -d IFNAME -q QUEUE[,QUEUE]...
 *   -m PCI[:OFFSET[:SIZE]]	the dma-buf: this range of BAR 2
 *   -f FD			or one that is open already
 *   -b PCI:OFFSET:SIZE		another range, for export and mmap
 *   -w			fail in the kernel's unbound workers, not here
 *   -k STEP			above 48 go on in steps of STEP
 *   -t N			but do the last N one by one
 *
 *   bind, bindnl	over devmem_tcp, over netdev; then unbind
 *   unbind, closenl	end a binding of either
 *   get, dump		of devmem_tcp, with a binding there
 *   devget, devdump, queueget, queuedump	of netdev
 *   split		tcp-data-split off, and on
 *   export, mmap	of that range
 *   module:FILE	load it, and remove it
 *
 * Prints OP.tries, OP.injected (tries in which something failed), OP.survived
 * (of these, those that succeeded all the same), OP.errno.NAME. Exit status 0;
 * 1 something was wrong: OP.wrong says what; 2 usage.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/devmem_bar.h>
#include <linux/devmem_tcp.h>

#include "bar.h"
#include "failnth.h"
#include "genl.h"

/* of the family netdev */
#define NL_DEV_GET	1
#define NL_QUEUE_GET	10
#define NL_BIND_RX	13
#define NL_DMABUF_ID	4

#define UNTOLD		-1	/* the answer was lost */
#define MAX_N		100000

static struct genl ours, netdev, list, events, ethtool;
static const char *op_name, *ifname, *bar;
static uint32_t ifindex, queues[8], nr_queues;
static int dmabuf = -1;
static uint32_t told;		/* id in the last answer, 0: none */
static bool module_refs = true;	/* are the modules loaded? */

static void say(const char *key, unsigned long value)
{
	printf("%s.%s=%lu\n", op_name, key, value);
	fflush(stdout);
}

__attribute__((format(printf, 1, 2), noreturn))
static void wrong(const char *fmt, ...)
{
	va_list ap;

	printf("%s.wrong=", op_name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

static void open_family(struct genl *g, const char *name)
{
	int ret = genl_open(g, name);

	if (ret)
		errx(1, "family %s: %s", name, strerror(ret));
}

/* What is there */

static uint32_t nr_listed, listed_id;

static void count_binding(const struct nlmsghdr *msg)
{
	const struct nlattr *id;

	id = genl_find((const uint8_t *)msg + NLMSG_LENGTH(GENL_HDRLEN),
		       msg->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN),
		       DEVMEM_TCP_A_ID, 0);
	if (!id)
		return;
	nr_listed++;
	memcpy(&listed_id, nla_payload(id), sizeof(listed_id));
}

static uint32_t bindings(void)
{
	int ret;

	nr_listed = 0;
	genl_begin(&list, DEVMEM_TCP_CMD_GET);
	ret = genl_dump(&list, count_binding);
	if (ret)
		wrong("a dump that nothing is the matter with: %s",
		      strerror(ret));
	return nr_listed;
}

/* devmem_tcp links to the core: that is the one user it has. */
static int module_users(void)
{
	char line[256], name[64];
	int users = 0, refs;
	FILE *f = fopen("/proc/modules", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %*s %d", name, &refs) != 2)
			continue;
		if (!strcmp(name, "devmem_tcp_core"))
			users += refs - 1;
		else if (!strcmp(name, "devmem_tcp"))
			users += refs;
	}
	if (f)
		fclose(f);
	return users;
}

/* Has the test exporter all that it gave? */
static bool exporter_has_all(void)
{
	static const char * const pairs[][2] = {
		{ "attach", "detach" }, { "pin", "unpin" }, { "map", "unmap" },
	};
	int value[2][3] = {}, n, i, k;
	char name[32];
	FILE *f = fopen("/dev/tbuf", "re");

	if (!f)
		return true;
	while (fscanf(f, "%31s %d", name, &n) == 2)
		for (i = 0; i < 3; i++)
			for (k = 0; k < 2; k++)
				if (!strcmp(name, pairs[i][k]))
					value[k][i] = n;
	fclose(f);
	return !memcmp(value[0], value[1], sizeof(value[0]));
}

static void nothing_left(unsigned int n)
{
	int ms;

	if (bindings())
		wrong("%u: %u bindings are left", n, nr_listed);
	for (ms = 0; module_users() || !exporter_has_all(); ms += 5) {
		if (ms > 20000)
			wrong("%u: %d users of the modules are left, exporter %s",
			      n, module_users(),
			      exporter_has_all() ? "has all" : "lacks some");
		usleep(5000);
	}
}

/* Each binding that came or went was told, or that something was not. */
static void check_events(unsigned int n)
{
	const struct nlmsghdr *msg = &events.reply;
	int added = 0, ended = 0;
	bool lost = false;
	ssize_t len;

	for (;;) {
		len = recv(events.fd, events.reply_room, GENL_SIZE,
			   MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS) {
			lost = true;
			continue;
		}
		if (len < 0)
			break;
		switch (((const struct genlmsghdr *)NLMSG_DATA(msg))->cmd) {
		case DEVMEM_TCP_CMD_ADD_NTF:
			added++;
			break;
		case DEVMEM_TCP_CMD_DEL_NTF:
			ended++;
		}
	}
	if (added != ended && !lost)
		wrong("%u: %d bindings came, %d went", n, added, ended);
}

/* Requests: sent while armed, their answers are read later. */

static void begin_bind(void)
{
	uint32_t i;

	genl_begin(&ours, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&ours, DEVMEM_TCP_A_IFINDEX, ifindex);
	genl_put_u32(&ours, DEVMEM_TCP_A_DMABUF_FD, dmabuf);
	for (i = 0; i < nr_queues; i++)
		genl_put_u32(&ours, DEVMEM_TCP_A_QUEUE, queues[i]);
}

static void begin_bindnl(void)
{
	uint32_t nest[] = { 1 << 16 | 8, 0, 3 << 16 | 8, 0 }, i;

	open_family(&netdev, "netdev");
	genl_begin(&netdev, NL_BIND_RX);
	genl_put_u32(&netdev, 1, ifindex);
	genl_put_u32(&netdev, 3, dmabuf);
	for (i = 0; i < nr_queues; i++) {
		nest[1] = queues[i];
		genl_put(&netdev, 2 | NLA_F_NESTED, nest, sizeof(nest));
	}
}

/* All that came in answer. Return: 0, a positive errno or UNTOLD. */
static int answer(struct genl *g, uint16_t id_type)
{
	const struct nlmsghdr *msg = &g->reply;
	const struct nlattr *id;
	int ret = UNTOLD;
	ssize_t len;

	told = 0;
	for (;;) {
		len = recv(g->fd, g->reply_room, GENL_SIZE, MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS)
			continue;
		if (len < 0)
			return ret;
		for (; NLMSG_OK(msg, len); msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type == NLMSG_ERROR ||
			    msg->nlmsg_type == NLMSG_DONE) {
				ret = -*(const int *)NLMSG_DATA(msg);
				continue;
			}
			id = genl_find((const uint8_t *)msg +
				       NLMSG_LENGTH(GENL_HDRLEN),
				       msg->nlmsg_len -
				       NLMSG_LENGTH(GENL_HDRLEN), id_type, 0);
			if (id_type && id)
				memcpy(&told, nla_payload(id), sizeof(told));
		}
		msg = &g->reply;
	}
}

static int run_ours(void)
{
	return genl_send(&ours, NLM_F_REQUEST | NLM_F_ACK);
}

static int run_netdev(void)
{
	return genl_send(&netdev, NLM_F_REQUEST | NLM_F_ACK);
}

static int run_ours_dump(void)
{
	return genl_send(&ours, NLM_F_REQUEST | NLM_F_DUMP);
}

static int run_netdev_dump(void)
{
	return genl_send(&netdev, NLM_F_REQUEST | NLM_F_DUMP);
}

/* Without faults */

static void must_unbind(unsigned int n)
{
	if (!bindings())
		return;
	genl_begin(&list, DEVMEM_TCP_CMD_UNBIND);
	genl_put_u32(&list, DEVMEM_TCP_A_ID, listed_id);
	if (genl_call(&list))
		wrong("%u: unbind: %s", n, list.text);
}

static void must_bind(void)
{
	int ret;

	begin_bind();
	ret = genl_call(&ours);
	if (ret)
		wrong("bind: %s: %s", strerror(ret), ours.text);
}

/* bind: told or not, who was told that it failed has no binding. */
static int after_bind(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&ours, DEVMEM_TCP_A_ID);
	if (bindings() != 1 ? !ret : ret > 0)
		wrong("%u: answer %d, and %u bindings", n, ret, nr_listed);
	if (told && told != listed_id)
		wrong("%u: told of binding %u, which is %u", n, told,
		      listed_id);
	must_unbind(n);
	return ret;
}

/* Over netdev there is none either if its id was not told. */
static int after_bindnl(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&netdev, NL_DMABUF_ID);
	if (bindings() != !!told || (!ret && !told))
		wrong("%u: answer %d with id %u, and %u bindings", n, ret,
		      told, nr_listed);
	close(netdev.fd);
	if (bindings())
		wrong("%u: the socket is closed, its binding is there", n);
	return ret;
}

static void before_unbind(void)
{
	must_bind();
	bindings();
	genl_begin(&ours, DEVMEM_TCP_CMD_UNBIND);
	genl_put_u32(&ours, DEVMEM_TCP_A_ID, listed_id);
}

static int after_unbind(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&ours, 0);
	if (bindings() ? !ret : ret > 0)
		wrong("%u: answer %d, and %u bindings", n, ret, nr_listed);
	must_unbind(n);
	return ret;
}

static void before_closenl(void)
{
	int ret;

	begin_bindnl();
	ret = genl_call(&netdev);
	if (ret)
		wrong("bind-rx: %s: %s", strerror(ret), netdev.text);
}

static int run_close(void)
{
	close(netdev.fd);
	return 0;
}

static int after_closenl(unsigned int n, int ret)
{
	if (bindings())
		wrong("%u: the socket is closed, its binding is there", n);
	return ret;
}

/* Reads. A dump may need more messages, which recv() makes: in the end. */

static void before_get(void)
{
	bindings();
	genl_begin(&ours, DEVMEM_TCP_CMD_GET);
	genl_put_u32(&ours, DEVMEM_TCP_A_ID, listed_id);
}

static void before_dump(void)
{
	genl_begin(&ours, DEVMEM_TCP_CMD_GET);
}

static void before_devget(void)
{
	open_family(&netdev, "netdev");
	genl_begin(&netdev, NL_DEV_GET);
	genl_put_u32(&netdev, 1, ifindex);
}

static void before_devdump(void)
{
	open_family(&netdev, "netdev");
	genl_begin(&netdev, NL_DEV_GET);
}

static void before_queueget(void)
{
	open_family(&netdev, "netdev");
	genl_begin(&netdev, NL_QUEUE_GET);
	genl_put_u32(&netdev, 1, queues[0]);
	genl_put_u32(&netdev, 2, ifindex);
	genl_put_u32(&netdev, 3, 0);
}

static void before_queuedump(void)
{
	open_family(&netdev, "netdev");
	genl_begin(&netdev, NL_QUEUE_GET);
}

static int after_read(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&ours, 0);
	if (bindings() != 1)
		wrong("%u: %u bindings", n, nr_listed);
	return ret;
}

static int after_readnl(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&netdev, 0);
	close(netdev.fd);
	if (bindings() != 1)
		wrong("%u: %u bindings", n, nr_listed);
	return ret;
}

/* ETHTOOL_MSG_RINGS_SET: header, tcp-data-split */
static void begin_split(uint8_t value)
{
	uint8_t nest[4 + IFNAMSIZ] = {};
	struct nlattr attr = { .nla_type = 2,
			       .nla_len = NLA_HDRLEN + strlen(ifname) + 1 };

	memcpy(nest, &attr, sizeof(attr));
	strcpy((char *)nest + NLA_HDRLEN, ifname);
	genl_begin(&ethtool, 16);
	genl_put(&ethtool, 1 | NLA_F_NESTED, nest, NLA_ALIGN(attr.nla_len));
	genl_put(&ethtool, 11, &value, 1);
}

static void before_split(void)
{
	begin_split(1);
}

static int run_split(void)
{
	return genl_send(&ethtool, NLM_F_REQUEST | NLM_F_ACK);
}

static int after_split(unsigned int n, int ret)
{
	int back;

	if (!ret)
		ret = answer(&ethtool, 0);
	begin_split(0);
	back = genl_call(&ethtool);
	if (back)
		wrong("%u: back to the default: %s", n, ethtool.text);
	return ret;
}

/* The BAR */

static struct devmem_bar_export req;
static uint64_t bar_offset, bar_size;
static int node = -1;

static void before_export(void)
{
	req = (struct devmem_bar_export){ .bar = 2 };
	if (node < 0)
		node = bar_open(bar, &bar_offset, &bar_size);
	req.offset = bar_offset;
	req.size = bar_size;
}

static int run_export(void)
{
	return ioctl(node, DEVMEM_BAR_EXPORT, &req) ? errno : 0;
}

/* It is released when the task comes back from close(). */
static int after_export(unsigned int n, int ret)
{
	if (!ret) {
		close(req.fd);
		return 0;
	}
	before_export();
	if (run_export())
		wrong("%u: the range cannot be exported: %s", n,
		      strerror(errno));
	close(req.fd);
	return ret;
}

static volatile uint32_t *map;

static void before_mmap(void)
{
	before_export();
	if (run_export())
		wrong("export: %s", strerror(errno));
}

/* And looks at three pages: a fault that fails is tried again. */
static int run_mmap(void)
{
	map = mmap(NULL, req.size, PROT_READ | PROT_WRITE, MAP_SHARED, req.fd,
		   0);
	if (map == MAP_FAILED)
		return errno;
	map[0] = 0x600d;
	(void)map[req.size / 8];
	(void)map[req.size / 4 - 1];
	return 0;
}

static int after_mmap(unsigned int n, int ret)
{
	if (!ret && map[0] != 0x600d)
		wrong("%u: the mapping has %#x", n, map[0]);
	if (!ret)
		munmap((void *)map, req.size);
	close(req.fd);
	return ret;
}

/* Modules */

static void *module;
static long module_size;
static char module_name[64];

static void read_module(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	FILE *f = fopen(path, "re");

	if (!f || fseek(f, 0, SEEK_END))
		err(1, "%s", path);
	module_size = ftell(f);
	rewind(f);
	module = malloc(module_size);
	if (!module || fread(module, module_size, 1, f) != 1)
		err(1, "%s", path);
	fclose(f);
	snprintf(module_name, sizeof(module_name), "%.*s",
		 (int)strcspn(base, "."), base);
}

static int run_module(void)
{
	return syscall(SYS_init_module, module, module_size, "") ? errno : 0;
}

static int after_module(unsigned int n, int ret)
{
	if (!ret && syscall(SYS_delete_module, module_name, O_NONBLOCK))
		wrong("%u: rmmod: %s", n, strerror(errno));
	return ret;
}

/**
 * struct op - what is done over and over
 * @name: of it
 * @before: without faults
 * @run: with one; 0 or a positive errno
 * @after: without again: is all as it should be? Gets what @run returned, and
 *	returns the end of it: 0, a positive errno or UNTOLD
 * @bound: there is a binding all the time
 */
struct op {
	const char	*name;
	void		(*before)(void);
	int		(*run)(void);
	int		(*after)(unsigned int n, int ret);
	bool		bound;
};

static const struct op ops[] = {
	{ "bind", begin_bind, run_ours, after_bind, false },
	{ "bindnl", begin_bindnl, run_netdev, after_bindnl, false },
	{ "unbind", before_unbind, run_ours, after_unbind, false },
	{ "closenl", before_closenl, run_close, after_closenl, false },
	{ "get", before_get, run_ours, after_read, true },
	{ "dump", before_dump, run_ours_dump, after_read, true },
	{ "devget", before_devget, run_netdev, after_readnl, true },
	{ "devdump", before_devdump, run_netdev_dump, after_readnl, true },
	{ "queueget", before_queueget, run_netdev, after_readnl, true },
	{ "queuedump", before_queuedump, run_netdev_dump, after_readnl, true },
	{ "split", before_split, run_split, after_split, false },
	{ "export", before_export, run_export, after_export, false },
	{ "mmap", before_mmap, run_mmap, after_mmap, false },
	{ "module", NULL, run_module, after_module, false },
	{}
};

static unsigned long errnos[256];

/* Return: did anything fail? */
static bool try_once(const struct op *op, unsigned int n, bool in_workers,
		     unsigned long *survived)
{
	bool used;
	int ret;

	told = 0;
	if (op->before)
		op->before();
	if (in_workers)
		failnth_arm_workers(n);
	else
		failnth_arm(n);
	ret = op->run();
	used = in_workers ? failnth_disarm_workers() : failnth_disarm();
	ret = op->after(n, ret);
	if (ret && !used)
		wrong("%u: nothing failed, and it says %d: %s", n, ret,
		      strerror(ret));
	if (ret > 0 && ret != ENOMEM && ret != EFAULT && ret != ENOBUFS)
		wrong("%u: %s", n, strerrorname_np(ret) ?: "unknown errno");
	if (used && !ret)
		++*survived;
	errnos[ret == UNTOLD ? 255 : ret]++;
	if (module_refs && !op->bound) {
		nothing_left(n);
		check_events(n);
	}
	return used;
}

/* How the numbers go up. */
struct pace {
	bool		in_workers;
	unsigned int	step, tail;
};

static void run_op(const struct op *op, const struct pace *pace)
{
	unsigned long tries = 0, injected = 0, survived = 0;
	unsigned int n, misses = 0, step = pace->step, back, i;

	memset(errnos, 0, sizeof(errnos));
	if (op->bound)
		must_bind();
	/* A worker that was not there when all were armed did not fail. */
	for (n = 1; misses < (pace->in_workers ? 3 : 1) && n < MAX_N;) {
		tries++;
		if (!try_once(op, n, pace->in_workers, &survived)) {
			back = step + pace->tail;
			if (step > 1 && pace->tail && n > 48 + back) {
				step = 1;
				n -= back;
				continue;
			}
			misses++;
			continue;
		}
		misses = 0;
		injected++;
		n += n < 48 ? 1 : step;
	}
	if (op->bound) {
		must_unbind(0);
		nothing_left(0);
		check_events(0);
	}
	say("tries", tries);
	say("injected", injected);
	say("survived", survived);
	for (i = 1; i < 255; i++)
		if (errnos[i])
			printf("%s.errno.%s=%lu\n", op_name,
			       strerrorname_np(i), errnos[i]);
	say("untold", errnos[255]);
}

static void start_op(char *s, const struct pace *pace)
{
	char *colon = strchr(s, ':');
	const struct op *op = ops;

	if (colon) {
		*colon++ = '\0';
		read_module(colon);
		s = module_name;
	}
	for (; op->name && strcmp(op->name, colon ? "module" : s); op++)
		;
	if (!op->name)
		errx(2, "unknown op %s", s);
	op_name = s;
	module_refs = !colon;
	if (module_refs && !list.fd) {
		open_family(&ours, DEVMEM_TCP_FAMILY_NAME);
		open_family(&list, DEVMEM_TCP_FAMILY_NAME);
		open_family(&events, DEVMEM_TCP_FAMILY_NAME);
		open_family(&ethtool, "ethtool");
		if (genl_join(&events, DEVMEM_TCP_MCGRP_BINDING))
			errx(1, "no group");
	}
	run_op(op, pace);
}

static void read_queues(char *s)
{
	for (s = strtok(s, ","); s && nr_queues < 8; s = strtok(NULL, ","))
		queues[nr_queues++] = atoi(s);
}

int main(int argc, char **argv)
{
	struct pace pace = { .step = 1 };
	uint64_t size;
	int c;

	while ((c = getopt(argc, argv, "d:q:m:b:f:wk:t:")) != -1) {
		if (c == 'd')
			ifname = optarg;
		else if (c == 'q')
			read_queues(optarg);
		else if (c == 'm')
			dmabuf = bar_export(optarg, &size);
		else if (c == 'b')
			bar = optarg;
		else if (c == 'f')
			dmabuf = atoi(optarg);
		else if (c == 'w')
			pace.in_workers = true;
		else if (c == 'k')
			pace.step = atoi(optarg);
		else if (c == 't')
			pace.tail = atoi(optarg);
		else
			return 2;
	}
	if (!failnth_there())
		errx(1, "this kernel has no fail-nth");
	ifindex = ifname ? if_nametoindex(ifname) : 0;
	for (argv += optind; *argv; argv++)
		start_op(*argv, &pace);
	return 0;
}
