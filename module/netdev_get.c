// SPDX-License-Identifier: GPL-2.0-only
/* What the family netdev tells about devices and queues: dev-get, queue-get. */

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include "core.h"
#include "ctl.h"
#include "netdev_uapi.h"

/* Under rtnl. The device that @attr is the index of. */
static struct net_device *dmt_netdev_find(struct net *net,
					  const struct nlattr *attr,
					  struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_index(net, nla_get_u32(attr));

	if (!dev)
		NL_SET_ERR_MSG_ATTR(extack, attr, "no such device");
	return dev;
}

/* Under rtnl: would frames that a program redirects to @dev be sent now? NICs
 * have queues for that only while a program is attached to themselves (igb,
 * ixgbe, i40e, ice, mlx5, bnxt, ena, virtio_net), and tools attach one if this
 * says no. One end of a pair needs NAPI on the other. A device that is all
 * software (tun) needs nothing. Few NICs do without (netvsc, enetc): there this
 * says no until a program is attached, which is the mistake that does no harm,
 * for the other one drops frames without a word.
 */
static bool dmt_xdp_can_xmit(const struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	const struct net_device *user = dev;
	bool ret;

	if (!ops->ndo_xdp_xmit)
		return false;
	if (!ops->ndo_get_peer_dev && !dev->dev.parent &&
	    !netif_is_bond_master(dev))
		return true;
	rcu_read_lock();
	if (ops->ndo_get_peer_dev)
		user = ops->ndo_get_peer_dev((struct net_device *)dev);
	ret = user && (user->xdp_state[XDP_MODE_DRV].prog ||
		       user->xdp_state[XDP_MODE_DRV].link ||
		       (user != dev && user->wanted_features & NETIF_F_GRO));
	rcu_read_unlock();
	return ret;
}

/* Under rtnl. 6.1's devices do not tell, so this is what can be seen of them.
 *
 * BASIC: every driver with ndo_bpf in 6.1 takes programs in native mode, also
 * those that offload (nfp, netdevsim); whether this one hardware can, the
 * attempt will tell, as without us. REDIRECT: drivers that have no ndo_xdp_xmit
 * cannot be a target, and nearly all of these have no redirect either (nfp,
 * ixgbevf, thunderx; mlx4 has). XSK_ZEROCOPY: what the kernel itself asks for
 * before it tries. HW_OFFLOAD and the two for multi-buffer frames are nowhere
 * to be seen, so they are not claimed.
 */
static u64 dmt_xdp_features(const struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	u64 features = 0;

	if (!ops->ndo_bpf)
		return 0;
	features |= NETDEV_XDP_ACT_BASIC;
	if (ops->ndo_xdp_xmit)
		features |= NETDEV_XDP_ACT_REDIRECT;
	if (dmt_xdp_can_xmit(dev))
		features |= NETDEV_XDP_ACT_NDO_XMIT;
	if (ops->ndo_xsk_wakeup)
		features |= NETDEV_XDP_ACT_XSK_ZEROCOPY;
	return features;
}

/* Under rtnl. Metadata for XDP and AF_XDP came after 6.1: no features. */
int dmt_put_dev(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		const struct net_device *dev)
{
	u64 features = dmt_xdp_features(dev);
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &dmt_netdev_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, NETDEV_A_DEV_IFINDEX, dev->ifindex) ||
	    nla_put_u64_64bit(skb, NETDEV_A_DEV_XDP_FEATURES, features,
			      NETDEV_A_DEV_PAD) ||
	    nla_put_u64_64bit(skb, NETDEV_A_DEV_XDP_RX_METADATA_FEATURES, 0,
			      NETDEV_A_DEV_PAD) ||
	    nla_put_u64_64bit(skb, NETDEV_A_DEV_XSK_FEATURES, 0,
			      NETDEV_A_DEV_PAD) ||
	    ((features & NETDEV_XDP_ACT_XSK_ZEROCOPY) &&
	     nla_put_u32(skb, NETDEV_A_DEV_XDP_ZC_MAX_SEGS, 1))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int dmt_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net_device *dev;
	struct sk_buff *reply;
	int err = -ENODEV;

	if (GENL_REQ_ATTR_CHECK(info, NETDEV_A_DEV_IFINDEX))
		return -EINVAL;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rtnl_lock();
	dev = dmt_netdev_find(genl_info_net(info),
			      info->attrs[NETDEV_A_DEV_IFINDEX], info->extack);
	if (dev)
		err = dmt_put_dev(reply, info->snd_portid, info->snd_seq, 0,
				  NETDEV_CMD_DEV_GET, dev);
	rtnl_unlock();
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

/* Where a dump is. */
struct dmt_netdev_dump {
	u32	bucket;		/* of the namespace's devices */
	u32	skip;		/* devices of it that are done */
	int	ifindex;	/* of the device that is next */
	u32	queue;		/* of that one, first not done */
};

static struct dmt_netdev_dump *dmt_netdev_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dmt_netdev_dump) > sizeof(cb->ctx));
	return (struct dmt_netdev_dump *)cb->ctx;
}

/* Under rtnl: @put for every device, until the message is full. That the list
 * changed between two messages is for the reader to see (NLM_F_DUMP_INTR): the
 * device that is next may not be the one that was, and has all its queues ahead.
 */
static int dmt_netdev_for_each(struct sk_buff *skb, struct netlink_callback *cb,
			       int (*put)(struct sk_buff *skb,
					  struct netlink_callback *cb,
					  const struct net_device *dev))
{
	struct dmt_netdev_dump *at = dmt_netdev_dump(cb);
	struct net *net = sock_net(skb->sk);
	struct net_device *dev;
	u32 i;
	int err;

	cb->seq = net->dev_base_seq;
	for (; at->bucket < NETDEV_HASHENTRIES; at->bucket++, at->skip = 0) {
		i = 0;
		hlist_for_each_entry(dev, &net->dev_index_head[at->bucket],
				     index_hlist) {
			if (i++ < at->skip)
				continue;
			if (at->ifindex != dev->ifindex) {
				at->ifindex = dev->ifindex;
				at->queue = 0;
			}
			err = put(skb, cb, dev);
			if (err)
				return err;
			at->skip = i;
		}
	}
	return 0;
}

static int dmt_dump_dev(struct sk_buff *skb, struct netlink_callback *cb,
			const struct net_device *dev)
{
	return dmt_put_dev(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   NLM_F_MULTI, NETDEV_CMD_DEV_GET, dev);
}

int dmt_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = dmt_dump_without(cb, NETDEV_A_DEV_IFINDEX);

	if (err)
		return err;
	rtnl_lock();
	err = dmt_netdev_for_each(skb, cb, dmt_dump_dev);
	rtnl_unlock();
	return dmt_dump_result(skb, cb, err);
}

/* Under rtnl. Only drivers of ours tell which NAPI serves an RX queue. */
static u32 dmt_queue_napi(const struct net_device *dev, u32 type, u32 id)
{
	struct devmem_dev *ddev = devmem_find_dev(dev);

	if (type != NETDEV_QUEUE_TYPE_RX || !ddev ||
	    ddev->ops->abi != DEVMEM_DRIVER_ABI || !ddev->ops->napi_id)
		return 0;
	return ddev->ops->napi_id(ddev->dev, id);
}

/* Under rtnl, @dev is up and has that queue. */
static int dmt_put_queue(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			 const struct net_device *dev, u32 type, u32 id)
{
	u32 napi_id = dmt_queue_napi(dev, type, id);
	struct dmt_binding *binding = NULL;
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &dmt_netdev_family, flags,
			  NETDEV_CMD_QUEUE_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (type == NETDEV_QUEUE_TYPE_RX)
		binding = dmt_binding_on(dev, id);
	if (nla_put_u32(skb, NETDEV_A_QUEUE_ID, id) ||
	    nla_put_u32(skb, NETDEV_A_QUEUE_TYPE, type) ||
	    nla_put_u32(skb, NETDEV_A_QUEUE_IFINDEX, dev->ifindex) ||
	    (napi_id && nla_put_u32(skb, NETDEV_A_QUEUE_NAPI_ID, napi_id)) ||
	    (binding && nla_put_u32(skb, NETDEV_A_QUEUE_DMABUF, binding->id))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static u32 dmt_queue_num(const struct net_device *dev, u32 type)
{
	return type == NETDEV_QUEUE_TYPE_RX ? dev->real_num_rx_queues :
					      dev->real_num_tx_queues;
}

/* Under rtnl. */
static int dmt_queue_get(struct sk_buff *reply, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[NETDEV_A_QUEUE_IFINDEX];
	u32 type = nla_get_u32(info->attrs[NETDEV_A_QUEUE_TYPE]);
	u32 id = nla_get_u32(info->attrs[NETDEV_A_QUEUE_ID]);
	struct net_device *dev;

	dev = dmt_netdev_find(genl_info_net(info), attr, info->extack);
	if (!dev)
		return -ENODEV;
	if (!(dev->flags & IFF_UP)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "the device is down");
		return -ENOENT;
	}
	if (id >= dmt_queue_num(dev, type)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[NETDEV_A_QUEUE_ID],
				    "queue is out of range");
		return -EINVAL;
	}
	return dmt_put_queue(reply, info->snd_portid, info->snd_seq, 0, dev,
			     type, id);
}

int dmt_queue_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NETDEV_A_QUEUE_ID) ||
	    GENL_REQ_ATTR_CHECK(info, NETDEV_A_QUEUE_TYPE) ||
	    GENL_REQ_ATTR_CHECK(info, NETDEV_A_QUEUE_IFINDEX))
		return -EINVAL;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rtnl_lock();
	err = dmt_queue_get(reply, info);
	rtnl_unlock();
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

/* RX queues, then TX queues, from where the last message ended. */
static int dmt_dump_queues(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct net_device *dev)
{
	u32 rx = dmt_queue_num(dev, NETDEV_QUEUE_TYPE_RX);
	u32 tx = dmt_queue_num(dev, NETDEV_QUEUE_TYPE_TX);
	struct dmt_netdev_dump *at = dmt_netdev_dump(cb);
	int err;

	if (!(dev->flags & IFF_UP))
		return 0;
	for (; at->queue < rx + tx; at->queue++) {
		bool is_tx = at->queue >= rx;

		err = dmt_put_queue(skb, NETLINK_CB(cb->skb).portid,
				    cb->nlh->nlmsg_seq, NLM_F_MULTI, dev,
				    is_tx ? NETDEV_QUEUE_TYPE_TX :
					    NETDEV_QUEUE_TYPE_RX,
				    is_tx ? at->queue - rx : at->queue);
		if (err)
			return err;
	}
	return 0;
}

int dmt_queue_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *attr =
		genl_dumpit_info(cb)->attrs[NETDEV_A_QUEUE_IFINDEX];
	struct net_device *dev;
	int err;

	err = dmt_dump_without(cb, NETDEV_A_QUEUE_ID) ?:
	      dmt_dump_without(cb, NETDEV_A_QUEUE_TYPE);
	if (err)
		return err;
	rtnl_lock();
	if (attr) {
		dev = dmt_netdev_find(sock_net(skb->sk), attr, cb->extack);
		err = dev ? dmt_dump_queues(skb, cb, dev) : -ENODEV;
	} else {
		err = dmt_netdev_for_each(skb, cb, dmt_dump_queues);
	}
	rtnl_unlock();
	return dmt_dump_result(skb, cb, err);
}
