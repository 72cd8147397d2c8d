// SPDX-License-Identifier: GPL-2.0-only
/* What this project does: net_iovs out of a queue's pool, put one by one as
 * skbs do, or in bulk as SO_DEVMEM_DONTNEED does.
 */

#include <linux/completion.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "bench.h"
#include "core.h"

struct bench_binding {
	struct completion	released;
	u32			back;
	struct dmt_binding	binding;	/* last */
};

static struct bench_binding *bench_of(struct net_iov_binding *hot)
{
	return container_of(dmt_binding_of(hot), struct bench_binding, binding);
}

/* net_iov_binding.release */
static void bench_release(struct net_iov_binding *hot)
{
	struct bench_binding *bb = bench_of(hot);

	bb->back = hot->back;
	complete(&bb->released);
}

/* Pieces that do not follow each other on the bus. */
static int bench_areas(struct dmt_binding *binding, u32 total, u32 areas)
{
	u32 i, len = total / areas << PAGE_SHIFT;
	struct scatterlist *sg;
	struct sg_table sgt;
	int err;

	err = sg_alloc_table(&sgt, areas, GFP_KERNEL);
	if (err)
		return err;
	for_each_sgtable_dma_sg(&sgt, sg, i) {
		sg_dma_address(sg) = (1ULL << 32) + 2ULL * i * len;
		sg_dma_len(sg) = len;
	}
	err = dmt_areas_build(binding, &sgt, (u64)total << PAGE_SHIFT, NULL);
	sg_free_table(&sgt);
	return err;
}

static void *bench_net_iov_setup(const struct bench_case *c)
{
	struct bench_binding *bb;
	int err;

	bb = kzalloc(struct_size(bb, binding.hot.pools, c->queues), GFP_KERNEL);
	if (!bb)
		return ERR_PTR(-ENOMEM);
	init_completion(&bb->released);
	bb->binding.shift = PAGE_SHIFT;
	spin_lock_init(&bb->binding.reserve_lock);
	bb->binding.hot.owner = THIS_MODULE;
	bb->binding.hot.release = bench_release;
	err = bench_areas(&bb->binding, c->total, c->areas) ?:
	      dmt_pools_build(&bb->binding, c->queues);
	return err ? ERR_PTR(err) : &bb->binding;
}

static u32 bench_net_iov_take(void *priv, void **objs, u32 num)
{
	struct net_iov_pool *pool = dmt_pool(priv, 0);
	struct net_iov *niov;
	u32 i;

	for (i = 0; i < num; i++) {
		niov = net_iov_alloc(pool);
		if (!niov)
			break;
		objs[i] = niov;
	}
	return i;
}

static u32 bench_net_iov_give(void *priv, void **objs, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++)
		net_iov_put(objs[i]);
	return num;
}

static u32 bench_net_iov_give_bulk(void *priv, void **objs, u32 num)
{
	u32 i, n;

	for (i = 0; i < num; i += n) {
		n = min_t(u32, num - i, NET_IOV_BATCH);
		dmt_put_bulk((struct net_iov **)objs + i, n);
	}
	return num;
}

static u32 bench_net_iov_index(void *priv, void *obj)
{
	struct dmt_binding *binding = priv;

	return (struct net_iov *)obj - binding->niovs;
}

static int bench_net_iov_finish(void *priv)
{
	struct dmt_binding *binding = priv;
	struct bench_binding *bb = bench_of(&binding->hot);
	u32 total = binding->hot.total;
	int err = 0;

	__module_get(THIS_MODULE);	/* the burial drops it last */
	net_iov_binding_kill(&binding->hot, dmt_pools_count_free(binding));
	if (!wait_for_completion_timeout(&bb->released, 10 * HZ))
		return -EIO;
	if (bb->back != total)
		err = -EIO;
	/* the burial looks at it no more once its work is over */
	flush_work(&binding->hot.burial);
	dmt_pools_free(binding);
	dmt_areas_free(binding);
	kfree(bb);
	return err;
}

const struct bench_impl bench_net_iov = {
	.name		= "net_iov",
	.setup		= bench_net_iov_setup,
	.take		= bench_net_iov_take,
	.give		= bench_net_iov_give,
	.index		= bench_net_iov_index,
	.finish		= bench_net_iov_finish,
	.bounded	= true,
};

const struct bench_impl bench_net_iov_bulk = {
	.name		= "net_iov_bulk",
	.setup		= bench_net_iov_setup,
	.take		= bench_net_iov_take,
	.give		= bench_net_iov_give_bulk,
	.index		= bench_net_iov_index,
	.finish		= bench_net_iov_finish,
	.bounded	= true,
};
