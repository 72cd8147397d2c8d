// SPDX-License-Identifier: GPL-2.0-only
/* sock.c and tx_send.c without skbs and control messages: what is left are the ring
 * and references. Is text of the module, as those.
 */

#include "core.h"
#include "sock.h"
#include "token.h"
#include "model.h"

struct dmt_sock {
	struct devmem_sock	ds;	/* first */
	struct dmt_ring		ring;
};

static struct devmem_sock *attach(struct sock *sk)
{
	struct dmt_sock *sock = kzalloc(sizeof(*sock), GFP_KERNEL);

	if (dmt_ring_init(&sock->ring))
		model_fail("no ring");
	return &sock->ds;
}

static int recvmsg(struct devmem_sock *ds, struct sk_buff *skb, u32 offset,
		   struct msghdr *msg, u32 len)
{
	struct dmt_sock *sock = container_of(ds, struct dmt_sock, ds);
	struct dmt_limit limit = {};
	u32 i, token;

	for (i = 0; i < skb->nr_frags; i++) {
		if (dmt_ring_reserve(&sock->ring, 1))
			model_fail("no room for a token");
		model_own(skb->frags[i]);
		net_iov_get(skb->frags[i]);
		if (dmt_ring_add(&sock->ring, &skb->frags[i], &limit, &token,
				 1) != 1)
			model_fail("no token");
	}
	return len;
}

static int dontneed(struct devmem_sock *ds, const struct dmabuf_token *tokens,
		    u32 num)
{
	struct dmt_sock *sock = container_of(ds, struct dmt_sock, ds);
	struct net_iov *niovs[4];
	u32 i, out;

	out = dmt_ring_remove(&sock->ring, tokens[0].token_start,
			      tokens[0].token_count, niovs);
	for (i = 0; i < out; i++)
		model_disown(niovs[i]);
	dmt_put_bulk(niovs, out);
	return out;
}

static void release(struct devmem_sock *ds)
{
	struct dmt_sock *sock = container_of(ds, struct dmt_sock, ds);
	u32 i;

	for (i = 0; i < sock->ring.size; i++)
		if (sock->ring.slots[i].niov)
			model_disown(sock->ring.slots[i].niov);
	dmt_ring_destroy(&sock->ring);
	kfree(sock);
}

static bool tx_is_open(const struct dmt_binding *binding)
{
	return READ_ONCE(binding->listed) &&
	       !test_bit_acquire(NET_IOV_DEAD, &binding->hot.flags);
}

static int tx_get(struct sock *sk, u32 id, struct net_iov **tx)
{
	struct dmt_binding *binding = dmt_id_find(id);

	if (!binding || !binding->tx_based || !tx_is_open(binding) ||
	    !atomic_inc_not_zero(&binding->niovs->ref))
		return -EINVAL;
	*tx = binding->niovs;
	model_own(*tx);
	return 0;
}

/* One frag, of the last net_iov. */
static int tx_fill(struct net_iov *tx, struct sock *sk, struct sk_buff *skb,
		   struct iov_iter *from, u32 len)
{
	struct dmt_binding *binding = dmt_binding_of(tx->area->binding);
	struct net_iov *niov = &binding->niovs[binding->hot.total - 1];

	if (!tx_is_open(binding) || !atomic_inc_not_zero(&niov->ref))
		return -ENODEV;
	model_own(niov);
	skb->frags[skb->nr_frags++] = niov;
	return len;
}

const struct devmem_sock_ops dmt_sock_ops = {
	.owner		= THIS_MODULE,
	.attach		= attach,
	.recvmsg	= recvmsg,
	.dontneed	= dontneed,
	.release	= release,
	.tx_get		= tx_get,
	.tx_fill	= tx_fill,
};

/* debugfs.c only reads. */
void dmt_debugfs_init(void)
{
}

void dmt_debugfs_exit(void)
{
}
