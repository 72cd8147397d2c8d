/* SPDX-License-Identifier: GPL-2.0-only */
/* devmem_tcp, the control module: what its files have of each other. */
#ifndef _DMT_CTL_H
#define _DMT_CTL_H

#include <linux/types.h>

struct dma_buf;
struct dmt_listener;
struct genl_family;
struct netlink_ext_ack;
struct netlink_range_validation;
struct nlattr;

/* genl.c: the family devmem_tcp */
extern struct genl_family dmt_genl_family;
extern const struct dmt_listener dmt_genl_listener;
extern struct netlink_range_validation dmt_page_size_range;

int dmt_parse_page_size(const struct nlattr *attr, u32 *shift,
			struct netlink_ext_ack *extack);
struct dma_buf *dmt_parse_dmabuf(const struct nlattr *attr,
				 struct netlink_ext_ack *extack);

#endif /* _DMT_CTL_H */
