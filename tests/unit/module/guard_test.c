// SPDX-License-Identifier: GPL-2.0-only
/* The guards of the kernel patch, called one by one with an unreadable skb:
 * what cannot be done without looking at device memory fails, and what can be
 * done is done. Guards inside of TCP, IP and netfilter have no door to knock at
 * from here; scenarios of tests/vm reach them. ../run.sh removes each guard and
 * expects a failure.
 */

#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/gro.h>
#include <net/tcp.h>
#include "frame.h"

/* Room to copy to, poisoned for each case. */
static u8 guard_to[256];

static int guard_init(struct kunit *test)
{
	memset(guard_to, 0xaa, sizeof(guard_to));
	return frame_init(test);
}

/* All that a header is asked for works, and no byte more. */
static void guard_reads(struct kunit *test)
{
	struct sk_buff *skb = frame_skb;

	KUNIT_EXPECT_FALSE(test, skb_frags_readable(skb));
	KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, 0, guard_to, FRAME_HEAD), 0);
	KUNIT_EXPECT_EQ(test, guard_to[FRAME_HEAD - 1], FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, 0, guard_to, FRAME_HEAD + 1),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, FRAME_HEAD, guard_to, 1),
			-EFAULT);
	KUNIT_EXPECT_TRUE(test, pskb_may_pull(skb, FRAME_HEAD));
	KUNIT_EXPECT_FALSE(test, pskb_may_pull(skb, FRAME_HEAD + 1));
	KUNIT_EXPECT_EQ(test, skb->len, FRAME_LEN);
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), FRAME_HEAD);
}

static void guard_writes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, skb_store_bits(frame_skb, 0, guard_to,
					     FRAME_HEAD), 0);
	KUNIT_EXPECT_EQ(test, skb_store_bits(frame_skb, 0, guard_to, FRAME_LEN),
			-EFAULT);
}

static void guard_frag_helpers(struct kunit *test)
{
	skb_frag_t *frag = &skb_shinfo(frame_skb)->frags[1];

	KUNIT_EXPECT_NULL(test, skb_frag_page(frag));
	KUNIT_EXPECT_NULL(test, skb_frag_address(frag));
	KUNIT_EXPECT_NULL(test, skb_frag_address_safe(frag));
	/* Not because both have no page, but when it is the same buffer. */
	KUNIT_EXPECT_FALSE(test, skb_can_coalesce(frame_skb, 2, NULL,
						  128 + FRAME_FRAG));
	KUNIT_EXPECT_TRUE(test, skb_can_coalesce(frame_skb, 2, frag->bv_page,
						 128 + FRAME_FRAG));
}

static void guard_copies(struct kunit *test)
{
	struct sk_buff *skb = frame_skb, *copy;
	struct fixture *fix = test->priv;

	KUNIT_EXPECT_NULL(test, skb_copy(skb, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, skb_copy_expand(skb, 128, 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, skb_copy_ubufs(skb, GFP_KERNEL), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb_linearize(skb), -ENOMEM);

	/* These share the frags: each has references of its own. */
	copy = pskb_copy(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(copy));
	kfree_skb(copy);
	copy = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, pskb_expand_head(skb, 128, 0, GFP_KERNEL), 0);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(copy));
	kfree_skb(copy);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

static void guard_to_user(struct kunit *test)
{
	struct kvec vec = { .iov_base = guard_to, .iov_len = sizeof(guard_to) };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, sizeof(guard_to));
	KUNIT_EXPECT_EQ(test, skb_copy_datagram_iter(frame_skb, 0, &iter,
						     FRAME_HEAD), 0);
	KUNIT_EXPECT_EQ(test, skb_copy_datagram_iter(frame_skb, FRAME_HEAD,
						     &iter, FRAME_FRAG),
			-EFAULT);
}

/* A page of the caller's does not become a neighbour of device memory. */
static void guard_from_user(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio_vec vec = { .bv_page = page, .bv_len = PAGE_SIZE };
	struct msghdr msg = {};
	struct iov_iter iter;

	KUNIT_ASSERT_NOT_NULL(test, page);
	iov_iter_bvec(&iter, ITER_SOURCE, &vec, 1, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, __zerocopy_sg_from_iter(&msg, NULL, frame_skb,
						      &iter, 64), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb_shinfo(frame_skb)->nr_frags, 2);
	__free_page(page);
}

static void guard_checksums(struct kunit *test)
{
	struct sk_buff *skb = frame_skb;
	__wsum head = csum_partial(skb->data, FRAME_HEAD, 0);
	u32 i;

	KUNIT_EXPECT_EQ(test, csum_fold(skb_checksum(skb, 0, FRAME_LEN, 0)),
			csum_fold(head));
	/* What is given away instead of payload is zeroes. */
	skb_copy_and_csum_bits(skb, 0, guard_to, FRAME_LEN);
	KUNIT_EXPECT_EQ(test, guard_to[FRAME_HEAD - 1], FRAME_HEAD);
	for (i = FRAME_HEAD; i < FRAME_LEN; i++)
		KUNIT_ASSERT_EQ(test, guard_to[i], 0);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + FRAME_HEAD - 20;
	skb->csum_offset = 16;
	KUNIT_EXPECT_EQ(test, skb_checksum_help(skb), -EFAULT);
}

/* The sum over the headers alone would be right. */
static void guard_checksum_complete(struct kunit *test)
{
	struct sk_buff *skb = frame_skb;

	skb->csum = (__force __wsum)~csum_partial(skb->data, FRAME_HEAD, 0);
	KUNIT_EXPECT_NE(test, __skb_checksum_complete(skb), (__sum16)0);
	KUNIT_EXPECT_NE(test, __skb_checksum_complete_head(skb, FRAME_LEN),
			(__sum16)0);
	KUNIT_EXPECT_EQ(test, __skb_checksum_complete_head(skb, FRAME_HEAD),
			(__sum16)0);
	NAPI_GRO_CB(skb)->csum = skb->csum;
	NAPI_GRO_CB(skb)->data_offset = 0;
	KUNIT_EXPECT_NE(test, __skb_gro_checksum_complete(skb), (__sum16)0);
}

static void guard_trims(struct kunit *test)
{
	struct sk_buff *skb = frame_skb;

	/* Padding in the payload: the sum of it cannot be taken off. */
	skb->ip_summed = CHECKSUM_COMPLETE;
	KUNIT_EXPECT_EQ(test, pskb_trim_rcsum(skb, FRAME_LEN - 4), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb->len, FRAME_LEN);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	KUNIT_EXPECT_EQ(test, pskb_trim_rcsum(skb, FRAME_LEN - 4), 0);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(skb));
	/* It would fit into the head, but is not to be had. */
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, pskb_trim(skb, FRAME_HEAD), 0);
	KUNIT_EXPECT_TRUE(test, skb_frags_readable(skb));
}

static void guard_splits(struct kunit *test)
{
	struct sk_buff *rest = alloc_skb(512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rest);
	skb_split(frame_skb, rest, FRAME_HEAD + FRAME_FRAG);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(frame_skb));
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(rest));
	KUNIT_EXPECT_EQ(test, rest->len, FRAME_FRAG);
	kfree_skb(rest);

	rest = alloc_skb(512, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	skb_split(frame_skb, rest, FRAME_HEAD - 4);
	KUNIT_EXPECT_TRUE(test, skb_frags_readable(frame_skb));
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(rest));
	kfree_skb(rest);
}

static void guard_reader(struct kunit *test)
{
	struct skb_seq_state state;
	const u8 *data;
	u32 got;

	skb_prepare_seq_read(frame_skb, 0, FRAME_LEN, &state);
	got = skb_seq_read(0, &data, &state);
	KUNIT_EXPECT_EQ(test, got, FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, skb_seq_read(got, &data, &state), 0U);
	skb_abort_seq_read(&state);
}

static void guard_lists(struct kunit *test)
{
	struct scatterlist sg[4];
	struct sk_buff *to;

	sg_init_table(sg, ARRAY_SIZE(sg));
	KUNIT_EXPECT_EQ(test, skb_to_sgvec(frame_skb, sg, 0, FRAME_HEAD), 1);
	sg_init_table(sg, ARRAY_SIZE(sg));
	KUNIT_EXPECT_EQ(test, skb_to_sgvec(frame_skb, sg, 0, FRAME_LEN),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, skb_send_sock_locked(NULL, frame_skb, FRAME_HEAD,
						   FRAME_FRAG), -EFAULT);
	/* No room to copy all of it: frags are passed on. */
	to = alloc_skb(FRAME_HEAD, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, to);
	skb_reserve(to, skb_tailroom(to) - FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, skb_zerocopy(to, frame_skb, FRAME_LEN,
					   FRAME_HEAD), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb_zerocopy(to, frame_skb, FRAME_HEAD,
					   FRAME_HEAD), 0);
	kfree_skb(to);
}

/* A device that cannot sum would get segments with sums of their headers. */
static void guard_segments(struct kunit *test)
{
	struct sk_buff *segs;

	skb_shinfo(frame_skb)->gso_size = FRAME_FRAG;
	skb_shinfo(frame_skb)->gso_type = SKB_GSO_TCPV4;
	__skb_pull(frame_skb, FRAME_HEAD);
	segs = skb_segment(frame_skb, NETIF_F_SG);
	KUNIT_EXPECT_TRUE(test, IS_ERR(segs));
	if (!IS_ERR(segs))
		kfree_skb_list(segs);
	skb_shinfo(frame_skb)->gso_size = 0;
}

static void guard_dumps(struct kunit *test)
{
	skb_dump(KERN_DEBUG, frame_skb, true);
}

/* Frags of both kinds do not meet in one skb, nor does a head become a frag. */
static void guard_coalesces(struct kunit *test)
{
	struct sk_buff *bare = frame_device(test, 0);
	struct sk_buff *host = frame_host(test, 0);
	struct sk_buff *full = frame_device(test, 8);
	bool stolen;
	int delta;

	KUNIT_EXPECT_FALSE(test, skb_try_coalesce(frame_skb, host, &stolen,
						  &delta));
	KUNIT_EXPECT_FALSE(test, skb_try_coalesce(host, bare, &stolen, &delta));
	KUNIT_EXPECT_FALSE(test, skb_try_coalesce(frame_skb, full, &stolen,
						  &delta));
	KUNIT_EXPECT_TRUE(test, skb_try_coalesce(frame_skb, bare, &stolen,
						 &delta));
	kfree_skb_partial(bare, stolen);
	kfree_skb(host);
	kfree_skb(full);

	KUNIT_EXPECT_FALSE(test, tcp_skb_can_collapse_to(frame_skb));
}

static void guard_shifts(struct kunit *test)
{
	struct sk_buff *bare = frame_device(test, 0);
	struct sk_buff *host = frame_host(test, 0);

	KUNIT_EXPECT_EQ(test, skb_shift(host, bare, FRAME_FRAG), 0);
	KUNIT_EXPECT_EQ(test, skb_shift(bare, host, FRAME_FRAG), 0);
	KUNIT_EXPECT_FALSE(test, tcp_skb_can_collapse(host, bare));
	KUNIT_EXPECT_FALSE(test, tcp_skb_can_collapse(bare, frame_skb));
	kfree_skb(host);
	kfree_skb(bare);
}

static void guard_condenses(struct kunit *test)
{
	struct sk_buff *skb = frame_skb;
	unsigned int truesize = skb->truesize;

	skb_condense(skb);
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, 2);
	KUNIT_EXPECT_EQ(test, skb->truesize, truesize);
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE(guard_reads),
	KUNIT_CASE(guard_writes),
	KUNIT_CASE(guard_frag_helpers),
	KUNIT_CASE(guard_copies),
	KUNIT_CASE(guard_to_user),
	KUNIT_CASE(guard_from_user),
	KUNIT_CASE(guard_checksums),
	KUNIT_CASE(guard_checksum_complete),
	KUNIT_CASE(guard_trims),
	KUNIT_CASE(guard_splits),
	KUNIT_CASE(guard_reader),
	KUNIT_CASE(guard_lists),
	KUNIT_CASE(guard_segments),
	KUNIT_CASE(guard_dumps),
	KUNIT_CASE(guard_coalesces),
	KUNIT_CASE(guard_shifts),
	KUNIT_CASE(guard_condenses),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "guard",
	.init = guard_init,
	.exit = frame_exit,
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);
