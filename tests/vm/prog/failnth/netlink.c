// SPDX-License-Identifier: GPL-2.0-only
/* Requests: sent while armed, their answers are read later. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "netdev.h"
#include "ops.h"

static struct genl ours, netdev, ethtool;
uint32_t told;

void netlink_open(void)
{
	genl_need(&ours, DEVMEM_TCP_FAMILY_NAME);
	genl_need(&ethtool, "ethtool");
}

static void begin_bind(void)
{
	uint32_t i;

	genl_begin(&ours, DEVMEM_TCP_CMD_BIND_RX);
	genl_put_u32(&ours, DEVMEM_TCP_A_IFINDEX, ifindex);
	genl_put_u32(&ours, DEVMEM_TCP_A_DMABUF_FD, dmabuf);
	for (i = 0; i < nr_queues; i++)
		genl_put_u32(&ours, DEVMEM_TCP_A_QUEUE, queues[i]);
}

static void begin_bindtx(void)
{
	genl_begin(&ours, DEVMEM_TCP_CMD_BIND_TX);
	genl_put_u32(&ours, DEVMEM_TCP_A_IFINDEX, ifindex);
	genl_put_u32(&ours, DEVMEM_TCP_A_DMABUF_FD, dmabuf);
}

static void begin_bindnl(void)
{
	uint32_t i;

	genl_need(&netdev, NETDEV_FAMILY);
	netdev_begin_bind(&netdev, ifindex, dmabuf);
	for (i = 0; i < nr_queues; i++)
		netdev_put_queue(&netdev, NETDEV_A_BIND_QUEUES, queues[i], 0);
}

/* All that came in answer. Return: 0, a positive errno or UNTOLD. */
static int answer(struct genl *g, uint16_t id_type)
{
	const struct nlmsghdr *msg = &g->reply;
	const struct nlattr *id;
	int ret = UNTOLD;
	ssize_t len;

	told = 0;
	for (;;) {
		len = recv(g->fd, g->reply_room, GENL_SIZE, MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS)
			continue;
		if (len < 0)
			return ret;
		for (; NLMSG_OK(msg, len); msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type == NLMSG_ERROR ||
			    msg->nlmsg_type == NLMSG_DONE) {
				ret = -*(const int *)NLMSG_DATA(msg);
				continue;
			}
			id = genl_find((const uint8_t *)msg +
				       NLMSG_LENGTH(GENL_HDRLEN),
				       msg->nlmsg_len -
				       NLMSG_LENGTH(GENL_HDRLEN), id_type, 0);
			if (id_type && id)
				memcpy(&told, nla_payload(id), sizeof(told));
		}
		msg = &g->reply;
	}
}

static int run_ours(void)
{
	return genl_send(&ours, NLM_F_REQUEST | NLM_F_ACK);
}

static int run_netdev(void)
{
	return genl_send(&netdev, NLM_F_REQUEST | NLM_F_ACK);
}

static int run_ours_dump(void)
{
	return genl_send(&ours, NLM_F_REQUEST | NLM_F_DUMP);
}

static int run_netdev_dump(void)
{
	return genl_send(&netdev, NLM_F_REQUEST | NLM_F_DUMP);
}

void must_bind(void)
{
	int ret;

	begin_bind();
	ret = genl_call(&ours);
	if (ret)
		wrong("bind: %s: %s", strerror(ret), ours.text);
}

/* bind: told or not, who was told that it failed has no binding. */
static int after_bind(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&ours, DEVMEM_TCP_A_ID);
	if (bindings() != 1 ? !ret : ret > 0)
		wrong("%u: answer %d, and %u bindings", n, ret, nr_listed);
	if (told && told != listed_id)
		wrong("%u: told of binding %u, which is %u", n, told,
		      listed_id);
	must_unbind(n);
	return ret;
}

/* Over netdev there is none either if its id was not told. */
static int after_bindnl(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&netdev, NETDEV_A_BIND_ID);
	if (bindings() != !!told || (!ret && !told))
		wrong("%u: answer %d with id %u, and %u bindings", n, ret,
		      told, nr_listed);
	close(netdev.fd);
	if (bindings())
		wrong("%u: the socket is closed, its binding is there", n);
	return ret;
}

static void before_unbind(void)
{
	must_bind();
	bindings();
	genl_begin(&ours, DEVMEM_TCP_CMD_UNBIND);
	genl_put_u32(&ours, DEVMEM_TCP_A_ID, listed_id);
}

static int after_unbind(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&ours, 0);
	if (bindings() ? !ret : ret > 0)
		wrong("%u: answer %d, and %u bindings", n, ret, nr_listed);
	must_unbind(n);
	return ret;
}

static void before_closenl(void)
{
	int ret;

	begin_bindnl();
	ret = genl_call(&netdev);
	if (ret)
		wrong("bind-rx: %s: %s", strerror(ret), netdev.text);
}

static int run_close(void)
{
	close(netdev.fd);
	return 0;
}

static int after_closenl(unsigned int n, int ret)
{
	if (bindings())
		wrong("%u: the socket is closed, its binding is there", n);
	return ret;
}

/* Reads. A dump may need more messages, which recv() makes: in the end. */

static void before_get(void)
{
	bindings();
	genl_begin(&ours, DEVMEM_TCP_CMD_GET);
	genl_put_u32(&ours, DEVMEM_TCP_A_ID, listed_id);
}

static void before_dump(void)
{
	genl_begin(&ours, DEVMEM_TCP_CMD_GET);
}

static void before_devget(void)
{
	genl_need(&netdev, NETDEV_FAMILY);
	genl_begin(&netdev, NETDEV_DEV_GET);
	genl_put_u32(&netdev, NETDEV_A_DEV_IFINDEX, ifindex);
}

static void before_devdump(void)
{
	genl_need(&netdev, NETDEV_FAMILY);
	genl_begin(&netdev, NETDEV_DEV_GET);
}

static void before_queueget(void)
{
	genl_need(&netdev, NETDEV_FAMILY);
	genl_begin(&netdev, NETDEV_QUEUE_GET);
	genl_put_u32(&netdev, NETDEV_A_QUEUE_ID, queues[0]);
	genl_put_u32(&netdev, NETDEV_A_QUEUE_IFINDEX, ifindex);
	genl_put_u32(&netdev, NETDEV_A_QUEUE_TYPE, 0);
}

static void before_queuedump(void)
{
	genl_need(&netdev, NETDEV_FAMILY);
	genl_begin(&netdev, NETDEV_QUEUE_GET);
}

static int after_read(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&ours, 0);
	if (bindings() != 1)
		wrong("%u: %u bindings", n, nr_listed);
	return ret;
}

static int after_readnl(unsigned int n, int ret)
{
	if (!ret)
		ret = answer(&netdev, 0);
	close(netdev.fd);
	if (bindings() != 1)
		wrong("%u: %u bindings", n, nr_listed);
	return ret;
}

/* ETHTOOL_MSG_RINGS_SET: header, tcp-data-split */
static void begin_split(uint8_t value)
{
	uint8_t nest[4 + IFNAMSIZ] = {};
	struct nlattr attr = { .nla_type = 2,
			       .nla_len = NLA_HDRLEN + strlen(ifname) + 1 };

	memcpy(nest, &attr, sizeof(attr));
	strcpy((char *)nest + NLA_HDRLEN, ifname);
	genl_begin(&ethtool, 16);
	genl_put(&ethtool, 1 | NLA_F_NESTED, nest, NLA_ALIGN(attr.nla_len));
	genl_put(&ethtool, 11, &value, 1);
}

static void before_split(void)
{
	begin_split(1);
}

static int run_split(void)
{
	return genl_send(&ethtool, NLM_F_REQUEST | NLM_F_ACK);
}

static int after_split(unsigned int n, int ret)
{
	int back;

	if (!ret)
		ret = answer(&ethtool, 0);
	begin_split(0);
	back = genl_call(&ethtool);
	if (back)
		wrong("%u: back to the default: %s", n, ethtool.text);
	return ret;
}

const struct op netlink_ops[] = {
	{ "bind", begin_bind, run_ours, after_bind, false },
	{ "bindtx", begin_bindtx, run_ours, after_bind, false },
	{ "bindnl", begin_bindnl, run_netdev, after_bindnl, false },
	{ "unbind", before_unbind, run_ours, after_unbind, false },
	{ "closenl", before_closenl, run_close, after_closenl, false },
	{ "get", before_get, run_ours, after_read, true },
	{ "dump", before_dump, run_ours_dump, after_read, true },
	{ "devget", before_devget, run_netdev, after_readnl, true },
	{ "devdump", before_devdump, run_netdev_dump, after_readnl, true },
	{ "queueget", before_queueget, run_netdev, after_readnl, true },
	{ "queuedump", before_queuedump, run_netdev_dump, after_readnl, true },
	{ "split", before_split, run_split, after_split, false },
	{}
};
