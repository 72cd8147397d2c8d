// SPDX-License-Identifier: GPL-2.0-only
/* For tests: a CPU that gets to nothing in its backlog.
 *
 *	echo CPU MS >/sys/module/stall/parameters/run
 *
 * For MS milliseconds, 5000 at most, CPU handles no softirq and runs no task;
 * interrupts it does. Returns at once.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

#define STALL_MOST_MS	5000

static unsigned int stall_ms;

static void stall_fn(struct work_struct *work)
{
	unsigned int ms;

	local_bh_disable();
	for (ms = READ_ONCE(stall_ms); ms; ms--)
		mdelay(1);
	local_bh_enable();
}

static DECLARE_WORK(stall_work, stall_fn);

static int stall_run(const char *val, const struct kernel_param *kp)
{
	unsigned int cpu, ms;

	if (sscanf(val, "%u %u", &cpu, &ms) != 2 || ms > STALL_MOST_MS ||
	    cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -EINVAL;
	flush_work(&stall_work);
	WRITE_ONCE(stall_ms, ms);
	schedule_work_on(cpu, &stall_work);
	return 0;
}

static const struct kernel_param_ops stall_ops = {
	.set = stall_run,
};

module_param_cb(run, &stall_ops, NULL, 0200);

static void __exit stall_exit(void)
{
	flush_work(&stall_work);
}

module_exit(stall_exit);

MODULE_DESCRIPTION("A CPU without softirqs, for tests");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_LICENSE("GPL");
