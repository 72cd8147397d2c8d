/* SPDX-License-Identifier: GPL-2.0-only */
/* Generic netlink's family netdev, as far as tests ask it: upstream's numbers,
 * written down once more so that a wrong one in the module is noticed.
 */
#ifndef NETDEV_H
#define NETDEV_H

#include "genl.h"

#define NETDEV_FAMILY		"netdev"

enum {
	NETDEV_DEV_GET		= 1,
	NETDEV_QUEUE_GET	= 10,
	NETDEV_BIND_RX		= 13,
	NETDEV_BIND_TX		= 15,
};

enum {
	NETDEV_A_DEV_IFINDEX	= 1,
};

/* Of a queue, and of those in NETDEV_A_BIND_QUEUES. */
enum {
	NETDEV_A_QUEUE_ID	= 1,
	NETDEV_A_QUEUE_IFINDEX	= 2,
	NETDEV_A_QUEUE_TYPE	= 3,	/* 0: RX */
};

/* Of bind-rx. */
enum {
	NETDEV_A_BIND_IFINDEX	= 1,
	NETDEV_A_BIND_QUEUES	= 2,
	NETDEV_A_BIND_FD	= 3,
	NETDEV_A_BIND_ID	= 4,
	NETDEV_A_BIND_PAGE_SIZE	= 5,
};

/* Content of a queue's nest. */
struct netdev_queue {
	struct nlattr	id_attr;
	uint32_t	id;
	struct nlattr	type_attr;
	uint32_t	type;
};

struct netdev_queue netdev_queue(uint32_t id, uint32_t type);
void netdev_begin_bind(struct genl *g, uint32_t ifindex, int dmabuf);
void netdev_put_queue(struct genl *g, uint16_t attr, uint32_t id,
		      uint32_t type);

#endif /* NETDEV_H */
