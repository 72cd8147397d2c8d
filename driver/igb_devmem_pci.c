// SPDX-License-Identifier: GPL-2.0-only
/* What the PCI and power management cores call: error recovery, function reset,
 * SR-IOV, runtime suspend. None of them comes with rtnl held; with what is here
 * nothing touches the rings without it.
 */
#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/rtnetlink.h>

#include "igb.h"

/**
 * igb_devmem_stop_lost - make sure that the NIC does not use memory any more
 * @adapter: which is about to give buffers back
 *
 * If igb cannot reach its registers, for which one bad read is enough, or the slot
 * is in error, it has not been stopped. Then it loses bus mastering, until the reset
 * that it needs anyway.
 *
 * Context: process.
 * Return: true if that was so.
 */
bool igb_devmem_stop_lost(struct igb_adapter *adapter)
{
	if (!adapter->devmem ||
	    !(E1000_REMOVED(READ_ONCE(adapter->hw.hw_addr)) ||
	      pci_channel_offline(adapter->pdev)))
		return false;

	pci_clear_master(adapter->pdev);
	/* what is behind in a switch */
	usleep_range(100, 200);
	return true;
}

/* Between error_detected and resume the device is detached: queues can be
 * unbound, which is why all of them need rtnl, but not bound.
 */
pci_ers_result_t igb_devmem_error_detected(struct pci_dev *pdev,
					   pci_channel_state_t state)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct igb_adapter *adapter = netdev_priv(netdev);
	pci_ers_result_t result = PCI_ERS_RESULT_NEED_RESET;

	rtnl_lock();
	/* One more error before it recovered? It is down. */
	if (state != pci_channel_io_frozen || !adapter->devmem ||
	    !adapter->devmem->error_down) {
		result = igb_devmem_host_error_detected(pdev, state);
		if (adapter->devmem && state == pci_channel_io_frozen)
			adapter->devmem->error_down = netif_running(netdev);
	}
	rtnl_unlock();
	return result;
}

/* Not only after the above: another device below the same bridge may want the
 * reset.
 */
pci_ers_result_t igb_devmem_slot_reset(struct pci_dev *pdev)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct igb_adapter *adapter = netdev_priv(netdev);
	pci_ers_result_t result;

	rtnl_lock();
	if (netif_device_present(netdev)) {
		netif_device_detach(netdev);
		if (netif_running(netdev)) {
			igb_down(adapter);
			if (adapter->devmem)
				adapter->devmem->error_down = true;
		}
		pci_disable_device(pdev);
	}
	result = igb_devmem_host_slot_reset(pdev);
	rtnl_unlock();
	return result;
}

void igb_devmem_error_resume(struct pci_dev *pdev)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct igb_adapter *adapter = netdev_priv(netdev);

	rtnl_lock();
	/* After a suspend igb's slot_reset restores a state that was saved
	 * before the device was a bus master again.
	 */
	pci_set_master(pdev);
	igb_devmem_host_error_resume(pdev);
	if (adapter->devmem && netif_device_present(netdev))
		adapter->devmem->error_down = false;
	rtnl_unlock();
}

/**
 * igb_devmem_undo_down - let igb_down() run once more
 * @adapter: being closed or suspended, under rtnl
 *
 * After a PCI error without recovery NAPI is still disabled, and igb_down()
 * would wait for it for ever.
 *
 * Return: true if that was so.
 */
bool igb_devmem_undo_down(struct igb_adapter *adapter)
{
	struct igb_devmem *dm = adapter->devmem;
	int i;

	if (!dm || !dm->error_down)
		return false;

	dm->error_down = false;
	/* a busy poll may come; what it finds is empty */
	for (i = 0; i < adapter->num_rx_queues; i++)
		memset(adapter->rx_ring[i]->desc, 0,
		       adapter->rx_ring[i]->size);
	for (i = 0; i < adapter->num_q_vectors; i++)
		if (adapter->q_vector[i])
			napi_enable(&adapter->q_vector[i]->napi);
	return true;
}

/* The function is about to be reset, by sysfs or by a reset of the bus. Without
 * this igb would go on with rings that the NIC has forgotten. rtnl cannot stay
 * locked: one reset may be for several ports.
 */
void igb_devmem_reset_prepare(struct pci_dev *pdev)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct igb_adapter *adapter = netdev_priv(netdev);

	rtnl_lock();
	/* suspended, or in error recovery: not ours to bring back */
	if (adapter->devmem && netif_device_present(netdev)) {
		if (netif_running(netdev))
			igb_close(netdev);
		netif_device_detach(netdev);
		adapter->devmem->resetting = true;
		/* The clock and igb's work read registers without rtnl. They
		 * would get ones, and igb_rd32() would give the NIC up.
		 */
		WRITE_ONCE(adapter->hw.hw_addr, NULL);
		synchronize_net();
	}
	rtnl_unlock();
}

void igb_devmem_reset_done(struct pci_dev *pdev)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct igb_adapter *adapter = netdev_priv(netdev);

	rtnl_lock();
	if (adapter->devmem && adapter->devmem->resetting) {
		adapter->devmem->resetting = false;
		WRITE_ONCE(adapter->hw.hw_addr, adapter->io_addr);
		/* restored as it was: see igb_devmem_stop_lost() */
		pci_set_master(pdev);
		igb_reset(adapter);
		if (netif_running(netdev) && igb_open(netdev)) {
			netdev_err(netdev, "does not open after a reset\n");
			/* still detached, so igb_close() does nothing */
			dev_close(netdev);
		}
		netif_device_attach(netdev);
	}
	rtnl_unlock();
}

/* VFs move and drop RX queues. Nothing can be bound from the check on until
 * igb knows how many there are.
 */
int igb_devmem_sriov_configure(struct pci_dev *pdev, int num_vfs)
{
	struct net_device *netdev = pci_get_drvdata(pdev);
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem *dm = adapter->devmem;
	int ret;

	if (!dm)
		return igb_devmem_host_sriov_configure(pdev, num_vfs);

	rtnl_lock();
	if (igb_devmem_busy(netdev)) {
		rtnl_unlock();
		netdev_info(netdev,
			    "unbind device memory before changing sriov_numvfs\n");
		return -EBUSY;
	}
	dm->sriov = true;
	rtnl_unlock();

	ret = igb_devmem_host_sriov_configure(pdev, num_vfs);

	rtnl_lock();
	dm->sriov = false;
	rtnl_unlock();
	return ret;
}

/**
 * igb_devmem_suspend_lock - rtnl_lock() for a suspend
 * @dev: the device
 * @runtime: not of the whole system
 *
 * Who holds rtnl and needs the device awake, which is bind, ndo_open and all of
 * ethtool, waits for a runtime suspend to end; so that must not wait for rtnl.
 *
 * Return: false if rtnl is taken, then the suspend is tried again later; or if
 * the device is detached, for a reset or an error, and so closed already.
 */
bool igb_devmem_suspend_lock(struct device *dev, bool runtime)
{
	struct net_device *netdev = dev_get_drvdata(dev);

	if (!runtime) {
		rtnl_lock();
		igb_devmem_undo_down(netdev_priv(netdev));
		return true;
	}
	if (!rtnl_trylock()) {
		pm_schedule_suspend(dev, MSEC_PER_SEC);
		return false;
	}
	if (!netif_device_present(netdev)) {
		rtnl_unlock();
		return false;
	}
	return true;
}
