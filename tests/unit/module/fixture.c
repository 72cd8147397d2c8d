// SPDX-License-Identifier: GPL-2.0-only
/* Bindings for the tests, built by area.c and pool.c themselves. */

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "fixture.h"

/* The binding goes away by itself, the fixture with the test. */
struct fixture_binding {
	struct fixture		*fix;
	struct dmt_binding	binding;	/* last */
};

static void fixture_release(struct net_iov_binding *hot)
{
	struct fixture_binding *fb = container_of(dmt_binding_of(hot),
						  struct fixture_binding,
						  binding);

	fb->fix->back_at_release = hot->back;
	fb->fix->released++;
	dmt_pools_free(&fb->binding);
	dmt_areas_free(&fb->binding);
	kfree(fb);
}

static void fixture_kick(struct net_iov_home *home)
{
	u32 *kicks = container_of(home, struct net_iov_pool, home)->priv;

	++*kicks;
}

/* Pools, but no net_iovs. */
struct fixture *fixture_empty(struct kunit *test, u32 nr_pools, u32 shift)
{
	struct fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct fixture_binding *fb;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	KUNIT_ASSERT_LE(test, nr_pools, (u32)FIXTURE_POOLS);
	fb = kzalloc(struct_size(fb, binding.hot.pools, nr_pools), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fb);
	fb->fix = fix;
	fix->binding = &fb->binding;
	fb->binding.shift = shift;
	spin_lock_init(&fb->binding.reserve_lock);
	__module_get(THIS_MODULE);
	fb->binding.hot.owner = THIS_MODULE;
	fb->binding.hot.release = fixture_release;
	test->priv = fix;

	KUNIT_ASSERT_EQ(test, dmt_pools_build(fix->binding, nr_pools), 0);
	for (i = 0; i < nr_pools; i++) {
		fixture_pool(fix, i)->priv = &fix->kicks[i];
		fixture_pool(fix, i)->home.kick = fixture_kick;
	}
	return fix;
}

/* dmt_areas_build() with a mapping of @segs for a dma-buf of @size bytes. */
int fixture_areas(struct kunit *test, struct fixture *fix,
		  const struct segment *segs, u32 num, u64 size,
		  struct netlink_ext_ack *extack)
{
	struct scatterlist *sg;
	u32 i;
	int err;

	sg_free_table(&fix->sgt);
	fix->sgt.nents = 0;
	if (num) {
		err = sg_alloc_table(&fix->sgt, num, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, err, 0);
	}
	for_each_sgtable_dma_sg(&fix->sgt, sg, i) {
		sg_dma_address(sg) = segs[i].dma;
		sg_dma_len(sg) = segs[i].len;
	}
	err = dmt_areas_build(fix->binding, &fix->sgt, size, extack);
	fix->total = fix->binding->hot.total;
	return err;
}

/* A binding of @num buffers in one area. */
struct fixture *fixture_make(struct kunit *test, u32 nr_pools, u32 num)
{
	struct segment seg = { .dma = 0x100000000, .len = num << PAGE_SHIFT };
	struct fixture *fix = fixture_empty(test, nr_pools, PAGE_SHIFT);

	KUNIT_ASSERT_EQ(test, fixture_areas(test, fix, &seg, 1, seg.len, NULL),
			0);
	KUNIT_ASSERT_EQ(test, fix->total, num);
	return fix;
}

/* Up to @max buffers of queue @pool, into @niovs if given. */
u32 fixture_alloc(struct fixture *fix, u32 pool, struct net_iov **niovs,
		  u32 max)
{
	struct net_iov *niov;
	u32 n;

	for (n = 0; n < max; n++) {
		niov = net_iov_alloc(fixture_pool(fix, pool));
		if (!niov)
			break;
		if (niovs)
			niovs[n] = niov;
	}
	return n;
}

/* As dmt_binding_end() does. */
void fixture_kill(struct fixture *fix)
{
	struct dmt_binding *binding = fix->binding;
	u32 i;

	for (i = 0; i < binding->hot.nr_pools; i++)
		WRITE_ONCE(fixture_pool(fix, i)->home.kick, NULL);
	fix->binding = NULL;
	net_iov_binding_kill(&binding->hot, dmt_pools_count_free(binding));
}

/* Whatever work was queued is over after this: there is one CPU, and the work
 * functions of net_iov.c do not sleep on it for long.
 */
void fixture_settle(void)
{
	synchronize_rcu();
	msleep(20);
}

/* kunit_suite.exit: the binding is given up, and must go when the test put
 * all that it took.
 */
void fixture_exit(struct kunit *test)
{
	struct fixture *fix = test->priv;

	test->priv = NULL;
	if (!fix)
		return;
	sg_free_table(&fix->sgt);
	if (fix->binding)
		fixture_kill(fix);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
	KUNIT_EXPECT_EQ(test, fix->back_at_release, fix->total);
	if (!fix->released)
		kunit_err(test, "binding is leaked: buffers are still out");
}
