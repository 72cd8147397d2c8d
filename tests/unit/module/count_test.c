// SPDX-License-Identifier: GPL-2.0-only
/* count.c: every buffer that is not free is in one place, the right one. */

#include <linux/rtnetlink.h>
#include "fixture.h"
#include "rx.h"

#define COUNT_MAX	8

/* What the driver has in its ring */
static struct net_iov *count_ring[COUNT_MAX];
static u32 count_ring_num;

/* Of the first queue alone; each twice, as slices would be. */
static void count_posted(struct net_device *dev, u32 queue, net_iov_fn mark,
			 void *arg)
{
	u32 i;

	for (i = 0; !queue && i < 2 * count_ring_num; i++)
		mark(arg, count_ring[i / 2]);
}

static const struct devmem_driver_ops count_ops = {
	.posted = count_posted,
};

/* The binding has @nr_queues queues, the first with @posted buffers. */
static void count_start(struct kunit *test, struct fixture *fix, u32 nr_queues,
			u32 posted)
{
	u32 i;

	fix->binding->ops = &count_ops;
	fix->binding->nr_started = nr_queues;
	for (i = 0; i < nr_queues; i++)
		fix->binding->queues[i] = i;
	count_ring_num = fixture_alloc(fix, 0, count_ring, posted);
	KUNIT_ASSERT_EQ(test, count_ring_num, posted);
}

static void count_stop(void)
{
	while (count_ring_num)
		net_iov_put(count_ring[--count_ring_num]);
}

static void count_expect(struct kunit *test, struct fixture *fix, u32 pool,
			 u32 posted, u32 queued, u32 users)
{
	struct dmt_counts *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u32 i, sum = 0;

	KUNIT_ASSERT_NOT_NULL(test, c);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dmt_count(fix->binding, c), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, c->pool[pool].posted, posted);
	KUNIT_EXPECT_EQ(test, c->pool[pool].queued, queued);
	KUNIT_EXPECT_EQ(test, c->pool[pool].users, users);
	KUNIT_EXPECT_EQ(test, c->held, dmt_areas_held(fix->binding));
	for (i = 0; i < fix->binding->hot.nr_pools; i++)
		sum += c->pool[i].posted + c->pool[i].queued +
		       c->pool[i].users;
	KUNIT_EXPECT_EQ(test, c->held, sum);
}

/* Each pool's own, by who took them last. */
static void count_pools(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 4 * NET_IOV_BATCH);
	struct net_iov *niovs[3];

	count_expect(test, fix, 0, 0, 0, 0);
	count_start(test, fix, 2, 5);
	KUNIT_ASSERT_EQ(test, fixture_alloc(fix, 1, niovs, 3), 3U);
	count_expect(test, fix, 0, 5, 0, 0);
	count_expect(test, fix, 1, 0, 3, 0);
	net_iov_put(niovs[0]);
	count_expect(test, fix, 1, 0, 2, 0);
	net_iov_put(niovs[1]);
	net_iov_put(niovs[2]);
	count_stop();
	count_expect(test, fix, 0, 0, 0, 0);
}

/* From the ring to an skb, to a user, and home. */
static void count_way(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct dmabuf_token all = { 1, 100 };
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	count_start(test, rx->fix, 1, 4);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	rx_frag(test, rx, rx->skb, 0, 10);
	count_expect(test, rx->fix, 0, 4, 2, 0);
	/* a token for the first, which is still in the skb */
	rx_recv(rx, 0, 10, space, out);
	count_expect(test, rx->fix, 0, 4, 1, 1);
	/* and another one */
	rx_recv(rx, 0, 10, space, out);
	count_expect(test, rx->fix, 0, 4, 1, 1);
	kfree_skb(rx->skb);
	rx->skb = NULL;
	count_expect(test, rx->fix, 0, 4, 0, 1);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &all, 1), 2);
	count_expect(test, rx->fix, 0, 4, 0, 0);
	count_stop();
	rx_free(test, rx);
}

/* What has a slice in the ring and another one in an skb counts for the skb's
 * reader only when that has a token.
 */
static void count_slices(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	count_start(test, rx->fix, 1, 1);
	rx->skb = rx_skb(test, rx, 0);
	atomic_inc(&count_ring[0]->ref);
	skb_add_rx_frag(rx->skb, 0, net_iov_to_frag_page(count_ring[0]), 0, 10,
			PAGE_SIZE);
	count_expect(test, rx->fix, 0, 1, 0, 0);
	rx_recv(rx, 0, 10, space, out);
	count_expect(test, rx->fix, 0, 0, 0, 1);
	kfree_skb(rx->skb);
	rx->skb = NULL;
	KUNIT_EXPECT_EQ(test, rx_dontneed(rx, out), 1);
	count_expect(test, rx->fix, 0, 1, 0, 0);
	count_stop();
	rx_free(test, rx);
}

/* Tokens of other bindings are not ours; more of them than one look's worth. */
static void count_others(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct dmabuf_token all = { 1, 1024 };
	struct rx *rx = rx_make(test);
	struct dmt_binding other = {};
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, out);
	count_start(test, rx->fix, 1, 0);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	for (i = 0; i < 1000; i++)
		rx_recv(rx, 0, 10, space, out);
	count_expect(test, rx->fix, 0, 0, 0, 1);

	rx->fix->binding->areas[0].binding = &other.hot;
	count_expect(test, rx->fix, 0, 0, 1, 0);
	rx->fix->binding->areas[0].binding = &rx->fix->binding->hot;

	kfree_skb(rx->skb);
	rx->skb = NULL;
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &all, 1), 1000);
	count_expect(test, rx->fix, 0, 0, 0, 0);
	rx_free(test, rx);
}

static struct kunit_case count_cases[] = {
	KUNIT_CASE(count_pools),
	KUNIT_CASE(count_way),
	KUNIT_CASE(count_slices),
	KUNIT_CASE(count_others),
	{}
};

static struct kunit_suite count_suite = {
	.name = "count",
	.exit = fixture_exit,
	.test_cases = count_cases,
};

kunit_test_suite(count_suite);
