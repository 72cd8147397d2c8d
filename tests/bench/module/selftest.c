// SPDX-License-Identifier: GPL-2.0-only
/* A benchmark that cannot fail proves nothing: allocators that are wrong, each in
 * its own way, and run.c has to notice.
 */

#include <linux/err.h>
#include <linux/kernel.h>
#include "bench.h"

#define SELFTEST_TOTAL	256

enum selftest_fault {
	SELFTEST_NONE,
	SELFTEST_TWICE,		/* hands out one that is out */
	SELFTEST_SHORT,		/* has fewer than it should */
	SELFTEST_LONG,		/* has more */
	SELFTEST_LOSES,		/* one that was given back */
	SELFTEST_DENIES,	/* does not know what it handed out */
	SELFTEST_WRONG,		/* hands out what is none of its objects */
	SELFTEST_STRAYS,	/* does not go the way that it should */
	SELFTEST_UNCLEAN,	/* says in the end that something is missing */
	SELFTEST_FAULTS
};

static enum selftest_fault selftest_fault;
static void *selftest_stack[SELFTEST_TOTAL + 1];
static u32 selftest_top, selftest_turns;

static void *selftest_setup(const struct bench_case *c)
{
	u32 i;

	selftest_top = SELFTEST_TOTAL - (selftest_fault == SELFTEST_SHORT) +
		       (selftest_fault == SELFTEST_LONG);
	selftest_turns = 0;
	for (i = 0; i < selftest_top; i++)
		selftest_stack[i] = (void *)(unsigned long)i;
	return selftest_stack;
}

static u32 selftest_take(void *priv, void **objs, u32 num)
{
	u32 i;

	for (i = 0; i < num && selftest_top; i++)
		objs[i] = selftest_stack[--selftest_top];
	if (++selftest_turns == 10 && selftest_fault == SELFTEST_TWICE)
		objs[i - 1] = objs[i - 2];
	if (selftest_turns == 10 && selftest_fault == SELFTEST_WRONG)
		objs[i - 1] = (void *)BENCH_INDEX_MAX;
	return i;
}

static u32 selftest_give(void *priv, void **objs, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++)
		selftest_stack[selftest_top++] = objs[i];
	if (selftest_turns == 10 && selftest_fault == SELFTEST_LOSES)
		selftest_top--;
	if (selftest_turns == 10 && selftest_fault == SELFTEST_DENIES)
		return num - 1;
	return num;
}

static u32 selftest_index(void *priv, void *obj)
{
	return (unsigned long)obj;
}

static int selftest_steady(void *priv, bool begin)
{
	return !begin && selftest_fault == SELFTEST_STRAYS ? -EIO : 0;
}

static int selftest_finish(void *priv)
{
	return selftest_fault == SELFTEST_UNCLEAN ? -EIO : 0;
}

static const struct bench_impl selftest_impl = {
	.name		= "selftest",
	.setup		= selftest_setup,
	.take		= selftest_take,
	.give		= selftest_give,
	.index		= selftest_index,
	.steady		= selftest_steady,
	.finish		= selftest_finish,
	.bounded	= true,
};

/**
 * bench_selftest - try allocators that are wrong
 *
 * Return: 0 if run.c finds fault with each of them, and none with one that is
 * not, or -EIO.
 */
int bench_selftest(void)
{
	static const struct bench_impl *const impls[] = {
		&selftest_impl, NULL
	};
	const struct bench_case c = {
		.suite = "selftest", .impls = impls, .num = 8, .reps = 4,
		.held = 16, .total = SELFTEST_TOTAL,
	};
	int err, ret = 0;

	bench_quiet = true;
	for (selftest_fault = SELFTEST_NONE; selftest_fault < SELFTEST_FAULTS;
	     selftest_fault++) {
		err = bench_run(&c, 4);
		if (err == (selftest_fault == SELFTEST_NONE ? 0 : -EIO))
			continue;
		pr_err("bench: FAILED selftest: %d with fault %d\n", err,
		       selftest_fault);
		ret = -EIO;
	}
	bench_quiet = false;
	return ret;
}
