// SPDX-License-Identifier: GPL-2.0-only
/* The counters of bound queues, as the driver and the module count. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "iface.h"
#include "progress.h"
#include "sample.h"

/* Names of one device's counters and their values; n is 0 without any. */
struct ethtool_counters {
	unsigned int n;
	char (*name)[ETH_GSTRING_LEN];
	struct ethtool_stats *value;
	struct ethtool_gstrings *strings;
};

static unsigned int ethtool_counters_count(const struct iface *iface)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t n;
	} set = {
		.info.cmd = ETHTOOL_GSSET_INFO,
		.info.sset_mask = 1ULL << ETH_SS_STATS,
	};

	if (iface_ethtool(iface, &set) || !set.info.sset_mask)
		return 0;
	return set.n;
}

static void ethtool_counters_get(struct ethtool_counters *c,
				 const struct iface *iface)
{
	unsigned int n = ethtool_counters_count(iface);

	memset(c, 0, sizeof(*c));
	c->strings = calloc(1, sizeof(*c->strings) + n * ETH_GSTRING_LEN);
	c->value = calloc(1, sizeof(*c->value) + n * sizeof(uint64_t));
	if (!c->strings || !c->value)
		return;

	c->strings->cmd = ETHTOOL_GSTRINGS;
	c->strings->string_set = ETH_SS_STATS;
	c->strings->len = n;
	c->value->cmd = ETHTOOL_GSTATS;
	c->value->n_stats = n;
	if (iface_ethtool(iface, c->strings) || iface_ethtool(iface, c->value))
		return;
	c->name = (void *)c->strings->data;
	c->n = n;
}

static void sample_add(struct sample_queue *q, const char *name, int len,
		       uint64_t value)
{
	struct sample_counter *c;

	if (q->n == SAMPLE_COUNTERS)
		return;
	c = &q->counter[q->n++];
	snprintf(c->name, sizeof(c->name), "%.*s", len, name);
	c->value = value;
}

/* The driver's counters of the queue that are about device memory */
static void sample_add_driver(struct sample_queue *q,
			      const struct ethtool_counters *c)
{
	char prefix[ETH_GSTRING_LEN];
	unsigned int i;
	int len;

	len = snprintf(prefix, sizeof(prefix), "rx_queue_%" PRIu32 "_devmem_",
		       q->queue);
	for (i = 0; i < c->n; i++)
		if (!strncmp(c->name[i], prefix, len))
			sample_add(q, c->name[i] + len, ETH_GSTRING_LEN - len,
				   c->value->data[i]);
}

/* Return: @n entries more, or NULL. */
static struct sample_queue *sample_grow(struct sample *s, unsigned int n)
{
	struct sample_queue *q;

	q = reallocarray(s->queue, s->n + n, sizeof(*q));
	if (!q)
		return NULL;
	s->queue = q;
	q += s->n;
	s->n += n;
	return memset(q, 0, n * sizeof(*q));
}

static int sample_tx(struct sample *s, const struct binding *b)
{
	struct sample_queue *q = sample_grow(s, 1);

	if (!q)
		return -1;
	iface_name(q->ifname, b->ifindex);
	q->binding = b->id;
	q->tx = true;
	q->tx_user = b->tx_user;
	q->niovs = b->num_niovs;
	q->held = b->num_held;
	return 0;
}

static int sample_queues(struct sample *s, const struct binding *b)
{
	struct sample_queue *q = sample_grow(s, b->pools);
	struct ethtool_counters counters = {};
	struct iface iface;
	unsigned int i;

	if (!q)
		return -1;
	for (i = 0; i < b->pools; i++, q++) {
		iface_name(q->ifname, b->ifindex);
		if (!i && !iface_get(&iface, q->ifname))
			ethtool_counters_get(&counters, &iface);
		q->queue = b->pool[i].queue;
		q->binding = b->id;
		sample_add(q, "allocs", ETH_GSTRING_LEN, b->pool[i].allocs);
		sample_add(q, "empty", ETH_GSTRING_LEN, b->pool[i].empty);
		sample_add_driver(q, &counters);
	}
	free(counters.strings);
	free(counters.value);
	return 0;
}

/**
 * sample_take() - read all counters
 * @s: result; sample_free() is due in any case
 * @nl: socket from binding_connect()
 * @ifindex: only of this device, 0 for all
 *
 * Return: 0, or -1 with the reason printed.
 */
int sample_take(struct sample *s, struct netlink *nl, uint32_t ifindex)
{
	struct binding_list list;
	int err;
	size_t i;

	memset(s, 0, sizeof(*s));
	err = binding_list(nl, ifindex, &list);
	s->time = progress_now();
	for (i = 0; !err && i < list.n; i++) {
		if (list.binding[i].tx)
			err = sample_tx(s, &list.binding[i]);
		else if (list.binding[i].pools)
			err = sample_queues(s, &list.binding[i]);
		if (err)
			out_error("no memory for the counters");
	}
	free(list.binding);
	return err;
}

void sample_free(struct sample *s)
{
	free(s->queue);
	memset(s, 0, sizeof(*s));
}

/* The same queue of the same binding at another time, or NULL. */
const struct sample_queue *sample_find(const struct sample *s,
				       const struct sample_queue *q)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->queue[i].binding == q->binding &&
		    s->queue[i].queue == q->queue)
			return &s->queue[i];
	return NULL;
}

/* 0 if there is none of that name. */
uint64_t sample_value(const struct sample_queue *q, const char *name)
{
	unsigned int i;

	for (i = 0; i < q->n; i++)
		if (!strcmp(q->counter[i].name, name))
			return q->counter[i].value;
	return 0;
}

/* All whose name begins with @prefix. */
uint64_t sample_sum(const struct sample_queue *q, const char *prefix)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < q->n; i++)
		if (!strncmp(q->counter[i].name, prefix, strlen(prefix)))
			sum += q->counter[i].value;
	return sum;
}

/* A driver that was loaded anew counts from 0: then what it counted so far. */
double sample_rate(uint64_t now, uint64_t before, double seconds)
{
	if (now < before)
		before = 0;
	return seconds > 0 ? (now - before) / seconds : 0;
}
