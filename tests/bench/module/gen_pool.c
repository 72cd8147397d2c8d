// SPDX-License-Identifier: GPL-2.0-only
/* genalloc as upstream's provider of device memory uses it: a chunk for each
 * segment, a page at a time, first fit, an owner that finds the net_iov. What is
 * around it upstream, a page_pool, is not measured here.
 */

#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "bench.h"

struct bench_chunk;

/* Of what upstream keeps in a net_iov, that which is written at each turn. */
struct bench_iov {
	unsigned long		magic;
	void			*pp;
	struct bench_chunk	*chunk;
	atomic_long_t		ref;
};

/* One contiguous segment */
struct bench_chunk {
	unsigned long		dma;
	struct bench_iov	*iovs;
};

struct bench_genalloc {
	struct gen_pool		*pool;
	struct bench_iov	*iovs;	/* of all chunks, in order */
	struct bench_chunk	*chunks;
};

static void bench_gen_pool_free(struct bench_genalloc *g)
{
	gen_pool_destroy(g->pool);
	vfree(g->iovs);
	vfree(g->chunks);
	kfree(g);
}

static int bench_gen_pool_add(struct bench_genalloc *g, u32 i, u32 each)
{
	struct bench_chunk *chunk = &g->chunks[i];
	u32 j;

	chunk->iovs = g->iovs + i * each;
	chunk->dma = (1UL << 32) + 2UL * i * each * PAGE_SIZE;
	for (j = 0; j < each; j++)
		chunk->iovs[j].chunk = chunk;
	return gen_pool_add_owner(g->pool, chunk->dma, chunk->dma,
				  (size_t)each * PAGE_SIZE, NUMA_NO_NODE,
				  chunk);
}

static void *bench_gen_pool_setup(const struct bench_case *c)
{
	struct bench_genalloc *g = kzalloc(sizeof(*g), GFP_KERNEL);
	int err = 0;
	u32 i;

	if (!g)
		return ERR_PTR(-ENOMEM);
	g->pool = gen_pool_create(PAGE_SHIFT, NUMA_NO_NODE);
	g->iovs = vzalloc(array_size(c->total, sizeof(*g->iovs)));
	g->chunks = vzalloc(array_size(c->areas, sizeof(*g->chunks)));
	if (!g->pool || !g->iovs || !g->chunks)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < c->areas && !err; i++)
		err = bench_gen_pool_add(g, i, c->total / c->areas);
	return err ? ERR_PTR(err) : g;
}

static u32 bench_gen_pool_take(void *priv, void **objs, u32 num)
{
	struct bench_genalloc *g = priv;
	struct bench_chunk *chunk;
	struct bench_iov *iov;
	unsigned long dma;
	u32 i;

	for (i = 0; i < num; i++) {
		dma = gen_pool_alloc_owner(g->pool, PAGE_SIZE,
					   (void **)&chunk);
		if (!dma)
			break;
		iov = &chunk->iovs[(dma - chunk->dma) / PAGE_SIZE];
		iov->magic = 0;
		iov->pp = NULL;
		atomic_long_set(&iov->ref, 1);
		objs[i] = iov;
	}
	return i;
}

static u32 bench_gen_pool_give(void *priv, void **objs, u32 num)
{
	struct bench_genalloc *g = priv;
	struct bench_chunk *chunk;
	struct bench_iov *iov;
	unsigned long dma;
	u32 i;

	for (i = 0; i < num; i++) {
		iov = objs[i];
		chunk = iov->chunk;
		dma = chunk->dma + ((iov - chunk->iovs) << PAGE_SHIFT);
		if (!gen_pool_has_addr(g->pool, dma, PAGE_SIZE))
			break;
		gen_pool_free(g->pool, dma, PAGE_SIZE);
	}
	return i;
}

static u32 bench_gen_pool_index(void *priv, void *obj)
{
	struct bench_genalloc *g = priv;

	return (struct bench_iov *)obj - g->iovs;
}

static int bench_gen_pool_finish(void *priv)
{
	struct bench_genalloc *g = priv;

	if (gen_pool_avail(g->pool) != gen_pool_size(g->pool))
		return -EIO;
	bench_gen_pool_free(g);
	return 0;
}

const struct bench_impl bench_gen_pool = {
	.name		= "gen_pool",
	.setup		= bench_gen_pool_setup,
	.take		= bench_gen_pool_take,
	.give		= bench_gen_pool_give,
	.index		= bench_gen_pool_index,
	.finish		= bench_gen_pool_finish,
	.bounded	= true,
};
