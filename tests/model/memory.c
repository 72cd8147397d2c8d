// SPDX-License-Identifier: GPL-2.0-only
/* Accesses to memory: which end a step, which are delayed, which are wrong. */

#include "engine.h"

#define SPACE		(HEAP + 8192)	/* the heap, the data of both kinds */

/* Per word, over all runs: who loaded or stored it, and with which locks held
 * each time.
 */
static struct {
	u16	loaders, storers;
	bool	shared;
	u8	load_locks[MODEL_ACTORS], store_locks[MODEL_ACTORS];
} words[SPACE / 8];
u32 nr_shared;

const char *name_of(const volatile void *ptr)
{
	u32 i, off = (char *)ptr - heap;
	static char name[80];

	snprintf(name, sizeof(name), "%p", ptr);
	if ((char *)ptr >= __start_moddata && (char *)ptr < __stop_moddata)
		snprintf(name, sizeof(name), "module data + %td",
			 (char *)ptr - __start_moddata);
	for (i = 0; i < world.nr_blocks && off < HEAP; i++)
		if (off >= world.blocks[i].start && off < world.blocks[i].end)
			snprintf(name, sizeof(name), "%s + %u",
				 world.blocks[i].what,
				 off - world.blocks[i].start);
	return ptr ? name : "";
}

static bool is_module(const volatile void *ptr)
{
	return (char *)ptr >= __start_moddata && (char *)ptr < __stop_moddata;
}

static bool is_kernel(const volatile void *ptr)
{
	return (char *)ptr >= __start_kerndata && (char *)ptr < __stop_kerndata;
}

static bool is_tracked(const volatile void *ptr)
{
	return ((char *)ptr >= heap && (char *)ptr < heap + HEAP) ||
	       is_module(ptr) || is_kernel(ptr);
}

static u32 word_of(const volatile void *ptr)
{
	if ((char *)ptr >= heap && (char *)ptr < heap + HEAP)
		return ((char *)ptr - heap) / 8;
	if (is_module(ptr))
		return (HEAP + ((char *)ptr - __start_moddata)) / 8;
	return (HEAP + 4096 + ((char *)ptr - __start_kerndata)) / 8;
}

void check_alive(const volatile void *ptr, const char *how)
{
	u32 i, off = (char *)ptr - heap;

	if (off >= HEAP) {
		if (ghost->module_gone && is_module(ptr))
			model_fail("%s of data of the removed module", how);
		return;
	}
	for (i = 0; i < world.nr_blocks; i++) {
		if (off < world.blocks[i].start || off >= world.blocks[i].end)
			continue;
		if (!world.blocks[i].freed)
			return;
		break;
	}
	model_fail("%s of %s: %s", how, i < world.nr_blocks ?
		   "freed memory" : "no allocation", name_of(ptr));
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

void __attribute__((noinline)) switch_out(void)
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

bool overlaps(const struct delayed *d, const volatile void *ptr, u32 size)
{
	return (char *)d->ptr < (char *)ptr + size &&
	       (char *)ptr < (char *)d->ptr + d->size;
}

void drain_one(struct actor *actor, u32 i)
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

bool can_drain(const struct actor *actor, u32 i)
{
	const struct delayed *d = &actor->buffer[i];
	u32 j;

	for (j = 0; j < i; j++)
		if (d->release || overlaps(&actor->buffer[j], d->ptr, d->size))
			return false;
	return true;
}

void drain(struct actor *actor)
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
void finish(void)
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
void settle(void)
{
	finish();
	if (me->ends_step) {
		me->ends_step = false;
		switch_out();
	}
}

void end_step(const char *doing, const volatile void *to)
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
bool touch(const volatile void *ptr, u32 size, bool store, const char *doing)
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
		if (overlaps(&me->buffer[i], ptr, size))
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
		if (overlaps(&me->buffer[i], ptr, size))
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

void smp_mb(void)	/* the shim's */
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

	if (!me || at < __start_modtext || at >= __stop_modtext)
		return;
	/* It can stop before it returns. */
	if (me->in_module == 1)
		settle();
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
