// SPDX-License-Identifier: GPL-2.0-only
/* Runs a case: the implementations take turns, so that what else the machine
 * does meets all of them, and each object is checked each time. Of the rounds
 * the cheapest counts, for nothing makes code faster than it is.
 */

#include <linux/bitmap.h>
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#include "bench.h"

bool bench_quiet;
void (*bench_elsewhere)(struct bench_gift *gift);

/* An implementation at work. */
struct bench_worker {
	const struct bench_impl	*impl;
	const struct bench_case	*c;
	void			*priv;
	unsigned long		*taken;	/* bitmap by index */
	void			**held;
	u32			nr_held;
	u32			oldest;	/* in @held */
	u64			*take, *give, *both;	/* of each round */
};

static void *bench_objs[BENCH_MAX];

static int bench_fail(const struct bench_worker *w, const char *why)
{
	if (!bench_quiet)
		pr_err("bench: FAILED %s %s: %s\n", w->c->suite,
		       w->impl->name, why);
	return -EIO;
}

/* Nothing is handed out twice. */
static int bench_mark(struct bench_worker *w, void **objs, u32 num)
{
	u32 i, index;

	for (i = 0; i < num; i++) {
		index = w->impl->index(w->priv, objs[i]);
		if (index >= BENCH_INDEX_MAX)
			return bench_fail(w, "out of range");
		if (__test_and_set_bit(index, w->taken))
			return bench_fail(w, "handed out twice");
	}
	return 0;
}

/* Before they are given back, when they still have an index. */
static int bench_unmark(struct bench_worker *w, void **objs, u32 num)
{
	u32 i, index;

	for (i = 0; i < num; i++) {
		index = w->impl->index(w->priv, objs[i]);
		if (index >= BENCH_INDEX_MAX ||
		    !__test_and_clear_bit(index, w->taken))
			return bench_fail(w, "nobody had it");
	}
	return 0;
}

static int bench_take(struct bench_worker *w, void **objs, u32 num, u64 *time)
{
	u64 begin = bench_now();
	u32 got = w->impl->take(w->priv, objs, num);

	*time += bench_now() - begin;
	if (got != num)
		return bench_fail(w, "too few");
	return bench_mark(w, objs, num);
}

/* On any CPU. */
void bench_gift_give(struct bench_gift *gift)
{
	u64 begin = bench_now();

	gift->known = gift->impl->give(gift->priv, gift->objs, gift->num);
	gift->time = bench_now() - begin;
}

static int bench_give(struct bench_worker *w, void **objs, u32 num, u64 *time)
{
	struct bench_gift gift = {
		.impl = w->impl, .priv = w->priv, .objs = objs, .num = num,
	};
	int err;

	err = bench_unmark(w, objs, num);
	if (err)
		return err;
	if (w->c->other)
		bench_elsewhere(&gift);
	else
		bench_gift_give(&gift);
	*time += gift.time;
	return gift.known == num ? 0 : bench_fail(w, "not given back");
}

/* bench_take() or bench_give(), untimed, of any number. */
static int bench_many(int (*step)(struct bench_worker *w, void **objs, u32 num,
				  u64 *time),
		      struct bench_worker *w, void **objs, u32 num)
{
	u32 n, done;
	u64 time = 0;
	int err = 0;

	for (done = 0; done < num && !err; done += n) {
		n = min_t(u32, num - done, BENCH_MAX);
		local_bh_disable();
		err = step(w, objs + done, n, &time);
		local_bh_enable();
		cond_resched();
	}
	return err;
}

/* The same choice for each implementation. */
static void bench_shuffle(void **objs, u32 num)
{
	struct rnd_state state;
	u32 i, j;

	prandom_seed_state(&state, 1);
	for (i = num - 1; i; i--) {
		j = prandom_u32_state(&state) % (i + 1);
		swap(objs[i], objs[j]);
	}
}

static int bench_hold(struct bench_worker *w)
{
	u32 num = w->c->how == BENCH_SCATTERED ? w->c->total : w->c->held;
	int err;

	if (!num)
		return 0;
	err = bench_many(bench_take, w, w->held, num);
	if (err)
		return err;
	if (num > w->c->held) {
		bench_shuffle(w->held, num);
		err = bench_many(bench_give, w, w->held + w->c->held,
				 num - w->c->held);
	}
	w->nr_held = w->c->held;
	return err;
}

/* Give the oldest back instead of these. */
static void bench_age(struct bench_worker *w, void **objs, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++) {
		swap(objs[i], w->held[w->oldest]);
		if (++w->oldest == w->nr_held)
			w->oldest = 0;
	}
}

static int bench_rep(struct bench_worker *w, u64 *take, u64 *give)
{
	int err;

	err = bench_take(w, bench_objs, w->c->num, take);
	if (err)
		return err;
	if (w->c->how == BENCH_FIFO && w->nr_held)
		bench_age(w, bench_objs, w->c->num);
	return bench_give(w, bench_objs, w->c->num, give);
}

static int bench_round(struct bench_worker *w, u64 *take, u64 *give)
{
	u32 rep;
	int err = 0;

	*take = 0;
	*give = 0;
	for (rep = 0; rep < w->c->reps && !err; rep++) {
		if (w->c->softirq)
			local_bh_disable();
		err = bench_rep(w, take, give);
		if (w->c->softirq)
			local_bh_enable();
	}
	/* What was freed by RCU, and who else wants to run. */
	rcu_barrier();
	cond_resched();
	return err;
}

/* Everything comes back, no more and no less, and could be taken again. */
static int bench_drain(struct bench_worker *w)
{
	u32 total = w->c->total;
	int err;

	err = bench_many(bench_give, w, w->held, w->nr_held);
	if (err)
		return err;
	w->nr_held = 0;
	if (!bitmap_empty(w->taken, BENCH_INDEX_MAX))
		return bench_fail(w, "some are still out");
	if (!w->impl->bounded)
		return 0;
	err = bench_many(bench_take, w, w->held, total);
	if (err)
		return err;
	if (w->impl->take(w->priv, bench_objs, 1))
		return bench_fail(w, "more than there are");
	return bench_many(bench_give, w, w->held, total);
}

static int bench_worker_start(struct bench_worker *w, u32 rounds)
{
	u32 room = max(w->c->total, w->c->held) + 1;

	w->taken = vzalloc(BITS_TO_LONGS(BENCH_INDEX_MAX) * sizeof(long));
	w->held = vzalloc(array_size(room, sizeof(*w->held)));
	w->take = vzalloc(array_size(3 * rounds, sizeof(*w->take)));
	if (!w->taken || !w->held || !w->take)
		return -ENOMEM;
	w->give = w->take + rounds;
	w->both = w->give + rounds;
	w->priv = w->impl->setup(w->c);
	if (IS_ERR(w->priv))
		return PTR_ERR(w->priv);
	return bench_hold(w);
}

/* After an error nobody knows what can be freed; it stays until power off. */
static int bench_worker_end(struct bench_worker *w)
{
	int err = bench_drain(w);

	if (!err && w->impl->finish(w->priv))
		err = bench_fail(w, "not everything came back");
	return err;
}

static void bench_worker_free(struct bench_worker *w)
{
	vfree(w->take);
	vfree(w->held);
	vfree(w->taken);
}

static int bench_less(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Thousandths for each object; @empty is what measuring nothing takes. */
static u64 bench_each(const struct bench_case *c, u64 sum, u64 empty)
{
	u64 less = empty * c->reps;

	return sum > less ? div_u64((sum - less) * 1000, c->reps * c->num) : 0;
}

static void bench_report(struct bench_worker *w, u32 rounds, u64 empty)
{
	static const char *const hows[] = { "packed", "scattered", "fifo" };
	const struct bench_case *c = w->c;

	sort(w->take, rounds, sizeof(u64), bench_less, NULL);
	sort(w->give, rounds, sizeof(u64), bench_less, NULL);
	sort(w->both, rounds, sizeof(u64), bench_less, NULL);
	pr_info("bench: {\"suite\":\"%s\",\"impl\":\"%s\",\"num\":%u,\"held\":%u,\"total\":%u,\"how\":\"%s\",\"areas\":%u,\"queues\":%u,\"limit\":%u,\"other\":%u,\"take\":%llu,\"give\":%llu,\"both\":%llu,\"median\":%llu}\n",
		c->suite, w->impl->name, c->num, c->held, c->total,
		hows[c->how], c->areas, c->queues, c->limit, c->other,
		bench_each(c, w->take[0], empty),
		bench_each(c, w->give[0], empty),
		bench_each(c, w->both[0], 2 * empty),
		bench_each(c, w->both[rounds / 2], 2 * empty));
}

static noinline u32 bench_nothing(void *priv, void **objs, u32 num)
{
	return num;
}

/* What two time stamps and an indirect call take. */
static u64 bench_empty(void)
{
	u32 (*volatile nothing)(void *priv, void **objs, u32 num) =
		bench_nothing;
	u64 begin, time, best = U64_MAX;
	u32 i;

	for (i = 0; i < 1000; i++) {
		begin = bench_now();
		nothing(NULL, bench_objs, 1);
		time = bench_now() - begin;
		best = min(best, time);
	}
	return best;
}

static int bench_rounds(struct bench_worker *workers, u32 num, u32 rounds)
{
	struct bench_worker *w;
	u64 take, give;
	int err = 0;
	u32 i, r;

	/* Round 0 only warms up. */
	for (r = 0; r <= rounds; r++) {
		for (i = 0; i < num && !err; i++) {
			w = &workers[i];
			err = bench_round(w, &take, &give);
			if (r) {
				w->take[r - 1] = take;
				w->give[r - 1] = give;
				w->both[r - 1] = take + give;
			} else if (!err && w->impl->steady) {
				err = w->impl->steady(w->priv, true);
			}
		}
	}
	for (i = 0; i < num && !err; i++)
		if (workers[i].impl->steady &&
		    workers[i].impl->steady(workers[i].priv, false))
			err = bench_fail(&workers[i], "went another way");
	return err;
}

/**
 * bench_run - measure and check
 * @c: the case
 * @rounds: how often each implementation has its turn
 *
 * Context: process.
 * Return: 0 and prints a line for each implementation, or -EIO: a result was
 * wrong, or -ENOMEM.
 */
int bench_run(const struct bench_case *c, u32 rounds)
{
	struct bench_worker workers[BENCH_IMPLS] = {};
	u64 empty = bench_empty();
	u32 i, num = 0;
	int err = 0;

	while (num < BENCH_IMPLS && c->impls[num] && !err) {
		workers[num].impl = c->impls[num];
		workers[num].c = c;
		err = bench_worker_start(&workers[num++], rounds);
	}
	if (!err)
		err = bench_rounds(workers, num, rounds);
	for (i = 0; i < num; i++) {
		err = err ?: bench_worker_end(&workers[i]);
		if (!err && !bench_quiet)
			bench_report(&workers[i], rounds, empty);
		bench_worker_free(&workers[i]);
	}
	return err;
}
