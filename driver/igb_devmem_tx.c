// SPDX-License-Identifier: GPL-2.0-only
/* Sending from net_iovs. The descriptors are filled by igb itself, see
 * patches/0005; here is what has to be sure before, and what waits for the end.
 */
#include <linux/delay.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/rtnetlink.h>

#include "igb.h"

/* For what is in the rings to be sent; a ring of 4096 full frames takes 50 ms. */
#define IGB_DEVMEM_DRAIN_US	200
#define IGB_DEVMEM_DRAINS	1000

/* ndo_start_xmit. The stack has asked before, but then the skb may have waited
 * in a qdisc, and its binding gone.
 */
netdev_tx_t igb_devmem_xmit_frame(struct sk_buff *skb,
				  struct net_device *netdev)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_ring *ring;

	if (skb_frags_readable(skb) || devmem_tx_ok(skb, netdev))
		return igb_devmem_host_xmit(skb, netdev);
	/* Those before may have left it to this one to tell the NIC. */
	ring = adapter->tx_ring[skb->queue_mapping % adapter->num_tx_queues];
	if (!netdev_xmit_more())
		writel(ring->next_to_use, ring->tail);
	dev_core_stats_tx_dropped_inc(netdev);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/* Descriptors of @ring before @end that are not cleaned yet. */
static u16 igb_devmem_tx_left(const struct igb_ring *ring, u16 end)
{
	u16 done = READ_ONCE(ring->next_to_clean);

	return end >= done ? end - done : end + ring->count - done;
}

/* Does the ring come past what was queued before this, in time? */
static bool igb_devmem_drain_ring(const struct igb_ring *ring)
{
	u16 end = READ_ONCE(ring->next_to_use);
	u16 left = igb_devmem_tx_left(ring, end), before = left;
	int i;

	for (i = 0; left && left <= before && i < IGB_DEVMEM_DRAINS; i++) {
		usleep_range(IGB_DEVMEM_DRAIN_US, 2 * IGB_DEVMEM_DRAIN_US);
		before = left;
		left = igb_devmem_tx_left(ring, end);
	}
	return !left || left > before;
}

static void igb_devmem_drain_all(struct igb_adapter *adapter)
{
	struct net_device *netdev = adapter->netdev;
	int i;

	if (igb_devmem_stop_lost(adapter))
		return;
	/* igb_down() empties the rings. If the device is gone nobody may have
	 * called it: then without bus mastering nothing is read.
	 */
	if (!netif_device_present(netdev)) {
		pci_clear_master(adapter->pdev);
		return;
	}
	if (!netif_running(netdev) || test_bit(__IGB_DOWN, &adapter->state))
		return;
	for (i = 0; i < adapter->num_tx_queues; i++) {
		if (igb_devmem_drain_ring(adapter->tx_ring[i]))
			continue;
		netdev_info(netdev, "tx queue %d is not drained, resetting\n",
			    i);
		igb_reinit_locked(adapter);
		return;
	}
}

/**
 * igb_devmem_tx_drain - devmem_driver_ops.tx_drain
 * @netdev: ours; igb_devmem_xmit_frame() refuses what must not be read any more
 *
 * Context: rtnl held. Without a link nothing is sent, and the rings are emptied
 * by a reset.
 */
void igb_devmem_tx_drain(struct net_device *netdev)
{
	struct igb_adapter *adapter = netdev_priv(netdev);

	ASSERT_RTNL();
	/* A runtime resume, which takes no rtnl, looks like a device that is
	 * detached, and would not turn bus mastering on again.
	 */
	pm_runtime_get_sync(&adapter->pdev->dev);
	igb_devmem_drain_all(adapter);
	pm_runtime_put(&adapter->pdev->dev);
}
