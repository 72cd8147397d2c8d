// SPDX-License-Identifier: GPL-2.0-only
/* Loading this module measures; it prints a JSON object for each result, and
 * "bench: end" when all of them were right. Times are in thousandths of what
 * bench_now() counts.
 */

#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/module.h>
#include "bench.h"

#define BENCH_LOOPS	100000

static unsigned int rounds = 5;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "turns of each implementation in each case");

static const struct bench_impl *const bench_allocators[] = {
	&bench_net_iov, &bench_net_iov_bulk, &bench_gen_pool,
	&bench_page_pool, &bench_page_pool_ring, NULL
};

static const struct bench_impl *const bench_tokens[] = {
	&bench_ring, &bench_ring_single, &bench_xarray, &bench_xarray_plain,
	NULL
};

/* At a time as many as NAPI takes. */
static int bench_alloc(u32 percent, enum bench_how how, u32 areas, u32 queues)
{
	const struct bench_case c = {
		.suite		= "alloc",
		.num		= 64,
		.reps		= 64,
		.held		= BENCH_TOTAL * percent / 100,
		.total		= BENCH_TOTAL,
		.how		= how,
		.areas		= areas,
		.queues		= queues,
		.softirq	= true,
		.impls		= bench_allocators,
	};

	return bench_run(&c, rounds);
}

static int bench_allocs(void)
{
	static const u32 areas[] = { 16, 256, 1024 };
	enum bench_how how;
	u32 i;
	int err;

	err = bench_alloc(0, BENCH_PACKED, 1, 1);
	for (how = BENCH_PACKED; how <= BENCH_FIFO && !err; how++)
		err = bench_alloc(50, how, 1, 1) ?: bench_alloc(90, how, 1, 1);
	for (i = 0; i < ARRAY_SIZE(areas) && !err; i++)
		err = bench_alloc(50, BENCH_PACKED, areas[i], 1);
	return err ?: bench_alloc(50, BENCH_PACKED, 1, 4);
}

static int bench_token_case(u32 num, u32 held, u32 limit)
{
	const struct bench_case c = {
		.suite	= "token",
		.num	= num,
		.reps	= 4096 / num,
		.held	= held,
		.limit	= limit,
		.impls	= bench_tokens,
	};

	return bench_run(&c, rounds);
}

static int bench_token_cases(void)
{
	static const u32 nums[] = { 1, 16, 128, 1024 };
	int err = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(nums) && !err; i++)
		err = bench_token_case(nums[i], 0, 0) ?:
		      bench_token_case(nums[i], 8192, 0);
	return err ?: bench_token_case(128, 0, 100000);
}

/* In how many of what bench_now() counts does the CPU execute a loop of two
 * instructions? In thousandths.
 */
static u64 bench_loop(void)
{
	u64 begin, time, best = U64_MAX;
	unsigned long loops;
	u32 i;

	for (i = 0; i < 10; i++) {
		loops = BENCH_LOOPS;
		begin = bench_now();
		asm volatile("1: dec %0; jnz 1b" : "+r" (loops) : : "cc");
		time = bench_now() - begin;
		best = min(best, time);
	}
	return div_u64(best * 1000, BENCH_LOOPS);
}

static u64 bench_ticks_per_us(void)
{
	u64 begin, ns = ktime_get_ns();

	begin = bench_now();
	mdelay(20);
	return div64_u64((bench_now() - begin) * 1000, ktime_get_ns() - ns);
}

static int __init bench_init(void)
{
	int err;

	pr_info("bench: {\"suite\":\"unit\",\"loop\":%llu,\"ticks_per_us\":%llu}\n",
		bench_loop(), bench_ticks_per_us());
	/* Lockdep, where the kernel has it, would be all that is measured. */
	lockdep_off();
	err = bench_selftest() ?: bench_allocs() ?: bench_token_cases();
	lockdep_on();
	if (err)
		pr_err("bench: FAILED: %d\n", err);
	else
		pr_info("bench: end\n");
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Benchmarks of devmem_tcp_core");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_LICENSE("GPL");
