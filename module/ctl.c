// SPDX-License-Identifier: GPL-2.0-only
/* devmem_tcp: the control side. Unloading it ends every binding. */

#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <uapi/linux/devmem_tcp.h>
#include "core.h"
#include "ctl.h"

/* Also when a device leaves its network namespace. */
static int dmt_netdev_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	if (event == NETDEV_UNREGISTER)
		dmt_unbind_dev(netdev_notifier_info_to_dev(ptr));
	return NOTIFY_DONE;
}

static struct notifier_block dmt_netdev_notifier = {
	.notifier_call	= dmt_netdev_event,
};

static int __init dmt_init(void)
{
	int err;

	err = register_netdevice_notifier(&dmt_netdev_notifier);
	if (err)
		return err;
	err = genl_register_family(&dmt_genl_family);
	if (err)
		unregister_netdevice_notifier(&dmt_netdev_notifier);
	return err;
}

/* The family first, so that no bind is under way. The notifier last: its removal
 * looks like that of every device, and would end bindings behind our back.
 */
static void __exit dmt_exit(void)
{
	genl_unregister_family(&dmt_genl_family);
	dmt_unbind_all();
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
