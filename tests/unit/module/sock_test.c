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
#include "fixture.h"
#include "sock.h"

#define SOCK_BYTES	256	/* in one skb, at most */
#define SOCK_CMSGS	32
#define SOCK_ID		77
#define SOCK_NIOVS	64

/* struct byte.place of a byte in host memory is its value. */
#define SOCK_HOST	BIT_ULL(63)

/**
 * struct rx - an skb and what is in it
 * @fix: binding of the frags
 * @ds: as attached
 * @tp: to that; zeroes
 * @skb: all of it
 * @map: per byte the offset in the dma-buf, or SOCK_HOST and its value
 * @len: bytes
 * @next: value of the next host byte
 */
struct rx {
	struct fixture		*fix;
	struct devmem_sock	*ds;
	struct tcp_sock		tp;
	struct sk_buff		*skb;
	u64			map[SOCK_BYTES];
	u32			len;
	u8			next;
};

/* One recvmsg(): what came out. */
struct rx_out {
	int	ret;
	u32	num;			/* of cmsgs */
	struct {
		int			type;
		struct dmabuf_cmsg	data;
	} cmsgs[SOCK_CMSGS];
	u8	bytes[SOCK_BYTES];	/* that were copied */
};

static struct rx *rx_make(struct kunit *test)
{
	struct rx *rx = kunit_kzalloc(test, sizeof(*rx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rx);
	rx->fix = fixture_make(test, 1, SOCK_NIOVS);
	rx->fix->binding->id = SOCK_ID;
	rx->tp.out_of_order_queue = RB_ROOT;
	rx->ds = dmt_sock_ops.attach((struct sock *)&rx->tp);
	KUNIT_ASSERT_NOT_NULL(test, rx->ds);
	return rx;
}

/* Tokens and skb go, in this order; then everything is home. */
static void rx_free(struct kunit *test, struct rx *rx)
{
	dmt_sock_ops.release(rx->ds);
	kfree_skb(rx->skb);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 0U);
}

/* An skb with @linear bytes in its head. */
static struct sk_buff *rx_skb(struct kunit *test, struct rx *rx, u32 linear)
{
	struct sk_buff *skb = alloc_skb(SOCK_BYTES, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	for (; linear; linear--) {
		rx->map[rx->len++] = SOCK_HOST | rx->next;
		*(u8 *)skb_put(skb, 1) = rx->next++;
	}
	return skb;
}

/* A frag of device memory at @off of its net_iov. */
static void rx_frag(struct kunit *test, struct rx *rx, struct sk_buff *skb,
		    u32 off, u32 size)
{
	struct net_iov *niov = net_iov_alloc(fixture_pool(rx->fix, 0));
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, niov);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags,
			net_iov_to_frag_page(niov), off, size, PAGE_SIZE);
	for (i = 0; i < size; i++)
		rx->map[rx->len++] = net_iov_offset(niov) + off + i;
}

/* A frag of host memory. */
static void rx_page(struct kunit *test, struct rx *rx, struct sk_buff *skb,
		    u32 off, u32 size)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u8 *to;

	KUNIT_ASSERT_NOT_NULL(test, page);
	to = page_address(page);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, off, size,
			PAGE_SIZE);
	for (to += off; size; size--) {
		rx->map[rx->len++] = SOCK_HOST | rx->next;
		*to++ = rx->next++;
	}
}

/* As GRO does when the frags of the first skb are used up. */
static void rx_append(struct sk_buff *skb, struct sk_buff *seg)
{
	struct sk_buff **last = &skb_shinfo(skb)->frag_list;

	while (*last)
		last = &(*last)->next;
	*last = seg;
	skb->len += seg->len;
	skb->data_len += seg->len;
	skb->truesize += seg->truesize;
}

/* @fault: the buffer for host bytes is not the reader's memory. */
static void rx_recv_iov(struct rx *rx, u32 offset, u32 len, u32 control_len,
			bool fault, struct rx_out *out)
{
	static u8 control[SOCK_CMSGS * CMSG_SPACE(sizeof(struct dmabuf_cmsg))]
		__aligned(sizeof(long));
	struct kvec vec = { .iov_base = out->bytes, .iov_len = SOCK_BYTES };
	struct iovec bad = {
		.iov_base = (void __user *)(ULONG_MAX - PAGE_SIZE + 1),
		.iov_len = SOCK_BYTES,
	};
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = control_len,
	};
	struct cmsghdr *cmsg;
	u32 used;

	memset(out, 0, sizeof(*out));
	memset(control, 0xaa, sizeof(control));
	if (fault)
		iov_iter_init(&msg.msg_iter, ITER_DEST, &bad, 1, SOCK_BYTES);
	else
		iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, SOCK_BYTES);
	out->ret = dmt_sock_ops.recvmsg(rx->ds, rx->skb, offset, &msg, len);

	used = control_len - msg.msg_controllen;
	for (cmsg = (void *)control; (u8 *)cmsg < control + used;
	     cmsg = (void *)cmsg + CMSG_SPACE(sizeof(struct dmabuf_cmsg))) {
		out->cmsgs[out->num].type = cmsg->cmsg_type;
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_len == CMSG_LEN(sizeof(struct dmabuf_cmsg)) &&
		    !(msg.msg_flags & MSG_CTRUNC))
			memcpy(&out->cmsgs[out->num].data, CMSG_DATA(cmsg),
			       sizeof(struct dmabuf_cmsg));
		out->num++;
	}
}

static void rx_recv(struct rx *rx, u32 offset, u32 len, u32 control_len,
		    struct rx_out *out)
{
	rx_recv_iov(rx, offset, len, control_len, false, out);
}

/* Gives back what @out got; returns how many tokens that were. */
static int rx_dontneed(struct rx *rx, const struct rx_out *out)
{
	struct dmabuf_token token = { .token_count = 1 };
	int freed = 0;
	u32 i;

	for (i = 0; i < out->num; i++) {
		if (out->cmsgs[i].type != SCM_DEVMEM_DMABUF)
			continue;
		token.token_start = out->cmsgs[i].data.frag_token;
		freed += dmt_sock_ops.dontneed(rx->ds, &token, 1);
	}
	return freed;
}

/* The bytes that @out tells of are those of the map from @offset on, each told
 * once, by cmsgs that are well-formed, with tokens that are good for one frag
 * each.
 */
static void rx_check(struct kunit *test, struct rx *rx, u32 offset, u32 len,
		     const struct rx_out *out)
{
	u32 i, j, pos = offset, copied = 0, tokens = 0;

	for (i = 0; i < out->num; i++) {
		const struct dmabuf_cmsg *data = &out->cmsgs[i].data;

		KUNIT_ASSERT_GT(test, data->frag_size, 0U);
		KUNIT_ASSERT_LE(test, pos + data->frag_size, offset + len);
		KUNIT_EXPECT_EQ(test, data->flags, 0U);
		if (out->cmsgs[i].type == SCM_DEVMEM_LINEAR) {
			KUNIT_EXPECT_EQ(test, data->frag_token, 0U);
			KUNIT_EXPECT_EQ(test, data->dmabuf_id, 0U);
			for (j = 0; j < data->frag_size; j++, pos++, copied++)
				if (rx->map[pos] !=
				    (SOCK_HOST | out->bytes[copied]))
					KUNIT_FAIL(test, "host byte %u", pos);
			continue;
		}
		KUNIT_EXPECT_EQ(test, out->cmsgs[i].type, SCM_DEVMEM_DMABUF);
		KUNIT_EXPECT_EQ(test, data->dmabuf_id, (u32)SOCK_ID);
		KUNIT_EXPECT_GT(test, data->frag_token, 0U);
		tokens++;
		for (j = 0; j < data->frag_size; j++, pos++)
			if (rx->map[pos] != data->frag_offset + j)
				KUNIT_FAIL(test, "device byte %u", pos);
	}
	KUNIT_EXPECT_EQ(test, out->ret > 0 ? out->ret : 0, (int)(pos - offset));
	KUNIT_EXPECT_EQ(test, rx_dontneed(rx, out), (int)tokens);
	KUNIT_EXPECT_EQ(test, rx_dontneed(rx, out), 0);
}

/* All reads. @num is the number of pieces: that many cmsgs tell all of it. */
static void rx_check_all(struct kunit *test, struct rx *rx, u32 num)
{
	const u32 space = CMSG_SPACE(sizeof(struct dmabuf_cmsg));
	struct rx_out *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	u32 held = dmt_areas_held(rx->fix->binding);
	u32 offset, len, slots;

	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_EQ(test, rx->len, rx->skb->len);
	for (offset = 0; offset < rx->len; offset++) {
		for (len = 1; offset + len <= rx->len; len++) {
			rx_recv(rx, offset, len, SOCK_CMSGS * space, out);
			KUNIT_ASSERT_EQ(test, out->ret, (int)len);
			KUNIT_EXPECT_LE(test, out->num, num);
			rx_check(test, rx, offset, len, out);
		}
		/* Too little room: less, or nothing and an error; what does
		 * not fit is neither lost nor skipped.
		 */
		for (slots = 0; slots <= num; slots++) {
			len = rx->len - offset;
			rx_recv(rx, offset, len, slots * space, out);
			KUNIT_EXPECT_LE(test, out->num, slots);
			if (slots)
				KUNIT_EXPECT_GT(test, out->ret, 0);
			else
				KUNIT_EXPECT_EQ(test, out->ret, -EMSGSIZE);
			if (out->num < slots)
				KUNIT_EXPECT_EQ(test, out->ret, (int)len);
			rx_check(test, rx, offset, len, out);

			/* Half a cmsg is none. */
			rx_recv(rx, offset, len, slots * space + space / 2, out);
			KUNIT_EXPECT_LE(test, out->num, slots);
			rx_check(test, rx, offset, len, out);
		}
	}
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), held);
	rx_free(test, rx);
}

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
	KUNIT_EXPECT_NE(test, msg.msg_controllen, (size_t)0);
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
