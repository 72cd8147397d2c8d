// SPDX-License-Identifier: GPL-2.0-only
/* The socket side: recvmsg(MSG_SOCK_DEVMEM), SO_DEVMEM_DONTNEED, close. */

#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/compat.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "core.h"
#include "sock.h"
#include "token.h"
#include "trace.h"

#define DMT_LIMIT_RCVBUF	SZ_4M	/* most that a limit gives */
#define DMT_MAX_FRAGS	1024	/* token numbers in one SO_DEVMEM_DONTNEED */

/* All of them, for who counts buffers. Taken with or without a socket's lock,
 * and under rtnl; nothing but the lock of a ring is taken under it.
 */
static LIST_HEAD(dmt_socks);
static DEFINE_MUTEX(dmt_socks_lock);

/* State of a socket from its first device memory on. */
struct dmt_sock {
	struct devmem_sock	ds;	/* first */
	struct list_head	node;	/* in dmt_socks */
	struct sock		*sk;	/* whose this is */
	struct dmt_ring		ring;
};

static struct dmt_sock *dmt_sock_of(struct devmem_sock *ds)
{
	return container_of(ds, struct dmt_sock, ds);
}

/* A piece of payload in device memory, as put_cmsg() lays it out. */
struct dmt_frag {
	struct cmsghdr		hdr;
	struct dmabuf_cmsg	cmsg;
};

/* One recvmsg() on one skb. Frags are collected, get their tokens under one
 * lock, and are written to user space then, which may sleep.
 */
struct dmt_recv {
	struct dmt_sock	*sock;
	struct msghdr	*msg;
	u32		left;	/* bytes still wanted */
	u32		num;	/* of what is collected */
	struct dmt_frag	frags[MAX_SKB_FRAGS];
	struct net_iov	*niovs[MAX_SKB_FRAGS];
	struct dmt_limit limits[MAX_SKB_FRAGS];
	u32		tokens[MAX_SKB_FRAGS];
};

/* How many more struct dmabuf_cmsg there is room for, more than one skb needs
 * counting as that. Asked before anything is given out: put_cmsg() truncates,
 * and a truncated token would be lost.
 */
static u32 dmt_cmsg_room(const struct msghdr *msg)
{
	size_t need = CMSG_SPACE(sizeof(struct dmabuf_cmsg));

#ifdef CONFIG_COMPAT
	if (msg->msg_flags & MSG_CMSG_COMPAT)
		need = sizeof(struct compat_cmsghdr) +
		       sizeof(struct dmabuf_cmsg);
#endif
	if (!msg->msg_control)
		return 0;
	return min_t(size_t, msg->msg_controllen / need, MAX_SKB_FRAGS);
}

static int dmt_put_cmsg(struct msghdr *msg, int type, struct dmabuf_cmsg *cmsg)
{
	return put_cmsg(msg, SOL_SOCKET, type, sizeof(*cmsg), cmsg);
}

/* Bytes in host memory: copied, and told by a cmsg of their own, so that the
 * reader knows where in the stream they belong.
 */
static int dmt_recv_linear(struct dmt_recv *recv, struct sk_buff *skb,
			   u32 offset, u32 size)
{
	struct dmabuf_cmsg cmsg = { .frag_size = size };
	struct msghdr *msg = recv->msg;
	int err;

	/* A control buffer at NULL is none, and plain bytes need none. */
	if (skb_frags_readable(skb) && !msg->msg_control) {
		err = skb_copy_datagram_msg(skb, offset, msg, size);
		if (!err)
			recv->left -= size;
		return err;
	}
	if (!dmt_cmsg_room(msg))
		return -EMSGSIZE;
	err = skb_copy_datagram_msg(skb, offset, msg, size);
	if (err)
		return err;
	err = dmt_put_cmsg(msg, SCM_DEVMEM_LINEAR, &cmsg);
	if (err) {
		/* These bytes stay queued: the next ones go where they were. */
		iov_iter_revert(&msg->msg_iter, size);
		return err;
	}
	recv->left -= size;
	return 0;
}

/* Note what is wanted of one skb's frags, without side effects. */
static int dmt_recv_collect(struct dmt_recv *recv, struct sk_buff *skb,
			    u32 offset)
{
	u32 left = recv->left;
	u32 i, start = 0, size;

	recv->num = 0;
	for (i = 0; i < skb_shinfo(skb)->nr_frags && left; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		struct net_iov *niov = skb_frag_net_iov(frag);
		const struct dmt_binding *binding;
		struct dmt_frag *out;

		if (!page_is_net_iov(frag->bv_page))
			return -ENODEV;
		if (offset >= start + skb_frag_size(frag)) {
			start += skb_frag_size(frag);
			continue;
		}
		size = min(start + skb_frag_size(frag) - offset, left);
		binding = dmt_binding_of(niov->area->binding);
		/* It cannot get here: who loops back what is sent copies it, which
		 * fails. dmt_put_one() relies on it.
		 */
		if (WARN_ON_ONCE(binding->tx_based))
			return -ENODEV;
		out = &recv->frags[recv->num];
		out->hdr.cmsg_len = CMSG_LEN(sizeof(out->cmsg));
		out->hdr.cmsg_level = SOL_SOCKET;
		out->hdr.cmsg_type = SCM_DEVMEM_DMABUF;
		out->cmsg.frag_offset = net_iov_offset(niov) +
					skb_frag_off(frag) + offset - start;
		out->cmsg.frag_size = size;
		out->cmsg.dmabuf_id = binding->id;
		out->cmsg.flags = 0;
		recv->limits[recv->num].id = binding->id;
		recv->limits[recv->num].max = binding->sock_limit;
		recv->niovs[recv->num++] = niov;
		start += skb_frag_size(frag);
		offset += size;
		left -= size;
	}
	return 0;
}

/* Tokens for @num of what is collected, fewer if a limit is in the way. Each
 * holds a reference of its own.
 */
static int dmt_recv_number(struct dmt_recv *recv, u32 num)
{
	struct dmt_ring *ring = &recv->sock->ring;
	u32 i, out;
	int err;

	err = dmt_ring_reserve(ring, num);
	if (err)
		return err;
	for (i = 0; i < num; i++)
		net_iov_get(recv->niovs[i]);
	out = dmt_ring_add(ring, recv->niovs, recv->limits, recv->tokens, num);
	for (i = out; i < num; i++)
		net_iov_put(recv->niovs[i]);
	return out ?: -ENOMEM;
}

/* The first @num of what is collected, at once: put_cmsg() takes longer for one than
 * all else that is done for it. Return: false, and nothing is written that counts,
 * if that does not go.
 */
static bool dmt_recv_write(struct dmt_recv *recv, u32 num)
{
	struct msghdr *msg = recv->msg;
	size_t len = num * sizeof(*recv->frags);

	/* it has padding where a long is shorter than its alignment */
	if (sizeof(*recv->frags) != CMSG_SPACE(sizeof(recv->frags->cmsg)) ||
	    !msg->msg_control_is_user || msg->msg_flags & MSG_CMSG_COMPAT ||
	    copy_to_user(msg->msg_control_user, recv->frags, len))
		return false;
	msg->msg_control_user += len;
	msg->msg_controllen -= len;
	return true;
}

/* Tokens for all that is collected, then the cmsgs. Those that user space did
 * not get are taken back. The frags after these must not be skipped, so it is
 * an error when there are any.
 */
static int dmt_recv_deliver(struct dmt_recv *recv)
{
	u32 room = min(recv->num, dmt_cmsg_room(recv->msg));
	struct dmt_frag *frag = recv->frags;
	int num, i, err = 0;
	struct net_iov *niov;
	bool written;

	if (!room)
		return -EMSGSIZE;
	num = dmt_recv_number(recv, room);
	if (num < 0)
		return num;

	for (i = 0; i < num; i++)
		frag[i].cmsg.frag_token = recv->tokens[i];
	written = dmt_recv_write(recv, num);
	for (i = 0; i < num; i++, frag++) {
		if (!written)
			err = dmt_put_cmsg(recv->msg, SCM_DEVMEM_DMABUF,
					   &frag->cmsg);
		if (err)
			break;
		recv->left -= frag->cmsg.frag_size;
		trace_dmt_token(recv->sock->sk, &frag->cmsg);
	}
	for (; i < num; i++)
		if (dmt_ring_remove(&recv->sock->ring, recv->tokens[i], 1,
				    &niov))
			net_iov_put(niov);
	if (err)
		return err;
	if (num < room)
		return -ENOMEM;
	return room < recv->num ? -EMSGSIZE : 0;
}

/* One skb without its frag_list. @offset is relative to it. */
static int dmt_recv_skb(struct dmt_recv *recv, struct sk_buff *skb, u32 offset)
{
	u32 size;
	int err;

	if (skb_frags_readable(skb))
		return dmt_recv_linear(recv, skb, offset,
				       min(skb_pagelen(skb) - offset,
					   recv->left));

	if (offset < skb_headlen(skb)) {
		size = min(skb_headlen(skb) - offset, recv->left);
		err = dmt_recv_linear(recv, skb, offset, size);
		if (err || !recv->left)
			return err;
		offset += size;
	}
	err = dmt_recv_collect(recv, skb, offset - skb_headlen(skb));
	if (err || !recv->num)
		return err;
	return dmt_recv_deliver(recv);
}

/* What a socket has not read yet holds net_iovs too. With a limit its receive
 * buffer ends there, and does not grow by itself any more.
 */
static void dmt_sock_clamp(struct sock *sk, const struct sk_buff *skb)
{
	const struct dmt_binding *binding;
	struct net_iov *niov;
	u64 most;

	if (skb_frags_readable(skb) || !skb_shinfo(skb)->nr_frags)
		return;
	niov = skb_frag_net_iov(&skb_shinfo(skb)->frags[0]);
	binding = dmt_binding_of(niov->area->binding);
	if (!binding->sock_limit)
		return;
	most = (u64)binding->sock_limit << binding->shift;
	most = clamp_t(u64, most, SOCK_MIN_RCVBUF, DMT_LIMIT_RCVBUF);
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		most = min_t(u64, most, sk->sk_rcvbuf);
	sk->sk_userlocks |= SOCK_RCVBUF_LOCK;
	WRITE_ONCE(sk->sk_rcvbuf, most);
}

/* devmem_sock_ops.recvmsg */
static int dmt_sock_recvmsg(struct devmem_sock *ds, struct sk_buff *skb,
			    u32 offset, struct msghdr *msg, u32 len)
{
	struct dmt_recv recv;
	struct sk_buff *seg;
	u32 end;
	int err;

	if (!len)
		return 0;
	recv.sock = dmt_sock_of(ds);
	dmt_sock_clamp(recv.sock->sk, skb);
	recv.msg = msg;
	recv.left = len;

	/* Bytes before the frag_list, which GRO uses when frags run out. */
	end = skb_pagelen(skb);
	err = 0;
	if (offset < end)
		err = dmt_recv_skb(&recv, skb, offset);
	offset = max(offset, end);

	skb_walk_frags(skb, seg) {
		if (err || !recv.left)
			break;
		if (offset < end + seg->len) {
			err = dmt_recv_skb(&recv, seg, offset - end);
			offset = end + seg->len;
		}
		end += seg->len;
	}
	return len - recv.left ?: err ?: -EFAULT;
}

/* devmem_sock_ops.dontneed: numbers that are not in use count for the limit,
 * so that a call is bounded. What comes out is put in batches, however it was
 * asked for: many clients give one number at a time.
 */
static int dmt_sock_dontneed(struct devmem_sock *ds,
			     const struct dmabuf_token *tokens, u32 num)
{
	struct dmt_sock *sock = dmt_sock_of(ds);
	struct net_iov *niovs[NET_IOV_BATCH];
	u32 i, n, out, fill = 0, left = DMT_MAX_FRAGS;
	int freed = 0;

	for (i = 0; i < num && left; i++) {
		u32 token = tokens[i].token_start;
		u32 count = tokens[i].token_count;

		for (; count && left; count -= n, token += n, left -= n) {
			n = min3(count, left, NET_IOV_BATCH - fill);
			out = dmt_ring_remove(&sock->ring, token, n,
					      niovs + fill);
			trace_dmt_dontneed(sock->sk, token, n, out);
			freed += out;
			fill += out;
			if (fill < NET_IOV_BATCH)
				continue;
			dmt_put_bulk(niovs, fill);
			fill = 0;
		}
	}
	dmt_put_bulk(niovs, fill);
	return freed;
}

/* devmem_sock_ops.attach */
static struct devmem_sock *dmt_sock_attach(struct sock *sk)
{
	struct dmt_sock *sock = kzalloc(sizeof(*sock), GFP_KERNEL_ACCOUNT);

	if (!sock)
		return NULL;
	if (dmt_ring_init(&sock->ring)) {
		kfree(sock);
		return NULL;
	}
	sock->sk = sk;
	mutex_lock(&dmt_socks_lock);
	list_add_tail(&sock->node, &dmt_socks);
	mutex_unlock(&dmt_socks_lock);
	return &sock->ds;
}

/* devmem_sock_ops.release */
static void dmt_sock_release(struct devmem_sock *ds)
{
	struct dmt_sock *sock = dmt_sock_of(ds);

	mutex_lock(&dmt_socks_lock);
	list_del(&sock->node);
	mutex_unlock(&dmt_socks_lock);
	dmt_ring_destroy(&sock->ring);
	kfree(sock);
}

/**
 * dmt_socks_look - look at what the users of all sockets hold
 * @fn: is called once for each token
 * @arg: for @fn
 *
 * Context: process, may sleep.
 */
void dmt_socks_look(net_iov_fn fn, void *arg)
{
	struct dmt_sock *sock;

	mutex_lock(&dmt_socks_lock);
	list_for_each_entry(sock, &dmt_socks, node)
		dmt_ring_look(&sock->ring, fn, arg);
	mutex_unlock(&dmt_socks_lock);
}

const struct devmem_sock_ops dmt_sock_ops = {
	.owner		= THIS_MODULE,
	.attach		= dmt_sock_attach,
	.recvmsg	= dmt_sock_recvmsg,
	.dontneed	= dmt_sock_dontneed,
	.release	= dmt_sock_release,
	.tx_get		= dmt_tx_get,
	.tx_fill	= dmt_tx_fill,
};
