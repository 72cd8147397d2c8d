// SPDX-License-Identifier: GPL-2.0-only
/* Bindings: a dma-buf on RX queues of a device, from bind to burial. */

#include <linux/idr.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/wait.h>
#include "core.h"

LIST_HEAD(dmt_bindings);		/* rtnl */
EXPORT_SYMBOL_GPL(dmt_bindings);

/* Bindings that have memory, and who waits for them to be gone. */
static atomic_t dmt_alive;
static DECLARE_WAIT_QUEUE_HEAD(dmt_alive_wait);

/* Ids are taken from bind to burial, so that a cmsg's id is never ambiguous. */
static DEFINE_IDR(dmt_ids);
static DEFINE_SPINLOCK(dmt_ids_lock);

static int dmt_id_alloc(void)
{
	int id;

	idr_preload(GFP_KERNEL);
	spin_lock(&dmt_ids_lock);
	id = idr_alloc_cyclic(&dmt_ids, NULL, 1, INT_MAX, GFP_NOWAIT);
	spin_unlock(&dmt_ids_lock);
	idr_preload_end();
	return id;
}

static void dmt_id_free(u32 id)
{
	spin_lock(&dmt_ids_lock);
	idr_remove(&dmt_ids, id);
	spin_unlock(&dmt_ids_lock);
}

/* net_iov_binding.release: every net_iov is home, nobody looks any more. */
static void dmt_binding_free(struct net_iov_binding *hot)
{
	struct dmt_binding *binding = dmt_binding_of(hot);

	dmt_pools_free(binding);
	dmt_areas_free(binding);
	if (binding->id)
		dmt_id_free(binding->id);
	kfree(binding);
	if (atomic_dec_and_test(&dmt_alive))
		wake_up(&dmt_alive_wait);
}

static void dmt_binding_put_dev(struct dmt_binding *binding)
{
	put_device(binding->dma_dev);
	netdev_put(binding->dev, &binding->dev_tracker);
}

/* The queues are stopped and the binding is on no list: give the dma-buf back
 * now, and the memory when the last net_iov comes home.
 */
static void dmt_binding_end(struct dmt_binding *binding)
{
	/* Kicks that a put has begun still run in the driver. */
	synchronize_rcu();
	dmt_dmabuf_unmap(binding);
	/* The work itself ends here only after it has been taken off. */
	if (current_work() != &binding->revoke)
		cancel_work_sync(&binding->revoke);
	dmt_binding_put_dev(binding);
	net_iov_binding_kill(&binding->hot, dmt_pools_count_free(binding));
}

static void dmt_binding_end_work(struct work_struct *work)
{
	dmt_binding_end(container_of(work, struct dmt_binding, end));
}

/* Under rtnl. XDP would want to look at the payload: while anything is bound to
 * a device, the kernel refuses programs there.
 */
static void dmt_mark_bound(struct net_device *dev)
{
	struct dmt_binding *binding;

	dev->priv_flags &= ~IFF_DEVMEM_BOUND;
	list_for_each_entry(binding, &dmt_bindings, node)
		if (binding->dev == dev)
			dev->priv_flags |= IFF_DEVMEM_BOUND;
}

/* Under rtnl. */
static void dmt_binding_stop(struct dmt_binding *binding)
{
	list_del_init(&binding->node);
	while (binding->nr_started)
		binding->ops->unbind(binding->dev,
				     binding->queues[--binding->nr_started]);
	dmt_mark_bound(binding->dev);
}

/* Under rtnl. All queues or none. */
static int dmt_binding_start(struct dmt_binding *binding,
			     struct dmt_bind_params *params,
			     struct netlink_ext_ack *extack)
{
	struct devmem_dev *ddev = devmem_find_dev(binding->dev);
	u32 i;
	int err;

	params->bad = DMT_BAD_DEVICE;

	if (!ddev || binding->dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "the device is being removed");
		return -ENODEV;
	}
	if (dev_xdp_prog_count(binding->dev)) {
		NL_SET_ERR_MSG(extack, "an xdp program is attached to the device");
		return -EEXIST;
	}
	/* Set before the work that finds bindings on the list, or not yet. */
	if (READ_ONCE(binding->revoked)) {
		params->bad = DMT_BAD_DMABUF;
		NL_SET_ERR_MSG(extack, "the exporter took the dma-buf back");
		return -ENODEV;
	}
	for (i = 0; i < binding->hot.nr_pools; i++) {
		err = binding->ops->bind(binding->dev, binding->queues[i],
					 dmt_pool(binding, i), extack);
		if (err) {
			params->bad = i;
			goto stop;
		}
		binding->nr_started++;
	}
	list_add_tail(&binding->node, &dmt_bindings);
	dmt_mark_bound(binding->dev);
	return 0;

stop:
	dmt_binding_stop(binding);
	return err;
}

/* Under rtnl: can this device do it at all? */
static int dmt_binding_check_dev(const struct devmem_dev *ddev,
				 struct dmt_bind_params *params,
				 struct netlink_ext_ack *extack)
{
	u32 i;

	params->bad = DMT_BAD_DEVICE;
	if (!ddev) {
		NL_SET_ERR_MSG(extack, "the driver of this device has no device memory support");
		return -EOPNOTSUPP;
	}
	if (ddev->ops->abi != DEVMEM_DRIVER_ABI) {
		pr_warn("devmem_tcp_core: the driver of %s has ABI %#x, this module %#zx\n",
			netdev_name(ddev->dev), ddev->ops->abi,
			DEVMEM_DRIVER_ABI);
		NL_SET_ERR_MSG(extack, "driver and devmem_tcp_core differ in ABI, see dmesg");
		return -EPROTO;
	}
	for (i = 0; i < params->nr_queues; i++) {
		if (params->queues[i] >= ddev->dev->real_num_rx_queues) {
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

	binding = kzalloc(struct_size(binding, hot.pools, params->nr_queues),
			  GFP_KERNEL_ACCOUNT);
	if (!binding)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&binding->node);
	INIT_WORK(&binding->revoke, dmt_binding_revoke);
	INIT_WORK(&binding->end, dmt_binding_end_work);
	spin_lock_init(&binding->reserve_lock);
	binding->shift = params->shift;
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
	err = dmt_binding_check_dev(ddev, params, extack);
	if (err)
		goto free;
	binding->ops = ddev->ops;
	binding->dma_dev = get_device(ddev->dma_dev);
	binding->dev = dev;
	netdev_hold(dev, &binding->dev_tracker, GFP_KERNEL);
	rtnl_unlock();

	/* Our caller is in a module that links to this one. */
	__module_get(THIS_MODULE);
	atomic_inc(&dmt_alive);
	binding->hot.owner = THIS_MODULE;
	binding->hot.release = dmt_binding_free;
	return binding;

free:
	rtnl_unlock();
	kfree(binding);
	return ERR_PTR(err);
}

/**
 * dmt_bind - bind a dma-buf to RX queues
 * @net: namespace of the request
 * @params: what to bind
 * @extack: reason of a refusal
 *
 * Context: process, without rtnl, which is held to look the device up and to
 * restart its queues, not while the exporter works.
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
	if (err)
		goto end;
	err = dmt_areas_build(binding, binding->sgt, binding->size, extack);
	if (err)
		goto end;
	params->bad = DMT_BAD_NONE;
	err = dmt_pools_build(binding, params->nr_queues);
	if (err)
		goto end;
	id = dmt_id_alloc();
	if (id < 0) {
		err = id;
		goto end;
	}
	binding->id = id;

	rtnl_lock();
	err = dmt_binding_start(binding, params, extack);
	rtnl_unlock();
	if (err)
		goto end;
	return id;

end:
	/* An exporter that hangs keeps the binding, not who asked for it. */
	if (dmt_dmabuf_busy(binding))
		queue_work(dmt_wq, &binding->end);
	else
		dmt_binding_end(binding);
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
 * dmt_unbind - end a binding
 * @net: namespace that its device is in
 * @id: as dmt_bind() returned
 *
 * Context: process, without rtnl.
 * Return: 0 when queues and dma-buf are free, or -ENOENT.
 */
int dmt_unbind(struct net *net, u32 id)
{
	struct dmt_binding *binding;

	rtnl_lock();
	binding = dmt_binding_find(net, id);
	if (binding)
		dmt_binding_stop(binding);
	rtnl_unlock();
	if (!binding)
		return -ENOENT;
	dmt_binding_end(binding);
	return 0;
}
EXPORT_SYMBOL_GPL(dmt_unbind);

/**
 * dmt_unbind_all - end every binding of the machine
 *
 * Waits a moment for their memory too, so that devmem_tcp_core can be removed
 * right afterwards when no socket holds any of it.
 *
 * Context: process, without rtnl; no dmt_bind() can be under way.
 */
void dmt_unbind_all(void)
{
	struct dmt_binding *binding;

	for (;;) {
		rtnl_lock();
		binding = list_first_entry_or_null(&dmt_bindings,
						   struct dmt_binding, node);
		if (binding)
			dmt_binding_stop(binding);
		rtnl_unlock();
		if (!binding)
			break;
		dmt_binding_end(binding);
	}
	wait_event_timeout(dmt_alive_wait, !atomic_read(&dmt_alive), HZ / 4);
}
EXPORT_SYMBOL_GPL(dmt_unbind_all);

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

	ASSERT_RTNL();
	list_for_each_entry_safe(binding, next, &dmt_bindings, node) {
		if (binding->dev != dev)
			continue;
		dmt_binding_stop(binding);
		queue_work(dmt_wq, &binding->end);
	}
}
EXPORT_SYMBOL_GPL(dmt_unbind_dev);

/* The exporter takes the memory away. If the binding is off the list already,
 * whoever took it off ends it, and waits for this work.
 */
void dmt_binding_revoke(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, revoke);
	bool mine;

	rtnl_lock();
	mine = !list_empty(&binding->node);
	if (mine)
		dmt_binding_stop(binding);
	rtnl_unlock();
	if (mine)
		dmt_binding_end(binding);
}
