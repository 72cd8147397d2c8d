// SPDX-License-Identifier: GPL-2.0-only
/* Device memory for igb: probe, remove, bind, unbind. */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/rtnetlink.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "igb.h"

/* /sys/module/igb/version tells this igb from the kernel's own */
MODULE_VERSION("devmem-tcp-" DEVMEM_VERSION);
MODULE_INFO(devmem_tcp, DEVMEM_VERSION);

/* Payload buffers: whole KiB, at most 127 of them, and pages of user space. */
#define IGB_DEVMEM_SHIFT_MIN	12
#define IGB_DEVMEM_SHIFT_MAX	16

/* Is any queue bound? Exact under rtnl. */
bool igb_devmem_busy(const struct net_device *netdev)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	int i;

	if (!adapter->devmem)
		return false;
	for (i = 0; i < IGB_MAX_RX_QUEUES; i++)
		if (READ_ONCE(adapter->devmem->queue[i].pool))
			return true;
	return false;
}

static int igb_devmem_check(struct igb_adapter *adapter, u32 queue,
			    const struct net_iov_pool *pool,
			    struct netlink_ext_ack *extack)
{
	struct net_device *netdev = adapter->netdev;

	if (!netif_device_present(netdev) ||
	    (netif_running(netdev) && test_bit(__IGB_DOWN, &adapter->state))) {
		NL_SET_ERR_MSG_MOD(extack, "device is detached or going away");
		return -ENODEV;
	}
	if (!(adapter->flags & IGB_FLAG_HAS_MSIX)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "device memory needs msi-x interrupts");
		return -EOPNOTSUPP;
	}
	if (adapter->vfs_allocated_count || adapter->devmem->sriov) {
		NL_SET_ERR_MSG_MOD(extack,
				   "sr-iov is on, set sriov_numvfs to 0");
		return -EOPNOTSUPP;
	}
	if (queue >= adapter->num_rx_queues) {
		NL_SET_ERR_MSG_MOD(extack,
				   "no such rx queue, see ethtool -l");
		return -EINVAL;
	}
	if (adapter->devmem->queue[queue].pool) {
		NL_SET_ERR_MSG_MOD(extack, "rx queue is already bound");
		return -EEXIST;
	}
	/* also one that a bond passed on, which the stack does not know of */
	if (adapter->xdp_prog) {
		NL_SET_ERR_MSG_MOD(extack, "an XDP program is attached");
		return -EEXIST;
	}
	if (netdev->features & NETIF_F_RXALL) {
		NL_SET_ERR_MSG_MOD(extack,
				   "rx-all is on, use ethtool -K rx-all off");
		return -EINVAL;
	}
	if (!(netdev->features & NETIF_F_RXCSUM)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "rx checksumming is off, use ethtool -K rx on");
		return -EINVAL;
	}
	if (adapter->devmem->tcp_data_split ==
	    ETHTOOL_TCP_DATA_SPLIT_DISABLED) {
		NL_SET_ERR_MSG_MOD(extack,
				   "tcp-data-split is off, use ethtool -G tcp-data-split on");
		return -EINVAL;
	}
	if (pool->shift < IGB_DEVMEM_SHIFT_MIN ||
	    pool->shift > IGB_DEVMEM_SHIFT_MAX) {
		NL_SET_ERR_MSG_MOD(extack,
				   "rx page size must be from 4096 to 65536");
		return -EINVAL;
	}
	return 0;
}

static void igb_devmem_free_spare(struct igb_devmem_queue *q, u32 num)
{
	struct device *dev = &q->adapter->pdev->dev;

	if (!q->spare)
		return;
	while (num--) {
		dma_unmap_page_attrs(dev, q->spare[num].dma,
				     PAGE_SIZE << q->spare_order,
				     DMA_FROM_DEVICE, IGB_RX_DMA_ATTR);
		__free_pages(q->spare[num].page, q->spare_order);
	}
	kvfree(q->spare);
	q->spare = NULL;
}

/* Host buffers for the ring after unbind, mapped. */
static int igb_devmem_alloc_spare(struct igb_devmem_queue *q, u32 num)
{
	struct device *dev = &q->adapter->pdev->dev;
	struct igb_rx_buffer *buf;
	u32 i;

	q->spare = kvcalloc(num, sizeof(*q->spare), GFP_KERNEL);
	if (!q->spare)
		return -ENOMEM;

	for (i = 0; i < num; i++) {
		buf = &q->spare[i];
		buf->page = alloc_pages(GFP_KERNEL | __GFP_COMP,
					q->spare_order);
		if (!buf->page)
			goto err_free;
		buf->dma = dma_map_page_attrs(dev, buf->page, 0,
					      PAGE_SIZE << q->spare_order,
					      DMA_FROM_DEVICE,
					      IGB_RX_DMA_ATTR);
		if (dma_mapping_error(dev, buf->dma)) {
			__free_pages(buf->page, q->spare_order);
			goto err_free;
		}
	}
	return 0;

err_free:
	igb_devmem_free_spare(q, i);
	return -ENOMEM;
}

static void igb_devmem_free(struct igb_devmem_queue *q)
{
	igb_devmem_free_spare(q, q->count - 1);
	dma_free_coherent(&q->adapter->pdev->dev,
			  q->count * IGB_DEVMEM_HDR_SIZE, q->hdr, q->hdr_dma);
	q->hdr = NULL;
	kvfree(q->posted);
	q->posted = NULL;
}

/* All memory that the binding needs until the end of unbind. The number of
 * descriptors stays: ethtool -G and -L refuse to change it while bound.
 */
static int igb_devmem_alloc(struct igb_devmem_queue *q, struct igb_ring *ring)
{
	int err = -ENOMEM;

	q->count = ring->count;
	q->spare_order = igb_rx_pg_order(ring);
	q->posted = kvcalloc(q->count, sizeof(*q->posted), GFP_KERNEL);
	if (!q->posted)
		return err;
	q->hdr = dma_alloc_coherent(&q->adapter->pdev->dev,
				    q->count * IGB_DEVMEM_HDR_SIZE,
				    &q->hdr_dma, GFP_KERNEL);
	if (!q->hdr)
		goto err_posted;
	err = igb_devmem_alloc_spare(q, q->count - 1);
	if (err)
		goto err_hdr;
	return 0;

err_hdr:
	dma_free_coherent(&q->adapter->pdev->dev,
			  q->count * IGB_DEVMEM_HDR_SIZE, q->hdr, q->hdr_dma);
	q->hdr = NULL;
err_posted:
	kvfree(q->posted);
	q->posted = NULL;
	return err;
}

static int igb_devmem_bind(struct net_device *netdev, u32 queue,
			   struct net_iov_pool *pool,
			   struct netlink_ext_ack *extack)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem_queue *q;
	struct igb_ring *ring;
	int err;

	ASSERT_RTNL();
	if (adapter->hw.mac.type != e1000_82576) {
		NL_SET_ERR_MSG_MOD(extack,
				   "device memory is supported on the 82576 only");
		return -EOPNOTSUPP;
	}

	/* Awake until unbind. A sleeping igb has no rings to look at. Does not
	 * deadlock: its runtime resume takes no rtnl, its suspend does not wait
	 * for it (igb_devmem_suspend_lock).
	 */
	err = pm_runtime_resume_and_get(&adapter->pdev->dev);
	if (err < 0) {
		NL_SET_ERR_MSG_MOD(extack, "device does not wake up");
		return err;
	}
	err = igb_devmem_check(adapter, queue, pool, extack);
	if (err)
		goto err_pm;

	q = &adapter->devmem->queue[queue];
	ring = adapter->rx_ring[queue];
	err = igb_devmem_alloc(q, ring);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack,
				   "no memory for header and spare buffers");
		goto err_pm;
	}

	if (netif_running(netdev))
		igb_devmem_switch(q, ring, pool);
	else
		igb_devmem_set_pool(q, pool);	/* ndo_open does the rest */
	return 0;

err_pm:
	pm_runtime_put(&adapter->pdev->dev);
	return err;
}

static void igb_devmem_unbind(struct net_device *netdev, u32 queue)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem_queue *q;
	struct igb_ring *ring;

	ASSERT_RTNL();
	if (WARN_ON_ONCE(queue >= IGB_MAX_RX_QUEUES))
		return;
	q = &adapter->devmem->queue[queue];
	if (WARN_ON_ONCE(!q->pool))
		return;

	ring = adapter->rx_ring[queue];
	if (READ_ONCE(q->q_vector) && netif_device_present(netdev)) {
		igb_devmem_switch(q, ring, NULL);
	} else {
		/* Either nothing is posted: closed, suspended, removed, in PCI
		 * error recovery. Or the device is gone and nobody called
		 * igb_down(), which would have disabled NAPI. Without bus
		 * mastering nothing is written.
		 */
		WRITE_ONCE(q->parked, true);
		synchronize_net();
		if (READ_ONCE(q->q_vector)) {
			pci_clear_master(adapter->pdev);
			igb_devmem_take_back(q, ring);
		}
		/* A poll that finds the queue not bound must find its ring
		 * empty; one that found it bound may see @parked only later,
		 * so that stays until the next bind.
		 */
		synchronize_net();
		igb_devmem_set_pool(q, NULL);
	}
	igb_devmem_free(q);
	pm_runtime_put(&adapter->pdev->dev);
}

static u32 igb_devmem_napi_id(struct net_device *netdev, u32 queue)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	u32 id = 0;

	ASSERT_RTNL();
	/* A runtime resume without rtnl may fail, and free its vectors with
	 * kfree_rcu() after it took the number of queues back.
	 */
	rcu_read_lock();
	if (queue < READ_ONCE(adapter->num_rx_queues) &&
	    adapter->rx_ring[queue])
		id = adapter->rx_ring[queue]->q_vector->napi.napi_id;
	rcu_read_unlock();
	return id;
}

/* The NAPI changes these pointers meanwhile; what they point to stays as long as
 * the binding.
 */
static void igb_devmem_posted(struct net_device *netdev, u32 queue,
			      net_iov_fn mark, void *arg)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem_queue *q;
	struct net_iov *niov;
	int i;

	ASSERT_RTNL();
	if (WARN_ON_ONCE(queue >= IGB_MAX_RX_QUEUES))
		return;
	q = &adapter->devmem->queue[queue];
	if (WARN_ON_ONCE(!q->pool))
		return;
	/* -1: of the net_iov that is being cut */
	for (i = -1; i < q->count; i++) {
		niov = i < 0 ? READ_ONCE(q->rest.niov) :
			       READ_ONCE(q->posted[i].niov);
		if (niov)
			mark(arg, niov);
	}
}

static const struct devmem_driver_ops igb_devmem_ops = {
	.abi		= DEVMEM_DRIVER_ABI,
	.bind		= igb_devmem_bind,
	.unbind		= igb_devmem_unbind,
	.napi_id	= igb_devmem_napi_id,
	.posted		= igb_devmem_posted,
	.tx_drain	= igb_devmem_tx_drain,
};

/**
 * igb_devmem_probe - offer device memory
 * @adapter: all set up, the net device not yet registered
 *
 * If this fails the adapter is a plain igb.
 */
void igb_devmem_probe(struct igb_adapter *adapter)
{
	struct igb_devmem *dm;
	int i;

	dm = kzalloc(sizeof(*dm), GFP_KERNEL);
	if (!dm)
		return;

	for (i = 0; i < IGB_MAX_RX_QUEUES; i++)
		dm->queue[i].adapter = adapter;
	adapter->devmem = dm;
	igb_devmem_wrap_ops(adapter);
	/* Payload is never mapped as a scatterlist by igb, only by exporters,
	 * of whose segments the NIC sees a buffer at a time. PCI's default is
	 * 64 KiB, which they exceed. A power of two, so that those who cut to
	 * fit do it between two buffers.
	 */
	dma_set_max_seg_size(&adapter->pdev->dev, SZ_2G);

	dm->ddev.dev = adapter->netdev;
	dm->ddev.dma_dev = &adapter->pdev->dev;
	dm->ops = igb_devmem_ops;
	if (adapter->hw.mac.type != e1000_82576)
		dm->ops.tx_drain = NULL;	/* not tried */
	dm->ddev.ops = &dm->ops;
	devmem_register_dev(&dm->ddev);
}

/**
 * igb_devmem_remove - the reverse
 * @adapter: the net device is not registered any more: nothing is bound, and a
 *	grace period has passed since the last unbind
 */
void igb_devmem_remove(struct igb_adapter *adapter)
{
	struct igb_devmem *dm = adapter->devmem;
	struct pci_dev *pdev = adapter->pdev;

	if (!dm)
		return;

	/* For an error that nothing followed it was disabled, and igb_remove()
	 * does that once more.
	 */
	if (!pci_is_enabled(pdev) && pci_enable_device_mem(pdev))
		pci_warn(pdev, "cannot be enabled to be removed\n");

	devmem_unregister_dev(&dm->ddev);
	WARN_ON(igb_devmem_busy(adapter->netdev));
	adapter->netdev->netdev_ops = dm->base_netdev_ops;
	adapter->netdev->ethtool_ops = dm->base_ethtool_ops;
	adapter->devmem = NULL;
	kfree(dm);
}
