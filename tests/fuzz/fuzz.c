// SPDX-License-Identifier: GPL-2.0-only
/* Options, seeds, counters and processes of a fuzzer, see fuzz.h. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_CHILDREN	32

struct options options = { .ifname = "eth0", .mtu = 1500, .patience = 60 };
struct shared *shared;

static struct {
	pid_t		pid;
	const char	*what;
} children[MAX_CHILDREN];

static uint64_t begin_ms;

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

uint64_t rnd64(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* 0 to @n - 1. */
uint32_t rnd(struct rng *r, uint32_t n)
{
	return n ? rnd64(r) % n : 0;
}

bool chance(struct rng *r, unsigned int percent)
{
	return rnd(r, 100) < percent;
}

/* Numbers at which code breaks, and others. */
uint32_t rnd_edge(struct rng *r)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 65, 127, 128, 255, 256, 1023,
		1024, 1025, 4095, 4096, 4097, 8192, 16384, 65535, 65536, 65537,
		131072, 0x7ffffffe, 0x7fffffff, 0x80000000, 0xfffffff0,
		0xffffffff,
	};

	if (chance(r, 20))
		return rnd64(r);
	return edges[rnd(r, sizeof(edges) / sizeof(*edges))];
}

/* 0 to @max, small ones and those near pages more often. */
size_t rnd_size(struct rng *r, size_t max)
{
	size_t n;

	switch (rnd(r, 4)) {
	case 0:
		n = rnd(r, 64);
		break;
	case 1:
		n = 4096 * rnd(r, 9) + rnd(r, 3) - 1;
		break;
	case 2:
		n = rnd(r, 3000);
		break;
	default:
		n = rnd(r, max + 1);
	}
	return n > max ? max : n;
}

void rnd_fill(struct rng *r, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len--)
		*p++ = rnd64(r);
}

void count_errno(int e)
{
	shared->errnos[e >= 0 && e < MAX_ERRNO ? e : MAX_ERRNO - 1]++;
}

void add_id(uint32_t id)
{
	shared->ids[shared->nr_ids++ % MAX_IDS] = id;
}

/* Of a binding that is, or was; or none. */
uint32_t some_id(struct rng *r)
{
	unsigned int num = shared->nr_ids;

	if (!num || chance(r, 10))
		return rnd_edge(r);
	/* the last ones live */
	if (chance(r, 70))
		return shared->ids[(num - 1 - rnd(r, num < 4 ? num : 4)) %
				   MAX_IDS];
	return shared->ids[rnd(r, num < MAX_IDS ? num : MAX_IDS)];
}

void fuzz_fail(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (shared->failed++ < 20)
		dprintf(STDOUT_FILENO, "failed: %s\n", text);
}

static void say_usage(const char *name)
{
	errx(2, "usage: %s [--seed N] [--seconds N] [--ops N] [--bar PCI] [--dev IFNAME] [--mtu N] [--patience N]",
	     name);
}

/**
 * fuzz_begin() - read the command line, print the seed
 * @argc: of main()
 * @argv: of main()
 */
void fuzz_begin(int argc, char **argv)
{
	static const struct option names[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "ops", required_argument, NULL, 'n' },
		{ "bar", required_argument, NULL, 'm' },
		{ "dev", required_argument, NULL, 'd' },
		{ "mtu", required_argument, NULL, 'u' },
		{ "patience", required_argument, NULL, 'p' },
		{}
	};
	int c;

	options.seed = time(NULL);
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 's')
			options.seed = strtoull(optarg, NULL, 0);
		else if (c == 't')
			options.seconds = atoi(optarg);
		else if (c == 'n')
			options.ops = strtoull(optarg, NULL, 0);
		else if (c == 'm')
			options.spec = optarg;
		else if (c == 'd')
			options.ifname = optarg;
		else if (c == 'u')
			options.mtu = atoi(optarg);
		else if (c == 'p')
			options.patience = atoi(optarg);
		else
			say_usage(argv[0]);
	}
	if (optind < argc || (!options.seconds && !options.ops) ||
	    !options.spec)
		say_usage(argv[0]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	signal(SIGPIPE, SIG_IGN);
	begin_ms = now_ms();
	printf("seed=%llu\n", (unsigned long long)options.seed);
	fflush(stdout);
}

bool fuzz_over(void)
{
	if (shared->stop)
		return true;
	if ((options.ops && shared->ops >= options.ops) ||
	    (options.seconds &&
	     now_ms() - begin_ms >= options.seconds * 1000ull))
		shared->stop = true;
	return shared->stop;
}

/* One more, if it is not over. */
bool fuzz_op(void)
{
	if (fuzz_over())
		return false;
	shared->ops++;
	return true;
}

/* For the network namespaces of the stage. */
void enter_netns(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "netns %s", name);
	close(fd);
}

/**
 * spawn() - a process of the fuzzer
 * @what: its name; one that died is told apart by it
 * @run: what it does
 * @seed: for @run
 *
 * Return: its id.
 */
pid_t spawn(const char *what, void (*run)(uint64_t seed), uint64_t seed)
{
	unsigned int i;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(seed);
		exit(0);
	}
	for (i = 0; i < MAX_CHILDREN && children[i].pid; i++)
		;
	if (i == MAX_CHILDREN)
		errx(1, "too many processes");
	children[i].pid = pid;
	children[i].what = what;
	return pid;
}

static void child_ended(unsigned int i, int status)
{
	if (WIFSIGNALED(status))
		fuzz_fail("%s was killed by signal %d", children[i].what,
			  WTERMSIG(status));
	else if (WEXITSTATUS(status))
		fuzz_fail("%s: exit status %d", children[i].what,
			  WEXITSTATUS(status));
	children[i].pid = 0;
}

/* SIGKILL for a process of that name. Return: false if there is none. */
bool kill_one(const char *what)
{
	unsigned int i;
	int status;

	for (i = 0; i < MAX_CHILDREN; i++) {
		if (!children[i].pid || strcmp(children[i].what, what))
			continue;
		kill(children[i].pid, SIGKILL);
		waitpid(children[i].pid, &status, 0);
		if (WIFEXITED(status))
			child_ended(i, status);
		children[i].pid = 0;
		return true;
	}
	return false;
}

/* Where the threads of a process that does not end are. */
static void say_stack(pid_t pid)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd),
		 "for t in /proc/%d/task/*; do cat $t/comm $t/stat $t/syscall $t/stack; done",
		 pid);
	if (system(cmd))
		warnx("no stack of %d", pid);
}

static void wait_children(void)
{
	uint64_t until = now_ms() + 1000 * options.patience;
	unsigned int i, left;
	int status;

	do {
		for (i = 0, left = 0; i < MAX_CHILDREN; i++) {
			if (!children[i].pid)
				continue;
			if (waitpid(children[i].pid, &status, WNOHANG) ==
			    children[i].pid)
				child_ended(i, status);
			else
				left++;
		}
		usleep(20000);
	} while (left && now_ms() < until);
	for (i = 0; i < MAX_CHILDREN; i++) {
		if (!children[i].pid)
			continue;
		fuzz_fail("%s does not end", children[i].what);
		say_stack(children[i].pid);
		kill(children[i].pid, SIGKILL);
	}
}

/**
 * fuzz_end() - wait for all processes, print what was done
 * @names: of the counters, NULL at the end
 * @check: looks at the counters; may be NULL
 *
 * Return: exit status for main().
 */
int fuzz_end(const char *const names[], void (*check)(void))
{
	unsigned int i;

	shared->stop = true;
	wait_children();
	if (check)
		check();
	printf("milliseconds=%llu\nops=%llu\n",
	       (unsigned long long)(now_ms() - begin_ms),
	       (unsigned long long)shared->ops);
	for (i = 0; names[i]; i++)
		printf("%s=%llu\n", names[i],
		       (unsigned long long)shared->counts[i]);
	for (i = 0; i < MAX_ERRNO; i++)
		if (shared->errnos[i])
			printf("errno.%s=%llu\n",
			       i ? strerrorname_np(i) ?: "other" : "0",
			       (unsigned long long)shared->errnos[i]);
	printf("failed=%u\n", shared->failed);
	return !!shared->failed;
}
