// SPDX-License-Identifier: GPL-2.0-only
/* Bindings: the requests of the family devmem_tcp. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "binding.h"
#include "cmd.h"
#include "iface.h"
#include "kernel.h"

static const char *const binding_attrs[DEVMEM_TCP_A_MAX + 1] = {
	[DEVMEM_TCP_A_ID]		= "id",
	[DEVMEM_TCP_A_IFINDEX]		= "ifindex",
	[DEVMEM_TCP_A_DMABUF_FD]	= "dmabuf-fd",
	[DEVMEM_TCP_A_QUEUE]		= "queue",
	[DEVMEM_TCP_A_RX_PAGE_SIZE]	= "rx-page-size",
	[DEVMEM_TCP_A_SOCK_LIMIT]	= "sock-limit",
	[DEVMEM_TCP_A_TX_USER]		= "tx-user",
};

static const struct nla_policy binding_policy[DEVMEM_TCP_A_MAX + 1] = {
	[DEVMEM_TCP_A_ID]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_IFINDEX]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_QUEUE]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_RX_PAGE_SIZE]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_SIZE]		= { .type = NLA_U64 },
	[DEVMEM_TCP_A_NUM_NIOVS]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_NUM_HELD]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_EXPORTER]		= { .type = NLA_STRING },
	[DEVMEM_TCP_A_POOL]		= { .type = NLA_NESTED },
	[DEVMEM_TCP_A_REASON]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_SOCK_LIMIT]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_ATTACH]		= { .type = NLA_U32 },
	[DEVMEM_TCP_A_NETLINK_OWNED]	= { .type = NLA_FLAG },
	[DEVMEM_TCP_A_TX]		= { .type = NLA_FLAG },
	[DEVMEM_TCP_A_TX_USER]		= { .type = NLA_U32 },
};

static const struct nla_policy
binding_pool_policy[DEVMEM_TCP_A_POOL_MAX + 1] = {
	[DEVMEM_TCP_A_POOL_QUEUE]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_POOL_NAPI_ID]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_POOL_ALLOCS]	= { .type = NLA_U64 },
	[DEVMEM_TCP_A_POOL_EMPTY]	= { .type = NLA_U64 },
	[DEVMEM_TCP_A_POOL_POSTED]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_POOL_QUEUED]	= { .type = NLA_U32 },
	[DEVMEM_TCP_A_POOL_USERS]	= { .type = NLA_U32 },
};

static void binding_no_family(void)
{
	char where[PATH_MAX];

	switch (kernel_patched(where, sizeof(where))) {
	case KERNEL_NOT_PATCHED:
		out_error("kernel not patched for device memory TCP (no "
			  KERNEL_MARKER " in %s)", where);
		out_fix(KERNEL_FIX);
		break;
	case KERNEL_PATCHED:
	case KERNEL_UNKNOWN:
		out_error("no netlink family " DEVMEM_TCP_FAMILY_NAME
			  ": module not loaded");
		out_fix("modprobe devmem_tcp");
		break;
	}
}

/**
 * binding_connect() - open a socket to the module devmem_tcp
 * @nl: the socket
 *
 * Return: 0, or -1 with the reason printed. On success netlink_close() is due.
 */
int binding_connect(struct netlink *nl)
{
	int err;

	memset(nl, 0, sizeof(*nl));
	err = netlink_open(nl, NETLINK_GENERIC);
	if (err) {
		out_errno(-err, "netlink socket");
		return -1;
	}

	err = netlink_resolve(nl, DEVMEM_TCP_FAMILY_NAME);
	if (err) {
		if (err == -ENOENT)
			binding_no_family();
		else
			netlink_perror(nl, "netlink family "
				       DEVMEM_TCP_FAMILY_NAME);
		netlink_close(nl);
		return -1;
	}

	nl->attr_names = binding_attrs;
	nl->attr_max = DEVMEM_TCP_A_MAX;
	return 0;
}

static void binding_no_driver(const struct iface *iface)
{
	if (strcmp(iface->driver, "igb"))
		out_fix("use an interface of the driver igb, %s is %s",
			iface->name,
			*iface->driver ? iface->driver : "of no known driver");
	else if (kernel_module_forked("igb"))
		out_fix("devmemctl check -d %s says what is missing",
			iface->name);
	else
		out_fix("the stock igb is loaded: " KERNEL_FORK_FIX);
}

static void binding_create_perror(const struct netlink *nl,
				  const struct iface *iface, bool tx)
{
	const char *fix = binding_fix(nl->err, nl->text, tx);

	netlink_perror(nl, "bind %s", iface->name);
	if (fix)
		out_fix(fix, iface->name);
	else if (nl->err == EOPNOTSUPP)
		binding_no_driver(iface);
}

static int binding_id_reply(struct nlmsghdr *reply, void *arg)
{
	struct nlattr *tb[DEVMEM_TCP_A_MAX + 1];
	uint32_t *id = arg;

	if (genlmsg_parse(reply, 0, tb, DEVMEM_TCP_A_MAX, binding_policy) < 0 ||
	    !tb[DEVMEM_TCP_A_ID])
		return -EPROTO;

	*id = nla_get_u32(tb[DEVMEM_TCP_A_ID]);
	return 0;
}

static int binding_put(struct nl_msg *msg, uint32_t ifindex,
		       const struct binding_request *r)
{
	unsigned int i;
	int err;

	err = nla_put_u32(msg, DEVMEM_TCP_A_IFINDEX, ifindex);
	if (!err)
		err = nla_put_u32(msg, DEVMEM_TCP_A_DMABUF_FD, r->dmabuf);
	if (r->tx) {
		if (!err && r->tx_user)
			err = nla_put_u32(msg, DEVMEM_TCP_A_TX_USER,
					  *r->tx_user);
		return err;
	}
	for (i = 0; !err && i < r->queues.n; i++)
		err = nla_put_u32(msg, DEVMEM_TCP_A_QUEUE, r->queues.queue[i]);
	if (!err && r->page_size)
		err = nla_put_u32(msg, DEVMEM_TCP_A_RX_PAGE_SIZE, r->page_size);
	if (!err && r->sock_limit)
		err = nla_put_u32(msg, DEVMEM_TCP_A_SOCK_LIMIT, r->sock_limit);
	return err;
}

/**
 * binding_create() - bind a dma-buf to RX queues, or to send from
 * @nl: socket from binding_connect()
 * @request: what is wanted
 * @id: id of the new binding
 *
 * Return: 0, or -1 with the reason printed.
 */
int binding_create(struct netlink *nl, const struct binding_request *request,
		   uint32_t *id)
{
	struct iface iface;
	struct nl_msg *msg;

	if (iface_find(&iface, request->ifname))
		return -1;

	msg = netlink_message(nl, request->tx ? DEVMEM_TCP_CMD_BIND_TX :
						DEVMEM_TCP_CMD_BIND_RX, 0);
	if (!msg)
		goto print;
	if (binding_put(msg, iface.index, request)) {
		nlmsg_free(msg);
		nl->err = ENOMEM;
		goto print;
	}
	if (!netlink_request(nl, msg, binding_id_reply, id))
		return 0;
print:
	binding_create_perror(nl, &iface, request->tx);
	return -1;
}

/**
 * binding_destroy() - unbind
 * @nl: socket from binding_connect()
 * @id: id of the binding
 *
 * Return: 0 or a negative errno; binding_perror() prints it.
 */
int binding_destroy(struct netlink *nl, uint32_t id)
{
	struct nl_msg *msg;

	msg = netlink_message(nl, DEVMEM_TCP_CMD_UNBIND, 0);
	if (!msg)
		return -nl->err;
	if (nla_put_u32(msg, DEVMEM_TCP_A_ID, id) < 0) {
		nlmsg_free(msg);
		return -(nl->err = ENOMEM);
	}
	return netlink_request(nl, msg, NULL, NULL);
}

static int64_t binding_count(struct nlattr *attr)
{
	return attr ? (int64_t)nla_get_u32(attr) : -1;
}

static int binding_parse_pool(struct nlattr *nest, struct binding_pool *pool)
{
	struct nlattr *tb[DEVMEM_TCP_A_POOL_MAX + 1];

	if (nla_parse_nested(tb, DEVMEM_TCP_A_POOL_MAX, nest,
			     binding_pool_policy) < 0 ||
	    !tb[DEVMEM_TCP_A_POOL_QUEUE])
		return -EPROTO;

	memset(pool, 0, sizeof(*pool));
	pool->queue = nla_get_u32(tb[DEVMEM_TCP_A_POOL_QUEUE]);
	if (tb[DEVMEM_TCP_A_POOL_NAPI_ID])
		pool->napi_id = nla_get_u32(tb[DEVMEM_TCP_A_POOL_NAPI_ID]);
	if (tb[DEVMEM_TCP_A_POOL_ALLOCS])
		pool->allocs = nla_get_u64(tb[DEVMEM_TCP_A_POOL_ALLOCS]);
	if (tb[DEVMEM_TCP_A_POOL_EMPTY])
		pool->empty = nla_get_u64(tb[DEVMEM_TCP_A_POOL_EMPTY]);
	pool->posted = binding_count(tb[DEVMEM_TCP_A_POOL_POSTED]);
	pool->queued = binding_count(tb[DEVMEM_TCP_A_POOL_QUEUED]);
	pool->users = binding_count(tb[DEVMEM_TCP_A_POOL_USERS]);
	return 0;
}

static uint32_t binding_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

/**
 * binding_parse() - what the kernel tells of a binding
 * @msg: an answer to DEVMEM_TCP_CMD_GET, or a notification
 * @b: result; what a binding need not have and is not in @msg is 0
 *
 * Return: 0 or -EPROTO.
 */
int binding_parse(struct nlmsghdr *msg, struct binding *b)
{
	struct nlattr *tb[DEVMEM_TCP_A_MAX + 1], *attr;
	int rem;

	if (genlmsg_parse(msg, 0, tb, DEVMEM_TCP_A_MAX, binding_policy) < 0 ||
	    !tb[DEVMEM_TCP_A_ID])
		return -EPROTO;

	memset(b, 0, sizeof(*b));
	b->id = nla_get_u32(tb[DEVMEM_TCP_A_ID]);
	b->ifindex = binding_u32(tb[DEVMEM_TCP_A_IFINDEX]);
	b->page_size = binding_u32(tb[DEVMEM_TCP_A_RX_PAGE_SIZE]);
	if (tb[DEVMEM_TCP_A_SIZE])
		b->size = nla_get_u64(tb[DEVMEM_TCP_A_SIZE]);
	b->num_niovs = binding_u32(tb[DEVMEM_TCP_A_NUM_NIOVS]);
	b->num_held = binding_count(tb[DEVMEM_TCP_A_NUM_HELD]);
	if (tb[DEVMEM_TCP_A_EXPORTER])
		nla_strlcpy(b->exporter, tb[DEVMEM_TCP_A_EXPORTER],
			    sizeof(b->exporter));
	b->attach = binding_u32(tb[DEVMEM_TCP_A_ATTACH]);
	b->sock_limit = binding_u32(tb[DEVMEM_TCP_A_SOCK_LIMIT]);
	b->netlink_owned = tb[DEVMEM_TCP_A_NETLINK_OWNED];
	b->tx = tb[DEVMEM_TCP_A_TX];
	b->tx_user = binding_u32(tb[DEVMEM_TCP_A_TX_USER]);
	b->reason = binding_u32(tb[DEVMEM_TCP_A_REASON]);

	nlmsg_for_each_attr(attr, msg, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case DEVMEM_TCP_A_QUEUE:
			if (b->queues.n == DEVMEM_TCP_MAX_QUEUES)
				return -EPROTO;
			b->queues.queue[b->queues.n++] = nla_get_u32(attr);
			break;
		case DEVMEM_TCP_A_POOL:
			if (b->pools == DEVMEM_TCP_MAX_QUEUES ||
			    binding_parse_pool(attr, &b->pool[b->pools]))
				return -EPROTO;
			b->pools++;
			break;
		}
	}
	if (!b->ifindex || !b->page_size || !b->size || !b->num_niovs)
		return -EPROTO;
	return 0;
}

static int binding_get_reply(struct nlmsghdr *reply, void *arg)
{
	return binding_parse(reply, arg);
}

/**
 * binding_get() - look up one binding
 * @nl: socket from binding_connect()
 * @id: its id
 * @binding: result
 *
 * Return: 0 or a negative errno; binding_perror() prints it.
 */
int binding_get(struct netlink *nl, uint32_t id, struct binding *binding)
{
	struct nl_msg *msg;

	msg = netlink_message(nl, DEVMEM_TCP_CMD_GET, 0);
	if (!msg)
		return -nl->err;
	if (nla_put_u32(msg, DEVMEM_TCP_A_ID, id) < 0) {
		nlmsg_free(msg);
		return -(nl->err = ENOMEM);
	}
	return netlink_request(nl, msg, binding_get_reply, binding);
}

static int binding_list_reply(struct nlmsghdr *reply, void *arg)
{
	struct binding_list *list = arg;
	struct binding *grown;
	int err;

	if (!reply) {
		list->n = 0;
		return 0;
	}

	grown = reallocarray(list->binding, list->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->binding = grown;

	err = binding_parse(reply, &list->binding[list->n]);
	if (!err)
		list->n++;
	return err;
}

/**
 * binding_list() - all bindings
 * @nl: socket from binding_connect()
 * @ifindex: only those of this device, 0 for all
 * @list: result; free() its array in any case
 *
 * Return: 0, or -1 with the reason printed.
 */
int binding_list(struct netlink *nl, uint32_t ifindex,
		 struct binding_list *list)
{
	struct nl_msg *msg;

	memset(list, 0, sizeof(*list));
	msg = netlink_message(nl, DEVMEM_TCP_CMD_GET, NLM_F_DUMP);
	if (msg && ifindex &&
	    nla_put_u32(msg, DEVMEM_TCP_A_IFINDEX, ifindex) < 0) {
		nlmsg_free(msg);
		msg = NULL;
		nl->err = ENOMEM;
	}
	if (!msg || netlink_request(nl, msg, binding_list_reply, list)) {
		netlink_perror(nl, "list bindings");
		return -1;
	}
	return 0;
}

/**
 * binding_perror() - print why binding_get() or binding_destroy() failed
 * @nl: the socket
 * @id: id of the binding
 */
void binding_perror(const struct netlink *nl, uint32_t id)
{
	netlink_perror(nl, "binding %u", id);
	if (nl->err == EPERM)
		out_fix("run as root, or with CAP_NET_ADMIN");
	else if (nl->err == ENOENT)
		out_fix("devmemctl show lists those of this namespace");
}
