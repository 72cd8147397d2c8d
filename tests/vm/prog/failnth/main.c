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
 *   -n N			begin with that (1)
 *   -x PATH		an XDP program that is pinned there
 *
 *   bind, bindnl	over devmem_tcp, over netdev; then unbind
 *   bindtx		to send from
 *   unbind, closenl	end a binding of either
 *   get, dump		of devmem_tcp, with a binding there
 *   devget, devdump, queueget, queuedump	of netdev
 *   split		tcp-data-split off, and on
 *   channels		ethtool -L from 4 to 3, with a binding there
 *   xdp		native XDP on and off
 *   export, mmap	of that range
 *   module:FILE	load it, and remove it
 *   probe		devmem_bar gets the device of -b; it must have its
 *			driver_override, and no driver
 *
 * Prints OP.tries, OP.injected (tries in which something failed), OP.survived
 * (of these, those that succeeded all the same), OP.errno.NAME. Exit status 0;
 * 1 something was wrong: OP.wrong says what; 2 usage; 3 the device lost its
 * interrupts at number lost, as it may, and igb must be loaded again.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"
#include "failnth.h"
#include "ops.h"

#define MAX_N		100000

const char *ifname, *bar;
uint32_t ifindex, queues[8], nr_queues;
int dmabuf = -1;

static const char *op_name;
static bool module_refs;	/* are the books to be looked at? */

static void say(const char *key, unsigned long value)
{
	printf("%s.%s=%lu\n", op_name, key, value);
	fflush(stdout);
}

void wrong(const char *fmt, ...)
{
	va_list ap;

	printf("%s.%s=", op_name, __func__);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

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
	unsigned int	step, tail, first;
};

static void run_op(const struct op *op, const struct pace *pace)
{
	unsigned long tries = 0, injected = 0, survived = 0;
	unsigned int n, misses = 0, step = pace->step, back, i;

	memset(errnos, 0, sizeof(errnos));
	if (op->bound)
		must_bind();
	/* A worker that was not there when all were armed did not fail. */
	for (n = pace->first; misses < (pace->in_workers ? 3 : 1) && n < MAX_N;) {
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

static const struct op *find_op(const struct op *op, const char *name)
{
	for (; op->name; op++)
		if (!strcmp(op->name, name))
			return op;
	return NULL;
}

static void start_op(char *s, const struct pace *pace)
{
	char *colon = strchr(s, ':');
	static bool is_open;
	const struct op *op;

	if (colon) {
		*colon++ = '\0';
		read_module(colon);
		s = module_name;
	}
	op = find_op(netlink_ops, s) ?: find_op(link_ops, s) ?:
	     find_op(other_ops, colon ? "module" : s);
	if (!op)
		errx(2, "unknown op %s", s);
	op_name = s;
	module_refs = !colon && strcmp(s, "probe");
	if (module_refs && !is_open) {
		books_open();
		netlink_open();
		is_open = true;
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
	struct pace pace = { .step = 1, .first = 1 };
	uint64_t size;
	int c;

	while ((c = getopt(argc, argv, "d:q:m:b:f:wk:t:n:x:")) != -1) {
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
		else if (c == 'n')
			pace.first = atoi(optarg);
		else if (c == 'x')
			xdp_path = optarg;
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
