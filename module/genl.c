// SPDX-License-Identifier: GPL-2.0-only
/* The genl family devmem_tcp; the protocol is in uapi/linux/devmem_tcp.h. */

#include <linux/dma-buf.h>
#include <linux/log2.h>
#include <linux/rtnetlink.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <uapi/linux/devmem_tcp.h>
#include "core.h"
#include "ctl.h"

/* The core names no netlink, so it has these under names of its own. */
static_assert(DMT_MAX_QUEUES == DEVMEM_TCP_MAX_QUEUES);
static_assert(DMT_ATTACH_STATIC == DEVMEM_TCP_ATTACH_STATIC);
static_assert(DMT_ATTACH_PINNED == DEVMEM_TCP_ATTACH_PINNED);

static_assert(DMT_END_UNBIND == (int)DEVMEM_TCP_REASON_UNBIND &&
	      DMT_END_OWNER == (int)DEVMEM_TCP_REASON_NETLINK &&
	      DMT_END_DEVICE == (int)DEVMEM_TCP_REASON_DEVICE &&
	      DMT_END_EXPORTER == (int)DEVMEM_TCP_REASON_EXPORTER &&
	      DMT_END_MODULE == (int)DEVMEM_TCP_REASON_MODULE);

enum {
	DMT_MCGRP_BINDING,
};

/* 64 queues do not fit in the default size. */
#define DMT_MSG_SIZE	SZ_8K

struct netlink_range_validation dmt_page_size_range = {
	.min	= 1 << DMT_MIN_SHIFT,
	.max	= 1 << DMT_MAX_SHIFT,
};

static const struct nla_policy dmt_bind_policy[] = {
	[DEVMEM_TCP_A_IFINDEX]		= NLA_POLICY_MIN(NLA_U32, 1),
	[DEVMEM_TCP_A_DMABUF_FD]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_QUEUE]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_RX_PAGE_SIZE]	=
		NLA_POLICY_FULL_RANGE(NLA_U32, &dmt_page_size_range),
	[DEVMEM_TCP_A_SOCK_LIMIT]	= { .type = NLA_U32 },
};

static const struct nla_policy dmt_bind_tx_policy[] = {
	[DEVMEM_TCP_A_IFINDEX]		= NLA_POLICY_MIN(NLA_U32, 1),
	[DEVMEM_TCP_A_DMABUF_FD]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_TX_USER]		= { .type = NLA_U32 },
};

static const struct nla_policy dmt_id_policy[] = {
	[DEVMEM_TCP_A_ID]		= NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy dmt_get_policy[] = {
	[DEVMEM_TCP_A_ID]		= NLA_POLICY_MIN(NLA_U32, 1),
	[DEVMEM_TCP_A_IFINDEX]		= NLA_POLICY_MIN(NLA_U32, 1),
};

/* QUEUE may be repeated, so it is read from the message itself. */
static int dmt_parse_queues(struct genl_info *info,
			    struct dmt_bind_attrs *attrs)
{
	struct nlattr *attr;
	u32 i, id;
	int rem;

	nla_for_each_attr(attr, genlmsg_data(info->genlhdr),
			  genlmsg_len(info->genlhdr), rem) {
		if (nla_type(attr) != DEVMEM_TCP_A_QUEUE)
			continue;
		if (attrs->num == DMT_MAX_QUEUES) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "too many rx queues");
			return -E2BIG;
		}
		id = nla_get_u32(attr);
		for (i = 0; i < attrs->num; i++) {
			if (attrs->queues[i] != id)
				continue;
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "rx queue is given twice");
			return -EINVAL;
		}
		attrs->queues[attrs->num] = id;
		attrs->named[attrs->num++] = attr;
	}
	return 0;
}

/**
 * dmt_parse_page_size - the attribute rx-page-size of either family
 * @attr: in the range of dmt_page_size_range, or NULL for the default
 * @shift: out: its log2
 * @extack: says what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int dmt_parse_page_size(const struct nlattr *attr, u32 *shift,
			struct netlink_ext_ack *extack)
{
	*shift = DMT_MIN_SHIFT;
	if (!attr)
		return 0;
	if (!is_power_of_2(nla_get_u32(attr))) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "rx-page-size must be a power of 2");
		return -EINVAL;
	}
	*shift = ilog2(nla_get_u32(attr));
	return 0;
}

/* Point the extack at what dmt_bind() found wrong. */
static void dmt_blame(const struct dmt_bind_attrs *attrs, int bad,
		      struct netlink_ext_ack *extack)
{
	if (bad == DMT_BAD_DEVICE)
		NL_SET_BAD_ATTR(extack, attrs->ifindex);
	if (bad == DMT_BAD_DMABUF)
		NL_SET_BAD_ATTR(extack, attrs->dmabuf);
	if (bad >= 0)
		NL_SET_BAD_ATTR(extack, attrs->named[bad]);
}

/**
 * dmt_bind_request - a bind request of either family
 * @net: its namespace
 * @params: what is not in @attrs
 * @attrs: the rest; the dma-buf is a descriptor of the calling process
 * @extack: says what is wrong, and points at it
 *
 * Context: process, without rtnl.
 * Return: id > 0; -EBADF or -EINVAL for the descriptor, or as dmt_bind().
 */
int dmt_bind_request(struct net *net, struct dmt_bind_params *params,
		     const struct dmt_bind_attrs *attrs,
		     struct netlink_ext_ack *extack)
{
	int ret;

	params->dmabuf = dma_buf_get(nla_get_u32(attrs->dmabuf));
	if (IS_ERR(params->dmabuf)) {
		NL_SET_ERR_MSG_ATTR(extack, attrs->dmabuf,
				    "dmabuf fd is not an open dma-buf");
		return PTR_ERR(params->dmabuf);
	}
	params->ifindex = nla_get_u32(attrs->ifindex);
	params->queues = attrs->queues;
	params->nr_queues = attrs->num;
	ret = dmt_bind(net, params, extack);
	dma_buf_put(params->dmabuf);
	if (ret < 0)
		dmt_blame(attrs, params->bad, extack);
	return ret;
}

static int dmt_parse_bind_rx(struct genl_info *info,
			     struct dmt_bind_attrs *attrs,
			     struct dmt_bind_params *params)
{
	struct nlattr *limit = info->attrs[DEVMEM_TCP_A_SOCK_LIMIT];
	int err;

	if (GENL_REQ_ATTR_CHECK(info, DEVMEM_TCP_A_QUEUE))
		return -EINVAL;
	if (limit)
		params->sock_limit = nla_get_u32(limit);
	err = dmt_parse_page_size(info->attrs[DEVMEM_TCP_A_RX_PAGE_SIZE],
				  &params->shift, info->extack);
	return err ?: dmt_parse_queues(info, attrs);
}

static int dmt_parse_bind_tx(struct genl_info *info,
			     struct dmt_bind_attrs *attrs,
			     struct dmt_bind_params *params)
{
	struct nlattr *user = info->attrs[DEVMEM_TCP_A_TX_USER];

	params->tx = true;
	params->tx_user = current_euid();
	if (!user)
		return 0;
	params->tx_user = make_kuid(current_user_ns(), nla_get_u32(user));
	if (!uid_valid(params->tx_user) &&
	    nla_get_u32(user) != DEVMEM_TCP_TX_ANYBODY) {
		NL_SET_ERR_MSG_ATTR(info->extack, user, "no such user");
		return -EINVAL;
	}
	return 0;
}

/* A bind command of either direction; @parse takes what only that one has. */
static int dmt_bind_doit(struct genl_info *info,
			 int (*parse)(struct genl_info *info,
				      struct dmt_bind_attrs *attrs,
				      struct dmt_bind_params *params))
{
	struct dmt_bind_params params = {};
	struct dmt_bind_attrs *attrs;
	struct sk_buff *reply;
	void *hdr;
	int err;

	/* Everything that can fail without a binding comes first. */
	reply = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	attrs = kzalloc(sizeof(*attrs), GFP_KERNEL);
	err = -ENOMEM;
	if (!reply || !attrs)
		goto free;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(reply, info, &dmt_genl_family, 0,
				info->genlhdr->cmd);
	if (!hdr)
		goto free;
	err = -EINVAL;
	if (GENL_REQ_ATTR_CHECK(info, DEVMEM_TCP_A_IFINDEX) ||
	    GENL_REQ_ATTR_CHECK(info, DEVMEM_TCP_A_DMABUF_FD))
		goto free;
	attrs->ifindex = info->attrs[DEVMEM_TCP_A_IFINDEX];
	attrs->dmabuf = info->attrs[DEVMEM_TCP_A_DMABUF_FD];
	err = parse(info, attrs, &params) ?:
	      dmt_bind_request(genl_info_net(info), &params, attrs,
			       info->extack);
	if (err < 0)
		goto free;

	/* There is room for it, see above. A reply that is not read is no
	 * reason to undo the binding: it can be listed.
	 */
	nla_put_u32(reply, DEVMEM_TCP_A_ID, err);
	genlmsg_end(reply, hdr);
	kfree(attrs);
	return genlmsg_reply(reply, info);

free:
	kfree(attrs);
	nlmsg_free(reply);
	return err;
}

static int dmt_bind_rx_doit(struct sk_buff *skb, struct genl_info *info)
{
	return dmt_bind_doit(info, dmt_parse_bind_rx);
}

static int dmt_bind_tx_doit(struct sk_buff *skb, struct genl_info *info)
{
	return dmt_bind_doit(info, dmt_parse_bind_tx);
}

static int dmt_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (GENL_REQ_ATTR_CHECK(info, DEVMEM_TCP_A_ID))
		return -EINVAL;
	err = dmt_unbind(genl_info_net(info),
			 nla_get_u32(info->attrs[DEVMEM_TCP_A_ID]));
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DEVMEM_TCP_A_ID],
				    "no binding with this id");
	return err;
}

static int dmt_fill_counts(struct sk_buff *skb,
			   const struct dmt_counts *counts, u32 i)
{
	if (nla_put_u32(skb, DEVMEM_TCP_A_POOL_POSTED,
			counts->pool[i].posted) ||
	    nla_put_u32(skb, DEVMEM_TCP_A_POOL_QUEUED,
			counts->pool[i].queued) ||
	    nla_put_u32(skb, DEVMEM_TCP_A_POOL_USERS, counts->pool[i].users))
		return -EMSGSIZE;
	return 0;
}

static int dmt_fill_pool(struct sk_buff *skb, const struct dmt_binding *binding,
			 const struct dmt_counts *counts, u32 i)
{
	const struct net_iov_pool *pool = dmt_pool(binding, i);
	u32 napi_id = 0;
	struct nlattr *nest;

	if (binding->ops->napi_id)
		napi_id = binding->ops->napi_id(binding->dev,
						binding->queues[i]);
	nest = nla_nest_start(skb, DEVMEM_TCP_A_POOL);
	if (!nest ||
	    nla_put_u32(skb, DEVMEM_TCP_A_POOL_QUEUE, binding->queues[i]) ||
	    (napi_id &&
	     nla_put_u32(skb, DEVMEM_TCP_A_POOL_NAPI_ID, napi_id)) ||
	    nla_put_u64_64bit(skb, DEVMEM_TCP_A_POOL_ALLOCS,
			      READ_ONCE(pool->allocs),
			      DEVMEM_TCP_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, DEVMEM_TCP_A_POOL_EMPTY,
			      READ_ONCE(pool->empty), DEVMEM_TCP_A_POOL_PAD) ||
	    (counts && dmt_fill_counts(skb, counts, i)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return nla_put_u32(skb, DEVMEM_TCP_A_QUEUE, binding->queues[i]);
}

/* Users are told as the machine's first user namespace knows them. */
static int dmt_fill_tx(struct sk_buff *skb, const struct dmt_binding *binding)
{
	u32 user = uid_valid(binding->tx_user) ?
		   from_kuid_munged(&init_user_ns, binding->tx_user) :
		   DEVMEM_TCP_TX_ANYBODY;

	return nla_put_flag(skb, DEVMEM_TCP_A_TX) ?:
	       nla_put_u32(skb, DEVMEM_TCP_A_TX_USER, user);
}

#define DMT_ALL_POOLS	U64_MAX

/* Under rtnl. What a message of any kind has of a binding; @pools has a bit for
 * each pool that it is about. @counts may be NULL.
 */
static int dmt_fill_attrs(struct sk_buff *skb,
			  const struct dmt_binding *binding, u64 pools,
			  const struct dmt_counts *counts)
{
	u32 i;

	if (nla_put_u32(skb, DEVMEM_TCP_A_ID, binding->id) ||
	    nla_put_u32(skb, DEVMEM_TCP_A_IFINDEX, binding->dev->ifindex) ||
	    nla_put_u32(skb, DEVMEM_TCP_A_RX_PAGE_SIZE,
			1U << binding->shift) ||
	    nla_put_u64_64bit(skb, DEVMEM_TCP_A_SIZE, binding->size,
			      DEVMEM_TCP_A_PAD) ||
	    nla_put_u32(skb, DEVMEM_TCP_A_NUM_NIOVS, binding->hot.total) ||
	    nla_put_string(skb, DEVMEM_TCP_A_EXPORTER,
			   binding->dmabuf->exp_name) ||
	    nla_put_u32(skb, DEVMEM_TCP_A_SOCK_LIMIT, binding->sock_limit) ||
	    (binding->attach_kind &&
	     nla_put_u32(skb, DEVMEM_TCP_A_ATTACH, binding->attach_kind)) ||
	    (binding->owner &&
	     nla_put_flag(skb, DEVMEM_TCP_A_NETLINK_OWNED)) ||
	    (counts &&
	     nla_put_u32(skb, DEVMEM_TCP_A_NUM_HELD, counts->held)) ||
	    (binding->tx && dmt_fill_tx(skb, binding)))
		return -EMSGSIZE;
	for (i = 0; i < binding->nr_queues; i++)
		if (pools & BIT_ULL(i) && dmt_fill_pool(skb, binding, counts, i))
			return -EMSGSIZE;
	return 0;
}

/* Under rtnl. Counting what is held looks at every net_iov: @count is for those
 * only who may take rtnl's time, which is the whole machine's: CAP_NET_ADMIN in
 * the first user namespace.
 */
static int dmt_fill_binding(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			    const struct dmt_binding *binding, bool count)
{
	struct dmt_counts *counts = NULL;
	int err = -EMSGSIZE;
	void *hdr;

	if (count) {
		counts = kmalloc(sizeof(*counts), GFP_KERNEL);
		if (!counts || dmt_count(binding, counts)) {
			kfree(counts);
			return -ENOMEM;
		}
	}
	hdr = genlmsg_put(skb, portid, seq, &dmt_genl_family, flags,
			  DEVMEM_TCP_CMD_GET);
	if (!hdr)
		goto free;
	err = dmt_fill_attrs(skb, binding, DMT_ALL_POOLS, counts);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
free:
	kfree(counts);
	return err;
}

/* Under rtnl. Who listens and misses it is told (ENOBUFS), by netlink itself if
 * it was sent.
 */
static void dmt_notify(const struct dmt_binding *binding, u8 cmd, u32 reason,
		       u64 pools)
{
	struct net *net = dev_net(binding->dev);
	struct sk_buff *skb;
	void *hdr;

	if (!genl_has_listeners(&dmt_genl_family, net, DMT_MCGRP_BINDING))
		return;
	skb = genlmsg_new(DMT_MSG_SIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	hdr = genlmsg_put(skb, 0, 0, &dmt_genl_family, 0, cmd);
	if (!hdr || dmt_fill_attrs(skb, binding, pools, NULL) ||
	    (reason && nla_put_u32(skb, DEVMEM_TCP_A_REASON, reason)))
		goto lost;
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&dmt_genl_family, net, skb, 0,
				DMT_MCGRP_BINDING, GFP_KERNEL);
	return;

lost:
	nlmsg_free(skb);
	genl_set_err(&dmt_genl_family, net, 0, DMT_MCGRP_BINDING, -ENOBUFS);
}

/**
 * dmt_notify_empty - tell listeners that queues ran dry
 * @binding: on the list
 * @pools: a bit for each of its pools that did
 *
 * Context: rtnl held.
 */
void dmt_notify_empty(const struct dmt_binding *binding, u64 pools)
{
	dmt_notify(binding, DEVMEM_TCP_CMD_EMPTY_NTF, 0, pools);
}

static void dmt_added(struct dmt_binding *binding)
{
	dmt_watch(binding);
	dmt_notify(binding, DEVMEM_TCP_CMD_ADD_NTF, 0, DMT_ALL_POOLS);
}

static void dmt_ended(const struct dmt_binding *binding, enum dmt_end why)
{
	dmt_notify(binding, DEVMEM_TCP_CMD_DEL_NTF, why, DMT_ALL_POOLS);
}

const struct dmt_listener dmt_genl_listener = {
	.added	= dmt_added,
	.ended	= dmt_ended,
};

static int dmt_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dmt_binding *binding;
	struct sk_buff *reply;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, DEVMEM_TCP_A_ID))
		return -EINVAL;
	if (info->attrs[DEVMEM_TCP_A_IFINDEX]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[DEVMEM_TCP_A_IFINDEX],
				    "attribute is only for dumps");
		return -EINVAL;
	}
	reply = genlmsg_new(DMT_MSG_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rtnl_lock();
	binding = dmt_binding_find(genl_info_net(info),
				   nla_get_u32(info->attrs[DEVMEM_TCP_A_ID]));
	if (binding) {
		err = dmt_fill_binding(reply, info->snd_portid, info->snd_seq,
				       0, binding,
				       netlink_capable(skb, CAP_NET_ADMIN));
	} else {
		err = -ENOENT;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DEVMEM_TCP_A_ID],
				    "no binding with this id");
	}
	rtnl_unlock();
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

/**
 * dmt_dump_without - what the do of the same command has, the dump may not know
 * @cb: a dump of either family
 * @type: the attribute
 *
 * Return: 0 or -EINVAL.
 */
int dmt_dump_without(struct netlink_callback *cb, u32 type)
{
	struct nlattr *attr = genl_dumpit_info(cb)->attrs[type];

	if (!attr)
		return 0;
	NL_SET_ERR_MSG_ATTR(cb->extack, attr, "attribute is not for dumps");
	return -EINVAL;
}

/**
 * dmt_dump_result - what a dump of either family returns
 * @skb: the message
 * @cb: the dump, with @seq set to what tells that its objects changed
 * @err: of what did not fit or could not be told any more
 *
 * Return: @err only if there is nothing to send.
 */
int dmt_dump_result(struct sk_buff *skb, struct netlink_callback *cb, int err)
{
	if (!skb->len)
		return err;
	nl_dump_check_consistent(cb, nlmsg_hdr(skb));
	return skb->len;
}

/* cb->args[0] counts entries of the list; when that changes between two
 * messages some can be missed, and the reader is told (NLM_F_DUMP_INTR).
 */
static int dmt_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *attr = genl_dumpit_info(cb)->attrs[DEVMEM_TCP_A_IFINDEX];
	bool count = netlink_capable(cb->skb, CAP_NET_ADMIN);
	struct net *net = sock_net(skb->sk);
	struct dmt_binding *binding;
	long i = 0;
	int err;

	err = dmt_dump_without(cb, DEVMEM_TCP_A_ID);
	if (err)
		return err;
	rtnl_lock();
	cb->seq = dmt_bindings_seq;
	list_for_each_entry(binding, &dmt_bindings, node) {
		if (i++ < cb->args[0] || !net_eq(dev_net(binding->dev), net) ||
		    (attr && nla_get_u32(attr) != binding->dev->ifindex))
			continue;
		err = dmt_fill_binding(skb, NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, NLM_F_MULTI,
				       binding, count);
		if (err)
			break;
		cb->args[0] = i;
	}
	rtnl_unlock();
	return dmt_dump_result(skb, cb, err);
}

static const struct genl_ops dmt_genl_ops[] = {
	{
		.cmd		= DEVMEM_TCP_CMD_BIND_RX,
		.doit		= dmt_bind_rx_doit,
		.policy		= dmt_bind_policy,
		.maxattr	= ARRAY_SIZE(dmt_bind_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	}, {
		.cmd		= DEVMEM_TCP_CMD_UNBIND,
		.doit		= dmt_unbind_doit,
		.policy		= dmt_id_policy,
		.maxattr	= ARRAY_SIZE(dmt_id_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	}, {
		.cmd		= DEVMEM_TCP_CMD_BIND_TX,
		.doit		= dmt_bind_tx_doit,
		.policy		= dmt_bind_tx_policy,
		.maxattr	= ARRAY_SIZE(dmt_bind_tx_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	}, {
		.cmd		= DEVMEM_TCP_CMD_GET,
		.doit		= dmt_get_doit,
		.dumpit		= dmt_get_dumpit,
		.policy		= dmt_get_policy,
		.maxattr	= ARRAY_SIZE(dmt_get_policy) - 1,
	},
};

static const struct genl_multicast_group dmt_genl_mcgrps[] = {
	[DMT_MCGRP_BINDING] = { .name = DEVMEM_TCP_MCGRP_BINDING },
};

struct genl_family dmt_genl_family __ro_after_init = {
	.name		= DEVMEM_TCP_FAMILY_NAME,
	.version	= DEVMEM_TCP_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= dmt_genl_ops,
	.n_ops		= ARRAY_SIZE(dmt_genl_ops),
	.mcgrps		= dmt_genl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(dmt_genl_mcgrps),
	.resv_start_op	= DEVMEM_TCP_CMD_BIND_RX,
};
