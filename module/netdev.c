// SPDX-License-Identifier: GPL-2.0-only
/* The genl family netdev of later kernels, for programs written for those:
 * bind-rx, bind-tx, queue-get and dev-get. A binding made here ends with its socket.
 *
 * Errnos are those of later kernels; all other commands of that family are
 * unknown here, as they are to a kernel without them. There is no alias that
 * loads this module for "netdev": every query for XDP features would do so.
 */

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include "core.h"
#include "ctl.h"
#include "netdev_uapi.h"

enum {
	DMT_NETDEV_MCGRP_MGMT,
	DMT_NETDEV_MCGRP_PAGE_POOL,
};

/* Is the family there, so that its groups have numbers? rtnl */
static bool dmt_netdev_registered;

static const struct nla_policy dmt_dev_get_policy[] = {
	[NETDEV_A_DEV_IFINDEX]		= NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy dmt_queue_get_policy[] = {
	[NETDEV_A_QUEUE_ID]		= { .type = NLA_U32 },
	[NETDEV_A_QUEUE_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[NETDEV_A_QUEUE_TYPE]		= NLA_POLICY_MAX(NLA_U32,
							 NETDEV_QUEUE_TYPE_TX),
};

static const struct nla_policy dmt_queue_id_policy[] = {
	[NETDEV_A_QUEUE_ID]		= { .type = NLA_U32 },
	[NETDEV_A_QUEUE_TYPE]		= NLA_POLICY_MAX(NLA_U32,
							 NETDEV_QUEUE_TYPE_TX),
};

static const struct nla_policy dmt_netdev_bind_policy[] = {
	[NETDEV_A_DMABUF_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[NETDEV_A_DMABUF_QUEUES]	= NLA_POLICY_NESTED(dmt_queue_id_policy),
	[NETDEV_A_DMABUF_FD]		= { .type = NLA_U32 },
	[NETDEV_A_DMABUF_RX_PAGE_SIZE]	=
		NLA_POLICY_FULL_RANGE(NLA_U32, &dmt_page_size_range),
};

static const struct nla_policy dmt_netdev_bind_tx_policy[] = {
	[NETDEV_A_DMABUF_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[NETDEV_A_DMABUF_FD]		= { .type = NLA_U32 },
};

/* One QUEUES attribute. A queue that is there already is fine, as upstream. */
static int dmt_parse_queue(const struct nlattr *nest,
			   struct dmt_bind_attrs *attrs,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ARRAY_SIZE(dmt_queue_id_policy)];
	u32 i, id;
	int err;

	err = nla_parse_nested(tb, ARRAY_SIZE(tb) - 1, nest,
			       dmt_queue_id_policy, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, NETDEV_A_QUEUE_ID) ||
	    NL_REQ_ATTR_CHECK(extack, nest, tb, NETDEV_A_QUEUE_TYPE))
		return -EINVAL;
	if (nla_get_u32(tb[NETDEV_A_QUEUE_TYPE]) != NETDEV_QUEUE_TYPE_RX) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NETDEV_A_QUEUE_TYPE],
				    "only rx queues can be bound");
		return -EINVAL;
	}
	id = nla_get_u32(tb[NETDEV_A_QUEUE_ID]);
	for (i = 0; i < attrs->num; i++)
		if (attrs->queues[i] == id)
			return 0;
	if (attrs->num == DMT_MAX_QUEUES) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "too many rx queues");
		return -E2BIG;
	}
	attrs->queues[attrs->num] = id;
	attrs->named[attrs->num++] = tb[NETDEV_A_QUEUE_ID];
	return 0;
}

static int dmt_netdev_parse_bind(struct genl_info *info,
				 struct dmt_bind_attrs *attrs,
				 struct dmt_bind_params *params)
{
	struct nlattr *attr;
	int err, rem;

	if (GENL_REQ_ATTR_CHECK(info, NETDEV_A_DMABUF_IFINDEX) ||
	    GENL_REQ_ATTR_CHECK(info, NETDEV_A_DMABUF_FD))
		return -EINVAL;

	attrs->ifindex = info->attrs[NETDEV_A_DMABUF_IFINDEX];
	attrs->dmabuf = info->attrs[NETDEV_A_DMABUF_FD];
	if (info->genlhdr->cmd == NETDEV_CMD_BIND_TX) {
		params->tx = true;
		params->tx_user = current_euid();
		return 0;
	}

	if (GENL_REQ_ATTR_CHECK(info, NETDEV_A_DMABUF_QUEUES))
		return -EINVAL;
	err = dmt_parse_page_size(info->attrs[NETDEV_A_DMABUF_RX_PAGE_SIZE],
				  &params->shift, info->extack);
	if (err)
		return err;
	nla_for_each_attr(attr, genlmsg_data(info->genlhdr),
			  genlmsg_len(info->genlhdr), rem) {
		if (nla_type(attr) != NETDEV_A_DMABUF_QUEUES)
			continue;
		err = dmt_parse_queue(attr, attrs, info->extack);
		if (err)
			return err;
	}
	return 0;
}

/* An id, or an errno. */
static int dmt_netdev_bind(struct sk_buff *skb, struct genl_info *info)
{
	struct dmt_bind_params params = {
		/* It lives while it sends this; dmt_bind() holds it then. */
		.owner		= NETLINK_CB(skb).sk,
		.owner_portid	= info->snd_portid,
	};
	struct dmt_bind_attrs *attrs;
	int ret;

	attrs = kzalloc(sizeof(*attrs), GFP_KERNEL);
	if (!attrs)
		return -ENOMEM;
	ret = dmt_netdev_parse_bind(info, attrs, &params) ?:
	      dmt_bind_request(genl_info_net(info), &params, attrs,
			       info->extack);
	kfree(attrs);
	return ret;
}

static int dmt_netdev_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	int id, err;
	void *hdr;

	/* Everything that can fail without a binding comes first. */
	reply = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &dmt_netdev_family, 0,
				info->genlhdr->cmd);
	err = -EMSGSIZE;
	if (!hdr)
		goto free;
	id = dmt_netdev_bind(skb, info);
	if (id < 0) {
		err = id;
		goto free;
	}
	/* There is room for it. */
	nla_put_u32(reply, NETDEV_A_DMABUF_ID, id);
	genlmsg_end(reply, hdr);
	err = genlmsg_reply(reply, info);
	/* A client that never learns the id could do nothing with the binding,
	 * and its next attempt would find the queues taken.
	 */
	if (err)
		dmt_unbind(genl_info_net(info), id);
	return err;

free:
	nlmsg_free(reply);
	return err;
}

static const struct genl_ops dmt_netdev_ops[] = {
	{
		.cmd		= NETDEV_CMD_DEV_GET,
		.doit		= dmt_dev_get_doit,
		.dumpit		= dmt_dev_get_dumpit,
		.policy		= dmt_dev_get_policy,
		.maxattr	= ARRAY_SIZE(dmt_dev_get_policy) - 1,
	}, {
		.cmd		= NETDEV_CMD_QUEUE_GET,
		.doit		= dmt_queue_get_doit,
		.dumpit		= dmt_queue_get_dumpit,
		.policy		= dmt_queue_get_policy,
		.maxattr	= ARRAY_SIZE(dmt_queue_get_policy) - 1,
	}, {
		.cmd		= NETDEV_CMD_BIND_RX,
		.doit		= dmt_netdev_bind_doit,
		.policy		= dmt_netdev_bind_policy,
		.maxattr	= ARRAY_SIZE(dmt_netdev_bind_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	}, {
		.cmd		= NETDEV_CMD_BIND_TX,
		.doit		= dmt_netdev_bind_doit,
		.policy		= dmt_netdev_bind_tx_policy,
		.maxattr	= ARRAY_SIZE(dmt_netdev_bind_tx_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group dmt_netdev_mcgrps[] = {
	[DMT_NETDEV_MCGRP_MGMT]		= { .name = NETDEV_MCGRP_MGMT },
	[DMT_NETDEV_MCGRP_PAGE_POOL]	= { .name = NETDEV_MCGRP_PAGE_POOL },
};

struct genl_family dmt_netdev_family __ro_after_init = {
	.name		= NETDEV_FAMILY_NAME,
	.version	= NETDEV_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= dmt_netdev_ops,
	.n_ops		= ARRAY_SIZE(dmt_netdev_ops),
	.mcgrps		= dmt_netdev_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(dmt_netdev_mcgrps),
};

/* Under rtnl. */
static void dmt_netdev_notify(const struct net_device *dev, u8 cmd)
{
	struct net *net = dev_net(dev);
	struct sk_buff *skb;

	if (!dmt_netdev_registered ||
	    !genl_has_listeners(&dmt_netdev_family, net, DMT_NETDEV_MCGRP_MGMT))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb || dmt_put_dev(skb, 0, 0, 0, cmd, dev)) {
		nlmsg_free(skb);
		genl_set_err(&dmt_netdev_family, net, 0, DMT_NETDEV_MCGRP_MGMT,
			     -ENOBUFS);
		return;
	}
	genlmsg_multicast_netns(&dmt_netdev_family, net, skb, 0,
				DMT_NETDEV_MCGRP_MGMT, GFP_KERNEL);
}

/**
 * dmt_netdev_added - a device appeared in its network namespace
 * @dev: the device
 *
 * Context: rtnl held.
 */
void dmt_netdev_added(struct net_device *dev)
{
	dmt_netdev_notify(dev, NETDEV_CMD_DEV_ADD_NTF);
}

/**
 * dmt_netdev_removed - a device goes away or leaves its network namespace
 * @dev: the device
 *
 * Context: rtnl held.
 */
void dmt_netdev_removed(struct net_device *dev)
{
	dmt_netdev_notify(dev, NETDEV_CMD_DEV_DEL_NTF);
}

static void dmt_netdev_set_registered(bool registered)
{
	rtnl_lock();
	dmt_netdev_registered = registered;
	rtnl_unlock();
}

/**
 * dmt_netdev_register - offer the family netdev, unless the kernel has one
 *
 * A kernel that has it is newer than those this is for, or somebody else
 * brings one: programs that use it get its answers, and we keep our own family.
 *
 * Context: process, without rtnl.
 * Return: 0 or an errno.
 */
int dmt_netdev_register(void)
{
	int err = genl_register_family(&dmt_netdev_family);

	if (err == -EEXIST) {
		pr_info("devmem_tcp: there is a genl family netdev already, so only the family devmem_tcp binds\n");
		return 0;
	}
	if (!err)
		dmt_netdev_set_registered(true);
	return err;
}

/**
 * dmt_netdev_unregister - undo dmt_netdev_register()
 *
 * Context: process, without rtnl.
 */
void dmt_netdev_unregister(void)
{
	if (!dmt_netdev_registered)
		return;
	dmt_netdev_set_registered(false);
	genl_unregister_family(&dmt_netdev_family);
}
