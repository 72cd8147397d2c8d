// SPDX-License-Identifier: GPL-2.0-only
/* Requests to the family netdev, see netdev.h. */
#include "netdev.h"

/**
 * netdev_queue() - what stands in the nest of a queue
 * @id: number of the queue
 * @type: 0 for RX
 *
 * Return: its two attributes.
 */
struct netdev_queue netdev_queue(uint32_t id, uint32_t type)
{
	return (struct netdev_queue){
		.id_attr = { .nla_len = 8, .nla_type = NETDEV_A_QUEUE_ID },
		.id = id,
		.type_attr = { .nla_len = 8, .nla_type = NETDEV_A_QUEUE_TYPE },
		.type = type,
	};
}

/**
 * netdev_begin_bind() - bind-rx, without any queue
 * @g: socket of the family
 * @ifindex: of the device
 * @dmabuf: descriptor
 */
void netdev_begin_bind(struct genl *g, uint32_t ifindex, int dmabuf)
{
	genl_begin(g, NETDEV_BIND_RX);
	genl_put_u32(g, NETDEV_A_BIND_IFINDEX, ifindex);
	genl_put_u32(g, NETDEV_A_BIND_FD, dmabuf);
}

/**
 * netdev_put_queue() - a queue, as a nest
 * @g: the request
 * @attr: type of the nest
 * @id: number of the queue
 * @type: 0 for RX
 */
void netdev_put_queue(struct genl *g, uint16_t attr, uint32_t id, uint32_t type)
{
	struct netdev_queue nest = netdev_queue(id, type);

	genl_put(g, attr | NLA_F_NESTED, &nest, sizeof(nest));
}
