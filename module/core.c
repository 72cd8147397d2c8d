// SPDX-License-Identifier: GPL-2.0-only
/* devmem_tcp_core: load and unload.
 *
 * Every live binding and every socket that owns tokens holds a reference to
 * this module, so that at exit only the hook table is left to be taken away.
 */

#include <linux/module.h>
#include <linux/workqueue.h>
#include "core.h"
#include "sock.h"

/* Exporters take their time, hence unbound: for work that maps, and apart from
 * that, so that exporters that hang leave it alone, for work that ends bindings.
 * Both may drop the last reference to this module and still have to return from
 * our text: exit waits for them.
 */
struct workqueue_struct *dmt_map_wq;
struct workqueue_struct *dmt_wq;

static int __init dmt_core_init(void)
{
	int err = -ENOMEM;

	dmt_map_wq = alloc_workqueue("devmem_tcp_map", WQ_UNBOUND, 0);
	if (!dmt_map_wq)
		return err;
	dmt_wq = alloc_workqueue("devmem_tcp", WQ_UNBOUND, 0);
	if (!dmt_wq)
		goto free_map_wq;
	err = dmt_tx_init();
	if (err)
		goto free_wq;
	devmem_set_sock_ops(&dmt_sock_ops);
	dmt_debugfs_init();
	pr_info("devmem_tcp_core: version %s, driver ABI %#zx\n", DEVMEM_VERSION,
		DEVMEM_DRIVER_ABI);
	return 0;

free_wq:
	destroy_workqueue(dmt_wq);
free_map_wq:
	destroy_workqueue(dmt_map_wq);
	return err;
}

static void __exit dmt_core_exit(void)
{
	dmt_debugfs_exit();
	devmem_set_sock_ops(NULL);
	dmt_tx_exit();
	/* In this order: a map can queue the end of its binding. */
	destroy_workqueue(dmt_map_wq);
	destroy_workqueue(dmt_wq);
}

module_init(dmt_core_init);
module_exit(dmt_core_exit);

MODULE_DESCRIPTION("Device memory TCP: bindings, buffers and tokens");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_VERSION(DEVMEM_VERSION);
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(DMA_BUF);
