/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests of the families devmem_tcp and netdev that can be right or wrong. */
#ifndef NL_H
#define NL_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "fuzz.h"
#include "netdev.h"

#define MSG_ROOM	65536
#define MAX_ATTRS	160
#define ATTR_ROOM	64
#define MAX_FDS		24

/**
 * struct nl_world - what requests can name
 * @dmt: id of the family devmem_tcp
 * @netdev: id of the family netdev
 * @ifindex: of the device that can be bound
 * @fds: descriptors of all kinds; those that are dma-bufs come first
 * @nr_dmabufs: how many these are
 */
struct nl_world {
	uint16_t	dmt, netdev;
	uint32_t	ifindex;
	atomic_int	fds[MAX_FDS];
	unsigned int	nr_dmabufs;
};

extern struct nl_world world;

/* One attribute: payload as it is. */
struct nl_attr {
	uint16_t	type, len;
	uint8_t		data[ATTR_ROOM];
};

/**
 * struct nl_msg - a request before it is bytes
 * @family: nlmsg_type
 * @flags: nlmsg_flags
 * @cmd: of the generic netlink header
 * @version: of the same
 * @num: attributes
 * @attrs: in their order
 */
struct nl_msg {
	uint16_t	family, flags;
	uint8_t		cmd, version;
	unsigned int	num;
	struct nl_attr	attrs[MAX_ATTRS];
};

void nl_generate(struct rng *r, struct nl_msg *msg);
void nl_mutate(struct rng *r, struct nl_msg *msg);
size_t nl_serialize(struct rng *r, const struct nl_msg *msg, uint32_t seq,
		    bool broken, uint8_t *buf);
bool nl_binds(const struct nlmsghdr *hdr);
bool nl_privileged(const struct nlmsghdr *hdr);

#endif /* NL_H */
