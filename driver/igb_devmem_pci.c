// SPDX-License-Identifier: GPL-2.0-only
/* What the PCI and power management cores call: error recovery, function reset,
 * SR-IOV, runtime suspend. None of them comes with rtnl held; with what is here
 * nothing touches the rings without it.
 */
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/rtnetlink.h>

#include "igb.h"

/* Between these two the device is detached: queues can be unbound, which is why
 * both need rtnl, but not bound.
 */
pci_ers_result_t igb_devmem_error_detected(struct pci_dev *pdev,
					   pci_channel_state_t state)
{
	pci_ers_result_t result;

	rtnl_lock();
	result = igb_devmem_host_error_detected(pdev, state);
	rtnl_unlock();
	return result;
}

void igb_devmem_error_resume(struct pci_dev *pdev)
{
	rtnl_lock();
	igb_devmem_host_error_resume(pdev);
	rtnl_unlock();
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
		igb_reset(adapter);
		if (netif_running(netdev) && igb_open(netdev))
			netdev_err(netdev, "does not open after a reset\n");
		else
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
 * Return: false if rtnl is taken. Then the suspend is tried again later.
 */
bool igb_devmem_suspend_lock(struct device *dev, bool runtime)
{
	if (!runtime) {
		rtnl_lock();
		return true;
	}
	if (rtnl_trylock())
		return true;
	pm_schedule_suspend(dev, MSEC_PER_SEC);
	return false;
}
