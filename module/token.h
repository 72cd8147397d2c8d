/* SPDX-License-Identifier: GPL-2.0-only */
/* Tokens: what user space holds instead of a net_iov.
 *
 * A ring of {net_iov, token} per socket. Token numbers go up by one, so that
 * clients can release runs of them; the slot is the number modulo the size,
 * and a number whose slot is taken is skipped. A token that is stale, or was
 * never given to this socket, does not match what its slot holds.
 */
#ifndef _DMT_TOKEN_H
#define _DMT_TOKEN_H

#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <net/devmem_driver.h>

#define DMT_RING_MIN	256
#define DMT_RING_MAX	BIT(18)
#define DMT_TOKEN_MAX	0x7fffffffU	/* as upstream: 31 bits, from 1 on */
#define DMT_QUOTAS	8		/* the first: of bindings without limit */

struct dmt_slot {
	struct net_iov	*niov;		/* NULL: free */
	u32		token;
	u32		quota;		/* in dmt_ring.quotas */
};

/**
 * struct dmt_limit - what the tokens of one socket may hold of a binding
 * @id: of the binding
 * @max: number of tokens; 0: no limit
 */
struct dmt_limit {
	u32	id;
	u32	max;
};

/**
 * struct dmt_quota - what the tokens of one socket do hold of a binding
 * @id: of the binding; nobody's while @held is 0
 * @held: number of tokens
 */
struct dmt_quota {
	u32	id;
	u32	held;
};

/**
 * struct dmt_ring - the tokens of one socket
 * @lock: protects all below; never held while user memory is touched
 * @slots: array of @size
 * @size: a power of two
 * @used: number of slots that are taken
 * @next: number to try next
 * @quotas: tokens by binding, for those that have a limit. With all in use a
 *	further such binding counts as one whose limit is reached
 *
 * Only dmt_ring_reserve() changes @slots and @size, and its caller has the
 * socket lock.
 */
struct dmt_ring {
	spinlock_t	lock;		/* see above */
	struct dmt_slot	*slots;
	u32		size;
	u32		used;
	u32		next;
	struct dmt_quota quotas[DMT_QUOTAS];
};

int dmt_ring_init(struct dmt_ring *ring);
int dmt_ring_reserve(struct dmt_ring *ring, u32 num);
u32 dmt_ring_add(struct dmt_ring *ring, struct net_iov **niovs,
		 const struct dmt_limit *limits, u32 *tokens, u32 num);
u32 dmt_ring_remove(struct dmt_ring *ring, u32 token, u32 num,
		    struct net_iov **niovs);
void dmt_ring_look(struct dmt_ring *ring, net_iov_fn fn, void *arg);
void dmt_ring_destroy(struct dmt_ring *ring);

#endif /* _DMT_TOKEN_H */
