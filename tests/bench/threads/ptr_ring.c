// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's ptr_ring, used as page_pool uses it: who gives back takes the lock
 * of the ring for each page; who takes fills a cache of 64 from the ring.
 */

#include <linux/ptr_ring.h>
#include "bench.h"

#define REFILL	64

struct bench_ring {
	struct ptr_ring	ring;
	void		*cache[REFILL];
	u32		nr_cache;
	u32		total;
	char		(*pages)[64];	/* a struct page each */
};

static void *bench_ptr_ring_setup(const struct bench_case *c)
{
	struct bench_ring *r = kzalloc(sizeof(*r), GFP_KERNEL);
	u32 i;

	r->total = c->total;
	r->pages = kvcalloc(c->total, sizeof(*r->pages), GFP_KERNEL);
	/* larger, for what is consumed is cleared later, a batch at a time */
	if (ptr_ring_init(&r->ring, 2 * c->total, GFP_KERNEL))
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < c->total; i++)
		__ptr_ring_produce(&r->ring, r->pages[i]);
	return r;
}

static noinline void *bench_ptr_ring_refill(struct bench_ring *r)
{
	void *page;

	if (__ptr_ring_empty(&r->ring))
		return NULL;
	do {
		page = __ptr_ring_consume(&r->ring);
		if (!page)
			break;
		r->cache[r->nr_cache++] = page;
	} while (r->nr_cache < REFILL);
	return r->nr_cache ? r->cache[--r->nr_cache] : NULL;
}

static noinline void *bench_ptr_ring_get(struct bench_ring *r)
{
	if (likely(r->nr_cache))
		return r->cache[--r->nr_cache];
	return bench_ptr_ring_refill(r);
}

/* Reads the page's reference count, as page_pool does. */
static noinline bool bench_ptr_ring_put(struct bench_ring *r, void *page)
{
	int err;

	if (READ_ONCE(*(int *)page))
		return false;
	spin_lock(&r->ring.producer_lock);
	err = __ptr_ring_produce(&r->ring, page);
	spin_unlock(&r->ring.producer_lock);
	return !err;
}

static u32 bench_ptr_ring_take(void *priv, void **objs, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++) {
		objs[i] = bench_ptr_ring_get(priv);
		if (!objs[i])
			break;
	}
	return i;
}

static u32 bench_ptr_ring_give(void *priv, void **objs, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++)
		if (!bench_ptr_ring_put(priv, objs[i]))
			break;
	return i;
}

static u32 bench_ptr_ring_index(void *priv, void *obj)
{
	struct bench_ring *r = priv;

	return (char (*)[64])obj - r->pages;
}

static int bench_ptr_ring_finish(void *priv)
{
	struct bench_ring *r = priv;
	u32 num = r->nr_cache;

	while (__ptr_ring_consume(&r->ring))
		num++;
	return num == r->total ? 0 : -EIO;
}

const struct bench_impl bench_ptr_ring = {
	.name		= "ptr_ring",
	.setup		= bench_ptr_ring_setup,
	.take		= bench_ptr_ring_take,
	.give		= bench_ptr_ring_give,
	.index		= bench_ptr_ring_index,
	.finish		= bench_ptr_ring_finish,
	.bounded	= true,
};
