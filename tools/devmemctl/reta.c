// SPDX-License-Identifier: GPL-2.0-only
/* Redirection tables, and which entries a wish needs changed. Nothing here
 * touches a device.
 */
#include <string.h>

#include "reta.h"

bool queue_list_has(const struct queue_list *list, uint32_t queue)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->queue[i] == queue)
			return true;
	return false;
}

/* @rest becomes the queues below @rings that are not in @list. */
void queue_list_rest(struct queue_list *rest, unsigned int rings,
		     const struct queue_list *list)
{
	uint32_t queue;

	rest->n = 0;
	for (queue = 0; queue < rings; queue++)
		if (!queue_list_has(list, queue) &&
		    rest->n < DEVMEM_TCP_MAX_QUEUES)
			rest->queue[rest->n++] = queue;
}

/* @list gets those of @more that it does not have. */
void queue_list_join(struct queue_list *list, const struct queue_list *more)
{
	unsigned int i;

	for (i = 0; i < more->n; i++)
		if (!queue_list_has(list, more->queue[i]) &&
		    list->n < DEVMEM_TCP_MAX_QUEUES)
			list->queue[list->n++] = more->queue[i];
}

bool reta_equal(const struct reta *a, const struct reta *b)
{
	return a->size == b->size && !reta_differ(a, b);
}

/* What rss_set_default() makes of a device with @rings queues. */
bool reta_is_default(const struct reta *reta, unsigned int rings)
{
	unsigned int i;

	for (i = 0; i < reta->size; i++)
		if (!rings || reta->queue[i] != i % rings)
			return false;
	return true;
}

/* Entries that point to @queue */
unsigned int reta_entries(const struct reta *reta, uint32_t queue)
{
	unsigned int i, n = 0;

	for (i = 0; i < reta->size; i++)
		n += reta->queue[i] == queue;
	return n;
}

/* Entries that @a and @b, of one size, do not agree on */
unsigned int reta_differ(const struct reta *a, const struct reta *b)
{
	unsigned int i, n = 0;

	for (i = 0; i < a->size; i++)
		n += a->queue[i] != b->queue[i];
	return n;
}

/* Entries that pointed to a queue of @from and point to one of @to now. */
unsigned int reta_taken(const struct reta *before, const struct reta *after,
			const struct queue_list *from,
			const struct queue_list *to)
{
	unsigned int i, n = 0;

	for (i = 0; i < before->size; i++)
		n += before->queue[i] != after->queue[i] &&
		     queue_list_has(from, before->queue[i]) &&
		     queue_list_has(to, after->queue[i]);
	return n;
}

static uint32_t reta_least_used(const struct reta *reta,
				const struct queue_list *to)
{
	unsigned int i, n, least = 0, best = 0;

	for (i = 0; i < to->n; i++) {
		n = reta_entries(reta, to->queue[i]);
		if (!i || n < least) {
			least = n;
			best = i;
		}
	}
	return to->queue[best];
}

/**
 * reta_move() - keep everything away from queues
 * @reta: the table; entries that point elsewhere stay as they are, so that
 *	flows that are in nobody's way are not disturbed
 * @from: these queues get nothing any more
 * @to: what they got goes here, to the least used first; at least one queue
 */
void reta_move(struct reta *reta, const struct queue_list *from,
	       const struct queue_list *to)
{
	unsigned int i;

	for (i = 0; i < reta->size; i++)
		if (queue_list_has(from, reta->queue[i]))
			reta->queue[i] = reta_least_used(reta, to);
}

/* Everything goes to the queues @to, at least one, in equal parts. */
void reta_spread(struct reta *reta, const struct queue_list *to)
{
	unsigned int i;

	for (i = 0; i < reta->size; i++)
		reta->queue[i] = to->queue[i % to->n];
}

/**
 * reta_place() - let flows go to queues
 * @reta: the table, of a size that is a power of two; no entry of it points to
 *	a queue of @to yet
 * @to: the queues, at least one
 * @hash: hash of each flow
 * @n: how many
 *
 * An entry goes to the queue that has the fewest flows so far. Flows that share
 * an entry share the queue.
 *
 * Return: entries that point to @to now.
 */
unsigned int reta_place(struct reta *reta, const struct queue_list *to,
			const uint32_t *hash, unsigned int n)
{
	unsigned int flows[DEVMEM_TCP_MAX_QUEUES] = {};
	unsigned int i, j, best, entry, entries = 0;

	for (i = 0; i < n; i++) {
		entry = hash[i] & (reta->size - 1);
		for (j = 0; j < to->n; j++)
			if (reta->queue[entry] == to->queue[j])
				break;
		if (j < to->n) {
			flows[j]++;
			continue;
		}

		best = 0;
		for (j = 1; j < to->n; j++)
			if (flows[j] < flows[best])
				best = j;
		reta->queue[entry] = to->queue[best];
		flows[best]++;
		entries++;
	}
	return entries;
}
