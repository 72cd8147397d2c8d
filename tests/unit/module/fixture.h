/* SPDX-License-Identifier: GPL-2.0-only */
/* A binding without dma-buf, device and driver. */
#ifndef _DMT_UNIT_FIXTURE_H
#define _DMT_UNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include "core.h"

#define FIXTURE_POOLS	4

/* One segment of a mapping. */
struct segment {
	dma_addr_t	dma;
	u32		len;	/* bytes */
};

/**
 * struct fixture - what the test keeps of a binding, beyond its death
 * @binding: NULL once it was killed
 * @sgt: what it was built from
 * @kicks: calls of each queue's kick
 * @released: calls of the release callback
 * @total: number of net_iovs
 * @back_at_release: the binding's count when it was released
 */
struct fixture {
	struct dmt_binding	*binding;
	struct sg_table		sgt;
	u32			kicks[FIXTURE_POOLS];
	u32			released;
	u32			total;
	u32			back_at_release;
};

struct fixture *fixture_empty(struct kunit *test, u32 nr_pools, u32 shift);
int fixture_areas(struct kunit *test, struct fixture *fix,
		  const struct segment *segs, u32 num, u64 size,
		  struct netlink_ext_ack *extack);
struct fixture *fixture_make(struct kunit *test, u32 nr_pools, u32 num);
void fixture_kill(struct fixture *fix);
void fixture_settle(void);
void fixture_exit(struct kunit *test);

static inline struct net_iov_pool *fixture_pool(struct fixture *fix, u32 i)
{
	return dmt_pool(fix->binding, i);
}

u32 fixture_alloc(struct fixture *fix, u32 pool, struct net_iov **niovs,
		  u32 max);

#endif /* _DMT_UNIT_FIXTURE_H */
