// SPDX-License-Identifier: GPL-2.0-only
/* Stop and restart of one RX queue, the others keep running. Its vector's TX
 * queue pauses meanwhile, for the NAPI is shared.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/pci.h>

#include "igb.h"

/* For the two waits below. */
#define IGB_DEVMEM_POLL_US	100
#define IGB_DEVMEM_POLLS	100

/* Buffers came back to a dry pool. Any context, under RCU. The interrupt is
 * latched while the vector is masked; if the queue is being stopped or started
 * it is not needed, for starting fills the ring.
 */
static void igb_devmem_kick(struct net_iov_home *home)
{
	struct igb_devmem_queue *q =
		container_of(home, struct net_iov_pool, home)->priv;
	struct igb_q_vector *q_vector = READ_ONCE(q->q_vector);
	struct e1000_hw *hw = &q->adapter->hw;

	if (q_vector)
		wr32(E1000_EICS, READ_ONCE(q_vector->eims_value));
}

/**
 * igb_devmem_set_pool - make a queue bound or not
 * @q: the queue, with its NAPI or the whole device stopped, or parked
 * @pool: NULL to unbind
 */
void igb_devmem_set_pool(struct igb_devmem_queue *q, struct net_iov_pool *pool)
{
	if (pool) {
		pool->priv = q;
		/* @priv before a kick, which sees it through the pointer */
		smp_store_release(&pool->home.kick, igb_devmem_kick);
		WRITE_ONCE(q->parked, false);
	} else {
		WRITE_ONCE(q->pool->home.kick, NULL);
	}
	WRITE_ONCE(q->pool, pool);
}

static unsigned int igb_devmem_irq(struct igb_q_vector *q_vector)
{
	struct igb_adapter *adapter = q_vector->adapter;
	int v;

	/* after a resume that could not get MSI-X back */
	if (!(adapter->flags & IGB_FLAG_HAS_MSIX))
		return adapter->pdev->irq;

	for (v = 0; adapter->q_vector[v] != q_vector; v++)
		;
	return adapter->msix_entries[v + NON_Q_VECTORS].vector;
}

/* Wait for RXDCTL.ENABLE to become @on; the bit goes down only when the last
 * write to the ring and its buffers is out.
 */
static bool igb_devmem_wait(struct e1000_hw *hw, u8 reg_idx, bool on)
{
	int i;

	for (i = 0; i < IGB_DEVMEM_POLLS; i++) {
		if (!(rd32(E1000_RXDCTL(reg_idx)) &
		      E1000_RXDCTL_QUEUE_ENABLE) == !on)
			return true;
		usleep_range(IGB_DEVMEM_POLL_US, 2 * IGB_DEVMEM_POLL_US);
	}
	return false;
}

/* Disables the queue's NAPI, and tells whether the NIC is known to write no
 * more. If it cannot be reached, igb_devmem_stop_lost() sees to that.
 */
static bool igb_devmem_stop(struct igb_ring *ring)
{
	struct igb_q_vector *q_vector = ring->q_vector;
	struct igb_adapter *adapter = q_vector->adapter;
	struct e1000_hw *hw = &adapter->hw;

	wr32(E1000_EIMC, q_vector->eims_value);
	wrfl();
	synchronize_irq(igb_devmem_irq(q_vector));
	napi_disable(&q_vector->napi);

	wr32(E1000_RXDCTL(ring->reg_idx),
	     rd32(E1000_RXDCTL(ring->reg_idx)) & ~E1000_RXDCTL_QUEUE_ENABLE);
	if (!igb_devmem_wait(hw, ring->reg_idx, false))
		return E1000_REMOVED(hw->hw_addr) ||
		       !pci_device_is_present(adapter->pdev);

	/* Peer-to-peer writes can be behind in a switch: the read above did not
	 * push them. Leave them time.
	 */
	usleep_range(IGB_DEVMEM_POLL_US, 2 * IGB_DEVMEM_POLL_US);
	return true;
}

static void igb_devmem_start(struct igb_ring *ring)
{
	struct igb_q_vector *q_vector = ring->q_vector;
	struct igb_adapter *adapter = q_vector->adapter;

	igb_configure_rx_ring(adapter, ring);
	/* A tail written to a queue that is not up yet is lost. */
	if (!igb_devmem_wait(&adapter->hw, ring->reg_idx, true)) {
		netdev_warn(adapter->netdev,
			    "rx queue %u did not start, resetting\n",
			    ring->queue_index);
		schedule_work(&adapter->reset_task);
	}
	if (!igb_devmem_fill_ring(ring))
		igb_alloc_rx_buffers(ring, igb_desc_unused(ring));
	napi_enable(&q_vector->napi);

	/* An interrupt while NAPI was disabled has masked the vector (EIAM) and
	 * nobody unmasked it: the poll does.
	 */
	local_bh_disable();
	napi_schedule(&q_vector->napi);
	local_bh_enable();
}

/* Hand up what the NIC completed before it stopped. What GRO holds of it goes
 * on with the poll that igb_devmem_start() schedules.
 */
static void igb_devmem_drain(struct igb_devmem_queue *q, struct igb_ring *ring)
{
	struct igb_q_vector *q_vector = ring->q_vector;
	int (*poll)(struct igb_q_vector *q_vector, int budget);
	int left, work;

	poll = q->pool ? igb_devmem_harvest : igb_devmem_host_poll;
	local_bh_disable();
	for (left = ring->count; left > 0; left -= work) {
		work = poll(q_vector, NAPI_POLL_WEIGHT);
		if (work < NAPI_POLL_WEIGHT)
			break;
	}
	local_bh_enable();
}

/**
 * igb_devmem_switch - take a running queue from one kind of buffer to the other
 * @q: the queue
 * @ring: its ring
 * @pool: NULL for host buffers
 *
 * Context: rtnl, device up. Cannot fail: a queue that does not confirm its stop
 * makes for a reset of the device.
 */
void igb_devmem_switch(struct igb_devmem_queue *q, struct igb_ring *ring,
		       struct net_iov_pool *pool)
{
	struct igb_adapter *adapter = q->adapter;

	if (igb_devmem_stop(ring)) {
		igb_devmem_drain(q, ring);
		igb_devmem_host_clean(ring);
		igb_devmem_set_pool(q, pool);
		igb_devmem_start(ring);
		return;
	}

	netdev_warn(adapter->netdev, "rx queue %u did not stop, resetting\n",
		    ring->queue_index);
	napi_enable(&ring->q_vector->napi);
	while (test_and_set_bit(__IGB_RESETTING, &adapter->state))
		usleep_range(1000, 2000);
	igb_down(adapter);
	igb_devmem_set_pool(q, pool);
	igb_up(adapter);
	clear_bit(__IGB_RESETTING, &adapter->state);
}
