// SPDX-License-Identifier: GPL-2.0-only
/* threads ROUNDS: the allocator in a process, with two CPUs: what one takes the
 * same or the other gives back. They take turns, so that what is measured is the
 * way of the memory between the CPUs, and not how long somebody waits for a lock.
 */

#include <err.h>
#include <sched.h>
#include <time.h>
#include "shim.h"
#include "bench.h"

extern const struct bench_impl bench_ptr_ring;

static const struct bench_impl *const impls[] = {
	&bench_net_iov, &bench_net_iov_bulk, &bench_gen_pool, &bench_ptr_ring,
	NULL
};

/* What the other thread is to give back; it sets it to NULL when it has. */
static struct bench_gift *gift_now;

/* Busy, for who wakes up late is a nuisance, but not to others for long. */
static void wait_a_little(u32 *turns)
{
	if (++*turns % 1024)
		cpu_relax();
	else
		sched_yield();
}

static void elsewhere(struct bench_gift *gift)
{
	u32 turns = 0;

	__atomic_store_n(&gift_now, gift, __ATOMIC_RELEASE);
	while (__atomic_load_n(&gift_now, __ATOMIC_ACQUIRE))
		wait_a_little(&turns);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

static void *other_cpu(void *arg)
{
	struct bench_gift *gift;
	u32 turns = 0;

	pin((long)arg);
	for (;;) {
		gift = __atomic_load_n(&gift_now, __ATOMIC_ACQUIRE);
		if (!gift) {
			wait_a_little(&turns);
			continue;
		}
		bench_gift_give(gift);
		__atomic_store_n(&gift_now, NULL, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The first two CPUs that this process may use. */
static void two_cpus(int *cpus)
{
	cpu_set_t set;
	int cpu, num = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		err(1, "sched_getaffinity");
	for (cpu = 0; cpu < CPU_SETSIZE && num < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[num++] = cpu;
	if (num < 2)
		errx(1, "needs two CPUs");
}

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void say_unit(void)
{
	u64 begin = bench_now(), ns = now_ns();

	while (now_ns() < ns + 20000000)
		;
	ns = now_ns() - ns;
	printf("bench: {\"suite\":\"unit\",\"ticks_per_us\":%llu}\n",
	       (unsigned long long)((bench_now() - begin) * 1000 / ns));
}

static int run_case(u32 percent, enum bench_how how, bool other, u32 rounds)
{
	const struct bench_case c = {
		.suite	= "alloc",
		.num	= 64,
		.reps	= 64,
		.held	= BENCH_TOTAL * percent / 100,
		.total	= BENCH_TOTAL,
		.how	= how,
		.areas	= 1,
		.queues	= 1,
		.other	= other,
		.impls	= impls,
	};

	return bench_run(&c, rounds);
}

int main(int argc, char **argv)
{
	u32 rounds = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t thread;
	int cpus[2];
	u32 other;

	if (!rounds)
		errx(2, "usage: threads ROUNDS");
	two_cpus(cpus);
	if (pthread_create(&thread, NULL, other_cpu, (void *)(long)cpus[1]))
		errx(1, "no thread");
	pin(cpus[0]);
	bench_elsewhere = elsewhere;
	say_unit();
	if (bench_selftest())
		return 1;
	for (other = 0; other < 2; other++)
		if (run_case(0, BENCH_PACKED, other, rounds) ||
		    run_case(50, BENCH_PACKED, other, rounds) ||
		    run_case(90, BENCH_PACKED, other, rounds) ||
		    run_case(50, BENCH_SCATTERED, other, rounds) ||
		    run_case(50, BENCH_FIFO, other, rounds))
			return 1;
	printf("bench: end\n");
	return 0;
}
