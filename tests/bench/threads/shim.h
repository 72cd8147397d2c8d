/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel as the benchmark, the allocator, genalloc and ptr_ring
 * use, in a process. ../run.sh makes a header of every name that they include,
 * with nothing in it but this file. Other than the shim of tests/threads it is
 * made to be as fast as the kernel: atomics are x86's, and what is a function in
 * the kernel is one here, in shim.c.
 */
#ifndef _SHIM_H
#define _SHIM_H

#include <pthread.h>

#include "../../lib/kernel_names.h"

#undef likely
#undef unlikely
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#undef U32_MAX
#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX
#define noinline		__attribute__((noinline))

#define ____cacheline_aligned_in_smp	__aligned(64)

#define phys_addr_t		size_t

/* Memory model */
#define READ_ONCE(x)		(*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile typeof(x) *)&(x) = (v))
/* x86 needs no more */
#define smp_store_release(ptr, v)	__atomic_store_n(ptr, v, __ATOMIC_RELEASE)

static inline void cpu_relax(void)
{
	__builtin_ia32_pause();
}

static inline void barrier(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void smp_wmb(void)	/* x86 keeps stores in order */
{
	barrier();	/* so that the compiler does, too */
}

static inline void smp_mb(void)		/* the instruction that x86's is */
{
	asm volatile("lock addl $0, -4(%%rsp)" : : : "memory", "cc");
}

static inline void smp_mb__before_atomic(void)	/* an atomic is one itself */
{
	barrier();	/* of another name */
}

static inline void smp_mb__after_atomic(void)	/* an atomic is one itself */
{
	barrier();	/* of another name */
}

#define xchg(ptr, v)		__atomic_exchange_n(ptr, v, __ATOMIC_SEQ_CST)
#define cmpxchg(ptr, old, new)	__sync_val_compare_and_swap(ptr, old, new)

struct shim_atomic { int counter; };
struct shim_atomic_long { long counter; };
#define atomic_t		struct shim_atomic
#define atomic_long_t		struct shim_atomic_long

#define atomic_read(v)		READ_ONCE((v)->counter)
#define atomic_read_acquire	atomic_read	/* x86 */
#define atomic_set(v, i)	WRITE_ONCE((v)->counter, (i))
#define atomic_long_read(v)	READ_ONCE((v)->counter)
#define atomic_long_set(v, i)	WRITE_ONCE((v)->counter, (i))
#define atomic_inc(v)		((void)__sync_fetch_and_add(&(v)->counter, 1))
#define atomic_dec_and_test(v)	(__sync_sub_and_fetch(&(v)->counter, 1) == 0)
#define atomic_long_add(i, v) \
	((void)__sync_fetch_and_add(&(v)->counter, (long)(i)))
#define atomic_long_sub(i, v) \
	((void)__sync_fetch_and_sub(&(v)->counter, (long)(i)))

#define set_bit(nr, addr)	((void)__sync_fetch_and_or(addr, BIT(nr)))
#define test_bit(nr, addr)	(!!(READ_ONCE(*(addr)) & BIT(nr)))
#define test_bit_acquire	test_bit	/* x86 */
#define test_and_clear_bit(nr, addr) \
	(!!(__sync_fetch_and_and(addr, ~BIT(nr)) & BIT(nr)))

/* Lists */
static inline bool llist_empty(const struct llist_head *head)
{
	return !READ_ONCE(head->first);
}

static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	return xchg(&head->first, NULL);
}

bool llist_add_batch(struct llist_node *first, struct llist_node *last,
		     struct llist_head *head);

#define INIT_LIST_HEAD(list)	((list)->next = (list)->prev = (list))
#define list_entry		container_of
#define list_for_each_safe(pos, n, head) \
	for (pos = (head)->next, n = pos->next; pos != (head); \
	     pos = n, n = pos->next)
#define list_for_each_entry_rcu(pos, head, member) \
	for (pos = list_entry(READ_ONCE((head)->next), typeof(*pos), member); \
	     &pos->member != (head); \
	     pos = list_entry(READ_ONCE(pos->member.next), typeof(*pos), \
			      member))

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

static inline void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	smp_store_release(&head->next, entry);	/* for readers under RCU */
}

/* Bits */
#define BITS_PER_LONG			64
#define BITS_TO_LONGS(n)		(((n) + 63) / 64)
#define BIT_WORD(n)			((n) / 64)
#define BITMAP_FIRST_WORD_MASK(n)	(~0UL << ((n) % 64))
#define BITMAP_LAST_WORD_MASK(n)	(~0UL >> (-(n) % 64))

unsigned long find_next_bit(const unsigned long *map, unsigned long size,
			    unsigned long start);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long start);
unsigned long bitmap_find_next_zero_area_off(unsigned long *map,
					     unsigned long size,
					     unsigned long start,
					     unsigned int num,
					     unsigned long align,
					     unsigned long offset);

#define find_first_bit(map, size)	find_next_bit(map, size, 0)
#define bitmap_empty(map, size)		(find_first_bit(map, size) >= (size))
#define bitmap_find_next_zero_area(map, size, start, num, align) \
	bitmap_find_next_zero_area_off(map, size, start, num, align, 0)

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *map)
{
	bool old = map[nr / 64] >> nr % 64 & 1;

	map[nr / 64] |= 1UL << nr % 64;
	return old;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool old = map[nr / 64] >> nr % 64 & 1;

	map[nr / 64] &= ~(1UL << nr % 64);
	return old;
}

/* Locks: a free one is taken with one atomic, and given back with a store. */
struct shim_lock { int locked; };
#define spinlock_t			struct shim_lock

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

#define spin_lock_init(lock)		((lock)->locked = 0)
#define spin_lock_bh			spin_lock
#define spin_unlock_bh			spin_unlock
#define spin_lock_irq			spin_lock
#define spin_unlock_irq			spin_unlock
#define spin_lock_irqsave(lock, f)	((void)(f), spin_lock(lock))
#define spin_unlock_irqrestore(lock, f)	((void)(f), spin_unlock(lock))
#define local_bh_disable()		((void)0)
#define local_bh_enable()		((void)0)

/* RCU: readers count, as with preemptible RCU; nobody waits for them. */
void rcu_read_lock(void);
void rcu_read_unlock(void);
#define rcu_barrier()			((void)0)
#define synchronize_rcu()		((void)0)

/* Memory: whole pages, as kernel memory is mapped. */
void *shim_zalloc(size_t size);
#define kzalloc(size, gfp)		((void)(gfp), shim_zalloc(size))
#define kmalloc(size, gfp)		kzalloc(size, gfp)
#define kmalloc_node(size, gfp, nid)	kzalloc(size, gfp)
#define kvcalloc(n, size, gfp)		kzalloc((n) * (size), gfp)
#define kmalloc_array(n, size, gfp)	kzalloc((n) * (size), gfp)
#define kvmalloc_array(n, size, gfp)	kzalloc((n) * (size), gfp)
#define __vmalloc(size, gfp)		kzalloc(size, gfp)
#define vzalloc(size)			shim_zalloc(size)
#define vzalloc_node(size, nid)		shim_zalloc(size)
#define kfree(mem)			free((void *)(mem))
#define kfree_const			kfree
#define kvfree				kfree
#define vfree				kfree
#undef __GFP_ZERO
#define __GFP_ZERO			0
#define NUMA_NO_NODE			(-1)
#define KMALLOC_MAX_SIZE		BIT(22)
#define SMP_CACHE_BYTES			64
#define struct_size(p, pointers, n)	(sizeof(*(p)) + (n) * sizeof(void *))

/* Work and completion: at once, by who queues it. */
struct work_struct { void (*func)(struct work_struct *work); };

#define INIT_WORK(work, fn)		((work)->func = (fn))
#define work_pending(work)		((void)(work), false)
#define queue_work(wq, work)		((work)->func(work))
#define flush_work(work)		((void)(work))
#define init_completion(c)		((c)->done = 0)
#define complete(c)			((c)->done = 1)
#define wait_for_completion_timeout(c, timeout)	((c)->done)
#define HZ				1

/* Modules */
struct module { int refs; };
#define THIS_MODULE			((struct module *)NULL)
#define __module_get(module)		((void)(module))
#define module_put(module)		((void)(module))

/* scatterlist.h */
int sg_alloc_table(struct sg_table *sgt, u32 num, gfp_t gfp);
#define sg_free_table(sgt)		free((sgt)->sgl)

/* Errors */
#define ERR_PTR(err)			((void *)(long)(err))
#define PTR_ERR(ptr)			((long)(ptr))
#define ERR_CAST(ptr)			((void *)(ptr))
#define IS_ERR(ptr)			((unsigned long)(ptr) >= -4095UL)
#define WARN_ON(x)			(x)
#define pr_err(...)			printf(__VA_ARGS__)
#define pr_info(...)			printf(__VA_ARGS__)

/* Arithmetic */
#define min(a, b)			((a) < (b) ? (a) : (b))
#define max(a, b)			((a) > (b) ? (a) : (b))
#define min_t(type, a, b)		min((type)(a), (type)(b))
#define max_t(type, a, b)		max((type)(a), (type)(b))
#define swap(a, b) \
	do { typeof(a) old = (a); (a) = (b); (b) = old; } while (0)
#define div_u64(a, b)			((u64)(a) / (b))
#define ALIGN(x, a)			(((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define roundup_pow_of_two(n)		(1UL << (64 - __builtin_clzl((n) - 1)))
#define sort(base, num, size, cmp, swap)	qsort(base, num, size, cmp)

struct rnd_state { u64 state; };

static inline void prandom_seed_state(struct rnd_state *rnd, u64 seed)
{
	rnd->state = seed;
}

static inline u32 prandom_u32_state(struct rnd_state *rnd)
{
	rnd->state = rnd->state * 6364136223846793005ULL + 1;
	return rnd->state >> 32;
}

#endif /* _SHIM_H */
