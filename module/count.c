// SPDX-License-Identifier: GPL-2.0-only
/* Where the buffers of a binding are. Nobody keeps books of that: the driver is
 * asked what it has posted, the sockets what they have given tokens for, and
 * what else is not free is in skbs.
 */

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/rtnetlink.h>
#include "core.h"
#include "sock.h"

/* A bit for each net_iov of a binding */
struct dmt_marks {
	const struct dmt_binding *binding;
	unsigned long *posted;
	unsigned long *users;
};

static void dmt_mark(const struct dmt_binding *binding, unsigned long *bits,
		     const struct net_iov *niov)
{
	if (niov->area->binding == &binding->hot)
		__set_bit(niov - binding->niovs, bits);
}

static void dmt_mark_posted(void *arg, const struct net_iov *niov)
{
	struct dmt_marks *marks = arg;

	dmt_mark(marks->binding, marks->posted, niov);
}

static void dmt_mark_user(void *arg, const struct net_iov *niov)
{
	struct dmt_marks *marks = arg;

	dmt_mark(marks->binding, marks->users, niov);
}

static void dmt_count_marks(const struct dmt_marks *marks,
			    struct dmt_counts *counts)
{
	const struct dmt_binding *binding = marks->binding;
	const struct net_iov *niov;
	u32 i, pool;

	for (i = 0; i < binding->hot.total; i++) {
		if (!(i % DMT_RESCHED))
			cond_resched();
		niov = &binding->niovs[i];
		if (atomic_read(&niov->ref) <= binding->tx_based)
			continue;
		counts->held++;
		pool = READ_ONCE(niov->pool);
		if (test_bit(i, marks->users))
			counts->pool[pool].users++;
		else if (test_bit(i, marks->posted))
			counts->pool[pool].posted++;
		else
			counts->pool[pool].queued++;
	}
}

/**
 * dmt_count - where the buffers of a binding are
 * @binding: on the list
 * @counts: result, a snapshot. A buffer that is in several places counts for
 *	the last of: the NIC's ring, an skb, a user's token
 *
 * Looks at every net_iov, and at the tokens of every socket that has any.
 *
 * Context: process, rtnl held.
 * Return: 0 or -ENOMEM.
 */
int dmt_count(const struct dmt_binding *binding, struct dmt_counts *counts)
{
	size_t size = BITS_TO_LONGS(binding->hot.total) * sizeof(long);
	struct dmt_marks marks = { .binding = binding };
	int err = -ENOMEM;
	u32 i;

	ASSERT_RTNL();
	memset(counts, 0, sizeof(*counts));
	marks.posted = kvzalloc(size, GFP_KERNEL);
	marks.users = kvzalloc(size, GFP_KERNEL);
	if (!marks.posted || !marks.users)
		goto free;

	for (i = 0; i < binding->nr_started && binding->ops->posted; i++)
		binding->ops->posted(binding->dev, binding->queues[i],
				     dmt_mark_posted, &marks);
	dmt_socks_look(dmt_mark_user, &marks);
	dmt_count_marks(&marks, counts);
	err = 0;
free:
	kvfree(marks.posted);
	kvfree(marks.users);
	return err;
}
EXPORT_SYMBOL_GPL(dmt_count);
