// SPDX-License-Identifier: GPL-2.0-only
/* token.c: numbers for net_iovs. */

#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "fixture.h"
#include "token.h"

/* The limits of net_iovs whose bindings have none. */
static const struct dmt_limit token_unlimited[64];

/* What the ring holds is only compared, never looked at: any address will do,
 * as long as the test takes all of it out before dmt_ring_destroy().
 */
static struct net_iov *token_niov(u32 i)
{
	return (struct net_iov *)(0x1000UL + i * sizeof(struct net_iov));
}

static void token_init(struct kunit *test, struct dmt_ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	KUNIT_ASSERT_EQ(test, dmt_ring_init(ring), 0);
}

static u32 token_add(struct kunit *test, struct dmt_ring *ring, u32 i)
{
	struct net_iov *niov = token_niov(i);
	u32 token = 0;

	KUNIT_ASSERT_EQ(test, dmt_ring_reserve(ring, 1), 0);
	dmt_ring_add(ring, &niov, token_unlimited, &token, 1);
	return token;
}

/* The number must be in use, and for net_iov @i. */
static void token_del(struct kunit *test, struct dmt_ring *ring, u32 token,
		      u32 i)
{
	struct net_iov *niov = NULL;

	KUNIT_EXPECT_EQ(test, dmt_ring_remove(ring, token, 1, &niov), 1U);
	KUNIT_EXPECT_PTR_EQ(test, niov, token_niov(i));
}

static void token_none(struct kunit *test, struct dmt_ring *ring, u32 token)
{
	struct net_iov *niov = NULL;

	KUNIT_EXPECT_EQ(test, dmt_ring_remove(ring, token, 1, &niov), 0U);
	KUNIT_EXPECT_NULL(test, niov);
}

static void token_end(struct kunit *test, struct dmt_ring *ring)
{
	KUNIT_EXPECT_EQ(test, ring->used, 0U);
	/* Not what is a made up address. */
	ring->used = 0;
	dmt_ring_destroy(ring);
}

static void token_consecutive(struct kunit *test)
{
	struct net_iov *niovs[60];
	struct dmt_ring ring;
	u32 i, tokens[60];

	token_init(test, &ring);
	for (i = 0; i < 60; i++)
		niovs[i] = token_niov(i);
	KUNIT_ASSERT_EQ(test, dmt_ring_reserve(&ring, 60), 0);
	dmt_ring_add(&ring, niovs, token_unlimited, tokens, 60);
	for (i = 0; i < 60; i++)
		KUNIT_EXPECT_EQ(test, tokens[i], 1 + i);
	/* Freed numbers are not used again at once. */
	for (i = 0; i < 60; i++)
		token_del(test, &ring, 1 + i, i);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 1), 61U);
	token_del(test, &ring, 61, 1);
	token_end(test, &ring);
}

static void token_wrap(struct kunit *test)
{
	const u32 want[] = { DMT_TOKEN_MAX - 1, DMT_TOKEN_MAX, 1, 2 };
	struct dmt_ring ring;
	u32 i;

	token_init(test, &ring);
	ring.next = DMT_TOKEN_MAX - 1;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, token_add(test, &ring, i), want[i]);
	token_none(test, &ring, 0);
	token_none(test, &ring, DMT_TOKEN_MAX + 1);
	for (i = 0; i < 4; i++)
		token_del(test, &ring, want[i], i);
	token_end(test, &ring);
}

/* Numbers whose slot is taken are left out. */
static void token_skip(struct kunit *test)
{
	struct dmt_ring ring;
	u32 i, token;

	token_init(test, &ring);
	for (i = 1; i <= DMT_RING_MIN; i++) {
		token = token_add(test, &ring, i);
		KUNIT_ASSERT_EQ(test, token, i);
		if (i > 2 && i != 5)
			token_del(test, &ring, token, i);
	}
	/* 257, 258 and 261 have the slots of 1, 2 and 5. */
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 1000), 259U);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 1001), 260U);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 1002), 262U);
	token_none(test, &ring, 257);
	token_none(test, &ring, 261);
	token_del(test, &ring, 1, 1);
	token_del(test, &ring, 2, 2);
	token_del(test, &ring, 5, 5);
	token_del(test, &ring, 259, 1000);
	token_del(test, &ring, 260, 1001);
	token_del(test, &ring, 262, 1002);
	token_end(test, &ring);
}

/* After the wrap too. */
static void token_wrap_skip(struct kunit *test)
{
	struct dmt_ring ring;

	token_init(test, &ring);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 1), 1U);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 2), 2U);
	ring.next = DMT_TOKEN_MAX;
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 3), DMT_TOKEN_MAX);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 4), 3U);
	token_del(test, &ring, 1, 1);
	token_del(test, &ring, 2, 2);
	token_del(test, &ring, DMT_TOKEN_MAX, 3);
	token_del(test, &ring, 3, 4);
	token_end(test, &ring);
}

/* @num tokens from @first on, which makes the ring grow several times. */
static void token_grow_from(struct kunit *test, u32 first)
{
	const u32 num = 5000, batch = 17;
	struct net_iov *niovs[17];
	struct rnd_state rnd;
	struct dmt_ring ring;
	u32 i, j, *tokens, *order;

	tokens = kunit_kcalloc(test, 2 * num, sizeof(*tokens), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tokens);
	order = tokens + num;
	token_init(test, &ring);
	ring.next = first;
	for (i = 0; i < num; i += j) {
		for (j = 0; j < batch && i + j < num; j++)
			niovs[j] = token_niov(i + j);
		KUNIT_ASSERT_EQ(test, dmt_ring_reserve(&ring, j), 0);
		dmt_ring_add(&ring, niovs, token_unlimited, tokens + i, j);
	}
	KUNIT_EXPECT_EQ(test, ring.used, num);
	KUNIT_EXPECT_EQ(test, ring.size, 16384U);
	for (i = 0; i < num; i++) {
		KUNIT_EXPECT_EQ(test, tokens[i],
				(first - 1 + i) % DMT_TOKEN_MAX + 1);
		order[i] = i;
	}

	prandom_seed_state(&rnd, first);
	for (i = num - 1; i; i--) {
		j = prandom_u32_state(&rnd) % (i + 1);
		swap(order[i], order[j]);
	}
	for (i = 0; i < num; i++)
		token_del(test, &ring, tokens[order[i]], order[i]);
	for (i = 0; i < num; i++)
		token_none(test, &ring, tokens[i]);
	token_end(test, &ring);
}

static void token_grow(struct kunit *test)
{
	token_grow_from(test, 1);
}

static void token_grow_wrap(struct kunit *test)
{
	token_grow_from(test, DMT_TOKEN_MAX - 2500);
}

/* Tokens far apart live in the same slots of a small ring's successor. */
static void token_grow_sparse(struct kunit *test)
{
	struct dmt_ring ring;
	u32 i, n = 0, tokens[200];

	token_init(test, &ring);
	for (i = 0; i < 100000; i++) {
		u32 token = token_add(test, &ring, i);

		if (i % 701 == 3 && n < ARRAY_SIZE(tokens))
			tokens[n++] = token;
		else
			token_del(test, &ring, token, i);
	}
	KUNIT_EXPECT_EQ(test, ring.used, n);
	for (i = 0; i < n; i++)
		token_del(test, &ring, tokens[i], i * 701 + 3);
	token_end(test, &ring);
}

/* Called once with 229376 tokens: 7/8 of DMT_RING_MAX. */
static void token_limit(struct kunit *test)
{
	const u32 limit = DMT_RING_MAX - DMT_RING_MAX / 8;
	struct net_iov *niovs[64];
	struct dmt_ring ring;
	u32 i, tokens[64];

	token_init(test, &ring);
	for (i = 0; i < 64; i++)
		niovs[i] = token_niov(i);
	for (i = 0; !dmt_ring_reserve(&ring, 64); i += 64)
		dmt_ring_add(&ring, niovs, token_unlimited, tokens, 64);
	KUNIT_EXPECT_EQ(test, i, limit);
	KUNIT_EXPECT_EQ(test, ring.used, limit);
	KUNIT_EXPECT_EQ(test, ring.size, (u32)DMT_RING_MAX);
	KUNIT_EXPECT_EQ(test, tokens[63], limit);
	KUNIT_EXPECT_EQ(test, dmt_ring_reserve(&ring, 1), -ENOMEM);

	/* One comes back, one can go out. */
	token_del(test, &ring, 77, 76 % 64);
	KUNIT_EXPECT_EQ(test, dmt_ring_reserve(&ring, 2), -ENOMEM);
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 9), limit + 1);
	KUNIT_EXPECT_EQ(test, dmt_ring_reserve(&ring, 1), -ENOMEM);

	for (i = 1; i <= limit + 1; i += 64)
		dmt_ring_remove(&ring, i, 64, niovs);
	token_end(test, &ring);
}

static void token_stale(struct kunit *test)
{
	struct dmt_ring ring;
	u32 token, i;

	token_init(test, &ring);
	token = token_add(test, &ring, 7);
	token_del(test, &ring, token, 7);
	token_none(test, &ring, token);

	/* The same slot, the next time around. */
	ring.next = token + DMT_RING_MIN;
	KUNIT_EXPECT_EQ(test, token_add(test, &ring, 8), token + DMT_RING_MIN);
	token_none(test, &ring, token);
	token_none(test, &ring, token + 2 * DMT_RING_MIN);
	token_none(test, &ring, token + 0x80000000);
	for (i = 8; i < 32; i++)
		token_none(test, &ring, token + DMT_RING_MIN + (1U << i));
	token_none(test, &ring, 0);
	token_none(test, &ring, U32_MAX);
	KUNIT_EXPECT_EQ(test, ring.used, 1U);
	token_del(test, &ring, token + DMT_RING_MIN, 8);
	token_end(test, &ring);
}

/* Another socket's numbers are as good as any stale ones. */
static void token_foreign(struct kunit *test)
{
	struct dmt_ring a, b;
	u32 i;

	token_init(test, &a);
	token_init(test, &b);
	for (i = 0; i < 10; i++)
		token_add(test, &a, i);
	for (i = 0; i < 10; i++)
		token_none(test, &b, 1 + i);
	KUNIT_EXPECT_EQ(test, a.used, 10U);
	for (i = 0; i < 10; i++)
		token_del(test, &a, 1 + i, i);
	token_end(test, &a);
	token_end(test, &b);
}

static void token_range(struct kunit *test)
{
	struct net_iov *out[64];
	struct dmt_ring ring;
	u32 i;

	token_init(test, &ring);
	for (i = 1; i <= 50; i++)
		token_add(test, &ring, i);
	token_del(test, &ring, 12, 12);
	token_del(test, &ring, 14, 14);

	/* With holes. */
	KUNIT_ASSERT_EQ(test, dmt_ring_remove(&ring, 10, 6, out), 4U);
	KUNIT_EXPECT_PTR_EQ(test, out[0], token_niov(10));
	KUNIT_EXPECT_PTR_EQ(test, out[1], token_niov(11));
	KUNIT_EXPECT_PTR_EQ(test, out[2], token_niov(13));
	KUNIT_EXPECT_PTR_EQ(test, out[3], token_niov(15));
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, 10, 6, out), 0U);
	/* Over both ends. */
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, -5, 15, out), 9U);
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, 40, 64, out), 11U);
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, 16, 0, out), 0U);
	KUNIT_EXPECT_EQ(test, ring.used, 24U);
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, 16, 24, out), 24U);
	for (i = 0; i < 24; i++)
		KUNIT_EXPECT_PTR_EQ(test, out[i], token_niov(16 + i));
	token_end(test, &ring);
}

/* A range does not wrap as the numbers do. */
static void token_range_wrap(struct kunit *test)
{
	struct net_iov *out[64];
	struct dmt_ring ring;
	u32 i;

	token_init(test, &ring);
	ring.next = DMT_TOKEN_MAX - 3;
	for (i = 0; i < 8; i++)
		token_add(test, &ring, i);
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, DMT_TOKEN_MAX - 1, 64,
					      out), 2U);
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, U32_MAX - 3, 64, out), 4U);
	KUNIT_EXPECT_PTR_EQ(test, out[0], token_niov(4));
	token_del(test, &ring, DMT_TOKEN_MAX - 3, 0);
	token_del(test, &ring, DMT_TOKEN_MAX - 2, 1);
	token_end(test, &ring);
}

/* Every reference, also of net_iovs that have several tokens. */
static void token_destroy(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 400);
	struct net_iov *niovs[60];
	struct dmt_ring ring;
	u32 i, j, tokens[60];

	token_init(test, &ring);
	for (i = 0; i < 6; i++) {
		KUNIT_ASSERT_EQ(test, fixture_alloc(fix, i % 2, niovs, 60),
				60U);
		KUNIT_ASSERT_EQ(test, dmt_ring_reserve(&ring, 60), 0);
		dmt_ring_add(&ring, niovs, token_unlimited, tokens, 60);
	}
	for (j = 0; j < 60; j++)
		net_iov_get(niovs[j]);
	KUNIT_ASSERT_EQ(test, dmt_ring_reserve(&ring, 60), 0);
	dmt_ring_add(&ring, niovs, token_unlimited, tokens, 60);
	for (j = 0; j < 60; j += 7) {
		KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, 61 + j, 1, niovs),
				1U);
		net_iov_put(niovs[0]);
	}
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 360U - 9);
	dmt_ring_destroy(&ring);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 0U);

	/* Nothing was ever in it, and not even initialised. */
	token_init(test, &ring);
	dmt_ring_destroy(&ring);
	memset(&ring, 0, sizeof(ring));
	dmt_ring_destroy(&ring);
}

/* Against the simplest model: an array of who has which number. */
static void token_random(struct kunit *test)
{
	const u32 max = 1 << 16;
	struct rnd_state rnd;
	struct net_iov *out[64];
	struct dmt_ring ring;
	u32 i, *model, low = 1, high = 1, used = 0;

	model = vzalloc(array_size(max, sizeof(*model)));
	KUNIT_ASSERT_NOT_NULL(test, model);
	token_init(test, &ring);
	prandom_seed_state(&rnd, 4711);
	for (i = 1; i < 100000 && high < max - 1; i++) {
		u32 dice = prandom_u32_state(&rnd), token, num, j, n = 0;

		if (dice % 8 < 3) {
			token = token_add(test, &ring, i);
			KUNIT_EXPECT_GE(test, token, high);
			high = token + 1;
			model[token] = i;
			used++;
			continue;
		}
		/* Near the newest, or from the oldest on. */
		num = dice >> 8 & 7;
		token = dice & 8 ? low : high - 1 - min(high - 1, dice >> 16 & 63);
		for (j = token; j < token + num && j < max; j++) {
			if (!model[j])
				continue;
			out[n] = token_niov(model[j]);
			model[j] = 0;
			n++;
		}
		if (dice & 8)
			low += dice >> 12 & 1;
		used -= n;
		{
			struct net_iov *got[8];

			KUNIT_ASSERT_EQ(test, n, dmt_ring_remove(&ring, token,
								 num, got));
			for (j = 0; j < n; j++)
				KUNIT_EXPECT_PTR_EQ(test, got[j], out[j]);
		}
		KUNIT_ASSERT_EQ(test, ring.used, used);
	}
	for (i = 0; i < max; i += 64)
		used -= dmt_ring_remove(&ring, i, 64, out);
	KUNIT_EXPECT_EQ(test, used, 0U);
	token_end(test, &ring);
	vfree(model);
}

/* Room for what fits: bindings 1 and 2 with limits, 3 without. */
static void token_limits(struct kunit *test)
{
	struct dmt_limit limits[6] = {
		{ 1, 2 }, { 2, 1 }, { 3, 0 }, { 1, 2 }, { 3, 0 }, { 2, 1 },
	};
	struct net_iov *niovs[6], *out[64];
	struct dmt_ring ring;
	u32 tokens[6], i;

	token_init(test, &ring);
	for (i = 0; i < 6; i++)
		niovs[i] = token_niov(i);
	KUNIT_ASSERT_EQ(test, dmt_ring_reserve(&ring, 6), 0);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs, limits, tokens, 6),
			5U);
	KUNIT_EXPECT_EQ(test, ring.used, 5U);
	KUNIT_EXPECT_EQ(test, tokens[4], 5U);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs + 5, limits + 5,
					   tokens, 1), 0U);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs, limits, tokens, 1),
			0U);
	/* Those without limit are not in the way of the others. */
	token_del(test, &ring, 3, 2);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs, limits, tokens, 1),
			0U);
	token_del(test, &ring, 4, 3);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs, limits, tokens, 6),
			1U);
	KUNIT_EXPECT_EQ(test, tokens[0], 6U);
	token_del(test, &ring, 2, 1);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs + 1, limits + 1,
					   tokens, 2), 2U);
	/* Without a limit none applies. */
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, niovs, token_unlimited, tokens, 6),
			6U);
	/* And the counters are those of the limited ones only. */
	KUNIT_EXPECT_EQ(test, dmt_ring_remove(&ring, 1, 64, out), 11U);
	for (i = 0; i < DMT_QUOTAS; i++)
		KUNIT_EXPECT_EQ(test, ring.quotas[i].held, 0U);
	token_end(test, &ring);
}

/* More bindings with a limit than there are counters; one that is not in use
 * any more is taken over, also when the ring grows in between.
 */
static void token_many_bindings(struct kunit *test)
{
	struct dmt_limit limit = { .max = 1000 };
	struct net_iov *niov = token_niov(0);
	struct dmt_ring ring;
	u32 token, i;

	token_init(test, &ring);
	for (limit.id = 1; limit.id < DMT_QUOTAS; limit.id++)
		KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, &niov, &limit,
						   &token, 1), 1U);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, &niov, &limit, &token, 1),
			0U);
	for (i = 0; i < 300; i++)
		token_add(test, &ring, 1);
	KUNIT_EXPECT_GT(test, ring.size, (u32)DMT_RING_MIN);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, &niov, &limit, &token, 1),
			0U);
	token_del(test, &ring, 3, 0);
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, &niov, &limit, &token, 1),
			1U);
	limit.id = 3;
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, &niov, &limit, &token, 1),
			0U);
	limit.id = 4;
	KUNIT_EXPECT_EQ(test, dmt_ring_add(&ring, &niov, &limit, &token, 1),
			1U);
	for (i = 0; i < 1024; i += 64) {
		struct net_iov *out[64];

		dmt_ring_remove(&ring, i, 64, out);
	}
	token_end(test, &ring);
}

static struct kunit_case token_cases[] = {
	KUNIT_CASE(token_consecutive),
	KUNIT_CASE(token_wrap),
	KUNIT_CASE(token_skip),
	KUNIT_CASE(token_wrap_skip),
	KUNIT_CASE(token_grow),
	KUNIT_CASE(token_grow_wrap),
	KUNIT_CASE(token_grow_sparse),
	KUNIT_CASE(token_limit),
	KUNIT_CASE(token_stale),
	KUNIT_CASE(token_foreign),
	KUNIT_CASE(token_range),
	KUNIT_CASE(token_range_wrap),
	KUNIT_CASE(token_destroy),
	KUNIT_CASE(token_random),
	KUNIT_CASE(token_limits),
	KUNIT_CASE(token_many_bindings),
	{}
};

static struct kunit_suite token_suite = {
	.name = "token",
	.exit = fixture_exit,
	.test_cases = token_cases,
};

kunit_test_suite(token_suite);
