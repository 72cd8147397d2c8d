// SPDX-License-Identifier: GPL-2.0-only
/* Tells of queues that ran dry. The data path counts and no more; this looks at
 * the counters once a second while there are bindings, which is also the limit
 * of how often a binding is told of.
 */

#include <linux/rtnetlink.h>
#include "core.h"
#include "ctl.h"

#define DMT_WATCH_PERIOD	HZ

static void dmt_watch_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(dmt_watch_work, dmt_watch_fn);

static void dmt_watch_later(void)
{
	schedule_delayed_work(&dmt_watch_work,
			      round_jiffies_relative(DMT_WATCH_PERIOD));
}

/* Under rtnl. Return: its pools that were empty since the last time, as bits. */
static u64 dmt_watch_binding(struct dmt_binding *binding)
{
	u64 empty, dry = 0;
	u32 i;

	for (i = 0; i < binding->hot.nr_pools; i++) {
		empty = READ_ONCE(dmt_pool(binding, i)->empty);
		if (empty != binding->empty_seen[i])
			dry |= BIT_ULL(i);
		binding->empty_seen[i] = empty;
	}
	return dry;
}

/* Never waits for rtnl: who has it may wait for this to end. */
static void dmt_watch_fn(struct work_struct *work)
{
	struct dmt_binding *binding;
	bool more = true;
	u64 dry;

	if (rtnl_trylock()) {
		list_for_each_entry(binding, &dmt_bindings, node) {
			dry = dmt_watch_binding(binding);
			if (dry)
				dmt_notify_empty(binding, dry);
		}
		more = !list_empty(&dmt_bindings);
		rtnl_unlock();
	}
	if (more)
		dmt_watch_later();
}

/**
 * dmt_watch - from now on tell when a queue of this binding runs dry
 * @binding: new on the list; that its dma-buf may be too small to fill the ring
 *	of the NIC is no news
 *
 * Context: rtnl held.
 */
void dmt_watch(struct dmt_binding *binding)
{
	dmt_watch_binding(binding);
	dmt_watch_later();
}

/**
 * dmt_watch_stop - the opposite
 *
 * Context: process; there are no bindings, and will be none.
 */
void dmt_watch_stop(void)
{
	cancel_delayed_work_sync(&dmt_watch_work);
}
