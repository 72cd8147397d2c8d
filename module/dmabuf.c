// SPDX-License-Identifier: GPL-2.0-only
/* The dma-buf side of a binding: attach, pin, map, and all of it back.
 *
 * Never under rtnl: exporters may sleep on memory, on the GPU or for ever.
 */

#include <linux/dma-resv.h>
#include <linux/netlink.h>
#include "core.h"

#define DMT_FENCE_TIMEOUT	(30 * HZ)

/* Called with the reservation lock held, so this only queues work. Exporters
 * that pin do not move; this is how they say that the memory goes away. Before
 * it is mapped, and while pinning moves it, there is nothing to take back.
 */
static void dmt_move_notify(struct dma_buf_attachment *attach)
{
	struct dmt_binding *binding = attach->importer_priv;

	if (!binding->sgt)
		return;
	/* Once: the work must not be queued again while it ends the binding. */
	if (!xchg(&binding->revoked, true))
		queue_work(dmt_wq, &binding->revoke);
}

static const struct dma_buf_attach_ops dmt_attach_ops = {
	.allow_peer2peer	= true,
	.move_notify		= dmt_move_notify,
};

static int dmt_dmabuf_pin_map(struct dmt_binding *binding,
			      struct netlink_ext_ack *extack)
{
	struct dma_buf_attachment *attach = binding->attach;
	struct sg_table *sgt;
	long left;
	int err;

	err = dma_resv_lock_interruptible(binding->dmabuf->resv, NULL);
	if (err)
		return err;
	err = dma_buf_pin(attach);
	if (err) {
		NL_SET_ERR_MSG(extack, "exporter refused to pin the dma-buf");
		goto unlock;
	}
	sgt = dma_buf_map_attachment(attach, DMA_FROM_DEVICE);
	if (IS_ERR(sgt)) {
		NL_SET_ERR_MSG(extack, "exporter refused to map the dma-buf for this device");
		err = PTR_ERR(sgt);
		dma_buf_unpin(attach);
		goto unlock;
	}
	binding->sgt = sgt;

	/* A dynamic importer waits itself for the exporter's copies: one that is
	 * still under way would overwrite what the NIC writes.
	 */
	left = dma_resv_wait_timeout(binding->dmabuf->resv,
				     DMA_RESV_USAGE_KERNEL, true,
				     DMT_FENCE_TIMEOUT);
	if (left <= 0) {
		NL_SET_ERR_MSG(extack, "exporter did not finish moving the dma-buf");
		err = left ?: -ETIMEDOUT;
	}
unlock:
	dma_resv_unlock(binding->dmabuf->resv);
	return err;
}

/**
 * dmt_dmabuf_map - make a dma-buf reachable for the binding's device
 * @binding: with dma_dev set
 * @dmabuf: a reference is taken until dmt_dmabuf_unmap()
 * @extack: says who refused
 *
 * Context: process, without rtnl.
 * Return: 0 or what the exporter says; -EINTR.
 */
int dmt_dmabuf_map(struct dmt_binding *binding, struct dma_buf *dmabuf,
		   struct netlink_ext_ack *extack)
{
	struct dma_buf_attachment *attach;
	int err;

	attach = dma_buf_dynamic_attach(dmabuf, binding->dma_dev,
					&dmt_attach_ops, binding);
	if (IS_ERR(attach)) {
		NL_SET_ERR_MSG(extack, "exporter refused to attach the device");
		return PTR_ERR(attach);
	}
	get_dma_buf(dmabuf);
	binding->dmabuf = dmabuf;
	binding->attach = attach;
	binding->size = dmabuf->size;

	err = dmt_dmabuf_pin_map(binding, extack);
	if (err)
		dmt_dmabuf_unmap(binding);
	return err;
}

/**
 * dmt_dmabuf_unmap - undo dmt_dmabuf_map(), also a partial one
 * @binding: whose queues are all confirmed stopped: the NIC writes no more.
 *	Frags and tokens that still exist are only metadata.
 *
 * Context: process, without rtnl. Afterwards move_notify is not called again.
 */
void dmt_dmabuf_unmap(struct dmt_binding *binding)
{
	struct dma_buf *dmabuf = binding->dmabuf;

	if (!dmabuf)
		return;
	if (binding->sgt) {
		dma_resv_lock(dmabuf->resv, NULL);
		dma_buf_unmap_attachment(binding->attach, binding->sgt,
					 DMA_FROM_DEVICE);
		dma_buf_unpin(binding->attach);
		dma_resv_unlock(dmabuf->resv);
		binding->sgt = NULL;
	}
	dma_buf_detach(dmabuf, binding->attach);
	dma_buf_put(dmabuf);
	binding->dmabuf = NULL;
}
