// SPDX-License-Identifier: GPL-2.0-only
/* sock.c through its ops: what recvmsg(MSG_SOCK_DEVMEM) makes of an skb.
 *
 * Every skb here comes with a map that says for each byte where a reader must
 * find it; all reads of all lengths, with all sizes of control buffer, are
 * compared with it.
 */

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "rx.h"

static void sock_frags(struct kunit *test)
{
	struct rx *rx = rx_make(test);

	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	rx_frag(test, rx, rx->skb, 4000, 1);
	rx_frag(test, rx, rx->skb, 17, 20);
	KUNIT_ASSERT_FALSE(test, skb_frags_readable(rx->skb));
	rx_check_all(test, rx, 3);
}

/* Header split after the TCP header, but a few bytes of payload before it. */
static void sock_head_and_frags(struct kunit *test)
{
	struct rx *rx = rx_make(test);
	u32 i;

	rx->skb = rx_skb(test, rx, 7);
	for (i = 0; i < MAX_SKB_FRAGS; i++)
		rx_frag(test, rx, rx->skb, 8 * i, 1 + i % 4);
	rx_check_all(test, rx, 1 + MAX_SKB_FRAGS);
}

static void sock_frag_list(struct kunit *test)
{
	struct rx *rx = rx_make(test);
	struct sk_buff *seg;

	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 5, 9);
	rx_frag(test, rx, rx->skb, 0, 3);
	seg = rx_skb(test, rx, 0);
	rx_frag(test, rx, seg, 100, 11);
	rx_append(rx->skb, seg);
	seg = rx_skb(test, rx, 0);
	rx_frag(test, rx, seg, 0, 1);
	rx_frag(test, rx, seg, 4095, 1);
	rx_append(rx->skb, seg);
	rx_check_all(test, rx, 5);
}

/* Device and host memory in turns, each skb of one kind. */
static void sock_mixed(struct kunit *test)
{
	struct rx *rx = rx_make(test);
	struct sk_buff *seg;

	rx->skb = rx_skb(test, rx, 4);
	rx_page(test, rx, rx->skb, 30, 6);
	seg = rx_skb(test, rx, 2);
	rx_frag(test, rx, seg, 100, 8);
	rx_append(rx->skb, seg);
	seg = rx_skb(test, rx, 5);
	rx_append(rx->skb, seg);
	seg = rx_skb(test, rx, 0);
	rx_page(test, rx, seg, 0, 3);
	rx_page(test, rx, seg, 0, 3);
	rx_append(rx->skb, seg);
	seg = rx_skb(test, rx, 0);
	rx_frag(test, rx, seg, 0, 12);
	rx_append(rx->skb, seg);
	rx_check_all(test, rx, 6);
}

/* A frame that fitted the header buffer, on a socket that had others. */
static void sock_linear(struct kunit *test)
{
	struct rx *rx = rx_make(test);

	rx->skb = rx_skb(test, rx, 40);
	rx_check_all(test, rx, 1);
}

/* Each read of a frag has a token of its own, and its own reference. */
static void sock_peek(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	for (i = 1; i <= 5; i++) {
		rx_recv(rx, 0, 10, space, out);
		KUNIT_EXPECT_EQ(test, out->ret, 10);
		KUNIT_EXPECT_EQ(test, out->cmsgs[0].data.frag_token, i);
	}
	kfree_skb(rx->skb);
	rx->skb = NULL;
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 1U);
	for (i = 5; i; i--) {
		struct dmabuf_token token = { i, 1 };

		KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 1U);
		KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &token, 1),
				1);
	}
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 0U);
	rx_free(test, rx);
}

/* The socket is closed while the application has tokens. */
static void sock_closed(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	rx_frag(test, rx, rx->skb, 0, 10);
	rx_recv(rx, 5, 15, 2 * space, out);
	KUNIT_EXPECT_EQ(test, out->num, 2U);
	kfree_skb(rx->skb);
	rx->skb = NULL;
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 2U);
	rx_free(test, rx);
}

static void sock_dontneed(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);
	struct dmabuf_token tokens[] = {
		{ 1, 2 }, { 2, 2 }, { 0, 1 }, { 5, 0 }, { 10, 100 },
		{ U32_MAX, 3 },
	};
	struct dmabuf_token all = { 1, U32_MAX };
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	for (i = 0; i < 2000; i++)
		rx_recv(rx, 0, 10, space, out);
	/* 1 2 3; not 0, and 1 is gone when U32_MAX comes to it; 10 to 109 */
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, tokens, 6), 103);
	/* 1024 numbers in a call, also those that are not in use. */
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &all, 1),
			1024 - 103);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &all, 1), 0);
	all.token_start = 1025;
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &all, 1),
			2000 - 1024);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &all, 0), 0);
	kfree_skb(rx->skb);
	rx->skb = NULL;
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 0U);
	rx_free(test, rx);
}

/* Runs of any length in one call: each number's reference is put, once. */
static void sock_dontneed_runs(struct kunit *test)
{
	static const u32 lens[] = { 1, 3, 63, 64, 65 };
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	u32 i, j, num, token = 1;
	struct rx *rx = rx_make(test);
	struct dmabuf_token runs[128];
	struct net_iov *niov;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	niov = skb_frag_net_iov(&skb_shinfo(rx->skb)->frags[0]);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		num = min_t(u32, 128, 1000 / lens[i]);
		for (j = 0; j < num; j++) {
			runs[j].token_start = token + j * lens[i];
			runs[j].token_count = lens[i];
		}
		for (j = 0; j < num * lens[i]; j++)
			rx_recv(rx, 0, 10, space, out);
		token += num * lens[i];
		KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, runs, num),
				(int)(num * lens[i]));
		KUNIT_EXPECT_EQ(test, atomic_read(&niov->ref), 1);
	}
	rx_free(test, rx);
}

/* An application that gives nothing back gets an error; the data stays. */
static void sock_token_limit(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct dmabuf_token one = { 1, 1 };
	struct rx *rx = rx_make(test);
	u32 i, num = 0;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	for (i = 0; i < 16; i++)
		rx_frag(test, rx, rx->skb, 0, 1);
	do {
		rx_recv(rx, 0, 16, 16 * space, out);
		num += out->num;
	} while (out->ret == 16);
	KUNIT_EXPECT_EQ(test, out->ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, out->num, 0U);
	KUNIT_EXPECT_EQ(test, num, 262144U / 8 * 7);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &one, 1), 1);
	rx_recv(rx, 15, 1, 16 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, 1);
	rx_recv(rx, 15, 1, 16 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, -ENOMEM);
	rx_free(test, rx);
}

/* A binding with a limit: what fits is delivered, the next read is an error,
 * and the data stays. A peek counts too.
 */
static void sock_limit(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct dmabuf_token one = { 3, 1 };
	struct rx *rx = rx_make(test);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->fix->binding->sock_limit = 5;
	rx->skb = rx_skb(test, rx, 0);
	for (i = 0; i < 16; i++)
		rx_frag(test, rx, rx->skb, 0, 10);
	rx_recv(rx, 0, 30, 16 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, 30);
	rx_recv(rx, 30, 130, 16 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, 20);
	KUNIT_EXPECT_EQ(test, out->num, 2U);
	rx_recv(rx, 50, 1, 16 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, out->num, 0U);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.dontneed(rx->ds, &one, 1), 1);
	rx_recv(rx, 50, 110, 16 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, 10);
	/* No room for a control message is told first. */
	rx_recv(rx, 60, 10, 0, out);
	KUNIT_EXPECT_EQ(test, out->ret, -EMSGSIZE);
	rx_free(test, rx);
}

/* Nothing is asked for, so nothing is given. */
static void sock_no_length(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	rx_recv(rx, 0, 0, 4 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, 0);
	KUNIT_EXPECT_EQ(test, out->num, 0U);
	rx_recv(rx, 5, 0, 0, out);
	KUNIT_EXPECT_EQ(test, out->ret, 0);
	rx_free(test, rx);
}

/* Plain bytes without a place to tell of them. */
static void sock_null_control(struct kunit *test)
{
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct kvec vec = { .iov_len = SOCK_BYTES };
	struct msghdr msg = { .msg_controllen = 1000 };
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	vec.iov_base = out->bytes;
	rx->skb = rx_skb(test, rx, 40);
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, SOCK_BYTES);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.recvmsg(rx->ds, rx->skb, 10, &msg,
						   20), 20);
	KUNIT_EXPECT_EQ(test, out->bytes[0], 10);
	kfree_skb(rx->skb);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.recvmsg(rx->ds, rx->skb, 0, &msg,
						   10), -EMSGSIZE);
	rx_free(test, rx);
}

/* A buffer that linear bytes used up does not look like none: tcp_recvmsg()
 * goes by the length.
 */
static void sock_full_control(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	u8 *control = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct kvec vec = { .iov_len = SOCK_BYTES };
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = space,
	};
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, control);
	KUNIT_ASSERT_NOT_NULL(test, out);
	vec.iov_base = out->bytes;
	rx->skb = rx_skb(test, rx, 40);
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, SOCK_BYTES);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.recvmsg(rx->ds, rx->skb, 0, &msg,
						   20), 20);
	KUNIT_EXPECT_PTR_EQ(test, msg.msg_control, (void *)(control + space));
	KUNIT_EXPECT_EQ(test, msg.msg_controllen, (size_t)0);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.recvmsg(rx->ds, rx->skb, 20, &msg,
						   20), -EMSGSIZE);
	rx_free(test, rx);
}

/* A control buffer that cannot be written: the bytes stay queued, and the next
 * ones go where these would have been.
 */
static void sock_control_fault(struct kunit *test)
{
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct kvec vec = { .iov_len = SOCK_BYTES };
	struct msghdr msg = {
		.msg_control_user = (void __user *)(ULONG_MAX - PAGE_SIZE + 1),
		.msg_control_is_user = true,
		.msg_controllen = 1000,
	};
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	vec.iov_base = out->bytes;
	rx->skb = rx_skb(test, rx, 40);
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, SOCK_BYTES);
	KUNIT_EXPECT_EQ(test, dmt_sock_ops.recvmsg(rx->ds, rx->skb, 0, &msg,
						   20), -EFAULT);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&msg.msg_iter),
			(size_t)SOCK_BYTES);
	rx_free(test, rx);
}

/* Host memory that cannot be copied: an error, or what came before it. */
static void sock_fault(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);
	struct sk_buff *seg;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	seg = rx_skb(test, rx, 10);
	rx_append(rx->skb, seg);

	rx_recv_iov(rx, 10, 10, 2 * space, true, out);
	KUNIT_EXPECT_EQ(test, out->ret, -EFAULT);
	KUNIT_EXPECT_EQ(test, out->num, 0U);
	rx_recv_iov(rx, 3, 17, 2 * space, true, out);
	KUNIT_EXPECT_EQ(test, out->ret, 7);
	KUNIT_EXPECT_EQ(test, out->num, 1U);
	rx_check(test, rx, 3, 17, out);
	rx_free(test, rx);
}

/* A page among device frags must not be taken for a net_iov. */
static void sock_page_in_unreadable(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 0, 10);
	rx_page(test, rx, rx->skb, 0, 10);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(rx->skb));
	rx_recv(rx, 10, 10, 2 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, -ENODEV);
	KUNIT_EXPECT_EQ(test, out->num, 0U);
	rx_recv(rx, 0, 20, 2 * space, out);
	KUNIT_EXPECT_EQ(test, out->ret, -ENODEV);
	KUNIT_EXPECT_EQ(test, out->num, 0U);
	rx_free(test, rx);
}

/* A buffer that was received before its binding died is delivered after, and
 * its token is good.
 */
static void sock_dead_binding(struct kunit *test)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct rx *rx = rx_make(test);
	struct fixture *fix = rx->fix;

	KUNIT_ASSERT_NOT_NULL(test, out);
	rx->skb = rx_skb(test, rx, 0);
	rx_frag(test, rx, rx->skb, 9, 10);
	fixture_kill(fix);
	fixture_settle();
	rx_recv(rx, 0, 10, space, out);
	KUNIT_EXPECT_EQ(test, out->ret, 10);
	KUNIT_EXPECT_EQ(test, out->cmsgs[0].data.frag_offset, rx->map[0]);
	kfree_skb(rx->skb);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 0U);
	KUNIT_EXPECT_EQ(test, rx_dontneed(rx, out), 1);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
	dmt_sock_ops.release(rx->ds);
}

static struct kunit_case sock_cases[] = {
	KUNIT_CASE(sock_frags),
	KUNIT_CASE(sock_head_and_frags),
	KUNIT_CASE(sock_frag_list),
	KUNIT_CASE(sock_mixed),
	KUNIT_CASE(sock_linear),
	KUNIT_CASE(sock_peek),
	KUNIT_CASE(sock_closed),
	KUNIT_CASE(sock_dontneed),
	KUNIT_CASE(sock_dontneed_runs),
	KUNIT_CASE(sock_token_limit),
	KUNIT_CASE(sock_limit),
	KUNIT_CASE(sock_no_length),
	KUNIT_CASE(sock_null_control),
	KUNIT_CASE(sock_full_control),
	KUNIT_CASE(sock_control_fault),
	KUNIT_CASE(sock_fault),
	KUNIT_CASE(sock_page_in_unreadable),
	KUNIT_CASE(sock_dead_binding),
	{}
};

static struct kunit_suite sock_suite = {
	.name = "sock",
	.exit = fixture_exit,
	.test_cases = sock_cases,
};

kunit_test_suite(sock_suite);
