// SPDX-License-Identifier: GPL-2.0-only
/* devmem_tcp: the control side. Unloading it ends every binding. */

#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <uapi/linux/devmem_tcp.h>
#include "core.h"
#include "ctl.h"

/* Also when a device leaves its network namespace, and comes to another. */
static int dmt_netdev_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event == NETDEV_REGISTER) {
		dmt_netdev_added(dev);
	} else if (event == NETDEV_UNREGISTER) {
		dmt_unbind_dev(dev);
		/* While somebody holds a device that is gone, this comes again
		 * each second.
		 */
		if (dev->reg_state <= NETREG_UNREGISTERING)
			dmt_netdev_removed(dev);
	}
	return NOTIFY_DONE;
}

static struct notifier_block dmt_netdev_notifier = {
	.notifier_call	= dmt_netdev_event,
};

/* A netlink socket is being closed, by close() or by the end of a process.
 * @data tells its address and not which it was, and who binds that address now
 * has nothing to do with it: dmt_unbind_owner() looks for dead sockets.
 *
 * Whoever gets here holds the notifier chain's lock, for reading. Who has rtnl may
 * wait for that: a rule of tc that has a module loaded which registers a notifier.
 */
static int dmt_netlink_event(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		dmt_unbind_owner(notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block dmt_netlink_notifier = {
	.notifier_call	= dmt_netlink_event,
};

static int __init dmt_init(void)
{
	int err;

	err = register_netdevice_notifier(&dmt_netdev_notifier);
	if (err)
		return err;
	err = netlink_register_notifier(&dmt_netlink_notifier);
	if (err)
		goto netdevice;
	err = genl_register_family(&dmt_genl_family);
	if (err)
		goto netlink;
	err = dmt_netdev_register();
	if (err)
		goto family;
	dmt_open(&dmt_genl_listener);
	return 0;

family:
	genl_unregister_family(&dmt_genl_family);
netlink:
	netlink_unregister_notifier(&dmt_netlink_notifier);
netdevice:
	unregister_netdevice_notifier(&dmt_netdev_notifier);
	return err;
}

/* Bindings first, and no new ones, while there is still a family to tell about
 * it; so sockets that are closed meanwhile have none left. The notifier of
 * devices last: its removal looks like that of every device.
 */
static void __exit dmt_exit(void)
{
	dmt_close();
	dmt_watch_stop();
	dmt_netdev_unregister();
	genl_unregister_family(&dmt_genl_family);
	netlink_unregister_notifier(&dmt_netlink_notifier);
	unregister_netdevice_notifier(&dmt_netdev_notifier);
}

module_init(dmt_init);
module_exit(dmt_exit);

MODULE_DESCRIPTION("Device memory TCP: control interface");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_VERSION(DEVMEM_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(DEVMEM_TCP_FAMILY_NAME);
MODULE_IMPORT_NS(DMA_BUF);
