// SPDX-License-Identifier: GPL-2.0-only
/* page_pool with ordinary pages: its cache, which who frees in the queue's NAPI
 * gives back to, and its ring, which all others give back to.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include "bench.h"
#include "kernel_page_pool.h"

struct bench_pages {
	struct page_pool	*pool;
	u32			hold;		/* pages, when it was steady */
	int			producer;	/* of its ring */
};

static void *bench_page_pool_setup(const struct bench_case *c)
{
	struct page_pool_params params = {
		.pool_size	= c->total,
		.nid		= NUMA_NO_NODE,
	};
	struct bench_pages *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return ERR_PTR(-ENOMEM);
	p->pool = page_pool_create(&params);
	return IS_ERR(p->pool) ? ERR_CAST(p->pool) : p;
}

static u32 bench_page_pool_take(void *priv, void **objs, u32 num)
{
	struct bench_pages *p = priv;
	struct page *page;
	u32 i;

	for (i = 0; i < num; i++) {
		page = page_pool_dev_alloc_pages(p->pool);
		if (!page)
			break;
		objs[i] = page;
	}
	return i;
}

static u32 bench_page_pool_give(void *priv, void **objs, u32 num)
{
	struct bench_pages *p = priv;
	u32 i;

	for (i = 0; i < num; i++)
		page_pool_recycle_direct(p->pool, objs[i]);
	return num;
}

static u32 bench_page_pool_give_ring(void *priv, void **objs, u32 num)
{
	struct bench_pages *p = priv;
	u32 i;

	for (i = 0; i < num; i++)
		page_pool_put_full_page(p->pool, objs[i], false);
	return num;
}

static u32 bench_page_pool_index(void *priv, void *obj)
{
	return page_to_pfn((struct page *)obj);
}

/* No page came from or went to the page allocator. */
static int bench_page_pool_ring_steady(void *priv, bool begin)
{
	struct bench_pages *p = priv;

	if (begin)
		p->hold = p->pool->pages_state_hold_cnt;
	return p->hold == p->pool->pages_state_hold_cnt &&
	       !atomic_read(&p->pool->pages_state_release_cnt) ? 0 : -EIO;
}

/* And none went through the ring. */
static int bench_page_pool_steady(void *priv, bool begin)
{
	struct bench_pages *p = priv;

	if (begin)
		p->producer = p->pool->ring.producer;
	return p->producer == p->pool->ring.producer ?
	       bench_page_pool_ring_steady(priv, begin) : -EIO;
}

static int bench_page_pool_finish(void *priv)
{
	struct bench_pages *p = priv;
	struct page_pool *pool = p->pool;
	u32 i, in_ring = 0;

	for (i = 0; i < pool->ring.size; i++)
		in_ring += !!pool->ring.queue[i];
	if (pool->pages_state_hold_cnt -
	    atomic_read(&pool->pages_state_release_cnt) !=
	    pool->alloc.count + in_ring)
		return -EIO;
	page_pool_destroy(pool);
	kfree(p);
	return 0;
}

const struct bench_impl bench_page_pool = {
	.name		= "page_pool",
	.setup		= bench_page_pool_setup,
	.take		= bench_page_pool_take,
	.give		= bench_page_pool_give,
	.index		= bench_page_pool_index,
	.steady		= bench_page_pool_steady,
	.finish		= bench_page_pool_finish,
};

const struct bench_impl bench_page_pool_ring = {
	.name		= "page_pool_ring",
	.setup		= bench_page_pool_setup,
	.take		= bench_page_pool_take,
	.give		= bench_page_pool_give_ring,
	.index		= bench_page_pool_index,
	.steady		= bench_page_pool_ring_steady,
	.finish		= bench_page_pool_finish,
};
