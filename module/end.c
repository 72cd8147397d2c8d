// SPDX-License-Identifier: GPL-2.0-only
/* The end of a binding. There is one way: a work gives the dma-buf back, and the
 * last net_iov that comes home frees the rest.
 *
 * Exporters may sleep for ever, and that work with them. Who wants to know that
 * it is done waits so long and no longer.
 */

#include <linux/idr.h>
#include <linux/module.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "core.h"
#include "trace.h"

DECLARE_WAIT_QUEUE_HEAD(dmt_wait);

/* Bindings that have memory. */
static atomic_t dmt_alive;

/* Bindings that the work is about to take the dma-buf from. */
static LIST_HEAD(dmt_ending);
static DEFINE_SPINLOCK(dmt_ending_lock);

/* Ids are taken from bind to burial, so that a cmsg's id is never ambiguous, and
 * lead to their bindings.
 */
static DEFINE_IDR(dmt_ids);
static DEFINE_SPINLOCK(dmt_ids_lock);

/**
 * dmt_id_alloc - an id for a binding, until that is freed
 * @binding: gets it
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int dmt_id_alloc(struct dmt_binding *binding)
{
	int id;

	idr_preload(GFP_KERNEL);
	spin_lock(&dmt_ids_lock);
	id = idr_alloc_cyclic(&dmt_ids, binding, 1, INT_MAX, GFP_NOWAIT);
	if (id > 0)
		binding->id = id;
	spin_unlock(&dmt_ids_lock);
	idr_preload_end();
	return id < 0 ? id : 0;
}

static void dmt_id_free(u32 id)
{
	spin_lock(&dmt_ids_lock);
	idr_remove(&dmt_ids, id);
	spin_unlock(&dmt_ids_lock);
}

/**
 * dmt_id_find - look an id up
 * @id: any number
 *
 * Context: rcu_read_lock() held. The result may be dead: its net_iovs are there
 * only if NET_IOV_DEAD is not set, and then until rcu_read_unlock().
 */
struct dmt_binding *dmt_id_find(u32 id)
{
	return idr_find(&dmt_ids, id);
}

/**
 * dmt_ids_walk - look at the bindings that have an id and are not listed
 * @show: called for each, under a spinlock
 * @s: its argument
 *
 * Context: rtnl held.
 */
void dmt_ids_walk(void (*show)(struct seq_file *s,
			       const struct dmt_binding *binding),
		  struct seq_file *s)
{
	struct dmt_binding *binding;
	int id;

	spin_lock(&dmt_ids_lock);
	idr_for_each_entry(&dmt_ids, binding, id)
		if (!binding->listed)
			show(s, binding);
	spin_unlock(&dmt_ids_lock);
}

/**
 * dmt_binding_free - net_iov_binding.release
 * @hot: every net_iov is home, nobody looks any more; but dmt_id_find() may
 *
 * Context: process.
 */
void dmt_binding_free(struct net_iov_binding *hot)
{
	struct dmt_binding *binding = dmt_binding_of(hot);

	dmt_pools_free(binding);
	dmt_areas_free(binding);
	if (binding->id) {
		trace_dmt_free(binding);
		dmt_id_free(binding->id);
	}
	kfree_rcu(binding, rcu);
	if (atomic_dec_and_test(&dmt_alive))
		wake_up(&dmt_wait);
}

/**
 * dmt_binding_let_go - give back the dma-buf and the device
 * @binding: the NIC has no use for it any more
 *
 * Context: process, without rtnl.
 */
void dmt_binding_let_go(struct dmt_binding *binding)
{
	dmt_dmabuf_unmap(binding);
	cancel_work_sync(&binding->revoke);
	put_device(binding->dma_dev);
	netdev_put(binding->dev, &binding->dev_tracker);
}

/* The queues are stopped and the binding is on no list: give the dma-buf back
 * now, unless it was to send from, and the memory when the last net_iov comes
 * home.
 */
static void dmt_binding_end_work(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, end);
	struct net_iov *niovs = binding->niovs;
	u32 based = binding->tx_based ? binding->hot.total : 0;

	/* Kicks that a put has begun still run in the driver. */
	synchronize_rcu();
	if (!binding->tx_lingers)
		dmt_binding_let_go(binding);

	spin_lock(&dmt_ending_lock);
	list_del(&binding->end_node);
	spin_unlock(&dmt_ending_lock);
	wake_up(&dmt_wait);
	net_iov_binding_kill(&binding->hot, dmt_pools_count_free(binding));
	dmt_tx_put_all(niovs, based);
}

/**
 * dmt_binding_init - from now on the binding has to be ended
 * @binding: a new one that holds its device
 *
 * Context: any; the caller is in a module that links to this one.
 */
void dmt_binding_init(struct dmt_binding *binding)
{
	__module_get(THIS_MODULE);
	atomic_inc(&dmt_alive);
	INIT_LIST_HEAD(&binding->end_node);
	INIT_WORK(&binding->end, dmt_binding_end_work);
	INIT_WORK(&binding->revoke, dmt_binding_revoke);
	binding->hot.owner = THIS_MODULE;
	binding->hot.release = dmt_binding_free;
}

/**
 * dmt_end_ticket - a number to wait for bindings by
 *
 * Return: never the same, nor 0.
 */
u64 dmt_end_ticket(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}

/**
 * dmt_binding_end - have a binding ended
 * @binding: on no list, its queues are stopped; not ours any more on return
 * @ticket: dmt_is_ending() tells by it whether that is done
 *
 * An exporter that is still mapping cannot be called off: then the map work ends
 * the binding when it is over, which may be never, so nobody waits for that.
 *
 * Context: process, also under rtnl.
 */
void dmt_binding_end(struct dmt_binding *binding, u64 ticket)
{
	if (dmt_dmabuf_leave(binding))
		return;
	binding->end_ticket = ticket;
	spin_lock(&dmt_ending_lock);
	list_add(&binding->end_node, &dmt_ending);
	spin_unlock(&dmt_ending_lock);
	queue_work(dmt_wq, &binding->end);
}

/**
 * dmt_is_ending - is any exporter not done with what a ticket was given for?
 * @ticket: of dmt_end_ticket()
 *
 * When that changes, dmt_wait is woken.
 *
 * Context: process.
 */
bool dmt_is_ending(u64 ticket)
{
	struct dmt_binding *binding;
	bool found = false;

	spin_lock(&dmt_ending_lock);
	list_for_each_entry(binding, &dmt_ending, end_node)
		found |= binding->end_ticket == ticket;
	spin_unlock(&dmt_ending_lock);
	return found;
}

/**
 * dmt_any_alive - has any binding of the machine memory?
 *
 * When that changes, dmt_wait is woken.
 *
 * Context: any.
 */
bool dmt_any_alive(void)
{
	return atomic_read(&dmt_alive);
}
