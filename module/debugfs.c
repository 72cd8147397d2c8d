// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/debug/devmem_tcp/bindings, for support: a line of name=value for
 * each binding that has an id. Other than "devmemctl show" it lists those of all
 * network namespaces, and those that are gone for user space but still wait for
 * an exporter or for net_iovs that sockets hold.
 *
 * On a kernel with fault injection there is fail_pool/ beside it: a queue that
 * looks for buffers finds none.
 */

#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include "core.h"

static struct dentry *dmt_debugfs_dir;

/* Under rtnl. */
static void dmt_show_bound(struct seq_file *s, const struct dmt_binding *binding)
{
	u32 i;

	seq_printf(s, "id=%u state=bound net_iovs=%u held=%u ifname=%s queues=",
		   binding->id, binding->hot.total, dmt_areas_held(binding),
		   netdev_name(binding->dev));
	for (i = 0; i < binding->nr_started; i++)
		seq_printf(s, "%s%u", i ? "," : "", binding->queues[i]);
	seq_printf(s, " size=%llu rx_page_size=%u attach=%s exporter=%s sock_limit=%u tx=%u\n",
		   binding->size, 1U << binding->shift,
		   binding->attach_kind == DMT_ATTACH_PINNED ? "pinned" :
							       "static",
		   binding->dmabuf->exp_name, binding->sock_limit, binding->tx);
}

/* The memory of these is not looked at: it may be half freed. */
static void dmt_show_unbound(struct seq_file *s,
			     const struct dmt_binding *binding)
{
	const struct net_iov_binding *hot = &binding->hot;

	if (test_bit(NET_IOV_DEAD, &hot->flags))
		seq_printf(s, "id=%u state=freeing net_iovs=%u held=%u\n",
			   binding->id, hot->total,
			   hot->total - READ_ONCE(hot->back));
	else
		seq_printf(s, "id=%u state=mapped net_iovs=%u\n", binding->id,
			   hot->total);
}

static int dmt_debugfs_bindings_show(struct seq_file *s, void *unused)
{
	struct dmt_binding *binding;

	rtnl_lock();
	list_for_each_entry(binding, &dmt_bindings, node) {
		dmt_show_bound(s, binding);
		cond_resched();
	}
	dmt_ids_walk(dmt_show_unbound, s);
	rtnl_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dmt_debugfs_bindings);

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
static DECLARE_FAULT_ATTR(dmt_fail_pool);

/**
 * dmt_pool_should_fail - has a test asked for it?
 *
 * Context: any.
 */
bool dmt_pool_should_fail(void)
{
	return should_fail(&dmt_fail_pool, 1);
}

static void dmt_debugfs_faults(void)
{
	fault_create_debugfs_attr("fail_pool", dmt_debugfs_dir, &dmt_fail_pool);
}
#else
static void dmt_debugfs_faults(void)
{
}
#endif

/**
 * dmt_debugfs_init - make the files; without debugfs there are none
 */
void dmt_debugfs_init(void)
{
	dmt_debugfs_dir = debugfs_create_dir("devmem_tcp", NULL);
	debugfs_create_file("bindings", 0400, dmt_debugfs_dir, NULL,
			    &dmt_debugfs_bindings_fops);
	dmt_debugfs_faults();
}

/**
 * dmt_debugfs_exit - nobody uses them any more on return
 */
void dmt_debugfs_exit(void)
{
	debugfs_remove(dmt_debugfs_dir);
}
