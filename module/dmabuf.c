// SPDX-License-Identifier: GPL-2.0-only
/* The dma-buf side of a binding: attach, pin, map, and all of it back.
 *
 * Never under rtnl: exporters may sleep on memory, on the GPU or for ever. They
 * do it in a worker, so that who binds can give up and go.
 */

#include <linux/dma-direct.h>
#include <linux/dma-resv.h>
#include <linux/iommu.h>
#include <linux/memcontrol.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/swiotlb.h>
#include <linux/wait.h>
#include "core.h"

/* For the exporter to attach, pin and map, and for its fences. */
#define DMT_MAP_TIMEOUT		(30 * HZ)

/* Whose turn it is while the exporter maps. One of two steps is the first:
 * BUSY to DONE by the map work, then the binder goes on; BUSY to LEFT by the
 * binder, then that work ends the binding.
 */
enum {
	DMT_MAP_BUSY,
	DMT_MAP_DONE,
	DMT_MAP_LEFT,
};

/* Called with the reservation lock held, so this only queues work. Exporters
 * that pin do not move; this is how they say that the memory goes away. Before
 * it is mapped, and while pinning moves it, there is nothing to take back. Who
 * cannot pin has mapped it since attach.
 */
static void dmt_move_notify(struct dma_buf_attachment *attach)
{
	struct dmt_binding *binding = attach->importer_priv;

	if (!binding->sgt && dma_buf_is_dynamic(attach->dmabuf))
		return;
	/* Once: the work must not be queued again while it ends the binding. */
	if (!xchg(&binding->revoked, true))
		queue_work(dmt_wq, &binding->revoke);
}

static const struct dma_buf_attach_ops dmt_attach_ops = {
	.allow_peer2peer	= true,
	.move_notify		= dmt_move_notify,
};

/* The DMA layer may have put bounce buffers (swiotlb) between the device and the
 * dma-buf, as it does in confidential VMs: the NIC would write there, and nobody
 * copies. One for each segment or none, so their beginnings tell.
 */
static bool dmt_dmabuf_is_bounced(struct device *dev, struct sg_table *sgt)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	struct scatterlist *sg;
	phys_addr_t phys;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		phys = domain ?
		       iommu_iova_to_phys(domain, sg_dma_address(sg)) :
		       dma_to_phys(dev, sg_dma_address(sg));
		if (is_swiotlb_buffer(dev, phys))
			return true;
	}
	return false;
}

static enum dma_data_direction
dmt_dmabuf_dir(const struct dmt_binding *binding)
{
	return binding->tx ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

static int dmt_dmabuf_pin(struct dmt_binding *binding)
{
	enum dma_data_direction dir = dmt_dmabuf_dir(binding);
	struct sg_table *sgt;
	int err;

	err = dma_buf_pin(binding->attach);
	if (err) {
		binding->map_text = "exporter refused to pin the dma-buf";
		return err;
	}
	sgt = dma_buf_map_attachment(binding->attach, dir);
	if (IS_ERR(sgt)) {
		binding->map_text = "exporter refused to map the dma-buf for this device";
		err = PTR_ERR(sgt);
		goto unpin;
	}
	if (dmt_dmabuf_is_bounced(binding->dma_dev, sgt)) {
		binding->map_text =
			"the device reaches the dma-buf through bounce buffers (swiotlb) only";
		err = -EOPNOTSUPP;
		goto unmap;
	}
	binding->sgt = sgt;
	return 0;

unmap:
	dma_buf_unmap_attachment(binding->attach, sgt, dir);
unpin:
	dma_buf_unpin(binding->attach);
	return err;
}

static int dmt_dmabuf_attach(struct dmt_binding *binding)
{
	bool dynamic = dma_buf_is_dynamic(binding->dmabuf);
	struct dma_buf_attachment *attach;
	int err;

	attach = dma_buf_dynamic_attach(binding->dmabuf, binding->dma_dev,
					&dmt_attach_ops, binding);
	if (IS_ERR(attach)) {
		binding->map_text = dynamic ?
			"exporter refused to attach the device" :
			"exporter refused to attach or map the dma-buf for this device";
		return PTR_ERR(attach);
	}
	binding->attach = attach;
	binding->attach_kind = dynamic ? DMT_ATTACH_PINNED : DMT_ATTACH_STATIC;

	dma_resv_lock(binding->dmabuf->resv, NULL);
	err = dmt_dmabuf_pin(binding);
	dma_resv_unlock(binding->dmabuf->resv);
	return err;
}

/* What the exporter allocates for the binder is charged to the binder. */
static void dmt_dmabuf_map_work(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, map);
	struct mem_cgroup *memcg = binding->memcg;
	struct mem_cgroup *old;

	old = set_active_memcg(memcg);
	binding->map_err = dmt_dmabuf_attach(binding);
	set_active_memcg(old);
	mem_cgroup_put(memcg);

	if (atomic_cmpxchg(&binding->map_state, DMT_MAP_BUSY, DMT_MAP_DONE) ==
	    DMT_MAP_LEFT)
		queue_work(dmt_wq, &binding->end);
	/* Now the binding can have been freed, by one or the other. */
	wake_up(&dmt_wait);
}

/**
 * dmt_dmabuf_time_left - how long who binds still waits for the exporter
 * @binding: after dmt_dmabuf_map(), or in it
 *
 * Return: jiffies, 0 or more.
 */
long dmt_dmabuf_time_left(const struct dmt_binding *binding)
{
	return max_t(long, binding->map_end - jiffies, 0);
}

/* A dynamic importer waits itself for the exporter's copies: one that is still
 * under way would overwrite what the NIC writes. In slices, for only a fatal
 * signal and rmmod may end it: netlink does not acknowledge a request that fails
 * with EINTR.
 */
static int dmt_dmabuf_settle(struct dmt_binding *binding,
			     struct netlink_ext_ack *extack)
{
	long left;

	do {
		left = dma_resv_wait_timeout(binding->dmabuf->resv,
					     DMA_RESV_USAGE_KERNEL, false,
					     HZ / 4);
		if (left)
			return min(left, 0L);
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!READ_ONCE(dmt_accepting))
			return -ENODEV;
	} while (dmt_dmabuf_time_left(binding));
	NL_SET_ERR_MSG(extack, "exporter did not finish moving the dma-buf");
	return -ETIMEDOUT;
}

/* Is the map work over? Then map_err and map_text are valid. */
static bool dmt_dmabuf_is_mapped(const struct dmt_binding *binding)
{
	return atomic_read_acquire(&binding->map_state) == DMT_MAP_DONE;
}

/**
 * dmt_dmabuf_map - make a dma-buf reachable for the binding's device
 * @binding: with dma_dev set
 * @dmabuf: a reference is taken until dmt_dmabuf_unmap()
 * @extack: says who refused
 *
 * Context: process, without rtnl.
 * Return: 0 or what the exporter says; -ETIMEDOUT; -EINTR after a fatal signal;
 *	-ENODEV if the control module goes. dmt_binding_end() is due in any case.
 */
int dmt_dmabuf_map(struct dmt_binding *binding, struct dma_buf *dmabuf,
		   struct netlink_ext_ack *extack)
{
	long left;

	get_dma_buf(dmabuf);
	binding->dmabuf = dmabuf;
	binding->size = dmabuf->size;
	binding->map_end = jiffies + DMT_MAP_TIMEOUT;
	binding->memcg = get_mem_cgroup_from_mm(current->mm);
	INIT_WORK(&binding->map, dmt_dmabuf_map_work);
	queue_work(dmt_map_wq, &binding->map);

	left = wait_event_killable_timeout(dmt_wait,
					   dmt_dmabuf_is_mapped(binding) ||
					   !READ_ONCE(dmt_accepting),
					   DMT_MAP_TIMEOUT);
	if (left < 0)
		return -EINTR;
	if (!READ_ONCE(dmt_accepting))
		return -ENODEV;
	if (!left) {
		NL_SET_ERR_MSG(extack, "exporter did not map the dma-buf in time");
		return -ETIMEDOUT;
	}
	if (binding->map_err) {
		if (extack)
			extack->_msg = binding->map_text;
		return binding->map_err;
	}
	return dmt_dmabuf_settle(binding, extack);
}

/**
 * dmt_dmabuf_leave - leave the binding to an exporter that is still mapping
 * @binding: after dmt_dmabuf_map()
 *
 * Context: any.
 * Return: true if it is; then the map work queues dmt_binding.end. False if it is
 *	not, and @binding stays the caller's.
 */
bool dmt_dmabuf_leave(struct dmt_binding *binding)
{
	return atomic_cmpxchg(&binding->map_state, DMT_MAP_BUSY,
			      DMT_MAP_LEFT) == DMT_MAP_BUSY;
}

/**
 * dmt_dmabuf_unmap - undo dmt_dmabuf_map(), also a partial one
 * @binding: whose map work is over, and that the NIC neither writes to nor reads
 *	from any more. Frags and tokens that still exist are only metadata.
 *
 * Context: process, without rtnl. Afterwards move_notify is not called again.
 */
void dmt_dmabuf_unmap(struct dmt_binding *binding)
{
	struct dma_buf *dmabuf = binding->dmabuf;

	if (binding->sgt) {
		dma_resv_lock(dmabuf->resv, NULL);
		dma_buf_unmap_attachment(binding->attach, binding->sgt,
					 dmt_dmabuf_dir(binding));
		dma_buf_unpin(binding->attach);
		binding->sgt = NULL;
		dma_resv_unlock(dmabuf->resv);
	}
	if (binding->attach)
		dma_buf_detach(dmabuf, binding->attach);
	dma_buf_put(dmabuf);
	binding->dmabuf = NULL;
}
