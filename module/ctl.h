/* SPDX-License-Identifier: GPL-2.0-only */
/* devmem_tcp, the control module: what its files have of each other. */
#ifndef _DMT_CTL_H
#define _DMT_CTL_H

#include <linux/types.h>
#include "core.h"

struct genl_family;
struct genl_info;
struct netlink_callback;
struct netlink_range_validation;
struct nlattr;
struct sk_buff;

/* genl.c: the family devmem_tcp */
extern struct genl_family dmt_genl_family;
extern const struct dmt_listener dmt_genl_listener;
extern struct netlink_range_validation dmt_page_size_range;

void dmt_notify_empty(const struct dmt_binding *binding, u64 pools);

/**
 * struct dmt_bind_attrs - where a bind request of either family says what
 * @ifindex: the device
 * @dmabuf: the dma-buf
 * @num: of queues
 * @queues: their numbers, each once
 * @named: the attribute that each came from
 */
struct dmt_bind_attrs {
	const struct nlattr	*ifindex;
	const struct nlattr	*dmabuf;
	u32			num;
	u32			queues[DMT_MAX_QUEUES];
	const struct nlattr	*named[DMT_MAX_QUEUES];
};

int dmt_parse_page_size(const struct nlattr *attr, u32 *shift,
			struct netlink_ext_ack *extack);
int dmt_bind_request(struct net *net, struct dmt_bind_params *params,
		     const struct dmt_bind_attrs *attrs,
		     struct netlink_ext_ack *extack);
int dmt_dump_without(struct netlink_callback *cb, u32 type);
int dmt_dump_result(struct sk_buff *skb, struct netlink_callback *cb, int err);

/* watch.c */
void dmt_watch(struct dmt_binding *binding);
void dmt_watch_stop(void);

/* netdev.c: the family netdev */
extern struct genl_family dmt_netdev_family;

int dmt_netdev_register(void);
void dmt_netdev_unregister(void);
void dmt_netdev_added(struct net_device *dev);
void dmt_netdev_removed(struct net_device *dev);

/* netdev_get.c: its dev-get and queue-get */
int dmt_put_dev(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		const struct net_device *dev);
int dmt_dev_get_doit(struct sk_buff *skb, struct genl_info *info);
int dmt_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int dmt_queue_get_doit(struct sk_buff *skb, struct genl_info *info);
int dmt_queue_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _DMT_CTL_H */
