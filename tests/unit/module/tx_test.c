// SPDX-License-Identifier: GPL-2.0-only
/* tx_send.c: what sendmsg() makes of offsets in a dma-buf. Frags of net_iovs that
 * are half a segment, a segment and more, compared with the bytes asked for.
 */

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/sock.h>
#include "fixture.h"

#define TX_SIZE		(5 * PAGE_SIZE)

struct tx {
	struct fixture	*fix;
	struct sock	*sk;
	struct sk_buff	*skb;
	struct iov_iter	iter;
};

/* That of end.c, for dmt_tx_get(): ids are looked up in the VM only. */
struct dmt_binding *dmt_id_find(u32 id)
{
	return NULL;
}

/* Two areas: what follows each other in the dma-buf does not on the bus. */
static struct tx *tx_make(struct kunit *test)
{
	static const struct segment segs[] = {
		{ .dma = 0x100000000, .len = 2 * PAGE_SIZE },
		{ .dma = 0x200000000, .len = 3 * PAGE_SIZE },
	};
	struct tx *tx = kunit_kzalloc(test, sizeof(*tx), GFP_KERNEL);
	struct dmt_binding *binding;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, tx);
	tx->fix = fixture_empty(test, 1, PAGE_SHIFT);
	KUNIT_ASSERT_EQ(test, fixture_areas(test, tx->fix, segs, 2, TX_SIZE,
					    NULL), 0);
	binding = tx->fix->binding;
	binding->size = TX_SIZE;
	/* as dmt_tx_build() and dmt_bind() */
	for (i = 0; i < binding->hot.total; i++)
		atomic_set(&binding->niovs[i].ref, 1);
	binding->reserve = NULL;
	binding->nr_reserve = 0;
	binding->tx = true;
	binding->tx_based = true;
	binding->listed = true;

	tx->sk = kunit_kzalloc(test, sizeof(*tx->sk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tx->sk);
	tx->skb = alloc_skb(0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tx->skb);
	/* not charged to the socket's memory, which this one has not */
	skb_shinfo(tx->skb)->flags |= SKBFL_ZEROCOPY_ENABLE |
				      SKBFL_PURE_ZEROCOPY;
	return tx;
}

static int tx_fill(struct tx *tx, const struct iovec *iovs, u32 num, u32 len)
{
	size_t total = 0;
	u32 i;

	for (i = 0; i < num; i++)
		total += iovs[i].iov_len;
	iov_iter_init(&tx->iter, WRITE, iovs, num, total);
	return dmt_tx_fill(tx->fix->binding->niovs, tx->sk, tx->skb, &tx->iter,
			   len);
}

/* The frags are @len bytes from @offset on. Returns how many there are. */
static u32 tx_expect(struct kunit *test, struct tx *tx, u64 offset, u32 len)
{
	const struct skb_shared_info *shinfo = skb_shinfo(tx->skb);
	const skb_frag_t *frag;
	u32 i;

	for (i = 0; i < shinfo->nr_frags; i++) {
		frag = &shinfo->frags[i];
		KUNIT_ASSERT_TRUE(test, page_is_net_iov(frag->bv_page));
		KUNIT_ASSERT_LE(test, skb_frag_off(frag) + skb_frag_size(frag),
				(u32)PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, net_iov_offset(skb_frag_net_iov(frag)) +
				      skb_frag_off(frag), offset);
		offset += skb_frag_size(frag);
		len -= skb_frag_size(frag);
	}
	KUNIT_ASSERT_EQ(test, len, 0u);
	KUNIT_ASSERT_FALSE(test, skb_frags_readable(tx->skb));
	return shinfo->nr_frags;
}

/* Everything is put, and the binding ends. */
static void tx_end(struct kunit *test, struct tx *tx)
{
	struct dmt_binding *binding = tx->fix->binding;
	struct net_iov *niovs = binding->niovs;
	u32 i, num = binding->hot.total;

	KUNIT_EXPECT_EQ(test, tx->sk->sk_wmem_queued, (int)tx->skb->len);
	KUNIT_EXPECT_EQ(test, tx->skb->len, tx->skb->data_len);
	skb_shinfo(tx->skb)->flags = 0;
	kfree_skb(tx->skb);
	for (i = 0; i < num; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&niovs[i].ref), 1);
	sg_free_table(&tx->fix->sgt);
	tx->fix->binding = NULL;
	net_iov_binding_kill(&binding->hot, 0);
	for (i = 0; i < num; i++)
		net_iov_put(&niovs[i]);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, tx->fix->released, 1u);
	KUNIT_EXPECT_EQ(test, tx->fix->back_at_release, num);
}

static void tx_one_iovec(struct kunit *test)
{
	static const u32 offsets[] = { 0, 1, 4095, 4096, 4097, 8191, 8192 };
	static const u32 lens[] = { 1, 2, 4095, 4096, 4097, 8192, 12288 };
	struct iovec iov;
	struct tx *tx;
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		for (j = 0; j < ARRAY_SIZE(lens); j++) {
			tx = tx_make(test);
			iov.iov_base = (void __user *)(long)offsets[i];
			iov.iov_len = lens[j];
			KUNIT_EXPECT_EQ(test, tx_fill(tx, &iov, 1, lens[j]),
					(int)lens[j]);
			tx_expect(test, tx, offsets[i], lens[j]);
			KUNIT_EXPECT_EQ(test, iov_iter_count(&tx->iter), 0ul);
			tx_end(test, tx);
		}
}

/* Empty ones between; what follows in the dma-buf is one frag. */
static void tx_iovecs(struct kunit *test)
{
	static const struct iovec iovs[] = {
		{ (void __user *)3, 0 }, { (void __user *)100, 10 },
		{ (void __user *)5, 0 }, { (void __user *)9, 0 },
		{ (void __user *)110, 20 }, { (void __user *)130, 5000 },
		{ NULL, 0 },
	};
	struct tx *tx = tx_make(test);

	KUNIT_EXPECT_EQ(test, tx_fill(tx, iovs, ARRAY_SIZE(iovs), 100000),
			5030);
	KUNIT_EXPECT_EQ(test, tx_expect(test, tx, 100, 5030), 2u);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&tx->iter), 0ul);
	tx_end(test, tx);
}

/* No more than the skb takes; the next call goes on there. */
static void tx_in_parts(struct kunit *test)
{
	struct iovec iov = { (void __user *)1000, 10000 };
	struct tx *tx = tx_make(test);

	KUNIT_EXPECT_EQ(test, tx_fill(tx, &iov, 1, 3000), 3000);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&tx->iter), 7000ul);
	KUNIT_EXPECT_EQ(test, dmt_tx_fill(tx->fix->binding->niovs, tx->sk,
					  tx->skb, &tx->iter, 1), 1);
	KUNIT_EXPECT_EQ(test, dmt_tx_fill(tx->fix->binding->niovs, tx->sk,
					  tx->skb, &tx->iter, 100000), 6999);
	KUNIT_EXPECT_EQ(test, tx_expect(test, tx, 1000, 10000), 3u);
	tx_end(test, tx);
}

static void tx_no_frag_left(struct kunit *test)
{
	struct iovec iovs[MAX_SKB_FRAGS + 1];
	struct tx *tx = tx_make(test);
	u32 i, max = READ_ONCE(sysctl_max_skb_frags);

	for (i = 0; i < max + 1; i++) {
		iovs[i].iov_base = (void __user *)(long)(2 * i);
		iovs[i].iov_len = 1;
	}
	KUNIT_EXPECT_EQ(test, tx_fill(tx, iovs, max + 1, 1000), (int)max);
	KUNIT_EXPECT_EQ(test, dmt_tx_fill(tx->fix->binding->niovs, tx->sk,
					  tx->skb, &tx->iter, 1000),
			-EMSGSIZE);
	KUNIT_EXPECT_EQ(test, tx->skb->len, max);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&tx->iter), 1ul);
	tx_end(test, tx);
}

static void tx_beyond(struct kunit *test)
{
	static const unsigned long bad[] = {
		TX_SIZE, TX_SIZE + 1, 1UL << 32, 1UL << 63, ULONG_MAX,
	};
	struct iovec iov = { (void __user *)(TX_SIZE - 10), 30 };
	struct tx *tx = tx_make(test);
	u32 i;

	KUNIT_EXPECT_EQ(test, tx_fill(tx, &iov, 1, 1000), 10);
	KUNIT_EXPECT_EQ(test, dmt_tx_fill(tx->fix->binding->niovs, tx->sk,
					  tx->skb, &tx->iter, 1000), -EFAULT);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		iov.iov_base = (void __user *)bad[i];
		KUNIT_EXPECT_EQ(test, tx_fill(tx, &iov, 1, 1000), -EFAULT);
	}
	tx_expect(test, tx, TX_SIZE - 10, 10);
	tx_end(test, tx);
}

/* Not from the kernel's own memory: its addresses are no offsets. */
static void tx_other_iters(struct kunit *test)
{
	struct kvec kvec = { NULL, 10 };
	struct tx *tx = tx_make(test);

	iov_iter_kvec(&tx->iter, WRITE, &kvec, 1, 10);
	KUNIT_EXPECT_EQ(test, dmt_tx_fill(tx->fix->binding->niovs, tx->sk,
					  tx->skb, &tx->iter, 10), -EFAULT);
	iov_iter_ubuf(&tx->iter, WRITE, (void __user *)5000, 10);
	KUNIT_EXPECT_EQ(test, dmt_tx_fill(tx->fix->binding->niovs, tx->sk,
					  tx->skb, &tx->iter, 10), 10);
	tx_expect(test, tx, 5000, 10);
	tx_end(test, tx);
}

static void tx_unbound(struct kunit *test)
{
	struct iovec iov = { (void __user *)0, 10 };
	struct tx *tx = tx_make(test);

	tx->fix->binding->listed = false;
	KUNIT_EXPECT_EQ(test, tx_fill(tx, &iov, 1, 1000), -ENODEV);
	KUNIT_EXPECT_EQ(test, tx->skb->len, 0u);
	tx_end(test, tx);
}

/* A net_iov that is home stays there. */
static void tx_home(struct kunit *test)
{
	struct iovec iov = { (void __user *)4090, 10 };
	struct tx *tx = tx_make(test);
	struct net_iov *niov = &tx->fix->binding->niovs[1];

	atomic_set(&niov->ref, 0);
	KUNIT_EXPECT_EQ(test, tx_fill(tx, &iov, 1, 1000), 6);
	KUNIT_EXPECT_EQ(test, atomic_read(&niov->ref), 0);
	atomic_set(&niov->ref, 1);
	tx_end(test, tx);
}

static struct kunit_case tx_cases[] = {
	KUNIT_CASE(tx_one_iovec),
	KUNIT_CASE(tx_iovecs),
	KUNIT_CASE(tx_in_parts),
	KUNIT_CASE(tx_no_frag_left),
	KUNIT_CASE(tx_beyond),
	KUNIT_CASE(tx_other_iters),
	KUNIT_CASE(tx_unbound),
	KUNIT_CASE(tx_home),
	{}
};

static struct kunit_suite tx_suite = {
	.name = "tx",
	.exit = fixture_exit,
	.test_cases = tx_cases,
};

kunit_test_suite(tx_suite);
