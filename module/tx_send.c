// SPDX-License-Identifier: GPL-2.0-only
/* sendmsg(MSG_ZEROCOPY) with SCM_DEVMEM_DMABUF: the bytes are in a dma-buf, the
 * iovec tells where.
 */

#include <linux/cred.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <net/dst.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "core.h"

/* Not unbound yet? A moment later it can be; that it is not dead now keeps the
 * net_iovs until rcu_read_unlock().
 */
static bool dmt_tx_is_open(const struct dmt_binding *binding)
{
	return READ_ONCE(binding->listed) &&
	       !test_bit_acquire(NET_IOV_DEAD, &binding->hot.flags);
}

/* Through which device does this socket send, now? What that does not do, gather
 * and checksum, would be done by the CPU. sk_route_caps alone does not tell,
 * for software GSO has it all; but who calls looks at them. Nor can IPsec encrypt.
 */
static int dmt_tx_check_route(struct sock *sk,
			      const struct dmt_binding *binding)
{
	const struct dst_entry *dst;
	netdev_features_t features;

	/* Does nothing to a route that is still good. */
	if (inet_csk(sk)->icsk_af_ops->rebuild_header(sk))
		return -EHOSTUNREACH;
	dst = __sk_dst_get(sk);
	if (!dst || READ_ONCE(dst->dev) != READ_ONCE(binding->hot.tx_dev))
		return -ENODEV;
	features = READ_ONCE(dst->dev->features);
	if (!(features & sk->sk_route_caps & NETIF_F_SG) ||
	    !(features & NETIF_F_CSUM_MASK) || dst_xfrm(dst))
		return -EINVAL;
	return 0;
}

/**
 * dmt_tx_get - devmem_sock_ops.tx_get
 * @sk: who wants to send, locked
 * @id: of a binding, or any number
 * @tx: out: one of its net_iovs, whose reference is the caller's
 *
 * Context: RCU.
 * Return: 0; -EINVAL unknown or no binding to send from, or the route's device
 * does not gather or checksum; -EACCES it is somebody else's; -ENODEV it is of another device
 * than the route's; -EHOSTUNREACH no route; -EPIPE, or the socket's error, if it
 * is not connected.
 */
int dmt_tx_get(struct sock *sk, u32 id, struct net_iov **tx)
{
	struct dmt_binding *binding = dmt_id_find(id);
	int err;

	if ((1 << sk->sk_state) & ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT |
				    TCPF_SYN_SENT | TCPF_SYN_RECV))
		return sock_error(sk) ?: -EPIPE;
	if (!binding || !binding->tx_based || !dmt_tx_is_open(binding))
		return -EINVAL;
	/* Who made the socket alone does not tell: the kernel makes some. */
	if (uid_valid(binding->tx_user) &&
	    !(uid_eq(binding->tx_user, sk->sk_uid) &&
	      uid_eq(binding->tx_user, current_euid())))
		return -EACCES;
	err = dmt_tx_check_route(sk, binding);
	if (err)
		return err;
	if (!atomic_inc_not_zero(&binding->niovs->ref))
		return -EINVAL;
	*tx = binding->niovs;
	return 0;
}

/* Where the next bytes are, and up to how many. */
static u64 dmt_tx_next(const struct iov_iter *from, u32 *len)
{
	unsigned long at;

	if (iter_is_ubuf(from)) {
		at = (unsigned long)from->ubuf;
	} else {
		at = (unsigned long)from->iov->iov_base;
		*len = min_t(size_t, *len,
			     from->iov->iov_len - from->iov_offset);
	}
	return (u64)at + from->iov_offset;
}

/* Up to @len bytes of one net_iov, as a frag or as more of the last one. */
static int dmt_tx_add(struct dmt_binding *binding, struct sk_buff *skb,
		      u64 offset, u32 len)
{
	struct net_iov *niov = &binding->niovs[offset >> binding->shift];
	struct page *page = net_iov_to_frag_page(niov);
	u32 in = offset & (BIT(binding->shift) - 1);
	int i = skb_shinfo(skb)->nr_frags;
	skb_frag_t *last = &skb_shinfo(skb)->frags[i - 1];

	len = min_t(u32, len, BIT(binding->shift) - in);
	/* skb_can_coalesce() never does for zerocopy. */
	if (i && last->bv_page == page &&
	    skb_frag_off(last) + skb_frag_size(last) == in) {
		skb_frag_size_add(last, len);
		return len;
	}
	if (i >= READ_ONCE(sysctl_max_skb_frags))
		return -EMSGSIZE;
	if (!atomic_inc_not_zero(&niov->ref))
		return -ENODEV;
	skb_fill_page_desc(skb, i, page, in, len);
	return len;
}

/**
 * dmt_tx_fill - devmem_sock_ops.tx_fill
 * @tx: of dmt_tx_get()
 * @sk: who sends, locked
 * @skb: the last one of its send queue
 * @from: offsets in the dma-buf; advanced by what was appended
 * @len: bytes that @skb takes, > 0
 *
 * Context: process.
 * Return: bytes appended, or if none were: -EMSGSIZE no frag is left, -EFAULT
 * the offset is beyond the dma-buf, -ENODEV the binding has ended.
 */
int dmt_tx_fill(struct net_iov *tx, struct sock *sk, struct sk_buff *skb,
		struct iov_iter *from, u32 len)
{
	struct dmt_binding *binding = dmt_binding_of(tx->area->binding);
	u32 done = 0, num;
	u64 offset;
	int ret = 0;

	if (!iter_is_iovec(from) && !iter_is_ubuf(from))
		return -EFAULT;
	while (done < len && iov_iter_count(from)) {
		num = min_t(size_t, len - done, iov_iter_count(from));
		offset = dmt_tx_next(from, &num);
		ret = -ENODEV;
		if (!dmt_tx_is_open(binding))
			break;
		ret = -EFAULT;
		if (num && offset >= binding->size)
			break;
		num = min_t(u64, num, binding->size - offset);
		ret = num ? dmt_tx_add(binding, skb, offset, num) : 0;
		if (ret < 0)
			break;
		iov_iter_advance(from, ret);
		done += ret;
	}
	if (!done)
		return ret;

	skb->len += done;
	skb->data_len += done;
	/* What a frag pins is there anyway: it counts as its bytes. */
	skb->truesize += done;
	sk_wmem_queued_add(sk, done);
	if (!skb_zcopy_pure(skb))
		sk_mem_charge(sk, done);
	return done;
}
