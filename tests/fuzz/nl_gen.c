// SPDX-License-Identifier: GPL-2.0-only
/* The grammar of requests: right ones, then what can be wrong with them. */
#include <string.h>

#include <linux/devmem_tcp.h>
#include <linux/genetlink.h>

#include "nl.h"

static struct nl_attr *add(struct nl_msg *msg, uint16_t type, const void *data,
			   uint16_t len)
{
	struct nl_attr *attr = &msg->attrs[msg->num];

	if (msg->num == MAX_ATTRS)
		return &msg->attrs[MAX_ATTRS - 1];
	msg->num++;
	attr->type = type;
	attr->len = len < ATTR_ROOM ? len : ATTR_ROOM;
	memcpy(attr->data, data, attr->len);
	return attr;
}

static void add_u32(struct nl_msg *msg, uint16_t type, uint32_t value)
{
	add(msg, type, &value, sizeof(value));
}

static uint32_t some_ifindex(struct rng *r)
{
	return chance(r, 92) ? world.ifindex :
	       chance(r, 50) ? 1 : rnd_edge(r);
}

static uint32_t some_fd(struct rng *r)
{
	if (chance(r, 85))
		return world.fds[rnd(r, world.nr_dmabufs)];
	if (chance(r, 80))
		return world.fds[rnd(r, MAX_FDS)];
	return rnd_edge(r);
}

static uint32_t some_queue(struct rng *r)
{
	return chance(r, 94) ? rnd(r, 4) : rnd_edge(r);
}

static uint32_t some_page_size(struct rng *r)
{
	return chance(r, 80) ? 4096u << rnd(r, 5) : rnd_edge(r);
}

static unsigned int some_number_of_queues(struct rng *r)
{
	return chance(r, 70) ? 1 : chance(r, 90) ? 1 + rnd(r, 4) :
	       1 + rnd(r, 70);
}

static void gen_bind(struct rng *r, struct nl_msg *msg)
{
	unsigned int queues = some_number_of_queues(r), i;
	uint32_t first = some_queue(r);

	add_u32(msg, DEVMEM_TCP_A_IFINDEX, some_ifindex(r));
	add_u32(msg, DEVMEM_TCP_A_DMABUF_FD, some_fd(r));
	for (i = 0; i < queues; i++)
		add_u32(msg, DEVMEM_TCP_A_QUEUE,
			chance(r, 95) ? first + i : some_queue(r));
	if (chance(r, 30))
		add_u32(msg, DEVMEM_TCP_A_RX_PAGE_SIZE, some_page_size(r));
	if (chance(r, 30))
		add_u32(msg, DEVMEM_TCP_A_SOCK_LIMIT, rnd_edge(r));
}

static void gen_bind_tx(struct rng *r, struct nl_msg *msg)
{
	static const uint32_t users[] = { 0, 65534, DEVMEM_TCP_TX_ANYBODY };

	add_u32(msg, DEVMEM_TCP_A_IFINDEX, some_ifindex(r));
	add_u32(msg, DEVMEM_TCP_A_DMABUF_FD, some_fd(r));
	if (chance(r, 40))
		add_u32(msg, DEVMEM_TCP_A_TX_USER, chance(r, 80) ?
			users[rnd(r, 3)] : rnd_edge(r));
}

static void gen_netdev_bind(struct rng *r, struct nl_msg *msg)
{
	unsigned int queues = some_number_of_queues(r), i;
	struct netdev_queue nest = netdev_queue(0, 0);

	add_u32(msg, NETDEV_A_BIND_IFINDEX, some_ifindex(r));
	add_u32(msg, NETDEV_A_BIND_FD, some_fd(r));
	nest.id = some_queue(r);
	for (i = 0; i < queues; i++, nest.id++) {
		nest.type = chance(r, 97) ? 0 : rnd(r, 3);
		add(msg, NETDEV_A_BIND_QUEUES | NLA_F_NESTED, &nest,
		    chance(r, 97) ? sizeof(nest) : rnd(r, sizeof(nest)));
	}
	if (chance(r, 30))
		add_u32(msg, NETDEV_A_BIND_PAGE_SIZE, some_page_size(r));
}

static void gen_queue_get(struct rng *r, struct nl_msg *msg)
{
	bool dump = msg->flags & NLM_F_DUMP;

	if (!dump || chance(r, 50))
		add_u32(msg, NETDEV_A_QUEUE_IFINDEX, some_ifindex(r));
	if (dump && chance(r, 95))
		return;
	add_u32(msg, NETDEV_A_QUEUE_ID, some_queue(r));
	add_u32(msg, NETDEV_A_QUEUE_TYPE, chance(r, 90) ? rnd(r, 2) : rnd_edge(r));
}

static void gen_dmt(struct rng *r, struct nl_msg *msg)
{
	msg->family = world.dmt;
	switch (rnd(r, 11)) {
	case 0 ... 3:
		msg->cmd = DEVMEM_TCP_CMD_BIND_RX;
		gen_bind(r, msg);
		break;
	case 10:
		msg->cmd = DEVMEM_TCP_CMD_BIND_TX;
		gen_bind_tx(r, msg);
		break;
	case 4 ... 6:
		msg->cmd = DEVMEM_TCP_CMD_UNBIND;
		add_u32(msg, DEVMEM_TCP_A_ID, some_id(r));
		break;
	case 7:
		msg->cmd = DEVMEM_TCP_CMD_GET;
		add_u32(msg, DEVMEM_TCP_A_ID, some_id(r));
		break;
	case 8:
		msg->cmd = DEVMEM_TCP_CMD_GET;
		msg->flags |= NLM_F_DUMP;
		if (chance(r, 40))
			add_u32(msg, DEVMEM_TCP_A_IFINDEX, some_ifindex(r));
		break;
	default:
		msg->cmd = rnd(r, 8);
	}
}

static void gen_netdev(struct rng *r, struct nl_msg *msg)
{
	msg->family = world.netdev;
	if (chance(r, 20))
		msg->flags |= NLM_F_DUMP;
	switch (rnd(r, 11)) {
	case 0 ... 4:
		msg->flags &= ~NLM_F_DUMP;
		msg->cmd = NETDEV_BIND_RX;
		gen_netdev_bind(r, msg);
		break;
	case 10:
		msg->flags &= ~NLM_F_DUMP;
		msg->cmd = NETDEV_BIND_TX;
		add_u32(msg, NETDEV_A_BIND_IFINDEX, some_ifindex(r));
		add_u32(msg, NETDEV_A_BIND_FD, some_fd(r));
		break;
	case 5 ... 7:
		msg->cmd = NETDEV_QUEUE_GET;
		gen_queue_get(r, msg);
		break;
	case 8:
		msg->cmd = NETDEV_DEV_GET;
		if (!(msg->flags & NLM_F_DUMP) || chance(r, 10))
			add_u32(msg, 1, some_ifindex(r));
		break;
	default:
		msg->cmd = rnd(r, 20);
	}
}

/* What the kernel itself tells about our families, policies too. */
static void gen_ctrl(struct rng *r, struct nl_msg *msg)
{
	uint16_t id = chance(r, 50) ? world.dmt : world.netdev;

	msg->family = GENL_ID_CTRL;
	if (chance(r, 50)) {
		msg->cmd = CTRL_CMD_GETPOLICY;
		msg->flags |= NLM_F_DUMP;
		if (chance(r, 50))
			add_u32(msg, CTRL_ATTR_OP, rnd(r, 16));
	} else {
		msg->cmd = CTRL_CMD_GETFAMILY;
	}
	add(msg, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
}

void nl_generate(struct rng *r, struct nl_msg *msg)
{
	msg->num = 0;
	msg->flags = NLM_F_REQUEST | NLM_F_ACK;
	msg->version = 1;
	switch (rnd(r, 20)) {
	case 0:
		gen_ctrl(r, msg);
		break;
	case 1 ... 11:
		gen_dmt(r, msg);
		break;
	default:
		gen_netdev(r, msg);
	}
}

/* The attribute as the only one in a nest of @depth. */
static void wrap(struct nl_attr *attr, unsigned int depth)
{
	struct nlattr head;

	while (depth-- && attr->len + NLA_HDRLEN <= ATTR_ROOM) {
		head.nla_len = attr->len + NLA_HDRLEN;
		head.nla_type = attr->type;
		memmove(attr->data + NLA_HDRLEN, attr->data, attr->len);
		memcpy(attr->data, &head, sizeof(head));
		attr->len += NLA_HDRLEN;
		attr->type |= NLA_F_NESTED;
	}
}

static void mutate_attr(struct rng *r, struct nl_attr *attr)
{
	uint32_t value = rnd_edge(r);

	switch (rnd(r, 7)) {
	case 0:
		memcpy(attr->data, &value, sizeof(value));
		break;
	case 1:
		attr->len = rnd(r, 12);
		break;
	case 2:
		attr->len = rnd(r, ATTR_ROOM + 1);
		rnd_fill(r, attr->data, attr->len);
		break;
	case 3:
		attr->type = rnd(r, 20);
		break;
	case 4:
		attr->type ^= chance(r, 50) ? NLA_F_NESTED :
			      chance(r, 50) ? NLA_F_NET_BYTEORDER :
			      1u << rnd(r, 16);
		break;
	case 5:
		wrap(attr, 1 + rnd(r, 12));
		break;
	default:
		if (attr->len)
			attr->data[rnd(r, attr->len)] ^= 1u << rnd(r, 8);
	}
}

static void mutate_once(struct rng *r, struct nl_msg *msg)
{
	unsigned int i = rnd(r, msg->num), j = rnd(r, msg->num), n;
	struct nl_attr tmp;

	switch (rnd(r, 9)) {
	case 0:
		if (msg->num)
			msg->attrs[i] = msg->attrs[--msg->num];
		break;
	case 1:
		for (n = chance(r, 80) ? 1 : rnd(r, 150); msg->num && n; n--)
			add(msg, msg->attrs[i].type, msg->attrs[i].data,
			    msg->attrs[i].len);
		break;
	case 2:
		if (msg->num) {
			tmp = msg->attrs[i];
			msg->attrs[i] = msg->attrs[j];
			msg->attrs[j] = tmp;
		}
		break;
	case 3:
		add_u32(msg, chance(r, 80) ? rnd(r, 20) : rnd64(r),
			rnd_edge(r));
		break;
	case 4:
		msg->flags ^= 1u << rnd(r, 16);
		break;
	case 5:
		if (chance(r, 50))
			msg->cmd = rnd64(r);
		else
			msg->version = rnd64(r);
		break;
	default:
		if (msg->num)
			mutate_attr(r, &msg->attrs[i]);
	}
}

void nl_mutate(struct rng *r, struct nl_msg *msg)
{
	unsigned int n = 1 + rnd(r, 3);

	while (n--)
		mutate_once(r, msg);
}

/* Lengths that lie, and bytes that nobody wrote there. */
static size_t damage(struct rng *r, uint8_t *buf, size_t len)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	struct nlattr *attr = (void *)(buf + NLMSG_LENGTH(GENL_HDRLEN));
	size_t n;

	switch (rnd(r, 6)) {
	case 0:
		if (len > NLMSG_LENGTH(GENL_HDRLEN))
			attr->nla_len = rnd_edge(r);
		break;
	case 1:
		hdr->nlmsg_len = rnd(r, len + 20);
		break;
	case 2:
		hdr->nlmsg_len = rnd_edge(r);
		break;
	case 3:
		buf[NLMSG_HDRLEN + 2 + rnd(r, 2)] = rnd64(r);
		break;
	case 4:
		n = rnd(r, 40);
		rnd_fill(r, buf + len, n);
		len += n;
		hdr->nlmsg_len = len;
		break;
	default:
		for (n = 1 + rnd(r, 4); n; n--)
			buf[NLMSG_HDRLEN + rnd(r, len - NLMSG_HDRLEN)] =
				rnd64(r);
	}
	return len;
}

/**
 * nl_serialize() - make bytes of a request
 * @r: for @broken
 * @msg: the request
 * @seq: its number, which is right in any case
 * @broken: damage the bytes
 * @buf: has MSG_ROOM
 *
 * Return: bytes to send, which may be more than the message says.
 */
size_t nl_serialize(struct rng *r, const struct nl_msg *msg, uint32_t seq,
		    bool broken, uint8_t *buf)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	struct genlmsghdr *genl = NLMSG_DATA(hdr);
	size_t len = NLMSG_LENGTH(GENL_HDRLEN);
	struct nlattr *attr;
	unsigned int i;

	memset(buf, 0, len);
	hdr->nlmsg_type = msg->family;
	hdr->nlmsg_flags = msg->flags;
	hdr->nlmsg_seq = seq;
	genl->cmd = msg->cmd;
	genl->version = msg->version;
	for (i = 0; i < msg->num; i++) {
		attr = (struct nlattr *)(buf + len);
		memset(attr, 0, NLA_HDRLEN + NLA_ALIGN(msg->attrs[i].len));
		attr->nla_type = msg->attrs[i].type;
		attr->nla_len = NLA_HDRLEN + msg->attrs[i].len;
		memcpy(attr + 1, msg->attrs[i].data, msg->attrs[i].len);
		len += NLA_HDRLEN + NLA_ALIGN(msg->attrs[i].len);
	}
	hdr->nlmsg_len = len;
	return broken ? damage(r, buf, len) : len;
}

/* Is it a request for a binding, or the reply to one? */
bool nl_binds(const struct nlmsghdr *hdr)
{
	const struct genlmsghdr *genl = NLMSG_DATA(hdr);

	return (hdr->nlmsg_type == world.dmt &&
		(genl->cmd == DEVMEM_TCP_CMD_BIND_RX ||
		 genl->cmd == DEVMEM_TCP_CMD_BIND_TX)) ||
	       (hdr->nlmsg_type == world.netdev &&
		(genl->cmd == NETDEV_BIND_RX || genl->cmd == NETDEV_BIND_TX));
}

/* Does it need CAP_NET_ADMIN? Only what is a request at all. */
bool nl_privileged(const struct nlmsghdr *hdr)
{
	const struct genlmsghdr *genl = NLMSG_DATA(hdr);

	if (!(hdr->nlmsg_flags & NLM_F_REQUEST) ||
	    hdr->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return false;
	return (hdr->nlmsg_type == world.dmt &&
		genl->cmd == DEVMEM_TCP_CMD_UNBIND) || nl_binds(hdr);
}
