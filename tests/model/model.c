// SPDX-License-Identifier: GPL-2.0-only
/* All interleavings of a few actors, each a coroutine that runs real code.
 *
 * The code under test is compiled for ThreadSanitizer, whose runtime is here:
 * so each access of it to memory comes by, and what it does with atomics, locks,
 * RCU and work is in this file anyway. A step of an actor ends behind an access
 * that does not commute with what others do. Which words of memory those are is
 * found out: a word that one actor writes and another one touches is shared, and
 * when a new one is seen all starts again. To free memory, RCU, work and modules
 * end a step too. So nothing is left out but orders that make no difference.
 *
 * The state is all memory, the stacks that are in use and what is below in
 * struct world. It is saved and restored as bytes, and known by a hash of 64
 * bits: what was explored from a state once is not explored again.
 *
 * Weak scenarios delay stores: an actor's stores, and atomics that return
 * nothing, wait in its buffer, and each can get to memory at any time after.
 * Kept are the order for one word, release, and barriers, which are all atomics
 * that return a value, smp_mb() and a grace period, for everybody. Loads are
 * never early. That is weaker than x86 and, for loads, stronger than arm64.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <ucontext.h>
#include "model.h"

#define HEAP		16384
#define STACK		65536
#define BLOCKS		24
#define BUFFER		6	/* the oldest store goes when it is full */
#define DEPTH		4096
#define SPACE		(HEAP + 8192)	/* the heap, then the module's data */

struct delayed {
	volatile void	*ptr;
	u64		value;
	u32		size;
	enum { STORE, OR, ADD } what;
	bool		release;
};

struct actor {
	jmp_buf		at;
	char		*sp;
	const char	*name;
	void		(*main)(u32 arg);
	u32		arg, flags, after;
	bool		done, blocked;
	bool		ends_step;	/* before the next access */
	bool		(*ready)(void *arg);
	void		*ready_arg;
	const char	*doing;		/* what the last step did, and to what */
	const volatile void *doing_to;
	u32		rcu_nest, rcu_waits;	/* for these actors */
	u32		in_module;	/* depth of its functions */
	u32		locks;		/* that it holds */

	/* The access under way: in weak scenarios what was in memory. */
	enum { NONE, LOAD, SAVE } access;
	volatile void	*access_ptr;
	u32		access_size;
	u8		access_old[16];

	struct delayed	buffer[BUFFER];
	u32		delayed;
};

static struct world {
	u32		heap_used, nr_blocks, nr_actors;
	struct {
		u32		start, end;
		const char	*what;
		bool		freed;
	} blocks[BLOCKS];
	struct {
		struct work_struct *items[4];
		u32		num;
		bool		running;
	} wqs[MODEL_WQS];
	struct ghost	ghost;
	struct actor	actors[MODEL_ACTORS];
} world;

static char heap[HEAP] __aligned(64);
static char stacks[MODEL_ACTORS][STACK] __aligned(64);
extern char __start_moddata[], __stop_moddata[];
extern char __start_modtext[], __stop_modtext[];

struct ghost *const ghost = &world.ghost;
struct workqueue_struct *dmt_wq = (struct workqueue_struct *)1;

/* Per word, over all runs: who loaded or stored it, and with which locks held
 * each time.
 */
static struct {
	u16	loaders, storers;
	bool	shared;
	u8	load_locks[MODEL_ACTORS], store_locks[MODEL_ACTORS];
} words[SPACE / 8];
static u32 nr_shared;

/* The locks, a bit each. */
static const void *locks[8];

static struct actor *me;		/* NULL: the model itself */
static bool exploring, weak;
static jmp_buf engine, again;
static u64 states, steps;
static u32 deepest;

static struct {
	const struct actor *actor;
	const char	*doing;
	const volatile void *to;
} path[DEPTH];
static u32 path_len;

/* Reports */

static void name_of(const volatile void *ptr, char *to, size_t size)
{
	u32 i, off = (char *)ptr - heap;

	snprintf(to, size, "%p", ptr);
	if ((char *)ptr >= __start_moddata && (char *)ptr < __stop_moddata)
		snprintf(to, size, "module data + %td",
			 (char *)ptr - __start_moddata);
	if (!ptr)
		*to = 0;
	for (i = 0; i < world.nr_blocks && off < HEAP; i++)
		if (off >= world.blocks[i].start && off < world.blocks[i].end)
			snprintf(to, size, "(%s) + %u", world.blocks[i].what,
				 off - world.blocks[i].start);
}

void model_fail(const char *format, ...)
{
	va_list args;
	char to[80];
	u32 i;

	va_start(args, format);
	printf("VIOLATION in state %llu: ", (unsigned long long)states);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	for (i = 0; i < path_len; i++) {
		name_of(path[i].to, to, sizeof(to));
		printf("  %-8s %s %s\n", path[i].actor->name, path[i].doing, to);
	}
	if (me) {
		name_of(me->doing_to, to, sizeof(to));
		printf("  %-8s does it, after %s %s\n", me->name, me->doing, to);
	}
	fflush(stdout);
	_Exit(1);
}

/* Memory */

static bool is_tracked(const volatile void *ptr)
{
	return ((char *)ptr >= heap && (char *)ptr < heap + HEAP) ||
	       ((char *)ptr >= __start_moddata && (char *)ptr < __stop_moddata);
}

static u32 word_of(const volatile void *ptr)
{
	if ((char *)ptr >= heap && (char *)ptr < heap + HEAP)
		return ((char *)ptr - heap) / 8;
	return (HEAP + ((char *)ptr - __start_moddata)) / 8;
}

static void check_alive(const volatile void *ptr, const char *how)
{
	u32 i, off = (char *)ptr - heap;
	char to[80];

	if (off >= HEAP) {
		if (ghost->module_gone)
			model_fail("%s of data of the removed module", how);
		return;
	}
	name_of(ptr, to, sizeof(to));
	for (i = 0; i < world.nr_blocks; i++) {
		if (off < world.blocks[i].start || off >= world.blocks[i].end)
			continue;
		if (world.blocks[i].freed)
			model_fail("%s of freed memory: %s", how, to);
		return;
	}
	model_fail("%s outside of any allocation: %s", how, to);
}

void *model_alloc(size_t size, const char *what)
{
	u32 start = world.heap_used;

	size = (size + 15) & ~15UL;
	if (start + size > HEAP || world.nr_blocks == BLOCKS)
		model_fail("the model is out of memory");
	world.blocks[world.nr_blocks].start = start;
	world.blocks[world.nr_blocks].end = start + size;
	world.blocks[world.nr_blocks++].what = what;
	world.heap_used += size;
	return memset(heap + start, 0, size);
}

u32 model_blocks(void)
{
	u32 i, num = 0;

	for (i = 0; i < world.nr_blocks; i++)
		num += !world.blocks[i].freed;
	return num;
}

/* Steps */

static void __attribute__((noinline)) note_sp(void)
{
	me->sp = (char *)__builtin_frame_address(0) - 64;
}

static void __attribute__((noinline)) yield(void)
{
	note_sp();
	if (!_setjmp(me->at))
		_longjmp(engine, 1);
}

/* To memory, for all to see. */
static void apply(const struct delayed *d)
{
	u64 value = 0;

	memcpy(&value, (void *)d->ptr, d->size);
	value = d->what == STORE ? d->value :
		d->what == OR ? value | d->value : value + d->value;
	memcpy((void *)d->ptr, &value, d->size);
}

static bool overlap(const struct delayed *d, const volatile void *ptr, u32 size)
{
	return (char *)d->ptr < (char *)ptr + size &&
	       (char *)ptr < (char *)d->ptr + d->size;
}

static void drain_one(struct actor *actor, u32 i)
{
	struct delayed d = actor->buffer[i];

	actor->delayed--;
	memmove(&actor->buffer[i], &actor->buffer[i + 1],
		(actor->delayed - i) * sizeof(d));
	memset(&actor->buffer[actor->delayed], 0, sizeof(d));
	if (exploring)
		check_alive(d.ptr, "delayed store");
	apply(&d);
}

static bool can_drain(const struct actor *actor, u32 i)
{
	const struct delayed *d = &actor->buffer[i];
	u32 j;

	for (j = 0; j < i; j++)
		if (d->release || overlap(&actor->buffer[j], d->ptr, d->size))
			return false;
	return true;
}

static void drain(struct actor *actor)
{
	while (actor->delayed)
		drain_one(actor, 0);
}

static void delay(volatile void *ptr, u32 size, u64 value, int what,
		  bool release)
{
	struct delayed *d;

	if (me->delayed == BUFFER)
		drain_one(me, 0);
	d = &me->buffer[me->delayed++];
	d->ptr = ptr;
	d->size = size;
	d->value = value;
	d->what = what;
	d->release = release;
}

/* The access before this is complete now. */
static void finish(void)
{
	u64 value;
	u32 i;

	/* A plain store of ours is in memory and should not be yet. */
	for (i = 0; me->access == SAVE && i < me->access_size; i += 8) {
		u32 size = me->access_size - i < 8 ? me->access_size - i : 8;

		value = 0;
		memcpy(&value, (char *)me->access_ptr + i, size);
		memcpy((char *)me->access_ptr + i, me->access_old + i, size);
		delay((char *)me->access_ptr + i, size, value, STORE, false);
	}
	if (me->access == LOAD)
		memcpy((void *)me->access_ptr, me->access_old, me->access_size);
	me->access = NONE;
	me->access_ptr = NULL;
	me->access_size = 0;
	memset(me->access_old, 0, sizeof(me->access_old));
}

/* And so may be its step. */
static void settle(void)
{
	finish();
	if (me->ends_step) {
		me->ends_step = false;
		yield();
	}
}

static void end_step(const char *doing, const volatile void *to)
{
	me->ends_step = true;
	me->doing = doing;
	me->doing_to = to;
}

/* Do @a and @b never run at the same time? */
static bool ordered(const struct actor *a, const struct actor *b)
{
	return a->after & BIT(b - world.actors) ||
	       b->after & BIT(a - world.actors);
}

/* Two that touch a word, one of them storing, are ordered by a lock if both
 * held it every time. If not, the word is shared.
 */
static void note_sharing(u32 word, bool store)
{
	u32 i, self = me - world.actors, mask = BIT(self);
	u16 *seen = store ? &words[word].storers : &words[word].loaders;
	u8 *held = store ? words[word].store_locks : words[word].load_locks;

	if (!(*seen & mask))
		held[self] = me->locks;
	*seen |= mask;
	held[self] &= me->locks;
	for (i = 0; i < world.nr_actors && !words[word].shared; i++) {
		if (i == self || ordered(me, &world.actors[i]))
			continue;
		if ((words[word].storers & BIT(i) &&
		     !(words[word].store_locks[i] & held[self])) ||
		    (store && words[word].loaders & BIT(i) &&
		     !(words[word].load_locks[i] & held[self]))) {
			words[word].shared = true;
			nr_shared++;
			_longjmp(again, 1);
		}
	}
}

/* Before an access by @me, that is not an order. Is it a step? */
static bool touch(const volatile void *ptr, u32 size, bool store,
		  const char *doing)
{
	bool step = false;
	u32 i;

	check_alive(ptr, doing);
	check_alive((char *)ptr + size - 1, doing);
	for (i = word_of(ptr); i <= word_of((char *)ptr + size - 1); i++) {
		note_sharing(i, store);
		step |= words[i].shared;
	}
	if (step)
		end_step(doing, ptr);
	return step;
}

/* Is @me one who shall be watched, and does it touch what can be shared? */
static bool watched(const volatile void *ptr)
{
	if (!me)
		return false;
	settle();
	return is_tracked(ptr);
}

/* For a load by who stored it. */
static void forward(const struct delayed *d, const volatile void *ptr, u32 size)
{
	if (d->ptr != ptr || d->size != size)
		model_fail("a load of a part of a store");
	apply(d);
}

static void plain(volatile void *ptr, u32 size, bool store)
{
	u32 i;

	if (!watched(ptr) ||
	    !touch(ptr, size, store, store ? "store" : "load") || !weak)
		return;
	me->access_ptr = ptr;
	me->access_size = size;
	if (size > sizeof(me->access_old))
		model_fail("an access of %u bytes", size);
	memcpy(me->access_old, (void *)ptr, size);
	me->access = store ? SAVE : LOAD;
	for (i = 0; i < me->delayed && !store; i++)
		if (overlap(&me->buffer[i], ptr, size))
			forward(&me->buffer[i], ptr, size);
}

u64 model_load(const volatile void *ptr, u32 size)
{
	u64 value = 0, old = 0;
	u32 i;

	if (watched(ptr))
		touch(ptr, size, false, "READ_ONCE");
	memcpy(&old, (void *)ptr, size);
	for (i = 0; me && i < me->delayed; i++)
		if (overlap(&me->buffer[i], ptr, size))
			forward(&me->buffer[i], ptr, size);
	memcpy(&value, (void *)ptr, size);
	memcpy((void *)ptr, &old, size);
	return value;
}

static void change(volatile void *ptr, u32 size, u64 value, int what,
		   bool release, const char *doing)
{
	struct delayed d = { ptr, value, size, what, release };

	if (watched(ptr) && touch(ptr, size, true, doing) && weak)
		delay(ptr, size, value, what, release);
	else
		apply(&d);
}

void model_store(volatile void *ptr, u32 size, u64 value, bool release)
{
	change(ptr, size, value, STORE, release,
	       release ? "store_release" : "WRITE_ONCE");
}

void model_or_relaxed(volatile void *ptr, u32 size, u64 mask)
{
	change(ptr, size, mask, OR, false, "set_bit");
}

void model_add_relaxed(volatile void *ptr, u32 size, u64 value)
{
	change(ptr, size, value, ADD, false, "atomic_inc");
}

/* An atomic that returns a value: a full barrier. */
static u64 full(volatile void *ptr, u32 size, const char *doing)
{
	u64 old = 0;

	if (watched(ptr)) {
		touch(ptr, size, true, doing);
		drain(me);
	}
	memcpy(&old, (void *)ptr, size);
	return old;
}

u64 model_xchg(volatile void *ptr, u32 size, u64 value)
{
	u64 old = full(ptr, size, "xchg");

	memcpy((void *)ptr, &value, size);
	return old;
}

u64 model_and(volatile void *ptr, u32 size, u64 mask)
{
	u64 old = full(ptr, size, "test_and_clear_bit");

	mask &= old;
	memcpy((void *)ptr, &mask, size);
	return old;
}

u64 model_add(volatile void *ptr, u32 size, u64 value)
{
	u64 new = full(ptr, size, "atomic_add_return") + value;

	memcpy((void *)ptr, &new, size);
	return new;
}

bool model_cmpxchg(volatile void *ptr, u32 size, u64 *old, u64 value)
{
	u64 now = full(ptr, size, "cmpxchg");
	bool same = now == *old;

	if (same)
		memcpy((void *)ptr, &value, size);
	*old = now;
	return same;
}

void smp_mb(void)
{
	if (!me)
		return;
	settle();
	if (me->delayed)
		end_step("smp_mb", NULL);
	drain(me);
}

void model_free(const void *mem)
{
	u32 i;

	if (!mem)
		return;
	if (me) {
		settle();
		drain(me);
		end_step("kfree", mem);
	}
	check_alive(mem, "kfree");
	for (i = 0; heap + world.blocks[i].start != (char *)mem; i++)
		if (i + 1 == world.nr_blocks)
			model_fail("kfree of no allocation");
	world.blocks[i].freed = true;
	memset(heap + world.blocks[i].start, 0xa5,
	       world.blocks[i].end - world.blocks[i].start);
}

/* What waits */

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
	yield();
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
		if (overlap(&me->buffer[i], lock, 8))
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

	settle();
	if (me->rcu_nest)
		model_fail("synchronize_rcu() in a read section");
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

void model_worker(u32 wq)
{
	struct work_struct *work;

	for (;;) {
		model_wait(has_work, (void *)(uintptr_t)wq, "waits for work");
		work = world.wqs[wq].items[0];
		world.wqs[wq].running = true;
		world.wqs[wq].num--;
		memmove(world.wqs[wq].items, world.wqs[wq].items + 1,
			sizeof(work) * world.wqs[wq].num);
		world.wqs[wq].items[world.wqs[wq].num] = NULL;
		/* From here on it can be queued again. */
		model_xchg(&work->pending, 8, 0);
		work->func(work);
		finish();
		world.wqs[wq].running = false;
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
		model_fail("too many module_put()");
	end_step("module_put", NULL);
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
		model_fail("too many netdev_put()");
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
	model_wait(model_wq_idle, dmt_wq, "destroy_workqueue");
	for (i = 0; i < world.nr_actors; i++)
		if (world.actors[i].in_module)
			model_fail("the module is gone and %s is in it",
				   world.actors[i].name);
	ghost->module_gone = true;
	end_step("unload", NULL);
}

/* ThreadSanitizer's side */

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
	char *at = __builtin_return_address(0);

	(void)pc;
	if (!me || at < __start_modtext || at >= __stop_modtext)
		return;
	if (ghost->module_gone)
		model_fail("text of the removed module runs");
	me->in_module++;
}

void __tsan_func_exit(void)
{
	char *at = __builtin_return_address(0);

	if (me && at >= __start_modtext && at < __stop_modtext)
		me->in_module--;
}

#define HOOKS(n)							\
	void __tsan_read##n(void *ptr) { plain(ptr, n, false); }	\
	void __tsan_write##n(void *ptr) { plain(ptr, n, true); }	\
	void __tsan_unaligned_read##n(void *ptr) { plain(ptr, n, false); } \
	void __tsan_unaligned_write##n(void *ptr) { plain(ptr, n, true); }

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_read_range(void *ptr, u64 size)
{
	plain(ptr, size, false);
}

void __tsan_write_range(void *ptr, u64 size)
{
	plain(ptr, size, true);
}

/* States */

static u64 hash_bytes(u64 h, const void *mem, size_t size)
{
	const u64 *w = mem;
	size_t i;

	for (i = 0; i < size / 8; i++) {
		h = (h ^ w[i]) * 0x9fb21c651e98df25ULL;
		h ^= h >> 32;
	}
	return h;
}

static size_t live(const struct actor *actor)
{
	char *end = stacks[actor - world.actors] + STACK;

	return actor->done ? 0 : (end - actor->sp) & ~7UL;
}

static u64 hash_state(void)
{
	u64 h = 1;
	u32 i;

	h = hash_bytes(h, &world, offsetof(struct world, actors));
	h = hash_bytes(h, heap, world.heap_used);
	h = hash_bytes(h, __start_moddata, __stop_moddata - __start_moddata);
	for (i = 0; i < world.nr_actors; i++) {
		const struct actor *actor = &world.actors[i];

		if (actor->done) {
			h = hash_bytes(h, actor->buffer,
				       sizeof(actor->buffer));
			h = (h ^ 77) * 0x9fb21c651e98df25ULL;
			continue;
		}
		h = hash_bytes(h, actor->at, 64);	/* the registers */
		h = hash_bytes(h, &actor->rcu_nest,
			       sizeof(*actor) - offsetof(struct actor, rcu_nest));
		h = (h ^ actor->blocked) * 0x9fb21c651e98df25ULL;
		h = hash_bytes(h, stacks[i] + STACK - live(actor), live(actor));
	}
	return h ?: 1;
}

static size_t save(char *to)
{
	char *at = to;
	u32 i;

	memcpy(at, &world, sizeof(world));
	at += sizeof(world);
	memcpy(at, heap, world.heap_used);
	at += world.heap_used;
	memcpy(at, __start_moddata, __stop_moddata - __start_moddata);
	at += __stop_moddata - __start_moddata;
	for (i = 0; i < world.nr_actors; i++) {
		size_t size = live(&world.actors[i]);

		memcpy(at, stacks[i] + STACK - size, size);
		at += size;
	}
	return at - to;
}

static void restore(const char *at)
{
	u32 i;

	memcpy(&world, at, sizeof(world));
	at += sizeof(world);
	memcpy(heap, at, world.heap_used);
	at += world.heap_used;
	memcpy(__start_moddata, at, __stop_moddata - __start_moddata);
	at += __stop_moddata - __start_moddata;
	for (i = 0; i < world.nr_actors; i++) {
		size_t size = live(&world.actors[i]);

		memcpy(stacks[i] + STACK - size, at, size);
		at += size;
	}
}

/* Known states, and how many ways lead on from each: -1 while it is explored. */
struct known { u64 hash; double ways; };

static struct known *known;
static u64 known_size;

static struct known *find_in(struct known *table, u64 size, u64 hash)
{
	u64 i;

	for (i = hash & (size - 1); table[i].hash && table[i].hash != hash;)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static struct known *find(u64 hash)
{
	struct known *new;
	u64 i;

	if (states * 2 > known_size) {
		new = calloc(2 * known_size, sizeof(*new));
		if (!new)
			model_fail("no memory");
		for (i = 0; i < known_size; i++)
			if (known[i].hash)
				*find_in(new, 2 * known_size, known[i].hash) =
					known[i];
		free(known);
		known = new;
		known_size *= 2;
	}
	return find_in(known, known_size, hash);
}

/* Exploration */

static bool is_started(void *arg)
{
	u32 i, after = ((struct actor *)arg)->after;

	for (i = 0; i < world.nr_actors; i++)
		if (after & BIT(i) &&
		    (!world.actors[i].done || world.actors[i].delayed))
			return false;
	return true;
}

static void actor_main(void)
{
	me->ends_step = true;
	model_wait(is_started, me, "starts");
	me->main(me->arg);
	finish();
	me->done = true;
	me->sp = NULL;
	me->ready_arg = NULL;
	_longjmp(engine, 1);
}

u32 model_actor(const char *name, void (*main)(u32 arg), u32 arg, u32 flags,
		u32 after)
{
	struct actor *actor = &world.actors[world.nr_actors];

	if (world.nr_actors == MODEL_ACTORS)
		model_fail("too many actors");
	actor->name = name;
	actor->main = main;
	actor->arg = arg;
	actor->flags = flags;
	actor->after = after;
	actor->doing = "starts";
	return world.nr_actors++;
}

/* Up to the first yield(), on its own stack. */
static void start_actor(struct actor *actor)
{
	static ucontext_t here, there;

	getcontext(&there);
	there.uc_stack.ss_sp = stacks[actor - world.actors];
	there.uc_stack.ss_size = STACK;
	memset(there.uc_stack.ss_sp, 0, STACK);
	makecontext(&there, actor_main, 0);
	me = actor;
	if (!_setjmp(engine))
		swapcontext(&here, &there);
	me = NULL;
}

static void run(struct actor *actor)
{
	me = actor;
	if (!_setjmp(engine))
		_longjmp(actor->at, 1);
	me = NULL;
	steps++;
}

/* A choice: an actor's step, or the store at @store of its buffer. */
struct choice { int actor, store; };

static u32 choices(struct choice *out)
{
	u32 i, j, num = 0, last;

	for (last = 0; last < 2 && !num; last++) {
		for (i = 0; i < world.nr_actors; i++) {
			struct actor *actor = &world.actors[i];

			for (j = 0; !last && j < actor->delayed; j++)
				if (can_drain(actor, j))
					out[num++] = (struct choice){ i, j };
			if (actor->done || !(actor->flags & ACTOR_LAST) != !last ||
			    (actor->blocked && !actor->ready(actor->ready_arg)))
				continue;
			out[num++] = (struct choice){ i, -1 };
		}
	}
	return num;
}

static void take(struct choice choice)
{
	struct actor *actor = &world.actors[choice.actor];

	if (path_len == DEPTH)
		model_fail("no end in sight");
	path[path_len].actor = actor;
	if (choice.store >= 0) {
		path[path_len].doing = "'s store arrives:";
		path[path_len++].to = actor->buffer[choice.store].ptr;
		drain_one(actor, choice.store);
	} else {
		path[path_len].doing = "fails";
		path[path_len].to = NULL;
		run(actor);
		path[path_len].doing = actor->doing;
		path[path_len++].to = actor->doing_to;
	}
	deepest = path_len > deepest ? path_len : deepest;
}

static const struct scenario *scenario;

static void check_end(void)
{
	u32 i;

	for (i = 0; i < world.nr_actors; i++)
		if (!world.actors[i].done &&
		    !(world.actors[i].flags & ACTOR_IDLES))
			model_fail("%s never goes on: %s",
				   world.actors[i].name, world.actors[i].doing);
	scenario->check();
}

#define SNAPSHOTS	(256UL << 20)
static char *snapshots;
static size_t snapshots_used;

/* Returns how many interleavings there are from here on. */
static double explore(void)
{
	struct choice out[MODEL_ACTORS * (BUFFER + 1)];
	u32 i, num, len = path_len;
	double ways = 0;
	char *snapshot;
	u64 hash;

	while ((num = choices(out)) == 1)
		take(out[0]);
	if (!num) {
		check_end();
		path_len = len;
		return 1;
	}
	hash = hash_state();
	if (find(hash)->hash) {
		ways = find(hash)->ways;
		if (ways < 0)
			model_fail("goes round in circles");
		path_len = len;
		return ways;
	}
	*find(hash) = (struct known){ hash, -1 };
	states++;
	snapshot = snapshots + snapshots_used;
	snapshots_used += save(snapshot);
	if (snapshots_used > SNAPSHOTS - 2 * sizeof(stacks))
		model_fail("no memory for snapshots");
	for (i = 0; i < num; i++) {
		u32 here = path_len;

		if (i)
			restore(snapshot);
		take(out[i]);
		ways += explore();
		path_len = here;
	}
	snapshots_used = snapshot - snapshots;
	find(hash)->ways = ways;
	path_len = len;
	return ways;
}

static double explore_all(void)
{
	static char *module;
	u32 i;

	if (!module) {
		module = malloc(__stop_moddata - __start_moddata);
		memcpy(module, __start_moddata,
		       __stop_moddata - __start_moddata);
	}
	_setjmp(again);
	me = NULL;
	exploring = false;
	free(known);
	known_size = 1 << 12;
	known = calloc(known_size, sizeof(*known));
	states = 0;
	steps = 0;
	deepest = 0;
	path_len = 0;
	snapshots_used = 0;
	memset(&world, 0, sizeof(world));
	memcpy(__start_moddata, module, __stop_moddata - __start_moddata);
	scenario->setup(scenario->arg);
	for (i = 0; i < world.nr_actors; i++)
		start_actor(&world.actors[i]);
	exploring = true;
	return explore();
}

int main(int argc, char **argv)
{
	struct timespec from, to;
	double ways;

	for (scenario = scenarios; scenario->name; scenario++)
		if (argc == 2 && !strcmp(scenario->name, argv[1]))
			break;
	if (argc != 2 || !scenario->name) {
		for (scenario = scenarios; scenario->name; scenario++)
			printf("%s\n", scenario->name);
		return argc == 1 ? 0 : 2;
	}
	snapshots = malloc(SNAPSHOTS);
	weak = scenario->weak;
	clock_gettime(CLOCK_MONOTONIC, &from);
	ways = explore_all();
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.3g interleavings: %llu states, %llu steps, %u at most in one run; %u words shared; %.1f s\n",
	       ways, (unsigned long long)states, (unsigned long long)steps,
	       deepest, nr_shared, to.tv_sec - from.tv_sec +
	       (to.tv_nsec - from.tv_nsec) / 1e9);
	return 0;
}
