// SPDX-License-Identifier: GPL-2.0-only
/* What actors wait for: locks, RCU, work; and what a binding holds. */

#include "engine.h"

/* The locks, a bit each. */
static const void *locks[8];

/* It looks at memory as the model does. */
static bool look(bool (*ready)(void *arg), void *arg)
{
	struct actor *self = me;
	bool is;

	me = NULL;
	is = ready(arg);
	me = self;
	return is;
}

void model_wait(bool (*ready)(void *arg), void *arg, const char *what)
{
	finish();
	if (!me->ends_step && look(ready, arg))
		return;
	if (!me->ends_step) {
		me->doing = what;
		me->doing_to = arg;
	}
	me->ends_step = false;
	me->ready = ready;
	me->ready_arg = arg;
	me->blocked = true;
	switch_out();
	me->blocked = false;
	me->ready = NULL;
	me->ready_arg = NULL;
}

static u32 lock_bit(const void *lock)
{
	u32 i;

	for (i = 0; locks[i] && locks[i] != lock; i++)
		if (i + 1 == 8)
			model_fail("too many locks");
	locks[i] = lock;
	return BIT(i);
}

static bool is_unlocked(void *lock)
{
	return !*(u64 *)lock;
}

void spin_lock(u64 *lock)
{
	u32 i;

	if (!me)
		return;
	finish();
	for (i = 0; i < me->delayed; i++)
		if (overlaps(&me->buffer[i], lock, 8))
			drain(me);
	model_wait(is_unlocked, lock, "waits for lock");
	touch(lock, 8, true, "spin_lock");
	*lock = 1;
	me->locks |= lock_bit(lock);
}

void spin_unlock(u64 *lock)
{
	if (me)
		me->locks &= ~lock_bit(lock);
	model_store(lock, 8, 0, true);
}

/* No end of a step: a grace period that begins between this and the next
 * access could as well begin before and end late.
 */
void rcu_read_lock(void)
{
	if (!me)
		return;
	settle();
	me->rcu_nest++;
}

void rcu_read_unlock(void)
{
	u32 i;

	if (!me)
		return;
	settle();
	if (--me->rcu_nest)
		return;
	for (i = 0; i < world.nr_actors; i++)
		world.actors[i].rcu_waits &= ~BIT(me - world.actors);
	end_step("rcu_read_unlock", NULL);
}

static bool is_over(void *actor)
{
	return !((struct actor *)actor)->rcu_waits;
}

void synchronize_rcu(void)
{
	u32 i;

	if (!me)
		return;
	settle();
	if (me->rcu_nest)
		model_fail("a grace period is waited for in a read section");
	drain(me);
	for (i = 0; i < world.nr_actors; i++)
		if (world.actors[i].rcu_nest)
			me->rcu_waits |= BIT(i);
	model_wait(is_over, me, "waits for a grace period");
	for (i = 0; i < world.nr_actors; i++)
		drain(&world.actors[i]);
	end_step("synchronize_rcu", NULL);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	u32 i = (uintptr_t)wq;

	if (model_xchg(&work->pending, 8, 1))
		return false;
	settle();
	check_alive(work, "queue_work");
	if (!work->func)
		model_fail("work is queued before it is made");
	world.wqs[i].items[world.wqs[i].num++] = work;
	end_step("queue_work", work);
	return true;
}

static bool has_work(void *wq)
{
	return world.wqs[(uintptr_t)wq].num;
}

bool model_wq_idle(void *wq)
{
	return !has_work(wq) && !world.wqs[(uintptr_t)wq].running;
}

/* Only of work in queue 1, all of which is waited for. */
void flush_work(struct work_struct *work)
{
	(void)work;
	model_wait(model_wq_idle, (void *)1, "flush_work");
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	model_wait(model_wq_idle, wq, "destroy_workqueue");
}

void model_worker(u32 wq)
{
	struct work_struct *work;

	for (;;) {
		model_wait(has_work, (void *)(uintptr_t)wq, "waits for work");
		work = world.wqs[wq].items[0];
		world.wqs[wq].running++;
		world.wqs[wq].num--;
		memmove(world.wqs[wq].items, world.wqs[wq].items + 1,
			sizeof(work) * world.wqs[wq].num);
		world.wqs[wq].items[world.wqs[wq].num] = NULL;
		/* From here on it can be queued again. */
		model_xchg(&work->pending, 8, 0);
		work->func(work);
		finish();
		world.wqs[wq].running--;
		end_step("end of work", NULL);
	}
}

/* The module, and what its bindings hold. */

void __module_get(struct module *module)
{
	(void)module;
	ghost->module_refs++;
}

void module_put(struct module *module)
{
	(void)module;
	settle();
	if (ghost->module_refs-- <= 0)
		model_fail("the module is put too often");
	end_step("module_put", NULL);
}

bool try_module_get(struct module *module)
{
	(void)module;
	settle();
	if (ghost->module_going)
		return false;
	ghost->module_refs++;
	end_step("try_module_get", NULL);
	return true;
}

void put_device(struct device *dev)
{
	(void)dev;
}

void netdev_put(struct net_device *dev, int *tracker)
{
	(void)dev;
	(void)tracker;
	settle();
	if (ghost->dev_refs-- <= 0)
		model_fail("the device is put too often");
	end_step("netdev_put", NULL);
}

static bool is_unused(void *arg)
{
	(void)arg;
	return !ghost->module_refs;
}

/* rmmod of a module that is in use fails and is tried again; then its exit. */
void model_unload(void)
{
	u32 i;

	model_wait(is_unused, NULL, "rmmod");
	ghost->module_going = true;
	end_step("rmmod", NULL);
	model_module_exit();
	finish();
	for (i = 0; i < world.nr_actors; i++)
		if (world.actors[i].in_module)
			model_fail("the module is gone and %s is in it",
				   world.actors[i].name);
	ghost->module_gone = true;
	end_step("unload", NULL);
}
