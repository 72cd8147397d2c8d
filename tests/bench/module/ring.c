// SPDX-License-Identifier: GPL-2.0-only
/* What this project does: a socket's token ring, as recvmsg() and
 * SO_DEVMEM_DONTNEED use it, which gets numbers as runs or one by one.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include "bench.h"
#include "token.h"
#include "tokens.h"

struct bench_sock {
	struct dmt_ring		ring;
	struct dmt_limit	limits[BENCH_FRAGS];
};

struct net_iov *bench_frags[BENCH_MAX];

/* Not on the stack: what clears that is not measured. */
static struct net_iov *bench_ring_niovs[NET_IOV_BATCH];
static u32 bench_ring_tokens[BENCH_FRAGS];

/* Only their addresses matter. */
static struct net_iov bench_frag_iovs[BENCH_MAX];

void bench_frags_init(void)
{
	u32 i;

	for (i = 0; i < BENCH_MAX; i++)
		bench_frags[i] = &bench_frag_iovs[i];
}

static void *bench_ring_setup(const struct bench_case *c)
{
	struct bench_sock *sock = kzalloc(sizeof(*sock), GFP_KERNEL);
	u32 i;

	bench_frags_init();
	if (!sock || dmt_ring_init(&sock->ring))
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < BENCH_FRAGS; i++) {
		sock->limits[i].id = 1;
		sock->limits[i].max = c->limit;
	}
	return sock;
}

static u32 bench_ring_take(void *priv, void **objs, u32 num)
{
	struct bench_sock *sock = priv;
	u32 *tokens = bench_ring_tokens;
	u32 i, j, n;

	for (i = 0; i < num; i += n) {
		n = min_t(u32, num - i, BENCH_FRAGS);
		if (dmt_ring_reserve(&sock->ring, n))
			break;
		if (dmt_ring_add(&sock->ring, bench_frags + i, sock->limits,
				 tokens, n) != n)
			break;
		for (j = 0; j < n; j++)
			objs[i + j] = (void *)(unsigned long)tokens[j];
	}
	return i;
}

/* Numbers from @objs on that follow each other, up to @max. */
static u32 bench_ring_run(void **objs, u32 max)
{
	while (bench_token(objs[max - 1]) - bench_token(objs[0]) != max - 1)
		max--;
	return max;
}

static __always_inline u32 bench_ring_remove(struct bench_sock *sock,
					     void **objs, u32 num, u32 max)
{
	struct net_iov **niovs = bench_ring_niovs;
	u32 i, j, n;

	for (i = 0; i < num; i += n) {
		n = bench_ring_run(objs + i, min(num - i, max));
		if (dmt_ring_remove(&sock->ring, bench_token(objs[i]), n,
				    niovs) != n)
			break;
		for (j = 0; j < n; j++)
			if (niovs[j] != bench_frags[i + j])
				return i;
	}
	return i;
}

static u32 bench_ring_give(void *priv, void **objs, u32 num)
{
	return bench_ring_remove(priv, objs, num, NET_IOV_BATCH);
}

static u32 bench_ring_give_single(void *priv, void **objs, u32 num)
{
	return bench_ring_remove(priv, objs, num, 1);
}

/* Numbers only grow, and slots of the largest ring are never shared: as good as
 * the slot, which changes when the ring grows.
 */
static u32 bench_ring_index(void *priv, void *obj)
{
	return bench_token(obj) % BENCH_INDEX_MAX;
}

static int bench_ring_finish(void *priv)
{
	struct bench_sock *sock = priv;
	u32 i, held = 0;

	for (i = 0; i < DMT_QUOTAS; i++)
		held += sock->ring.quotas[i].held;
	if (sock->ring.used || held)
		return -EIO;
	dmt_ring_destroy(&sock->ring);
	kfree(sock);
	return 0;
}

const struct bench_impl bench_ring = {
	.name		= "ring",
	.setup		= bench_ring_setup,
	.take		= bench_ring_take,
	.give		= bench_ring_give,
	.index		= bench_ring_index,
	.finish		= bench_ring_finish,
};

const struct bench_impl bench_ring_single = {
	.name		= "ring_single",
	.setup		= bench_ring_setup,
	.take		= bench_ring_take,
	.give		= bench_ring_give_single,
	.index		= bench_ring_index,
	.finish		= bench_ring_finish,
};
