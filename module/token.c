// SPDX-License-Identifier: GPL-2.0-only
/* The token ring of a socket. */

#include <linux/mm.h>
#include <linux/sched.h>
#include "core.h"
#include "token.h"

static struct dmt_slot *dmt_slots_alloc(u32 size)
{
	return kvcalloc(size, sizeof(struct dmt_slot), GFP_KERNEL_ACCOUNT);
}

/**
 * dmt_ring_init - make an empty ring
 * @ring: zeroed memory
 *
 * Return: 0 or -ENOMEM.
 */
int dmt_ring_init(struct dmt_ring *ring)
{
	spin_lock_init(&ring->lock);
	ring->next = 1;
	ring->size = DMT_RING_MIN;
	ring->slots = dmt_slots_alloc(ring->size);
	return ring->slots ? 0 : -ENOMEM;
}

/* Half of the slots stay free, so that a free one is found at once; at the
 * largest size an eighth has to do.
 */
static u32 dmt_ring_limit(u32 size)
{
	return size < DMT_RING_MAX ? size / 2 : size - size / 8;
}

/**
 * dmt_ring_reserve - make room for more tokens
 * @ring: the ring
 * @num: tokens that dmt_ring_add() is going to be asked for, at most
 *	DMT_RING_MIN / 4
 *
 * Context: process, socket lock held; charged to the caller's memory cgroup.
 * Return: 0, or -ENOMEM: no memory, or user space holds too many.
 */
int dmt_ring_reserve(struct dmt_ring *ring, u32 num)
{
	struct dmt_slot *slots, *old = ring->slots;
	u32 i, size = ring->size;

	/* Others only take tokens away, so what fits now still fits later. */
	if (READ_ONCE(ring->used) + num <= dmt_ring_limit(size))
		return 0;
	if (size == DMT_RING_MAX)
		return -ENOMEM;
	slots = dmt_slots_alloc(2 * size);
	if (!slots)
		return -ENOMEM;

	/* Numbers that differ modulo the old size differ modulo the new. */
	spin_lock(&ring->lock);
	for (i = 0; i < size; i++)
		if (old[i].niov)
			slots[old[i].token % (2 * size)] = old[i];
	ring->slots = slots;
	ring->size = 2 * size;
	spin_unlock(&ring->lock);
	kvfree(old);
	return 0;
}

/* Under the lock: the counter of a binding that has a limit, 0 if there is none
 * left.
 */
static u32 dmt_ring_quota(struct dmt_ring *ring, u32 id)
{
	u32 i, unused = 0;

	for (i = 1; i < DMT_QUOTAS; i++) {
		if (!ring->quotas[i].held)
			unused = i;
		else if (ring->quotas[i].id == id)
			return i;
	}
	if (unused)
		ring->quotas[unused].id = id;
	return unused;
}

/**
 * dmt_ring_add - give numbers to net_iovs
 * @ring: with room for them, see dmt_ring_reserve()
 * @niovs: the ring takes over one reference of each that gets a number
 * @limits: of the binding of each
 * @tokens: the numbers
 * @num: how many
 *
 * Context: process, socket lock held.
 * Return: how many got a number; the next one's limit is reached.
 */
u32 dmt_ring_add(struct dmt_ring *ring, struct net_iov **niovs,
		 const struct dmt_limit *limits, u32 *tokens, u32 num)
{
	u32 i, token, mask, next, quota = 0;
	struct dmt_slot *slot;

	spin_lock(&ring->lock);
	mask = ring->size - 1;
	next = ring->next;
	for (i = 0; i < num; i++) {
		if (!limits[i].max) {
			quota = 0;
		} else {
			/* mostly of the same binding as the one before */
			if (!quota || ring->quotas[quota].id != limits[i].id)
				quota = dmt_ring_quota(ring, limits[i].id);
			if (!quota || ring->quotas[quota].held >= limits[i].max)
				break;
		}
		do {
			token = next;
			next = token < DMT_TOKEN_MAX ? token + 1 : 1;
			slot = &ring->slots[token & mask];
		} while (slot->niov);
		slot->niov = niovs[i];
		slot->token = token;
		slot->quota = quota;
		ring->quotas[quota].held++;
		tokens[i] = token;
	}
	ring->next = next;
	WRITE_ONCE(ring->used, ring->used + i);
	spin_unlock(&ring->lock);
	return i;
}

/**
 * dmt_ring_remove - take numbers back
 * @ring: the ring
 * @token: the first number
 * @num: how many numbers from there on; those that are not in use are skipped
 * @niovs: room for @num; the caller gets the ring's references
 *
 * Context: process.
 * Return: how many net_iovs came out.
 */
u32 dmt_ring_remove(struct dmt_ring *ring, u32 token, u32 num,
		    struct net_iov **niovs)
{
	struct dmt_slot *slot;
	u32 i, out = 0;

	spin_lock(&ring->lock);
	for (i = 0; i < num; i++) {
		slot = &ring->slots[(token + i) & (ring->size - 1)];
		if (!slot->niov || slot->token != token + i)
			continue;
		niovs[out++] = slot->niov;
		slot->niov = NULL;
		ring->quotas[slot->quota].held--;
	}
	WRITE_ONCE(ring->used, ring->used - out);
	spin_unlock(&ring->lock);
	return out;
}

/**
 * dmt_ring_look - look at what user space holds
 * @ring: the ring
 * @fn: is called under the ring's lock, once for each token
 * @arg: for @fn
 *
 * A snapshot: the lock is given away now and then, and a ring that grows in
 * between has its tokens elsewhere.
 *
 * Context: process, may sleep.
 */
void dmt_ring_look(struct dmt_ring *ring, net_iov_fn fn, void *arg)
{
	u32 i = 0, end, size;

	do {
		spin_lock(&ring->lock);
		size = ring->used ? ring->size : 0;
		end = i + DMT_RING_MIN < size ? i + DMT_RING_MIN : size;
		for (; i < end; i++)
			if (ring->slots[i].niov)
				fn(arg, ring->slots[i].niov);
		spin_unlock(&ring->lock);
		cond_resched();
	} while (i < size);
}

/**
 * dmt_ring_destroy - release every token
 * @ring: nobody else uses it any more; may be half initialised
 *
 * Context: process, may sleep.
 */
void dmt_ring_destroy(struct dmt_ring *ring)
{
	struct net_iov *niovs[NET_IOV_BATCH];
	u32 i, n = 0;

	for (i = 0; ring->used && i < ring->size; i++) {
		if (!ring->slots[i].niov)
			continue;
		niovs[n++] = ring->slots[i].niov;
		ring->used--;
		if (n == NET_IOV_BATCH || !ring->used) {
			dmt_put_bulk(niovs, n);
			n = 0;
			cond_resched();
		}
	}
	kvfree(ring->slots);
}
