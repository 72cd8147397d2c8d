/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel as area.c, pool.c, token.c and net_iov.c use, for
 * threads of a process. run.sh makes a header of every name that they include,
 * with nothing in it but this file.
 *
 * Orders are the kernel's (Documentation/atomic_t.txt): operations that return
 * a value are full barriers, others are relaxed unless smp_mb__before_atomic()
 * stands before them. ThreadSanitizer does not understand fences; so what is
 * published through a bare smp_mb() alone is reported as a race.
 */
#ifndef _SHIM_H
#define _SHIM_H

#include <pthread.h>

#include "../lib/kernel_names.h"

#define ____cacheline_aligned_in_smp	__aligned(64)

/* Lets other threads in where it matters, at random; shim.c. */
void shim_seed(u64 seed);
u32 shim_random(void);
void shim_perturb(void);
/* This thread stops longer, and more often, where it can be overtaken. */
extern __thread bool shim_slow;

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
/* a release store, as TSan knows it */
#define smp_store_release(ptr, v)	__atomic_store_n(ptr, v, __ATOMIC_RELEASE)

static inline void smp_mb(void)	/* not seen by TSan, see above */
{
	shim_perturb();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The next void atomic of this thread is ordered. */
extern __thread bool shim_ordered;

static inline void smp_mb__before_atomic(void)	/* seen by TSan */
{
	smp_mb();	/* of another name */
	shim_ordered = true;
}

static inline void smp_mb__after_atomic(void)	/* as smp_mb() */
{
	smp_mb();	/* of another name */
}

#define xchg(ptr, v)		__atomic_exchange_n(ptr, v, __ATOMIC_SEQ_CST)

struct shim_atomic { int counter; };

#define atomic_t		struct shim_atomic

static inline int atomic_read(const atomic_t *v)
{
	return READ_ONCE(v->counter);
}

static inline int atomic_read_acquire(const atomic_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);
}

static inline void atomic_set(atomic_t *v, int i)
{
	WRITE_ONCE(v->counter, i);
}

static inline void atomic_inc(atomic_t *v)
{
	if (shim_ordered)
		__atomic_fetch_add(&v->counter, 1, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);
	shim_ordered = false;
}

static inline bool atomic_dec_and_test(atomic_t *v)
{
	bool last = __atomic_sub_fetch(&v->counter, 1, __ATOMIC_SEQ_CST) == 0;

	shim_perturb();
	return last;
}

static inline void set_bit(int nr, unsigned long *addr)
{
	if (shim_ordered)
		__atomic_fetch_or(addr, BIT(nr), __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_or(addr, BIT(nr), __ATOMIC_RELAXED);
	shim_ordered = false;
}

static inline bool test_bit(int nr, const unsigned long *addr)
{
	return READ_ONCE(*addr) & BIT(nr);
}

static inline bool test_bit_acquire(int nr, const unsigned long *addr)
{
	return __atomic_load_n(addr, __ATOMIC_ACQUIRE) & BIT(nr);
}

static inline bool test_and_clear_bit(int nr, unsigned long *addr)
{
	return __atomic_fetch_and(addr, ~BIT(nr), __ATOMIC_SEQ_CST) & BIT(nr);
}

/* Lists */
static inline bool llist_empty(const struct llist_head *head)
{
	return !READ_ONCE(head->first);
}

static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	struct llist_node *list = xchg(&head->first, NULL);

	shim_perturb();
	return list;
}

static inline bool llist_add_batch(struct llist_node *first,
				   struct llist_node *last,
				   struct llist_head *head)
{
	struct llist_node *old = READ_ONCE(head->first);

	do {
		last->next = old;
	} while (!__atomic_compare_exchange_n(&head->first, &old, first, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	shim_perturb();
	return !old;
}

/* Locks */
#define spinlock_t		pthread_mutex_t
#define spin_lock_init(lock)	pthread_mutex_init(lock, NULL)
#define spin_lock(lock)		pthread_mutex_lock(lock)
#define spin_unlock(lock)	pthread_mutex_unlock(lock)
#define spin_lock_bh(lock)	pthread_mutex_lock(lock)
#define spin_unlock_bh(lock)	pthread_mutex_unlock(lock)

/* RCU; every thread that reads calls shim_thread_start() first. */
void shim_thread_start(u64 seed);
void shim_thread_stop(void);
void rcu_read_lock(void);
void rcu_read_unlock(void);
void synchronize_rcu(void);

/* Memory */
static inline void *kzalloc(size_t size, gfp_t gfp)
{
	void *mem = NULL;

	(void)gfp;
	if (posix_memalign(&mem, 64, size))
		return NULL;
	return memset(mem, 0, size);
}

#define kfree(mem)		free((void *)(mem))
#define kvfree(mem)		free((void *)(mem))
#define kvcalloc(n, size, gfp)	kzalloc((size_t)(n) * (size), gfp)
#define kmalloc(size, gfp)	kzalloc(size, gfp)
#define __vmalloc(size, gfp)	kzalloc(size, gfp)

/* Work: one thread runs it, so no work runs twice at a time. */
struct work_struct {
	void			(*func)(struct work_struct *work);
	struct work_struct	*next;
	int			pending;
};

static inline void INIT_WORK(struct work_struct *work,
			     void (*func)(struct work_struct *work))
{
	work->func = func;
	WRITE_ONCE(work->pending, 0);
}

static inline bool work_pending(struct work_struct *work)
{
	return READ_ONCE(work->pending);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);

/* Modules */
struct module { int refs; };

static inline void module_put(struct module *module)
{
	__atomic_sub_fetch(&module->refs, 1, __ATOMIC_SEQ_CST);
}

#endif /* _SHIM_H */
