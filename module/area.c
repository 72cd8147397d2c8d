// SPDX-License-Identifier: GPL-2.0-only
/* Areas: the net_iovs of each contiguous segment of a dma-buf. */

#include <linux/netlink.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "core.h"

/* What a dma-buf of many buffers costs, see docs/design.md. */
static_assert(sizeof(struct net_iov) == 24);

/* The checks that make index arithmetic safe: every segment is made of whole
 * net_iovs, and together they are exactly the dma-buf. Counts the areas.
 */
static int dmt_areas_check(struct sg_table *sgt, u32 shift, u64 size,
			   u32 *nr_areas, struct netlink_ext_ack *extack)
{
	struct scatterlist *sg;
	u64 total = 0, end = 0;
	u32 i;

	*nr_areas = 0;
	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (!sg_dma_len(sg)) {
			NL_SET_ERR_MSG(extack, "dma-buf has an empty segment");
			return -EINVAL;
		}
		if ((sg_dma_address(sg) | sg_dma_len(sg)) & (BIT(shift) - 1)) {
			NL_SET_ERR_MSG(extack, "dma-buf segment is not aligned to rx-page-size");
			return -EINVAL;
		}
		if (!i || sg_dma_address(sg) != end)
			++*nr_areas;
		end = sg_dma_address(sg) + sg_dma_len(sg);
		total += sg_dma_len(sg);
	}
	if (!total || total != size) {
		NL_SET_ERR_MSG(extack, "dma-buf segments do not add up to its size");
		return -EINVAL;
	}
	if (total >> shift > INT_MAX / sizeof(struct net_iov)) {
		NL_SET_ERR_MSG(extack, "dma-buf has too many buffers, use a larger rx-page-size");
		return -E2BIG;
	}
	return 0;
}

/* Whole pages: kvcalloc() takes a power of two of them when it can. To fail is
 * better than to look for memory by the OOM killer, who would find the binder in
 * the binder's own memory cgroup. __vmalloc() of 6.1 does not promise to honour
 * __GFP_RETRY_MAYFAIL, and does for the pages; not for its page tables, one page
 * for 2 MiB, which are the kernel's own GFP_KERNEL.
 */
static void *dmt_areas_alloc(size_t num, size_t size)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_RETRY_MAYFAIL |
		    __GFP_NOWARN;

	size = array_size(num, size);
	return size > PAGE_SIZE ? __vmalloc(size, gfp) : kmalloc(size, gfp);
}

/* Segments that follow each other on the bus become one area. */
static void dmt_areas_fill(struct dmt_binding *binding, struct sg_table *sgt)
{
	struct net_iov *niov = binding->niovs;
	struct net_iov_area *area = NULL;
	struct scatterlist *sg;
	u32 i, done = 0;
	u64 offset = 0;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		u32 num = sg_dma_len(sg) >> binding->shift;

		if (!area || area->dma + ((u64)area->num << area->shift) !=
			     sg_dma_address(sg)) {
			area = &binding->areas[binding->nr_areas++];
			area->niovs = niov;
			area->binding = &binding->hot;
			area->dma = sg_dma_address(sg);
			area->offset = offset;
			area->shift = binding->shift;
		}
		area->num += num;
		offset += sg_dma_len(sg);
		while (num--) {
			niov->area = area;
			niov->free.next = binding->reserve;
			binding->reserve = &niov->free;
			niov++;
			if (!(++done % DMT_RESCHED))
				cond_resched();
		}
	}
	binding->hot.total = done;
	binding->nr_reserve = done;
}

/**
 * dmt_areas_build - make the net_iovs of a mapped dma-buf
 * @binding: with shift set; gets areas, niovs and its reserve
 * @sgt: the mapping
 * @size: bytes of the dma-buf
 * @extack: says what is wrong with it
 *
 * The metadata, 24 bytes for each net_iov and 40 for each segment that does not
 * continue the one before, is charged to the caller's memory cgroup.
 *
 * Context: process.
 * Return: 0, -EINVAL, -E2BIG or -ENOMEM; on error nothing is allocated.
 */
int dmt_areas_build(struct dmt_binding *binding, struct sg_table *sgt,
		    u64 size, struct netlink_ext_ack *extack)
{
	u32 nr_areas;
	int err;

	err = dmt_areas_check(sgt, binding->shift, size, &nr_areas, extack);
	if (err)
		return err;
	binding->areas = dmt_areas_alloc(nr_areas, sizeof(*binding->areas));
	binding->niovs = dmt_areas_alloc(size >> binding->shift,
					 sizeof(*binding->niovs));
	if (!binding->areas || !binding->niovs) {
		dmt_areas_free(binding);
		NL_SET_ERR_MSG(extack, "no memory for so many buffers, use a larger rx-page-size");
		return -ENOMEM;
	}
	dmt_areas_fill(binding, sgt);
	return 0;
}

void dmt_areas_free(struct dmt_binding *binding)
{
	kvfree(binding->niovs);
	kvfree(binding->areas);
	binding->niovs = NULL;
	binding->areas = NULL;
}

/**
 * dmt_areas_held - count the net_iovs that are not free
 * @binding: a live binding
 *
 * Looks at every net_iov instead of costing each put a counter.
 *
 * Context: process.
 * Return: a snapshot.
 */
u32 dmt_areas_held(const struct dmt_binding *binding)
{
	u32 i, held = 0;

	for (i = 0; i < binding->hot.total; i++) {
		held += atomic_read(&binding->niovs[i].ref) > binding->tx_based;
		if (!(i % DMT_RESCHED))
			cond_resched();
	}
	return held;
}
