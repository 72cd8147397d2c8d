// SPDX-License-Identifier: GPL-2.0-only
/* Bindings to send from: their life. tx_send.c has the data path.
 *
 * Nobody allocates here: user space says where in the dma-buf the bytes are. So
 * each net_iov has one reference of the binding from bind to unbind, and one for
 * each frag of an skb. After unbind none is taken any more, and those of frags
 * go when the bytes are acknowledged or their socket dies. When all are home the
 * NIC has no use for the dma-buf, and it is given back: until then the binding
 * lingers.
 *
 * If the device or the memory goes, that cannot be waited for. Then the frags
 * are refused on their way to the driver, the driver empties its TX rings, and
 * the dma-buf is given back with frags still out, which are only metadata.
 */

#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/scatterlist.h>
#include "core.h"

/* Bindings off the list whose net_iovs are not all home; rtnl. A device that
 * goes must find them.
 */
static LIST_HEAD(dmt_tx_lingering);

/**
 * dmt_tx_shift - log2 of the net_iov size to send from
 * @sgt: the mapping
 *
 * As large as the segments allow: that makes the fewest frags.
 */
u32 dmt_tx_shift(struct sg_table *sgt)
{
	u64 bits = BIT(DMT_MAX_SHIFT);
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i)
		bits |= sg_dma_address(sg) | sg_dma_len(sg);
	return max_t(u32, __ffs64(bits), DMT_MIN_SHIFT);
}

/* dmt_binding.tx_lets_go */
static void dmt_tx_let_go_work(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, tx_lets_go);

	dmt_binding_let_go(binding);
}

/* dmt_binding.tx_frees: every net_iov is home. That may be in the middle of what
 * dmt_tx_let_go() began.
 */
static void dmt_tx_free_work(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, tx_frees);

	rtnl_lock();
	list_del_init(&binding->tx_linger);
	rtnl_unlock();
	flush_work(&binding->tx_lets_go);
	if (binding->dmabuf)
		dmt_binding_let_go(binding);
	dmt_binding_free(&binding->hot);
	module_put(THIS_MODULE);	/* the module's exit waits for the return */
}

/* net_iov_binding.release. The burial runs where the kernel starts programs, among
 * them modprobe for those who have rtnl: nothing must wait there. Nor in the
 * queue of tx_lets_go, which that waits for.
 */
static void dmt_tx_release(struct net_iov_binding *hot)
{
	__module_get(THIS_MODULE);	/* the burial drops its own */
	queue_work(dmt_map_wq, &dmt_binding_of(hot)->tx_frees);
}

/**
 * dmt_tx_binding_init - as dmt_binding_init(), for one to send from
 * @binding: after that, and before it is mapped
 */
void dmt_tx_binding_init(struct dmt_binding *binding)
{
	binding->hot.release = dmt_tx_release;
	INIT_LIST_HEAD(&binding->tx_linger);
	INIT_WORK(&binding->tx_lets_go, dmt_tx_let_go_work);
	INIT_WORK(&binding->tx_frees, dmt_tx_free_work);
}

/**
 * dmt_tx_build - make the net_iovs to send from
 * @binding: mapped
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int dmt_tx_build(struct dmt_binding *binding)
{
	struct net_iov *niov = binding->niovs;
	u32 i;
	int err;

	err = dmt_pools_build(binding, 1);
	if (err)
		return err;
	for (i = 0; i < binding->hot.total; i++, niov++) {
		niov->pool = 0;
		atomic_set(&niov->ref, 1);
		if (!(i % DMT_RESCHED))
			cond_resched();
	}
	binding->reserve = NULL;
	binding->nr_reserve = 0;
	binding->tx_based = true;
	return 0;
}

/* The frags that are still out are refused from now on, and the NIC reads no
 * more of the dma-buf: give it back. Under rtnl; the binding lingers.
 */
static void dmt_tx_let_go(struct dmt_binding *binding)
{
	list_del_init(&binding->tx_linger);
	WRITE_ONCE(binding->hot.tx_dev, NULL);
	/* Those that the driver looked at before. */
	synchronize_net();
	binding->ops->tx_drain(binding->dev);
	queue_work(dmt_wq, &binding->tx_lets_go);
}

/**
 * dmt_tx_end - end a binding to send from
 * @binding: just taken off dmt_bindings; not ours any more on return
 * @ticket: as dmt_binding_end()
 * @wait: may it keep the dma-buf until all bytes are acknowledged?
 *
 * Context: rtnl held.
 */
void dmt_tx_end(struct dmt_binding *binding, u64 ticket, bool wait)
{
	binding->tx_lingers = true;
	list_add(&binding->tx_linger, &dmt_tx_lingering);
	if (!wait)
		dmt_tx_let_go(binding);
	dmt_binding_end(binding, ticket);
}

/**
 * dmt_tx_revoke - the exporter takes the memory of a binding back
 * @binding: off dmt_bindings
 *
 * Context: rtnl held.
 */
void dmt_tx_revoke(struct dmt_binding *binding)
{
	if (!list_empty(&binding->tx_linger))
		dmt_tx_let_go(binding);
}

/**
 * dmt_tx_put_all - drop the references that dmt_tx_build() took
 * @niovs: all of a dead binding
 * @num: their number
 *
 * The last may free the binding, so nothing else of it is looked at.
 *
 * Context: process.
 */
void dmt_tx_put_all(struct net_iov *niovs, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++) {
		net_iov_put(&niovs[i]);
		if (!(i % DMT_RESCHED))
			cond_resched();
	}
}

/* The device goes, or leaves its network namespace. The control module, which
 * ends the bindings on the list, need not be loaded any more.
 */
static int dmt_tx_netdev_event(struct notifier_block *nb, unsigned long event,
			       void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct dmt_binding *binding, *next;

	if (event == NETDEV_UNREGISTER)
		list_for_each_entry_safe(binding, next, &dmt_tx_lingering,
					 tx_linger)
			if (binding->dev == dev)
				dmt_tx_let_go(binding);
	return NOTIFY_DONE;
}

static struct notifier_block dmt_tx_netdev_notifier = {
	.notifier_call	= dmt_tx_netdev_event,
};

int dmt_tx_init(void)
{
	return register_netdevice_notifier(&dmt_tx_netdev_notifier);
}

void dmt_tx_exit(void)
{
	unregister_netdevice_notifier(&dmt_tx_netdev_notifier);
}
