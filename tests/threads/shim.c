// SPDX-License-Identifier: GPL-2.0-only
/* RCU, work and chance for threads. */

#include <sched.h>
#include <unistd.h>
#include "shim.h"

#define SHIM_THREADS	64

__thread bool shim_slow;
__thread bool shim_ordered;

static __thread u64 shim_state = 1;

void shim_seed(u64 seed)
{
	shim_state = seed * 2685821657736338717ULL | 1;
}

u32 shim_random(void)
{
	shim_state ^= shim_state >> 12;
	shim_state ^= shim_state << 25;
	shim_state ^= shim_state >> 27;
	return shim_state * 2685821657736338717ULL >> 32;
}

void shim_perturb(void)
{
	u32 dice = shim_random() % 4096;

	if (shim_slow && dice < 1024)
		usleep(dice);
	else if (dice < 2)
		usleep(50);
	else if (dice < 64)
		sched_yield();
}

/* A reader shows the number of the grace period that it began in, or 0. */
static struct shim_reader {
	unsigned long	in;
	u32		nest;
	bool		taken;
} __aligned(64) shim_readers[SHIM_THREADS];

static __thread struct shim_reader *shim_me;
static unsigned long shim_grace = 1;
static pthread_mutex_t shim_rcu_lock = PTHREAD_MUTEX_INITIALIZER;

void shim_thread_start(u64 seed)
{
	u32 i;

	shim_seed(seed);
	for (i = 0; i < SHIM_THREADS; i++) {
		if (__atomic_exchange_n(&shim_readers[i].taken, true,
					__ATOMIC_SEQ_CST))
			continue;
		shim_me = &shim_readers[i];
		return;
	}
	abort();
}

void shim_thread_stop(void)
{
	__atomic_store_n(&shim_me->taken, false, __ATOMIC_SEQ_CST);
}

void rcu_read_lock(void)
{
	if (shim_me->nest++)
		return;
	__atomic_store_n(&shim_me->in,
			 __atomic_load_n(&shim_grace, __ATOMIC_SEQ_CST),
			 __ATOMIC_SEQ_CST);
	/* The store before all loads of the section: Dekker's other half. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void rcu_read_unlock(void)
{
	if (--shim_me->nest)
		return;
	__atomic_store_n(&shim_me->in, 0, __ATOMIC_RELEASE);
}

void synchronize_rcu(void)
{
	unsigned long now, in;
	u32 i;

	if (shim_me->nest)
		abort();
	pthread_mutex_lock(&shim_rcu_lock);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	now = __atomic_add_fetch(&shim_grace, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < SHIM_THREADS; i++) {
		for (;;) {
			in = __atomic_load_n(&shim_readers[i].in,
					     __ATOMIC_SEQ_CST);
			if (!in || in >= now)
				break;
			sched_yield();
		}
	}
	pthread_mutex_unlock(&shim_rcu_lock);
}

static struct work_struct *shim_work, **shim_work_end = &shim_work;
static pthread_mutex_t shim_work_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t shim_work_more = PTHREAD_COND_INITIALIZER;

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	(void)wq;
	shim_perturb();
	if (xchg(&work->pending, 1))
		return false;
	pthread_mutex_lock(&shim_work_lock);
	work->next = NULL;
	*shim_work_end = work;
	shim_work_end = &work->next;
	pthread_cond_signal(&shim_work_more);
	pthread_mutex_unlock(&shim_work_lock);
	return true;
}

static void *shim_worker(void *arg)
{
	void (*func)(struct work_struct *work);
	struct work_struct *work;

	(void)arg;
	shim_thread_start(1);
	for (;;) {
		pthread_mutex_lock(&shim_work_lock);
		while (!shim_work)
			pthread_cond_wait(&shim_work_more, &shim_work_lock);
		work = shim_work;
		shim_work = work->next;
		if (!shim_work)
			shim_work_end = &shim_work;
		pthread_mutex_unlock(&shim_work_lock);
		func = work->func;
		/* From here on it can be queued again; see __queue_work(). */
		xchg(&work->pending, 0);
		func(work);
	}
	return NULL;
}

static __attribute__((constructor)) void shim_start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, shim_worker, NULL))
		abort();
	pthread_detach(thread);
}
