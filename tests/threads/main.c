// SPDX-License-Identifier: GPL-2.0-only
/* Queues that take, threads that put, and a binding that dies meanwhile.
 *
 *   threads-tsan SCENARIO SEED MILLISECONDS
 *
 * A round makes a binding, lets one consumer per pool and some freers loose on
 * it, stops the consumers after a while, kills the binding as dmt_binding_end()
 * does, and waits for its release while the freers still put. At any time:
 * no buffer is handed out that somebody holds, and a queue that found nothing
 * is kicked when something comes home. In the end: all came home, and the
 * release ran once. What the sanitizer sees is its business.
 */

#include <stdarg.h>
#include <time.h>
#include <unistd.h>
#include "threads.h"

#define PATIENCE	10	/* seconds until something is called lost */

static const struct scenario scenarios[] = {
	{ "one-pool", 1, 65, 600, 3000, false },
	{ "shared", MAX_POOLS, 100, 2000, 3000, false },
	{ "tokens", MAX_POOLS, 100, 1000, 3000, true },
	{ "burial", 2, 1, 40, 0, false },
	/* so few that the last may come home while the queue falls asleep */
	{ "wakeup", 1, 1, 4, 20000, false, true },
	{}
};

struct round_binding {
	struct round		*round;
	struct dmt_binding	binding;	/* last */
};

static u64 seed, rounds, allocs, empties, kicks;

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("FAILED after %llu rounds, seed %llu: ",
	       (unsigned long long)rounds, (unsigned long long)seed);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	_exit(1);
}

static void *need(void *mem)
{
	if (!mem)
		fail("no memory");
	return mem;
}

static void deadline(struct timespec *at)
{
	clock_gettime(CLOCK_REALTIME, at);
	at->tv_sec += PATIENCE;
}

/* The consumer knows of @refs references of a buffer that it just took. */
static void own(struct round *round, struct net_iov *niov, u32 refs)
{
	u32 old = xchg(&round->owners[niov - round->niovs], refs);

	if (old)
		fail("net_iov %td was handed out, but has %u owners",
		     niov - round->niovs, old);
}

/* Before the put, after which it may be handed out again at once. */
void disown(struct round *round, const struct net_iov *niov)
{
	__atomic_sub_fetch(&round->owners[niov - round->niovs], 1,
			   __ATOMIC_SEQ_CST);
}

/* Give what is in the ring to the freers, some of it twice. */
static void consumer_deliver(struct consumer *consumer)
{
	struct round *round = consumer->round;
	struct freer *freer;
	struct message message = {};
	u32 i;

	freer = &round->freers[shim_random() % round->nr_freers];
	if (round->scenario->tokens || shim_random() % 4 == 0) {
		send_tokens(freer, consumer->ring, consumer->filled);
		consumer->filled = 0;
		return;
	}
	for (i = 0; i < consumer->filled; i++) {
		message.niov = consumer->ring[i];
		if (shim_random() % 4 == 0) {
			__atomic_add_fetch(&round->owners[message.niov -
							  round->niovs], 1,
					   __ATOMIC_SEQ_CST);
			net_iov_get(message.niov);
			send(&round->freers[shim_random() % round->nr_freers],
			     &message);
		}
		if (shim_random() % 8 == 0)
			freer = &round->freers[shim_random() %
					       round->nr_freers];
		send(freer, &message);
	}
	consumer->filled = 0;
}

/* Driver: any context, under RCU. */
static void consumer_kick(struct net_iov_home *home)
{
	struct net_iov_pool *pool = container_of(home, struct net_iov_pool,
						 home);
	struct consumer *consumer = pool->priv;

	pthread_mutex_lock(&consumer->lock);
	consumer->kicked = true;
	consumer->kicks++;
	pthread_cond_signal(&consumer->wake);
	pthread_mutex_unlock(&consumer->lock);
}

/* Nothing to do until the kick; then, or when it is over, returns. */
static void consumer_sleep(struct consumer *consumer)
{
	struct timespec at;

	deadline(&at);
	pthread_mutex_lock(&consumer->lock);
	while (!consumer->kicked && !consumer->stop) {
		if (pthread_cond_timedwait(&consumer->wake, &consumer->lock,
					   &at))
			fail("pool %u starves, %u of %u buffers are held",
			     consumer->pool->index,
			     dmt_areas_held(consumer->round->binding),
			     consumer->round->total);
	}
	pthread_mutex_unlock(&consumer->lock);
}

/* As NAPI: a kick that comes while it runs makes it run again. */
static bool consumer_begin(struct consumer *consumer)
{
	bool stop;

	pthread_mutex_lock(&consumer->lock);
	consumer->kicked = false;
	WRITE_ONCE(consumer->loops, consumer->loops + 1);
	stop = consumer->stop;
	pthread_mutex_unlock(&consumer->lock);
	return !stop;
}

static void *consumer_main(void *arg)
{
	struct consumer *consumer = arg;
	struct round *round = consumer->round;
	struct net_iov *niov;
	u32 i, want;

	shim_thread_start(consumer->seed);
	shim_slow = round->scenario->slow;
	while (consumer_begin(consumer)) {
		niov = NULL;
		want = 1 + shim_random() % RING;
		for (i = 0; i < want; i++) {
			niov = net_iov_alloc(consumer->pool);
			if (!niov)
				break;
			own(round, niov, 1);
			consumer->ring[consumer->filled++] = niov;
			if (consumer->filled == RING)
				consumer_deliver(consumer);
		}
		if (!niov) {
			consumer_deliver(consumer);
			consumer_sleep(consumer);
		}
	}
	/* What the NIC still has. */
	for (i = 0; i < consumer->filled; i++)
		disown(round, consumer->ring[i]);
	dmt_put_bulk(consumer->ring, consumer->filled);
	shim_thread_stop();
	return NULL;
}

/* net_iov_binding.release, as dmt_binding_free(). */
static void round_release(struct net_iov_binding *hot)
{
	struct round_binding *rb = container_of(dmt_binding_of(hot),
						struct round_binding, binding);
	struct round *round = rb->round;
	u32 i;

	if (hot->back != round->total)
		fail("released with %u of %u home", hot->back, round->total);
	for (i = 0; i < round->total; i++)
		if (READ_ONCE(round->owners[i]))
			fail("released while net_iov %u is held", i);
	dmt_pools_free(&rb->binding);
	dmt_areas_free(&rb->binding);
	pthread_mutex_destroy(&rb->binding.reserve_lock);
	kfree(rb);
	__atomic_add_fetch(&round->released, 1, __ATOMIC_SEQ_CST);
}

static void round_bind(struct round *round)
{
	struct scatterlist sg = { .dma = 1UL << 32 };
	struct sg_table sgt = { .sgl = &sg, .nents = 1 };
	struct round_binding *rb;

	sg.len = round->total << PAGE_SHIFT;
	rb = need(kzalloc(sizeof(*rb) + round->nr_consumers *
			  sizeof(rb->binding.hot.pools[0]), GFP_KERNEL));
	rb->round = round;
	rb->binding.shift = PAGE_SHIFT;
	spin_lock_init(&rb->binding.reserve_lock);
	round->module.refs = 1;
	rb->binding.hot.owner = &round->module;
	rb->binding.hot.release = round_release;
	if (dmt_areas_build(&rb->binding, &sgt, sg.len, NULL) ||
	    dmt_pools_build(&rb->binding, round->nr_consumers))
		fail("cannot build the binding");
	round->niovs = rb->binding.niovs;
	round->binding = &rb->binding;
}

/* As dmt_binding_end(); the freers go on. */
static void round_kill(struct round *round)
{
	struct dmt_binding *binding = round->binding;
	u32 i;

	for (i = 0; i < round->nr_consumers; i++)
		WRITE_ONCE(round->consumers[i].pool->home.kick, NULL);
	synchronize_rcu();
	round->binding = NULL;
	shim_slow = true;
	net_iov_binding_kill(&binding->hot, dmt_pools_count_free(binding));
	shim_slow = false;
}

static void round_start(struct round *round)
{
	struct consumer *consumer;
	struct freer *freer;
	u32 i;

	for (i = 0; i < round->nr_consumers; i++) {
		consumer = &round->consumers[i];
		consumer->round = round;
		consumer->seed = seed + rounds * 100 + 50 + i;
		consumer->pool = dmt_pool(round->binding, i);
		consumer->pool->priv = consumer;
		pthread_mutex_init(&consumer->lock, NULL);
		pthread_cond_init(&consumer->wake, NULL);
		WRITE_ONCE(consumer->pool->home.kick, consumer_kick);
	}
	for (i = 0; i < round->nr_freers; i++) {
		freer = &round->freers[i];
		freer->round = round;
		freer->seed = seed + rounds * 100 + i;
		freer->mail = need(calloc(3 * round->total + RING,
					  sizeof(*freer->mail)));
		pthread_mutex_init(&freer->lock, NULL);
		pthread_mutex_init(&freer->sock_lock, NULL);
		if (dmt_ring_init(&freer->ring) ||
		    pthread_create(&freer->thread, NULL, freer_main, freer))
			fail("cannot start a freer");
	}
	for (i = 0; i < round->nr_consumers; i++) {
		consumer = &round->consumers[i];
		if (pthread_create(&consumer->thread, NULL, consumer_main,
				   consumer))
			fail("cannot start a consumer");
	}
}

/* No queue sleeps for good: each comes around once more. The stop would hide
 * a kick that was lost.
 */
static void round_check_progress(struct round *round)
{
	struct timespec at, now;
	u32 i, loops;

	deadline(&at);
	for (i = 0; i < round->nr_consumers; i++) {
		loops = READ_ONCE(round->consumers[i].loops);
		while (READ_ONCE(round->consumers[i].loops) == loops) {
			clock_gettime(CLOCK_REALTIME, &now);
			if (now.tv_sec > at.tv_sec)
				fail("pool %u sleeps for good", i);
			usleep(50);
		}
	}
}

static void round_stop_consumers(struct round *round)
{
	struct consumer *consumer;
	u32 i;

	for (i = 0; i < round->nr_consumers; i++) {
		consumer = &round->consumers[i];
		pthread_mutex_lock(&consumer->lock);
		consumer->stop = true;
		pthread_cond_signal(&consumer->wake);
		pthread_mutex_unlock(&consumer->lock);
	}
	for (i = 0; i < round->nr_consumers; i++) {
		consumer = &round->consumers[i];
		pthread_join(consumer->thread, NULL);
		allocs += consumer->pool->allocs;
		empties += consumer->pool->empty;
	}
}

static void round_stop_freers(struct round *round)
{
	struct freer *freer;
	u32 i;

	for (i = 0; i < round->nr_freers; i++) {
		freer = &round->freers[i];
		pthread_mutex_lock(&freer->lock);
		freer->closing = true;
		pthread_mutex_unlock(&freer->lock);
	}
	for (i = 0; i < round->nr_freers; i++) {
		freer = &round->freers[i];
		pthread_join(freer->thread, NULL);
		free(freer->mail);
	}
}

static void round_wait(struct round *round)
{
	struct timespec at, now;

	deadline(&at);
	while (__atomic_load_n(&round->module.refs, __ATOMIC_SEQ_CST)) {
		clock_gettime(CLOCK_REALTIME, &now);
		if (now.tv_sec > at.tv_sec)
			fail("the binding is not released");
		usleep(50);
	}
	if (READ_ONCE(round->released) != 1)
		fail("released %u times", round->released);
}

static void run_round(const struct scenario *scenario)
{
	struct round *round = need(calloc(1, sizeof(*round)));
	u32 i;

	round->scenario = scenario;
	round->nr_consumers = 1 + shim_random() % scenario->pools;
	round->nr_freers = 1 + shim_random() % MAX_FREERS;
	round->total = scenario->min +
		       shim_random() % (scenario->max - scenario->min + 1);
	round->owners = need(calloc(round->total, sizeof(*round->owners)));
	round_bind(round);
	round_start(round);
	if (scenario->usecs)
		usleep(shim_random() % scenario->usecs);
	if (scenario->usecs)
		round_check_progress(round);
	if (dmt_areas_held(round->binding) > round->total)
		fail("more buffers held than there are");
	round_stop_consumers(round);
	if (shim_random() % 2)
		usleep(shim_random() % 200);
	/* Half of the time the freers end while the binding does. */
	round_kill(round);
	round_stop_freers(round);
	round_wait(round);
	for (i = 0; i < round->nr_consumers; i++)
		kicks += round->consumers[i].kicks;
	free(round->owners);
	free(round);
	rounds++;
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	const struct scenario *scenario = scenarios;
	u64 end;

	if (argc != 4) {
		fprintf(stderr, "usage: %s SCENARIO SEED MILLISECONDS\n",
			argv[0]);
		return 2;
	}
	while (scenario->name && strcmp(scenario->name, argv[1]))
		scenario++;
	if (!scenario->name)
		fail("no scenario %s", argv[1]);
	seed = strtoull(argv[2], NULL, 0);
	end = now_ms() + strtoull(argv[3], NULL, 0);
	shim_thread_start(seed);
	do
		run_round(scenario);
	while (now_ms() < end);
	printf("seed %llu: %llu rounds, %llu buffers handed out, %llu times none, %llu kicks\n",
	       (unsigned long long)seed, (unsigned long long)rounds,
	       (unsigned long long)allocs, (unsigned long long)empties,
	       (unsigned long long)kicks);
	if (scenario->usecs && !kicks)
		fail("nothing ever starved: the test tests little");
	return 0;
}
