// SPDX-License-Identifier: GPL-2.0-only
/* Makes skbs with a map that says for each byte where a reader must find it, and
 * compares reads of all lengths, with all sizes of control buffer, with it.
 */

#include <linux/slab.h>
#include <linux/uio.h>
#include "rx.h"

struct rx *rx_make(struct kunit *test)
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
void rx_free(struct kunit *test, struct rx *rx)
{
	dmt_sock_ops.release(rx->ds);
	kfree_skb(rx->skb);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(rx->fix->binding), 0U);
}

/* An skb with @linear bytes in its head. */
struct sk_buff *rx_skb(struct kunit *test, struct rx *rx, u32 linear)
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
void rx_frag(struct kunit *test, struct rx *rx, struct sk_buff *skb, u32 off,
	     u32 size)
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
void rx_page(struct kunit *test, struct rx *rx, struct sk_buff *skb, u32 off,
	     u32 size)
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
void rx_append(struct sk_buff *skb, struct sk_buff *seg)
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
void rx_recv_iov(struct rx *rx, u32 offset, u32 len, u32 control_len,
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

void rx_recv(struct rx *rx, u32 offset, u32 len, u32 control_len,
	     struct rx_out *out)
{
	rx_recv_iov(rx, offset, len, control_len, false, out);
}

/* Gives back what @out got; returns how many tokens that were. */
int rx_dontneed(struct rx *rx, const struct rx_out *out)
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
void rx_check(struct kunit *test, struct rx *rx, u32 offset, u32 len,
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
void rx_check_all(struct kunit *test, struct rx *rx, u32 num)
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
