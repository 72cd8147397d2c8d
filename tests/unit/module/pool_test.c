// SPDX-License-Identifier: GPL-2.0-only
/* pool.c, net_iov_alloc() and the built-in net_iov.c. */

#include <linux/module.h>
#include <linux/slab.h>
#include "fixture.h"

/* pool.c keeps at most this many to itself when it shares a binding. */
#define POOL_PRIVATE	(NET_IOV_CACHE + NET_IOV_BATCH)

static struct net_iov **pool_niovs(struct kunit *test, u32 num)
{
	struct net_iov **niovs = kunit_kcalloc(test, num, sizeof(*niovs),
					       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, niovs);
	return niovs;
}

static u32 pool_list_len(const struct llist_head *head)
{
	struct llist_node *node = head->first;
	u32 num = 0;

	for (; node; node = node->next)
		num++;
	return num;
}

static u32 pool_kicks(const struct fixture *fix)
{
	u32 i, num = 0;

	for (i = 0; i < FIXTURE_POOLS; i++)
		num += fix->kicks[i];
	return num;
}

static u32 pool_surplus_len(const struct fixture *fix, u32 pool)
{
	return pool_list_len(&fix->binding->surplus[pool]);
}

/* Every net_iov is handed out, none twice, each with one reference. */
static void pool_take_all(struct kunit *test, struct fixture *fix, u32 pool,
			  struct net_iov **niovs)
{
	u8 *seen = kunit_kzalloc(test, fix->total, GFP_KERNEL);
	u32 i, num;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	num = fixture_alloc(fix, pool, niovs, fix->total);
	KUNIT_ASSERT_EQ(test, num, fix->total);
	for (i = 0; i < num; i++) {
		long index = niovs[i] - fix->binding->niovs;

		KUNIT_ASSERT_GE(test, index, 0L);
		KUNIT_ASSERT_LT(test, index, (long)fix->total);
		KUNIT_EXPECT_EQ(test, seen[index]++, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&niovs[i]->ref), 1);
		KUNIT_EXPECT_EQ(test, niovs[i]->pool, pool);
	}
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, pool)));
}

static void pool_num_desc(const u32 *num, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u net_iovs", *num);
}

static const u32 pool_nums[] = { 1, 63, 64, 65, 128, 129, 1000 };
KUNIT_ARRAY_PARAM(pool_num, pool_nums, pool_num_desc);

static void pool_once(struct kunit *test)
{
	u32 i, num = *(const u32 *)test->param_value;
	struct fixture *fix = fixture_make(test, 1, num);
	struct net_iov **niovs = pool_niovs(test, num);

	for (i = 0; i < 3; i++) {
		pool_take_all(test, fix, 0, niovs);
		dmt_put_bulk(niovs, num);
	}
	KUNIT_EXPECT_EQ(test, fixture_pool(fix, 0)->allocs, 3ULL * num);
	KUNIT_EXPECT_EQ(test, fixture_pool(fix, 0)->empty, 3ULL);
}

static void pool_empty(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 1, 100);
	struct net_iov_pool *pool = fixture_pool(fix, 0);
	struct net_iov **niovs = pool_niovs(test, 100);
	u32 i;

	KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 0, niovs, 100), 100U);
	KUNIT_EXPECT_EQ(test, pool->empty, 0ULL);
	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_NULL(test, net_iov_alloc(pool));
		KUNIT_EXPECT_EQ(test, pool->empty, (u64)i);
	}
	KUNIT_EXPECT_EQ(test, pool->allocs, 100ULL);

	/* What comes home is what goes out again. */
	net_iov_put(niovs[42]);
	KUNIT_EXPECT_PTR_EQ(test, net_iov_alloc(pool), niovs[42]);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(pool));
	dmt_put_bulk(niovs, 100);
	pool_take_all(test, fix, 0, niovs);
	dmt_put_bulk(niovs, 100);
}

/* Only the last of several references brings a buffer home. */
static void pool_refs(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 1, 1);
	struct net_iov_pool *pool = fixture_pool(fix, 0);
	struct net_iov *niov = net_iov_alloc(pool);
	struct net_iov *twice[] = { niov, niov };

	net_iov_get(niov);
	net_iov_get(niov);
	net_iov_put(niov);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(pool));
	dmt_put_bulk(twice, 1);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(pool));
	net_iov_put(niov);
	KUNIT_EXPECT_PTR_EQ(test, net_iov_alloc(pool), niov);

	/* Both in one bulk. */
	net_iov_get(niov);
	dmt_put_bulk(twice, 2);
	KUNIT_EXPECT_PTR_EQ(test, net_iov_alloc(pool), niov);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(pool));
	net_iov_put(niov);
}

static void pool_kick(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 1, 100);
	struct net_iov **niovs = pool_niovs(test, 100);
	u32 i;

	/* Not before the pool is dry, ... */
	KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 0, niovs, 50), 50U);
	dmt_put_bulk(niovs, 50);
	pool_take_all(test, fix, 0, niovs);
	for (i = 1; i <= 3; i++) {
		/* ... not while nothing comes home, ... */
		KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 0)));
		KUNIT_EXPECT_EQ(test, fix->kicks[0], i - 1);
		/* ... by the first put, and by that alone. */
		net_iov_put(niovs[0]);
		KUNIT_EXPECT_EQ(test, fix->kicks[0], i);
		net_iov_put(niovs[1]);
		dmt_put_bulk(niovs + 2, 70);
		KUNIT_EXPECT_EQ(test, fix->kicks[0], i);
		KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 0, niovs, 100), 72U);
	}
	/* A bulk is one kick too. */
	KUNIT_EXPECT_EQ(test, fix->kicks[0], 3U);
	dmt_put_bulk(niovs, 100);
	KUNIT_EXPECT_EQ(test, fix->kicks[0], 4U);
}

/* TCP looks at it, see net_iov_home. */
static void pool_low(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 64);
	struct net_iov **niovs = pool_niovs(test, 64);
	struct net_iov_home *home = &fixture_pool(fix, 0)->home;

	pool_take_all(test, fix, 0, niovs);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 0)));
	KUNIT_EXPECT_TRUE(test, home->low);
	/* The consumer has not looked yet, and may find less than it wants. */
	net_iov_put(niovs[0]);
	KUNIT_EXPECT_TRUE(test, home->low);
	niovs[0] = net_iov_alloc(fixture_pool(fix, 0));
	KUNIT_EXPECT_FALSE(test, home->low);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 0)));
	KUNIT_EXPECT_TRUE(test, home->low);
	KUNIT_EXPECT_FALSE(test, fixture_pool(fix, 1)->home.low);
	dmt_put_bulk(niovs, 64);
}

/* A driver that is not there (any more) is not kicked. */
static void pool_kick_null(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 64);
	struct net_iov **niovs = pool_niovs(test, 64);

	pool_take_all(test, fix, 0, niovs);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 1)));
	fixture_pool(fix, 0)->home.kick = NULL;
	dmt_put_bulk(niovs, 64);
	KUNIT_EXPECT_EQ(test, fix->kicks[0], 0U);
	KUNIT_EXPECT_EQ(test, fix->kicks[1], 1U);
}

/* The sibling's buffers come home to the sibling, and can be had there. */
static void pool_steal(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 300);
	struct net_iov **niovs = pool_niovs(test, 300);

	pool_take_all(test, fix, 0, niovs);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 1)));
	/* Both starve by now, and both are kicked, once. */
	net_iov_put(niovs[0]);
	KUNIT_EXPECT_EQ(test, fix->kicks[0], 1U);
	KUNIT_EXPECT_EQ(test, fix->kicks[1], 1U);
	dmt_put_bulk(niovs + 1, 299);
	KUNIT_EXPECT_EQ(test, pool_kicks(fix), 2U);
	pool_take_all(test, fix, 1, niovs);
	dmt_put_bulk(niovs, 300);
	KUNIT_EXPECT_EQ(test, pool_list_len(&fix->binding->hot.pools[1]->ret),
			300U);
}

/* Only who starves is kicked. */
static void pool_kick_one(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 3, 128);
	struct net_iov **niovs = pool_niovs(test, 128);
	struct net_iov *mine;

	mine = net_iov_alloc(fixture_pool(fix, 0));
	KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 2, niovs, 128), 64U);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 2)));
	net_iov_put(mine);
	KUNIT_EXPECT_EQ(test, fix->kicks[2], 1U);
	KUNIT_EXPECT_EQ(test, pool_kicks(fix), 1U);
	KUNIT_EXPECT_PTR_EQ(test, net_iov_alloc(fixture_pool(fix, 2)), mine);
	niovs[64] = mine;
	dmt_put_bulk(niovs, 65);
}

/* What a queue has above its high water mark is there for the others. */
static void pool_surplus(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 1000);
	struct net_iov **niovs = pool_niovs(test, 1000);
	u32 num;

	pool_take_all(test, fix, 0, niovs);
	dmt_put_bulk(niovs, 1000);
	niovs[0] = net_iov_alloc(fixture_pool(fix, 0));
	KUNIT_EXPECT_EQ(test, pool_surplus_len(fix, 0), 1000U - POOL_PRIVATE);
	num = 1 + fixture_alloc(fix, 1, niovs + 1, 999);
	KUNIT_EXPECT_EQ(test, num, 1 + 1000U - POOL_PRIVATE);
	num += fixture_alloc(fix, 0, niovs + num, 1000 - num);
	KUNIT_EXPECT_EQ(test, num, 1000U);
	dmt_put_bulk(niovs, num);
}

/* With nobody to share with there is no reserve to lock. */
static void pool_alone(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 1, 1000);
	struct net_iov **niovs = pool_niovs(test, 1000);

	pool_take_all(test, fix, 0, niovs);
	dmt_put_bulk(niovs, 1000);
	niovs[0] = net_iov_alloc(fixture_pool(fix, 0));
	KUNIT_EXPECT_EQ(test, fix->binding->nr_reserve, 0U);
	KUNIT_EXPECT_EQ(test, pool_surplus_len(fix, 0), 0U);
	net_iov_put(niovs[0]);
}

/* A refill does not look at all that came home: behind what the queue keeps, the
 * list bites its own tail, so who walks it walks for ever, or until a u32 is
 * full.
 */
static void pool_bounded(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 3, 5000);
	struct net_iov **niovs = pool_niovs(test, 5000);
	struct llist_node *node, *next;
	u32 i, pool;
	u64 start;

	pool_take_all(test, fix, 0, niovs);
	dmt_put_bulk(niovs, 5000);
	node = fix->binding->hot.pools[0]->ret.first;
	for (i = 0; i < 3 * POOL_PRIVATE; i++)
		node = node->next;
	next = node->next;
	node->next = node;

	/* Its own list, then the surplus of another, then that again. */
	start = ktime_get_ns();
	for (pool = 0; pool < 3; pool++)
		niovs[pool] = net_iov_alloc(fixture_pool(fix, pool));
	KUNIT_EXPECT_LT(test, ktime_get_ns() - start, 1000000000ULL);
	node->next = next;
	for (pool = 0; pool < 3; pool++)
		KUNIT_EXPECT_EQ(test, pool_surplus_len(fix, pool),
				pool < 2 ? 0U : 5000U - 3 * POOL_PRIVATE);
	dmt_put_bulk(niovs, 3);
}

/* Surplus that nobody took is the queue's own again, before what came home. */
static void pool_surplus_back(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 1000);
	struct net_iov **niovs = pool_niovs(test, 1000);

	pool_take_all(test, fix, 0, niovs);
	dmt_put_bulk(niovs, 1000);
	KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 0, niovs, POOL_PRIVATE),
			(u32)POOL_PRIVATE);
	KUNIT_EXPECT_EQ(test, pool_surplus_len(fix, 0), 1000U - POOL_PRIVATE);
	dmt_put_bulk(niovs, 100);
	niovs[0] = net_iov_alloc(fixture_pool(fix, 0));
	KUNIT_EXPECT_EQ(test, pool_surplus_len(fix, 0),
			1000U - 2 * POOL_PRIVATE);
	KUNIT_EXPECT_EQ(test, pool_list_len(&fix->binding->hot.pools[0]->ret),
			100U);
	/* Dead with surplus: it is counted. */
	dmt_put_bulk(niovs, 1);
	dmt_put_bulk(niovs + 100, POOL_PRIVATE - 100);
}

/* Queue 1 found nothing while queue 0 had all of its list in its hands: what
 * queue 0 then gives to the others must wake queue 1.
 */
static void pool_surplus_kicks(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 1000);
	struct net_iov **niovs = pool_niovs(test, 1000);
	struct net_iov_pool *pool = fixture_pool(fix, 0);
	u32 num;

	pool_take_all(test, fix, 0, niovs);
	dmt_put_bulk(niovs, 1000);
	fix->kicks[0] = 0;
	/* As queue 0 does it, up to the moment when queue 1 comes. */
	pool->spare = llist_del_all(&pool->home.ret);
	KUNIT_EXPECT_NULL(test, net_iov_alloc(fixture_pool(fix, 1)));
	KUNIT_EXPECT_EQ(test, pool_kicks(fix), 0U);

	niovs[0] = net_iov_alloc(pool);
	KUNIT_EXPECT_EQ(test, fix->kicks[0], 0U);
	KUNIT_EXPECT_EQ(test, fix->kicks[1], 1U);
	/* What queue 0 kept besides its cache came home to make the kick. */
	num = 1 + fixture_alloc(fix, 1, niovs + 1, 999);
	KUNIT_EXPECT_EQ(test, num, 1 + 1000U - NET_IOV_CACHE);
	dmt_put_bulk(niovs, num);
}

/* A bulk of several queues' buffers: each goes to the queue that took it. */
static void pool_bulk_mixed(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 3, 192);
	struct net_iov **niovs = pool_niovs(test, 192);
	struct llist_node *node;
	u32 i, pool;

	for (i = 0; i < 192; i++) {
		/* runs of 1, 2, 3, ... of the same queue */
		pool = (int_sqrt(8 * i + 1) - 1) / 2 % 3;
		niovs[i] = net_iov_alloc(fixture_pool(fix, pool));
		if (!niovs[i])
			break;
	}
	dmt_put_bulk(niovs, i);
	for (pool = 0; pool < 3; pool++) {
		node = fix->binding->hot.pools[pool]->ret.first;
		for (; node; node = node->next, i--)
			KUNIT_EXPECT_EQ(test, pool,
					container_of(node, struct net_iov,
						     free)->pool);
	}
	KUNIT_EXPECT_EQ(test, i, 0U);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 0U);
}

/* Nothing is lost or doubled in a long random run; the exit accounts. */
static void pool_random(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 4, 1500);
	struct net_iov **out = pool_niovs(test, 1500);
	struct rnd_state rnd;
	u32 i, j, k, num = 0, n;

	prandom_seed_state(&rnd, 20261121);
	for (i = 0; i < 20000; i++) {
		u32 dice = prandom_u32_state(&rnd);

		if (dice & 1 && num < 1500) {
			n = dice >> 8 & 127;
			num += fixture_alloc(fix, dice >> 16 & 3, out + num,
					     min(n, 1500 - num));
			continue;
		}
		n = min(1 + (dice >> 8 & 63), num);
		/* any of them, not the newest */
		for (j = 0; j < n; j++) {
			k = prandom_u32_state(&rnd) % (num - j);
			swap(out[num - 1 - j], out[k]);
		}
		num -= n;
		if (dice & 2)
			dmt_put_bulk(out + num, n);
		else
			for (j = 0; j < n; j++)
				net_iov_put(out[num + j]);
		if (!(i % 64))
			KUNIT_ASSERT_EQ(test, dmt_areas_held(fix->binding),
					num);
	}
	dmt_put_bulk(out, num);
}

static void pool_death_home(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 500);
	struct net_iov **niovs = pool_niovs(test, 500);
	unsigned long refs = module_refcount(THIS_MODULE);

	/* Some of each: reserve, cache, spare and return lists. */
	fixture_alloc(fix, 0, niovs, 500);
	dmt_put_bulk(niovs, 400);
	fixture_alloc(fix, 1, niovs, 3);
	dmt_put_bulk(niovs, 3);
	dmt_put_bulk(niovs + 400, 100);

	fixture_kill(fix);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
	KUNIT_EXPECT_EQ(test, fix->back_at_release, 500U);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs - 1);
}

static void pool_death_out(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 500);
	struct net_iov **niovs = pool_niovs(test, 500);
	unsigned long refs = module_refcount(THIS_MODULE);
	u32 i, num;

	num = fixture_alloc(fix, 0, niovs, 100);
	num += fixture_alloc(fix, 1, niovs + num, 100);
	KUNIT_ASSERT_EQ(test, num, 200U);
	net_iov_get(niovs[7]);
	fixture_kill(fix);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 0U);
	for (i = 0; i < 10; i++) {
		net_iov_put(niovs[i]);
		fixture_settle();
		KUNIT_EXPECT_EQ(test, fix->released, 0U);
	}
	dmt_put_bulk(niovs + 10, 190);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 0U);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs);

	net_iov_put(niovs[7]);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
	KUNIT_EXPECT_EQ(test, fix->back_at_release, 500U);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs - 1);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
}

/* A queue that starved when the binding died has no consumer to kick. */
static void pool_death_starving(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 1, 64);
	struct net_iov **niovs = pool_niovs(test, 64);

	pool_take_all(test, fix, 0, niovs);
	fixture_kill(fix);
	dmt_put_bulk(niovs, 64);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
	KUNIT_EXPECT_EQ(test, pool_kicks(fix), 0U);
}

/* As after a bind that failed early. */
static void pool_death_empty(struct kunit *test)
{
	struct fixture *fix = fixture_empty(test, 0, 12);

	fixture_kill(fix);
	fixture_settle();
	KUNIT_EXPECT_EQ(test, fix->released, 1U);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE_PARAM(pool_once, pool_num_gen_params),
	KUNIT_CASE(pool_empty),
	KUNIT_CASE(pool_refs),
	KUNIT_CASE(pool_kick),
	KUNIT_CASE(pool_low),
	KUNIT_CASE(pool_kick_null),
	KUNIT_CASE(pool_kick_one),
	KUNIT_CASE(pool_steal),
	KUNIT_CASE(pool_surplus),
	KUNIT_CASE(pool_surplus_kicks),
	KUNIT_CASE(pool_surplus_back),
	KUNIT_CASE(pool_bounded),
	KUNIT_CASE(pool_alone),
	KUNIT_CASE(pool_bulk_mixed),
	KUNIT_CASE(pool_random),
	KUNIT_CASE(pool_death_home),
	KUNIT_CASE(pool_death_out),
	KUNIT_CASE(pool_death_starving),
	KUNIT_CASE(pool_death_empty),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "pool",
	.exit = fixture_exit,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
