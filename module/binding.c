// SPDX-License-Identifier: GPL-2.0-only
/* Bindings: a dma-buf on RX queues of a device, or to send from through it: from
 * bind to burial.
 */

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/rculist.h>
#include <linux/rtnetlink.h>
#include <linux/wait.h>
#include <net/sock.h>
#include <net/xdp_sock_drv.h>
#include "core.h"
#include "trace.h"

LIST_HEAD(dmt_bindings);		/* rtnl */
EXPORT_SYMBOL_GPL(dmt_bindings);

/* Changes with the list, never 0. */
u32 dmt_bindings_seq = 1;
EXPORT_SYMBOL_GPL(dmt_bindings_seq);

/* The control module; rtnl */
static const struct dmt_listener *dmt_listener;

/* Does it take requests? Changed under rtnl; then dmt_wait is woken */
bool dmt_accepting;

/* For an exporter to give the dma-buf back, until one who asked for it, and one
 * who cannot be told, stops to wait for that.
 */
#define DMT_END_TIMEOUT		(5 * HZ)
#define DMT_CLOSE_TIMEOUT	HZ

/* The same for all bindings, when the module goes. */
#define DMT_EXIT_TIMEOUT	(30 * HZ)

/* Under rtnl, after a change of the list. XDP would want to look at the payload:
 * while anything is bound to a device, the kernel refuses programs there.
 */
static void dmt_bindings_changed(struct net_device *dev)
{
	struct dmt_binding *binding;

	dmt_bindings_seq = dmt_bindings_seq + 1 ?: 1;
	dev->priv_flags &= ~IFF_DEVMEM_BOUND;
	list_for_each_entry(binding, &dmt_bindings, node)
		if (binding->dev == dev && !binding->tx)
			dev->priv_flags |= IFF_DEVMEM_BOUND;
}

/* Under rtnl. */
static void dmt_binding_stop_queues(struct dmt_binding *binding)
{
	while (binding->nr_started)
		binding->ops->unbind(binding->dev,
				     binding->queues[--binding->nr_started]);
}

/* Under rtnl: take it off the list and have it ended. */
static void dmt_binding_stop(struct dmt_binding *binding, enum dmt_end why,
			     u64 ticket)
{
	list_del_rcu(&binding->node);
	WRITE_ONCE(binding->listed, false);
	dmt_binding_stop_queues(binding);
	dmt_bindings_changed(binding->dev);
	trace_dmt_unbind(binding, why);
	dmt_listener->ended(binding, why);
	if (binding->owner)
		sock_put(binding->owner);
	binding->owner = NULL;
	if (binding->tx)
		dmt_tx_end(binding, ticket,
			   why != DMT_END_DEVICE && why != DMT_END_EXPORTER);
	else
		dmt_binding_end(binding, ticket);
}

/* Drivers that do not tell, or leave it to bind, may have it on. */
static bool dmt_split_is_off(struct net_device *dev)
{
	const struct ethtool_ops *ops = dev->ethtool_ops;
	struct kernel_ethtool_ringparam kernel = {};
	struct ethtool_ringparam ring = {};

	if (!ops || !ops->get_ringparam)
		return false;
	ops->get_ringparam(dev, &ring, &kernel, NULL);
	return kernel.tcp_data_split == ETHTOOL_TCP_DATA_SPLIT_DISABLED;
}

/* Under rtnl: does anything on the device speak against it? */
static int dmt_binding_check_use(const struct dmt_binding *binding,
				 struct dmt_bind_params *params,
				 struct netlink_ext_ack *extack)
{
	struct net_device *dev = binding->dev;
	u32 i;

	if (binding->tx)
		return 0;
	params->bad = DMT_BAD_DEVICE;
	if (dmt_split_is_off(dev)) {
		NL_SET_ERR_MSG(extack, "tcp-data-split is disabled");
		return -EINVAL;
	}
	if (dev_xdp_prog_count(dev)) {
		NL_SET_ERR_MSG(extack, "unable to bind dmabuf to device with XDP program attached");
		return -EEXIST;
	}
	for (i = 0; i < binding->nr_queues; i++) {
		params->bad = i;
		if (dmt_binding_on(dev, binding->queues[i])) {
			NL_SET_ERR_MSG(extack, "designated queue already memory provider bound");
			return -EEXIST;
		}
		if (xsk_get_pool_from_qid(dev, binding->queues[i])) {
			NL_SET_ERR_MSG(extack, "designated queue already in use by AF_XDP");
			return -EBUSY;
		}
	}
	return 0;
}

/* Requests that are under way when the module goes end with this. */
static int dmt_check_accepting(struct dmt_bind_params *params,
			       struct netlink_ext_ack *extack)
{
	if (READ_ONCE(dmt_accepting))
		return 0;
	params->bad = DMT_BAD_NONE;
	NL_SET_ERR_MSG(extack, "devmem_tcp is being loaded or unloaded");
	return -ENODEV;
}

/* Under rtnl. All queues or none. @net is that of the request. */
static int dmt_binding_start(struct dmt_binding *binding, const struct net *net,
			     struct dmt_bind_params *params,
			     struct netlink_ext_ack *extack)
{
	struct devmem_dev *ddev = devmem_find_dev(binding->dev);
	u32 i;
	int err;

	err = dmt_check_accepting(params, extack);
	if (err)
		return err;
	params->bad = DMT_BAD_DEVICE;
	/* It may have moved while the exporter worked. */
	if (!net_eq(dev_net(binding->dev), net)) {
		NL_SET_ERR_MSG(extack, "no such device");
		return -ENODEV;
	}
	if (!ddev || binding->dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "the device is being removed");
		return -ENODEV;
	}
	err = dmt_binding_check_use(binding, params, extack);
	if (err)
		return err;
	/* Set before the work that finds bindings on the list, or not yet. */
	if (READ_ONCE(binding->revoked)) {
		params->bad = DMT_BAD_DMABUF;
		NL_SET_ERR_MSG(extack, "the exporter took the dma-buf back");
		return -ENODEV;
	}
	for (i = 0; i < binding->nr_queues; i++) {
		err = binding->ops->bind(binding->dev, binding->queues[i],
					 dmt_pool(binding, i), extack);
		if (err) {
			params->bad = i;
			goto stop;
		}
		binding->nr_started++;
	}
	if (params->owner) {
		sock_hold(params->owner);
		binding->owner = params->owner;
		binding->owner_portid = params->owner_portid;
	}
	if (binding->tx)
		WRITE_ONCE(binding->hot.tx_dev, binding->dev);
	list_add_tail_rcu(&binding->node, &dmt_bindings);
	WRITE_ONCE(binding->listed, true);
	dmt_bindings_changed(binding->dev);
	trace_dmt_bind(binding);
	dmt_listener->added(binding);
	return 0;

stop:
	dmt_binding_stop_queues(binding);
	return err;
}

/* Under rtnl. A device that sleeps is present when it wakes up. */
static bool dmt_dev_is_present(const struct net_device *dev,
			       const struct devmem_dev *ddev)
{
	bool present;

	if (ddev)
		pm_runtime_get_sync(ddev->dma_dev);
	present = netif_device_present(dev);
	if (ddev)
		pm_runtime_put(ddev->dma_dev);
	return present;
}

/* Under rtnl: can this device do it at all? */
static int dmt_binding_check_dev(const struct net_device *dev,
				 const struct devmem_dev *ddev,
				 struct dmt_bind_params *params,
				 struct netlink_ext_ack *extack)
{
	u32 i;

	params->bad = DMT_BAD_DEVICE;
	if (!dmt_dev_is_present(dev, ddev)) {
		NL_SET_ERR_MSG(extack, "the device is not present");
		return -ENODEV;
	}
	if (!ddev) {
		NL_SET_ERR_MSG(extack, "the driver of this device has no device memory support");
		return -EOPNOTSUPP;
	}
	if (ddev->ops->abi != DEVMEM_DRIVER_ABI) {
		pr_warn_ratelimited("devmem_tcp_core: the driver of %s has ABI %#x, this module %#zx\n",
				    netdev_name(dev), ddev->ops->abi,
				    DEVMEM_DRIVER_ABI);
		NL_SET_ERR_MSG(extack, "driver and devmem_tcp_core differ in ABI, see dmesg");
		return -EPROTO;
	}
	if (params->tx && !ddev->ops->tx_drain) {
		NL_SET_ERR_MSG(extack, "Driver does not support netmem TX");
		return -EOPNOTSUPP;
	}
	for (i = 0; i < params->nr_queues; i++) {
		if (params->queues[i] >= dev->real_num_rx_queues) {
			NL_SET_ERR_MSG(extack, "rx queue is out of range");
			params->bad = i;
			return -EINVAL;
		}
	}
	params->bad = DMT_BAD_NONE;
	return 0;
}

/* A binding that holds its device but is not mapped or started yet. */
static struct dmt_binding *
dmt_binding_create(struct net *net, struct dmt_bind_params *params,
		   struct netlink_ext_ack *extack)
{
	struct dmt_binding *binding;
	struct devmem_dev *ddev;
	struct net_device *dev;
	int err;

	/* To send from takes a home, too. */
	binding = kzalloc(struct_size(binding, hot.pools,
				      params->nr_queues ?: 1),
			  GFP_KERNEL_ACCOUNT);
	if (!binding)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&binding->reserve_lock);
	binding->tx = params->tx;
	binding->tx_user = params->tx_user;
	binding->shift = params->shift;
	binding->nr_queues = params->nr_queues;
	binding->sock_limit = params->sock_limit;
	memcpy(binding->queues, params->queues,
	       array_size(params->nr_queues, sizeof(*params->queues)));

	rtnl_lock();
	dev = __dev_get_by_index(net, params->ifindex);
	if (!dev) {
		err = -ENODEV;
		params->bad = DMT_BAD_DEVICE;
		NL_SET_ERR_MSG(extack, "no such device");
		goto free;
	}
	ddev = devmem_find_dev(dev);
	err = dmt_binding_check_dev(dev, ddev, params, extack);
	if (err)
		goto free;
	binding->ops = ddev->ops;
	binding->dma_dev = get_device(ddev->dma_dev);
	binding->dev = dev;
	netdev_hold(dev, &binding->dev_tracker, GFP_KERNEL);
	rtnl_unlock();

	dmt_binding_init(binding);
	if (binding->tx)
		dmt_tx_binding_init(binding);
	return binding;

free:
	rtnl_unlock();
	kfree(binding);
	return ERR_PTR(err);
}

/* A bind that failed, and has until its deadline: gives the dma-buf back, if
 * that does not take long.
 */
static void dmt_binding_cancel(struct dmt_binding *binding)
{
	long left = dmt_dmabuf_time_left(binding);
	u64 ticket = dmt_end_ticket();

	dmt_binding_end(binding, ticket);
	wait_event_killable_timeout(dmt_wait, !dmt_is_ending(ticket),
				    min_t(long, left, DMT_END_TIMEOUT));
}

/**
 * dmt_bind - bind a dma-buf to RX queues, or to send from
 * @net: namespace of the request
 * @params: what to bind
 * @extack: reason of a refusal
 *
 * Context: process, without rtnl, which is held to look the device up and to
 * restart its queues, not while the exporter works: that is waited for, 30 s at
 * most, or until the caller is killed or the control module goes.
 * Return: id > 0, or an errno; then nothing is left behind.
 */
int dmt_bind(struct net *net, struct dmt_bind_params *params,
	     struct netlink_ext_ack *extack)
{
	struct dmt_binding *binding;
	int err, id;

	params->bad = DMT_BAD_NONE;
	binding = dmt_binding_create(net, params, extack);
	if (IS_ERR(binding))
		return PTR_ERR(binding);

	params->bad = DMT_BAD_DMABUF;
	err = dmt_dmabuf_map(binding, params->dmabuf, extack);
	if (err) {
		err = dmt_check_accepting(params, extack) ?: err;
		goto end;
	}
	if (params->tx)
		binding->shift = dmt_tx_shift(binding->sgt);
	err = dmt_areas_build(binding, binding->sgt, binding->size, extack);
	if (err)
		goto end;
	params->bad = DMT_BAD_NONE;
	err = params->tx ? dmt_tx_build(binding) :
			   dmt_pools_build(binding, params->nr_queues);
	if (err)
		goto end;
	err = dmt_id_alloc(binding);
	if (err)
		goto end;
	id = binding->id;

	rtnl_lock();
	err = dmt_binding_start(binding, net, params, extack);
	rtnl_unlock();
	if (err)
		goto end;
	return id;

end:
	dmt_binding_cancel(binding);
	return err;
}
EXPORT_SYMBOL_GPL(dmt_bind);

/**
 * dmt_binding_find - look a live binding up
 * @net: namespace that its device is in
 * @id: as dmt_bind() returned
 *
 * Context: rtnl held, and the result is good as long as it is.
 * Return: NULL if there is none.
 */
struct dmt_binding *dmt_binding_find(struct net *net, u32 id)
{
	struct dmt_binding *binding;

	ASSERT_RTNL();
	list_for_each_entry(binding, &dmt_bindings, node)
		if (binding->id == id && net_eq(dev_net(binding->dev), net))
			return binding;
	return NULL;
}
EXPORT_SYMBOL_GPL(dmt_binding_find);

/**
 * dmt_binding_on - the binding of a queue
 * @dev: any device
 * @queue: RX queue of it
 *
 * Context: rtnl held, and the result is good as long as it is.
 * Return: NULL if the queue is not bound.
 */
struct dmt_binding *dmt_binding_on(const struct net_device *dev, u32 queue)
{
	struct dmt_binding *binding;
	u32 i;

	ASSERT_RTNL();
	list_for_each_entry(binding, &dmt_bindings, node) {
		if (binding->dev != dev)
			continue;
		for (i = 0; i < binding->nr_started; i++)
			if (binding->queues[i] == queue)
				return binding;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(dmt_binding_on);

/**
 * dmt_unbind - end a binding
 * @net: namespace that its device is in
 * @id: as dmt_bind() returned
 *
 * Context: process, without rtnl. Waits for the exporter, 5 s at most or until
 * the caller is killed: it may hold a lock that others need.
 * Return: 0 when the queues are free, and the dma-buf is or will be; or -ENOENT.
 */
int dmt_unbind(struct net *net, u32 id)
{
	u64 ticket = dmt_end_ticket();
	struct dmt_binding *binding;

	rtnl_lock();
	binding = dmt_binding_find(net, id);
	if (binding)
		dmt_binding_stop(binding, DMT_END_UNBIND, ticket);
	rtnl_unlock();
	if (!binding)
		return -ENOENT;
	wait_event_killable_timeout(dmt_wait, !dmt_is_ending(ticket),
				    DMT_END_TIMEOUT);
	return 0;
}
EXPORT_SYMBOL_GPL(dmt_unbind);

/**
 * dmt_unbind_dev - end the bindings of a device that goes away
 * @dev: the device; its last reference is dropped when the dma-buf is unmapped,
 *	which its unregistration waits for
 *
 * Context: rtnl held.
 */
void dmt_unbind_dev(struct net_device *dev)
{
	struct dmt_binding *binding, *next;
	u64 ticket = dmt_end_ticket();

	ASSERT_RTNL();
	list_for_each_entry_safe(binding, next, &dmt_bindings, node)
		if (binding->dev == dev)
			dmt_binding_stop(binding, DMT_END_DEVICE, ticket);
}
EXPORT_SYMBOL_GPL(dmt_unbind_dev);

/* Every socket of the machine that closes asks, so without rtnl. A binding of
 * the closing socket is on the list since its last sendmsg().
 */
static bool dmt_is_owner(u32 portid)
{
	struct dmt_binding *binding;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(binding, &dmt_bindings, node)
		found |= binding->owner_portid == portid;
	rcu_read_unlock();
	return found;
}

/* Ticket of all that the work below ends, and of its last run that is over. */
#define DMT_ORPHANS	0
static u64 dmt_orphans_ended;

/* Ends the bindings whose sockets are closed. A socket that is made with the
 * address of one of them is not.
 */
static void dmt_orphans_end(struct work_struct *work)
{
	struct dmt_binding *binding, *next;
	u64 run = dmt_end_ticket();

	rtnl_lock();
	list_for_each_entry_safe(binding, next, &dmt_bindings, node) {
		if (!binding->owner || !sock_flag(binding->owner, SOCK_DEAD))
			continue;
		dmt_binding_stop(binding, DMT_END_OWNER, DMT_ORPHANS);
	}
	rtnl_unlock();
	WRITE_ONCE(dmt_orphans_ended, run);
	wake_up(&dmt_wait);
}

static DECLARE_WORK(dmt_orphans, dmt_orphans_end);

/* Is a run over that began after @ticket was given, and are all dma-bufs back? */
static bool dmt_orphans_are_gone(u64 ticket)
{
	return READ_ONCE(dmt_orphans_ended) > ticket &&
	       !dmt_is_ending(DMT_ORPHANS);
}

/**
 * dmt_unbind_owner - end the bindings of a socket that has been closed
 * @portid: its netlink address
 *
 * The queues are free on return and so is the dma-buf, unless that takes longer
 * than a second, because of rtnl or of the exporter: who closes a socket cannot
 * be told. This must not wait for rtnl itself: it is called with the netlink
 * notifiers' lock held, and who holds rtnl may want that, to load a module.
 *
 * Context: process, without rtnl. May be killed; does not care.
 */
void dmt_unbind_owner(u32 portid)
{
	u64 ticket;

	if (!dmt_is_owner(portid))
		return;
	ticket = dmt_end_ticket();
	queue_work(dmt_wq, &dmt_orphans);
	wait_event_timeout(dmt_wait, dmt_orphans_are_gone(ticket),
			   DMT_CLOSE_TIMEOUT);
}
EXPORT_SYMBOL_GPL(dmt_unbind_owner);

/**
 * dmt_open - from now on there can be bindings
 * @listener: the control module's, until dmt_close()
 *
 * Context: process, without rtnl.
 */
void dmt_open(const struct dmt_listener *listener)
{
	rtnl_lock();
	dmt_listener = listener;
	WRITE_ONCE(dmt_accepting, true);
	rtnl_unlock();
}
EXPORT_SYMBOL_GPL(dmt_open);

/**
 * dmt_close - end every binding of the machine; there can be no new ones
 *
 * All queues are free on return. The exporters are waited for together, 30 s at
 * most; then a moment for the memory, so that devmem_tcp_core can be removed
 * right afterwards when no socket holds any of it.
 *
 * Context: process, without rtnl.
 */
void dmt_close(void)
{
	struct dmt_binding *binding, *next;
	u64 ticket = dmt_end_ticket();

	rtnl_lock();
	WRITE_ONCE(dmt_accepting, false);
	list_for_each_entry_safe(binding, next, &dmt_bindings, node)
		dmt_binding_stop(binding, DMT_END_MODULE, ticket);
	rtnl_unlock();
	/* Those that wait for an exporter to map. */
	wake_up(&dmt_wait);
	wait_event_killable_timeout(dmt_wait, !dmt_is_ending(ticket),
				    DMT_EXIT_TIMEOUT);
	wait_event_timeout(dmt_wait, !dmt_any_alive(), HZ / 4);
}
EXPORT_SYMBOL_GPL(dmt_close);

/* dmt_binding.revoke: the exporter takes the memory away. If the binding is off
 * the list already, whoever took it off has it ended, and that waits for this.
 */
void dmt_binding_revoke(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, revoke);

	rtnl_lock();
	if (binding->listed)
		dmt_binding_stop(binding, DMT_END_EXPORTER, dmt_end_ticket());
	else if (binding->tx)
		dmt_tx_revoke(binding);
	rtnl_unlock();
}
