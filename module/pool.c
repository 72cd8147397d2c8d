// SPDX-License-Identifier: GPL-2.0-only
/* Pools: how free net_iovs reach the RX queues.
 *
 * A queue takes from its cache. An empty cache is refilled from this queue's
 * surplus, then from what came home to it, then from the binding's reserve, then
 * from surplus and homes of the queues that share the binding. What a queue has
 * above DMT_POOL_HIGH is its surplus, so that no queue can starve another for
 * long.
 *
 * A refill looks at NET_IOV_CACHE + DMT_POOL_HIGH net_iovs at most. Lists that
 * can be longer change hands as a whole, and are never walked.
 */

#include <linux/slab.h>
#include "core.h"
#include "trace.h"

/* Kept in pool->spare. With the cache it is what an idle queue keeps from those
 * that share its binding.
 */
#define DMT_POOL_HIGH		NET_IOV_BATCH

/* A singly linked list of net_iov.free that knows its end. */
struct dmt_chain {
	struct llist_node *first, *last;
	u32 num;
};

/* Cut up to @max entries off the front of *@list. */
static struct dmt_chain dmt_chain_cut(struct llist_node **list, u32 max)
{
	struct dmt_chain chain = { .first = *list };
	struct llist_node *node;

	for (node = *list; node && chain.num < max; node = node->next) {
		chain.last = node;
		chain.num++;
	}
	*list = node;
	if (chain.last)
		chain.last->next = NULL;
	return chain;
}

static struct llist_node *dmt_reserve_take(struct dmt_binding *binding)
{
	struct llist_node *list;
	struct dmt_chain chain;

	if (!READ_ONCE(binding->reserve))
		return NULL;
	spin_lock_bh(&binding->reserve_lock);
	list = binding->reserve;
	chain = dmt_chain_cut(&list, NET_IOV_BATCH);
	WRITE_ONCE(binding->reserve, list);	/* looked at without the lock */
	binding->nr_reserve -= chain.num;
	spin_unlock_bh(&binding->reserve_lock);
	return chain.first;
}

/* Lists are only ever emptied as a whole, so taking one needs no lock and knows
 * no ABA.
 */
static struct llist_node *dmt_list_take(struct llist_head *head)
{
	return llist_empty(head) ? NULL : llist_del_all(head);
}

static struct llist_node *dmt_pool_take_from(struct dmt_binding *binding,
					     u32 i)
{
	return dmt_list_take(&binding->surplus[i]) ?:
	       dmt_list_take(&binding->hot.pools[i]->ret);
}

/* From the queues that share the binding. */
static struct llist_node *dmt_pool_steal(struct dmt_binding *binding)
{
	struct llist_node *list = NULL;
	u32 i;

	for (i = 0; i < binding->hot.nr_pools && !list; i++)
		list = dmt_pool_take_from(binding, i);
	return list;
}

/* Keep DMT_POOL_HIGH of the spare list, give the rest to the queues that share
 * the binding. The place for it is empty: the spare list was, and before it was
 * filled from elsewhere the surplus had been taken.
 */
static void dmt_pool_share(struct net_iov_pool *pool)
{
	struct dmt_binding *binding = dmt_binding_of(pool->home.binding);
	struct dmt_chain keep = dmt_chain_cut(&pool->spare, DMT_POOL_HIGH);
	struct llist_node *rest = pool->spare;

	pool->spare = keep.first;
	if (!rest)
		return;
	/* with what others wrote into the list */
	smp_store_release(&binding->surplus[pool->index].first, rest);
	/* A queue that asked to be kicked either sees this in its second look,
	 * see dmt_pool_refill_or_starve(), or is kicked as if a batch came home.
	 */
	smp_mb();
	if (likely(!test_bit(NET_IOV_STARVING, &binding->hot.flags)))
		return;
	pool->spare = NULL;
	rcu_read_lock();
	net_iov_return(&pool->home, keep.first, keep.last);
	rcu_read_unlock();
}

/* Fill the cache from the spare list. */
static void dmt_pool_load(struct net_iov_pool *pool)
{
	struct llist_node *node = pool->spare;

	while (node && pool->nr_cache < NET_IOV_CACHE) {
		pool->cache[pool->nr_cache++] =
			container_of(node, struct net_iov, free);
		node = node->next;
	}
	pool->spare = node;
}

static bool dmt_pool_try_refill(struct net_iov_pool *pool)
{
	struct dmt_binding *binding = dmt_binding_of(pool->home.binding);

	if (dmt_pool_should_fail())
		return false;
	if (!pool->spare)
		pool->spare = dmt_pool_take_from(binding, pool->index);
	if (!pool->spare)
		pool->spare = dmt_reserve_take(binding);
	if (!pool->spare)
		pool->spare = dmt_pool_steal(binding);
	if (!pool->spare)
		return false;
	dmt_pool_load(pool);

	/* A queue that shares with nobody may keep everything. */
	if (binding->hot.nr_pools > 1 && pool->spare)
		dmt_pool_share(pool);
	return true;
}

static bool dmt_pool_refill_or_starve(struct net_iov_pool *pool)
{
	struct dmt_binding *binding = dmt_binding_of(pool->home.binding);

	if (dmt_pool_try_refill(pool))
		return true;

	/* A kick that comes of it sees all that the driver set up before. */
	smp_store_release(&pool->home.starving, 1);
	/* Who sees the flag must find who set it. */
	smp_mb__before_atomic();
	set_bit(NET_IOV_STARVING, &binding->hot.flags);
	/* Ask to be kicked first, then look again: a put either is seen here
	 * or sees the flag. net_iov_return() has the other barrier.
	 */
	smp_mb__after_atomic();
	if (dmt_pool_try_refill(pool))
		return true;
	trace_dmt_alloc_fail(binding, binding->queues[pool->index]);
	return false;
}

/* net_iov_pool.refill; the consumer's context */
static bool dmt_pool_refill(struct net_iov_pool *pool)
{
	bool filled = dmt_pool_refill_or_starve(pool);

	/* tcp_data_queue_ofo() reads it, on any CPU */
	if (pool->home.low == filled)
		WRITE_ONCE(pool->home.low, !filled);
	return filled;
}

/**
 * dmt_pools_build - make the queue pools of a binding
 * @binding: allocated for @num pool pointers
 * @num: number of queues
 *
 * Return: 0 or -ENOMEM; then dmt_pools_free() frees what there is.
 */
int dmt_pools_build(struct dmt_binding *binding, u32 num)
{
	struct net_iov_pool *pool;
	u32 i;

	for (i = 0; i < num; i++) {
		pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
		if (!pool)
			return -ENOMEM;
		init_llist_head(&pool->home.ret);
		pool->home.binding = &binding->hot;
		pool->refill = dmt_pool_refill;
		pool->index = i;
		pool->shift = binding->shift;
		binding->hot.pools[i] = &pool->home;
		binding->hot.nr_pools++;
	}
	return 0;
}

void dmt_pools_free(struct dmt_binding *binding)
{
	u32 i;

	for (i = 0; i < binding->hot.nr_pools; i++)
		kfree(dmt_pool(binding, i));
}

static u32 dmt_list_len(const struct llist_node *node)
{
	u32 num = 0;

	for (; node; node = node->next)
		if (!(++num % DMT_RESCHED))
			cond_resched();
	return num;
}

/**
 * dmt_pools_count_free - count free net_iovs outside the return lists
 * @binding: whose queues are all stopped
 *
 * Context: process.
 * Return: those in caches, spare lists, surplus and the reserve.
 */
u32 dmt_pools_count_free(const struct dmt_binding *binding)
{
	u32 i, num = binding->nr_reserve;

	for (i = 0; i < binding->hot.nr_pools; i++) {
		num += dmt_pool(binding, i)->nr_cache;
		num += dmt_list_len(dmt_pool(binding, i)->spare);
		num += dmt_list_len(binding->surplus[i].first);
	}
	return num;
}

/* Drop a reference; was it the last? References are only taken by who has one:
 * nobody can take another when there is but ours, and no atomic is needed then.
 */
static bool dmt_put_one(struct net_iov *niov)
{
	/* after what the others did before they put theirs */
	if (atomic_read_acquire(&niov->ref) != 1)
		return atomic_dec_and_test(&niov->ref);
	atomic_set(&niov->ref, 0);
	return true;
}

/**
 * dmt_put_bulk - drop one reference on each of many net_iovs
 * @niovs: of bindings that receive; not to be touched afterwards. tx_send.c takes
 *	references of others' net_iovs, so those need net_iov_put()
 * @num: number of them
 *
 * Neighbours that go home to the same queue are pushed with one atomic.
 *
 * Context: any.
 */
void dmt_put_bulk(struct net_iov **niovs, u32 num)
{
	struct llist_node *first = NULL, *last = NULL;
	struct net_iov_home *home = NULL, *to;
	struct net_iov *niov;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < num; i++) {
		niov = niovs[i];
		if (!dmt_put_one(niov))
			continue;
		to = niov->area->binding->pools[niov->pool];
		if (to != home && first) {
			net_iov_return(home, first, last);
			first = NULL;
		}
		home = to;
		if (!first)
			last = &niov->free;
		niov->free.next = first;
		first = &niov->free;
	}
	if (first)
		net_iov_return(home, first, last);
	rcu_read_unlock();
}
