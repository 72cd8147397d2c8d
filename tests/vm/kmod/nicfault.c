// SPDX-License-Identifier: GPL-2.0-only
/* For tests: calls into a network driver that otherwise only a fault makes.
 *
 *	echo WHAT PCI >/sys/module/nicfault/parameters/run
 *
 *   tx_timeout		what the stack does when a TX queue hangs
 *   frozen		PCI error: the driver hears of it; then
 *   slot_reset		the slot was reset; then
 *   resume		traffic may flow again
 *   dead		PCI error: there will be no recovery
 *   offline		PCI error: the driver has not heard of it yet; end it by
 *			frozen, slot_reset and resume
 *   tx_hold		an igb's transmitter is off: what is sent stays in its rings
 *   tx_go		on again
 *   doorbell		on queue 0 a broadcast frame of type 0x88b5, more to come, and
 *			then one with device memory of nobody, which is refused
 *   rtnl		rtnl is held for three seconds, by somebody else
 *   rtnl_notifier	the same, who then adds and removes a netlink notifier, as
 *			rules of tc can do, whose modules have one
 *
 * The device's driver data must be its net device.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>

#define NICFAULT_HOLD_MS	3000
#define NICFAULT_PROTO		0x88b5	/* for experiments */
#define NICFAULT_TCTL		0x400
#define NICFAULT_TCTL_EN	BIT(1)
#define NICFAULT_TDT(n)		(0xe018 + 0x40 * (n))
#define NICFAULT_RINGS		8

static void nicfault_hold_fn(struct work_struct *work)
{
	rtnl_lock();
	msleep(NICFAULT_HOLD_MS);
	rtnl_unlock();
}

static DECLARE_WORK(nicfault_hold, nicfault_hold_fn);

static int nicfault_event(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	return NOTIFY_DONE;
}

static struct notifier_block nicfault_notifier = {
	.notifier_call	= nicfault_event,
};

static void nicfault_notifier_fn(struct work_struct *work)
{
	rtnl_lock();
	msleep(NICFAULT_HOLD_MS);
	netlink_register_notifier(&nicfault_notifier);
	netlink_unregister_notifier(&nicfault_notifier);
	rtnl_unlock();
}

static DECLARE_WORK(nicfault_hold_notifier, nicfault_notifier_fn);

/* As the PCI core does it: with the device locked, its state set before. */
static int nicfault_pci(struct pci_dev *pdev, const char *what)
{
	const struct pci_error_handlers *handler = pdev->driver->err_handler;

	if (!handler)
		return -EOPNOTSUPP;

	if (!strcmp(what, "offline")) {
		pdev->error_state = pci_channel_io_frozen;
	} else if (!strcmp(what, "frozen")) {
		pdev->error_state = pci_channel_io_frozen;
		handler->error_detected(pdev, pdev->error_state);
	} else if (!strcmp(what, "dead")) {
		pdev->error_state = pci_channel_io_perm_failure;
		handler->error_detected(pdev, pdev->error_state);
	} else if (!strcmp(what, "slot_reset")) {
		pdev->error_state = pci_channel_io_normal;
		if (handler->slot_reset(pdev) != PCI_ERS_RESULT_RECOVERED)
			return -EIO;
	} else if (!strcmp(what, "resume")) {
		handler->resume(pdev);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int nicfault_tx(struct pci_dev *pdev, bool on)
{
	u8 __iomem *regs = pci_iomap(pdev, 0, 0);
	u32 tctl, i;

	if (!regs)
		return -ENOMEM;
	tctl = readl(regs + NICFAULT_TCTL) & ~NICFAULT_TCTL_EN;
	writel(on ? tctl | NICFAULT_TCTL_EN : tctl, regs + NICFAULT_TCTL);
	/* QEMU's looks at a ring when its tail is written. */
	for (i = 0; on && i < NICFAULT_RINGS; i++)
		writel(readl(regs + NICFAULT_TDT(i)), regs + NICFAULT_TDT(i));
	readl(regs + NICFAULT_TCTL);
	pci_iounmap(pdev, regs);
	return 0;
}

static struct sk_buff *nicfault_frame(struct net_device *dev)
{
	struct sk_buff *skb = netdev_alloc_skb(dev, ETH_ZLEN);
	struct ethhdr *eth;

	if (!skb)
		return NULL;
	eth = skb_put_zero(skb, ETH_ZLEN);
	eth_broadcast_addr(eth->h_dest);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_proto = htons(NICFAULT_PROTO);
	skb_reset_mac_header(skb);
	return skb;
}

static int nicfault_doorbell(struct net_device *dev)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);
	struct sk_buff *frame = nicfault_frame(dev);
	struct sk_buff *refused = nicfault_frame(dev);

	if (!frame || !refused) {
		kfree_skb(frame);
		kfree_skb(refused);
		return -ENOMEM;
	}
	refused->unreadable = 1;
	refused->data_len = 1;
	local_bh_disable();
	HARD_TX_LOCK(dev, txq, smp_processor_id());
	netdev_start_xmit(frame, dev, txq, true);
	netdev_start_xmit(refused, dev, txq, false);
	HARD_TX_UNLOCK(dev, txq);
	local_bh_enable();
	return 0;
}

static int nicfault_do(struct pci_dev *pdev, const char *what)
{
	struct net_device *dev = pci_get_drvdata(pdev);

	if (!pdev->driver || !dev)
		return -ENODEV;

	if (!strcmp(what, "rtnl")) {
		schedule_work(&nicfault_hold);
		return 0;
	}
	if (!strcmp(what, "rtnl_notifier")) {
		schedule_work(&nicfault_hold_notifier);
		return 0;
	}
	if (!strcmp(what, "tx_timeout")) {
		local_bh_disable();
		dev->netdev_ops->ndo_tx_timeout(dev, 0);
		local_bh_enable();
		return 0;
	}
	if (!strcmp(what, "tx_hold") || !strcmp(what, "tx_go"))
		return nicfault_tx(pdev, !strcmp(what, "tx_go"));
	if (!strcmp(what, "doorbell"))
		return nicfault_doorbell(dev);
	return nicfault_pci(pdev, what);
}

static int nicfault_run(const char *val, const struct kernel_param *kp)
{
	char what[16], name[32];
	struct device *dev;
	int err;

	if (sscanf(val, "%15s %31s", what, name) != 2)
		return -EINVAL;
	dev = bus_find_device_by_name(&pci_bus_type, NULL, name);
	if (!dev)
		return -ENODEV;

	device_lock(dev);
	err = nicfault_do(to_pci_dev(dev), what);
	device_unlock(dev);
	put_device(dev);
	return err;
}

static const struct kernel_param_ops nicfault_ops = {
	.set = nicfault_run,
};

module_param_cb(run, &nicfault_ops, NULL, 0200);

static void __exit nicfault_exit(void)
{
	flush_work(&nicfault_hold);
	flush_work(&nicfault_hold_notifier);
}

module_exit(nicfault_exit);

MODULE_DESCRIPTION("Faults of a NIC, for tests");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_LICENSE("GPL");
