// SPDX-License-Identifier: GPL-2.0-only
/* xarray tokens as upstream's sockets have them: numbers are reserved for the
 * frags of an skb under one lock, the net_iovs stored under another once user
 * space has the numbers, and erased 16 under a lock. "Plain" is without the
 * second step: the least that an xarray costs.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include "bench.h"
#include "tokens.h"

#define BENCH_ERASE	16	/* tokens taken back under one lock */

/* Not on the stack: what clears that is not measured. */
static struct net_iov *bench_xarray_niovs[BENCH_ERASE];

static void *bench_xarray_setup(const struct bench_case *c)
{
	struct xarray *xa = kzalloc(sizeof(*xa), GFP_KERNEL);

	bench_frags_init();
	if (!xa)
		return ERR_PTR(-ENOMEM);
	xa_init_flags(xa, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	return xa;
}

/* Numbers for @num frags, with what is stored for now; returns how many. */
static u32 bench_xarray_alloc(struct xarray *xa, struct net_iov **niovs,
			      void **objs, u32 num)
{
	u32 i, token;

	xa_lock_bh(xa);
	for (i = 0; i < num; i++) {
		if (__xa_alloc(xa, &token, niovs ? niovs[i] : XA_ZERO_ENTRY,
			       xa_limit_31b, GFP_KERNEL))
			break;
		objs[i] = (void *)(unsigned long)token;
	}
	xa_unlock_bh(xa);
	return i;
}

static void bench_xarray_commit(struct xarray *xa, struct net_iov **niovs,
				void **objs, u32 num)
{
	u32 i;

	xa_lock_bh(xa);
	for (i = 0; i < num; i++)
		__xa_cmpxchg(xa, bench_token(objs[i]), XA_ZERO_ENTRY, niovs[i],
			     GFP_KERNEL);
	xa_unlock_bh(xa);
}

static u32 bench_xarray_take(void *priv, void **objs, u32 num)
{
	u32 i, n;

	for (i = 0; i < num; i += n) {
		n = min_t(u32, num - i, BENCH_FRAGS);
		if (bench_xarray_alloc(priv, NULL, objs + i, n) != n)
			break;
		bench_xarray_commit(priv, bench_frags + i, objs + i, n);
	}
	return i;
}

static u32 bench_xarray_take_plain(void *priv, void **objs, u32 num)
{
	u32 i, n;

	for (i = 0; i < num; i += n) {
		n = min_t(u32, num - i, BENCH_FRAGS);
		if (bench_xarray_alloc(priv, bench_frags + i, objs + i, n) != n)
			break;
	}
	return i;
}

static u32 bench_xarray_give(void *priv, void **objs, u32 num)
{
	struct net_iov **niovs = bench_xarray_niovs;
	struct xarray *xa = priv;
	u32 i, j, n;

	for (i = 0; i < num; i += n) {
		n = min_t(u32, num - i, BENCH_ERASE);
		xa_lock_bh(xa);
		for (j = 0; j < n; j++)
			niovs[j] = __xa_erase(xa, bench_token(objs[i + j]));
		xa_unlock_bh(xa);
		for (j = 0; j < n; j++)
			if (niovs[j] != bench_frags[i + j])
				return i;
	}
	return i;
}

static u32 bench_xarray_index(void *priv, void *obj)
{
	return bench_token(obj);
}

static int bench_xarray_finish(void *priv)
{
	struct xarray *xa = priv;

	if (!xa_empty(xa))
		return -EIO;
	xa_destroy(xa);
	kfree(xa);
	return 0;
}

const struct bench_impl bench_xarray = {
	.name		= "xarray",
	.setup		= bench_xarray_setup,
	.take		= bench_xarray_take,
	.give		= bench_xarray_give,
	.index		= bench_xarray_index,
	.finish		= bench_xarray_finish,
};

const struct bench_impl bench_xarray_plain = {
	.name		= "xarray_plain",
	.setup		= bench_xarray_setup,
	.take		= bench_xarray_take_plain,
	.give		= bench_xarray_give,
	.index		= bench_xarray_index,
	.finish		= bench_xarray_finish,
};
