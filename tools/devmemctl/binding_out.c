// SPDX-License-Identifier: GPL-2.0-only
/* A binding, as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "binding.h"
#include "format.h"
#include "iface.h"

static const char *const binding_attach_name[] = {
	[DEVMEM_TCP_ATTACH_STATIC]	= "static",
	[DEVMEM_TCP_ATTACH_PINNED]	= "pinned",
};

static const char *const binding_reason_name[] = {
	[DEVMEM_TCP_REASON_UNBIND]	= "unbind",
	[DEVMEM_TCP_REASON_NETLINK]	= "netlink",
	[DEVMEM_TCP_REASON_DEVICE]	= "device",
	[DEVMEM_TCP_REASON_EXPORTER]	= "exporter",
	[DEVMEM_TCP_REASON_MODULE]	= "module",
};

#define BINDING_NAME(names, i) \
	((i) < ARRAY_SIZE(names) && (names)[i] ? (names)[i] : "unknown")

/* A number of buffers, of which nothing is said if it is not known */
static void binding_out_count(const char *key, int64_t n, const char *text)
{
	if (n < 0)
		out_null(key, NULL);
	else
		out_u64(key, n, "%s %" PRId64, text, n);
}

static void binding_out_pool(const struct binding_pool *pool)
{
	out_object(NULL);
	out_u64("queue", pool->queue, "    queue %" PRIu32, pool->queue);
	if (pool->napi_id)
		out_u64("napi_id", pool->napi_id, ": napi %" PRIu32,
			pool->napi_id);
	else
		out_null("napi_id", ": device down");
	out_u64("allocs", pool->allocs, ", %" PRIu64 " buffers to the NIC",
		pool->allocs);
	out_u64("empty", pool->empty, ", %" PRIu64 " times none free\n",
		pool->empty);
	binding_out_count("posted", pool->posted, "      now at the NIC");
	binding_out_count("in_skbs", pool->queued, ", in skbs");
	binding_out_count("users", pool->users, ", held by users");
	if (pool->posted >= 0)
		out_text("\n");
	out_end();
}

/**
 * binding_out_tx() - which direction
 * @tx: it is to send from
 * @user: whose sockets may then, as the first user namespace numbers it
 *
 * The user is told as --user takes it.
 */
void binding_out_tx(bool tx, uint32_t user)
{
	char name[16];

	out_bool("tx", tx, tx ? " to send from" : NULL);
	if (!tx) {
		out_null("tx_user", NULL);
		return;
	}
	if (user == DEVMEM_TCP_TX_ANYBODY) {
		out_str("tx_user", "any", ", for anybody");
		return;
	}
	snprintf(name, sizeof(name), "%" PRIu32, user);
	out_str("tx_user", name, ", for user %s", name);
}

/**
 * binding_out_use() - what it is for: its queues, or to send from
 * @b: the binding
 */
void binding_out_use(const struct binding *b)
{
	char queues[512];
	unsigned int i;

	format_queues(queues, sizeof(queues), &b->queues);
	if (b->queues.n)
		out_text(" %s", queues);
	out_array("queues");
	for (i = 0; i < b->queues.n; i++)
		out_u64(NULL, b->queues.queue[i], NULL);
	out_end();
	binding_out_tx(b->tx, b->tx_user);
}

/* What the kernel does not tell in every message, on a line of its own */
static void binding_out_memory(const struct binding *b)
{
	const char *attach = BINDING_NAME(binding_attach_name, b->attach);

	out_str("exporter", b->exporter, "    memory of %s", b->exporter);
	if (b->attach)
		out_str("attach", attach, ", attachment %s", attach);
	else
		out_null("attach", NULL);
	out_u64("sock_limit", b->sock_limit,
		b->sock_limit ? ", at most %" PRIu32 " buffers for a socket" :
				NULL, b->sock_limit);
	out_bool("netlink_owned", b->netlink_owned,
		 b->netlink_owned ? ", ends with its netlink socket" : NULL);
	out_text("\n");
}

/**
 * binding_out() - tell of a binding
 * @b: the binding
 * @event: what happened to it, NULL if nothing did
 */
void binding_out(const struct binding *b, const char *event)
{
	const char *reason = BINDING_NAME(binding_reason_name, b->reason);
	char bytes[32], ifname[IF_NAMESIZE];
	unsigned int i;

	format_size(bytes, sizeof(bytes), b->size);

	out_object(NULL);
	if (event)
		out_str("event", event, "%s ", event);
	out_u64("id", b->id, "id %" PRIu32, b->id);
	iface_name(ifname, b->ifindex);
	out_u64("ifindex", b->ifindex, NULL);
	out_str("ifname", ifname, ": %s", ifname);
	binding_out_use(b);
	out_u64("size", b->size, ", %s", bytes);
	out_u64("niovs", b->num_niovs, " in %" PRIu32 " buffers",
		b->num_niovs);
	out_u64("page_size", b->page_size, " of %" PRIu32, b->page_size);
	if (b->num_held >= 0)
		out_u64("held", b->num_held, ", %" PRId64 " held",
			b->num_held);
	else
		out_null("held", NULL);
	if (b->reason)
		out_str("reason", reason, ", reason: %s", reason);
	else if (event)
		out_null("reason", NULL);
	out_text("\n");
	/* an event is one line */
	if (event && !out_is_json())
		return;
	binding_out_memory(b);
	out_array("pools");
	for (i = 0; i < b->pools; i++)
		binding_out_pool(&b->pool[i]);
	out_end();
	out_end();
}
