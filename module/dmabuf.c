// SPDX-License-Identifier: GPL-2.0-only
/* The dma-buf side of a binding: attach, pin, map, and all of it back.
 *
 * Never under rtnl: exporters may sleep on memory, on the GPU or for ever. They
 * do it in a worker, so that who binds can give up and go.
 */

#include <linux/dma-resv.h>
#include <linux/netlink.h>
#include <linux/sched/signal.h>
#include "core.h"

/* For the exporter to attach, pin and map; and again for its fences. */
#define DMT_MAP_TIMEOUT		(30 * HZ)

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

static int dmt_dmabuf_pin(struct dmt_binding *binding)
{
	struct sg_table *sgt;
	int err;

	err = dma_buf_pin(binding->attach);
	if (err) {
		binding->map_text = "exporter refused to pin the dma-buf";
		return err;
	}
	sgt = dma_buf_map_attachment(binding->attach, DMA_FROM_DEVICE);
	if (IS_ERR(sgt)) {
		binding->map_text = "exporter refused to map the dma-buf for this device";
		dma_buf_unpin(binding->attach);
		return PTR_ERR(sgt);
	}
	binding->sgt = sgt;
	return 0;
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

static void dmt_dmabuf_map_work(struct work_struct *work)
{
	struct dmt_binding *binding =
		container_of(work, struct dmt_binding, map);

	binding->map_err = dmt_dmabuf_attach(binding);
	/* From here on the binding can be freed. */
	complete_all(&binding->mapped);
}

/* A dynamic importer waits itself for the exporter's copies: one that is still
 * under way would overwrite what the NIC writes. In slices, for only a fatal
 * signal may end it: netlink does not acknowledge a request that fails with
 * EINTR.
 */
static int dmt_dmabuf_settle(struct dma_buf *dmabuf,
			     struct netlink_ext_ack *extack)
{
	unsigned long end = jiffies + DMT_MAP_TIMEOUT;
	long left;

	do {
		left = dma_resv_wait_timeout(dmabuf->resv,
					     DMA_RESV_USAGE_KERNEL, false,
					     HZ / 4);
		if (left)
			return min(left, 0L);
		if (fatal_signal_pending(current))
			return -EINTR;
	} while (time_before(jiffies, end));
	NL_SET_ERR_MSG(extack, "exporter did not finish moving the dma-buf");
	return -ETIMEDOUT;
}

/**
 * dmt_dmabuf_map - make a dma-buf reachable for the binding's device
 * @binding: with dma_dev set
 * @dmabuf: a reference is taken until dmt_dmabuf_unmap()
 * @extack: says who refused
 *
 * Context: process, without rtnl.
 * Return: 0 or what the exporter says; -ETIMEDOUT; -EINTR after a fatal signal.
 *	dmt_dmabuf_unmap() is due in any case, and has to wait if
 *	dmt_dmabuf_busy().
 */
int dmt_dmabuf_map(struct dmt_binding *binding, struct dma_buf *dmabuf,
		   struct netlink_ext_ack *extack)
{
	long left;

	get_dma_buf(dmabuf);
	binding->dmabuf = dmabuf;
	binding->size = dmabuf->size;
	init_completion(&binding->mapped);
	INIT_WORK(&binding->map, dmt_dmabuf_map_work);
	queue_work(dmt_wq, &binding->map);

	left = wait_for_completion_killable_timeout(&binding->mapped,
						    DMT_MAP_TIMEOUT);
	if (left < 0)
		return -EINTR;
	if (!left) {
		NL_SET_ERR_MSG(extack, "exporter did not map the dma-buf in time");
		return -ETIMEDOUT;
	}
	if (binding->map_err) {
		if (extack)
			extack->_msg = binding->map_text;
		return binding->map_err;
	}
	return dmt_dmabuf_settle(dmabuf, extack);
}

/* True if dmt_dmabuf_map() gave up and the exporter is still at it. */
bool dmt_dmabuf_busy(struct dmt_binding *binding)
{
	return !completion_done(&binding->mapped);
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

	wait_for_completion(&binding->mapped);
	if (binding->sgt) {
		dma_resv_lock(dmabuf->resv, NULL);
		dma_buf_unmap_attachment(binding->attach, binding->sgt,
					 DMA_FROM_DEVICE);
		dma_buf_unpin(binding->attach);
		binding->sgt = NULL;
		dma_resv_unlock(dmabuf->resv);
	}
	if (binding->attach)
		dma_buf_detach(dmabuf, binding->attach);
	dma_buf_put(dmabuf);
	binding->dmabuf = NULL;
}
