/* SPDX-License-Identifier: GPL-2.0-only */
/* Benchmarks: what is compared (struct bench_impl), under which circumstances
 * (struct bench_case), and run.c, which measures and checks.
 */
#ifndef _DMT_BENCH_H
#define _DMT_BENCH_H

#include <linux/types.h>

#define BENCH_TOTAL	16384		/* buffers: 64 MiB in pages */
#define BENCH_INDEX_MAX	0x100000	/* 4 GiB in pages, more than any ring */
#define BENCH_MAX	1024		/* objects taken at a time */
#define BENCH_IMPLS	5		/* compared in one case */

enum bench_how {
	BENCH_PACKED,		/* what is held was taken first, and stays */
	BENCH_SCATTERED,	/* all are taken, some here and there given back */
	BENCH_FIFO,		/* the longest held ones are given back */
};

/**
 * struct bench_case - circumstances
 * @suite: name of what is measured
 * @num: objects that are taken, then given back, at a time
 * @reps: times in one round
 * @held: objects that are held meanwhile
 * @total: objects there are, 0: as many as one likes
 * @how: which are held
 * @areas: contiguous pieces that the objects are in
 * @queues: that share the objects; one of them works
 * @limit: tokens of a binding that one socket may hold, 0: no limit
 * @softirq: as NAPI does, with bottom halves off
 * @other: another CPU gives them back, see bench_elsewhere
 * @impls: ends with NULL
 */
struct bench_case {
	const char			*suite;
	u32				num;
	u32				reps;
	u32				held;
	u32				total;
	enum bench_how			how;
	u32				areas;
	u32				queues;
	u32				limit;
	bool				softirq;
	bool				other;
	const struct bench_impl *const	*impls;
};

/**
 * struct bench_impl - one of those that are compared
 * @name: in the results
 * @setup: returns what the others get as @priv, or an ERR_PTR()
 * @take: puts @num objects into @objs; returns how many there were
 * @give: gives them back; returns how many were known
 * @index: a number below BENCH_INDEX_MAX that no other object has meanwhile
 * @steady: the rounds begin, or are over: -EIO if they did not go the way that
 *	@name says; may be NULL
 * @finish: frees it all; -EIO if not everything had come back
 * @bounded: has no more than bench_case.total objects
 */
struct bench_impl {
	const char	*name;
	void		*(*setup)(const struct bench_case *c);
	u32		(*take)(void *priv, void **objs, u32 num);
	u32		(*give)(void *priv, void **objs, u32 num);
	u32		(*index)(void *priv, void *obj);
	int		(*steady)(void *priv, bool begin);
	int		(*finish)(void *priv);
	bool		bounded;
};

/**
 * struct bench_gift - objects to give back
 * @impl: whose
 * @priv: of it
 * @objs: the objects
 * @num: how many
 * @known: out: how many were known
 * @time: out: what it took
 */
struct bench_gift {
	const struct bench_impl	*impl;
	void			*priv;
	void			**objs;
	u32			num;
	u32			known;
	u64			time;
};

/* Time stamp counter: runs at a constant rate in User-Mode Linux, and counts
 * instructions in QEMU with -icount shift=0.
 */
static inline u64 bench_now(void)
{
	u64 now;

	barrier();
	now = __builtin_ia32_rdtsc();
	barrier();
	return now;
}

/* run.c */
extern bool bench_quiet;
/* Calls bench_gift_give() on another CPU and waits for it; NULL: there is none. */
extern void (*bench_elsewhere)(struct bench_gift *gift);

void bench_gift_give(struct bench_gift *gift);
int bench_run(const struct bench_case *c, u32 rounds);

/* selftest.c */
int bench_selftest(void);

/* Each in the file of its name. */
extern const struct bench_impl bench_net_iov, bench_net_iov_bulk;
extern const struct bench_impl bench_gen_pool;
extern const struct bench_impl bench_page_pool, bench_page_pool_ring;
extern const struct bench_impl bench_ring, bench_ring_single;
extern const struct bench_impl bench_xarray, bench_xarray_plain;

#endif /* _DMT_BENCH_H */
