/* SPDX-License-Identifier: GPL-2.0-only */
/* Device memory TCP: the contract between a NIC driver and devmem_tcp_core.
 *
 * Both are built from this tree, against a kernel with CONFIG_NET_DEVMEM_HOOKS.
 * They do not link to each other: the driver registers its table with
 * devmem_register_dev(), the core module finds it there and compares @abi.
 *
 * What a driver has to do is written at struct devmem_driver_ops; the rules for
 * the data path are: hand up only TCP frames that the NIC split and whose
 * checksum it verified, drop and count all others that have payload in a
 * net_iov, keep headers in host memory, never touch or prefetch payload. Who
 * sends from net_iovs maps none of them: they are (net_iov_frag_dma()), and drops
 * those that devmem_tx_ok() refuses.
 */
#ifndef _NET_DEVMEM_DRIVER_H
#define _NET_DEVMEM_DRIVER_H

#include <linux/cache.h>
#include <linux/kconfig.h>

#if !IS_ENABLED(CONFIG_NET_DEVMEM_HOOKS)
#error "this kernel lacks CONFIG_NET_DEVMEM_HOOKS: build for one with patches/6.1 applied"
#endif

#include <net/devmem.h>
#include <net/net_iov.h>

#define NET_IOV_BATCH		64	/* moved per visit to a shared list */
#define NET_IOV_CACHE		(2 * NET_IOV_BATCH)

struct netlink_ext_ack;

/**
 * struct net_iov_pool - what one RX queue allocates from
 * @home: where its buffers come back to; @home.kick is set by the driver from
 *	bind to unbind, NULL before and after
 * @refill: fills @cache, returns false when no buffer is free
 * @spare: list taken off @home.ret and not yet in @cache
 * @index: place in the binding's pools
 * @shift: log2 of the buffer size in bytes, 12 to 16
 * @nr_cache: number of buffers in @cache
 * @allocs: buffers handed out since the bind
 * @empty: times no buffer was free
 * @priv: the driver's
 * @cache: buffers ready to be taken
 *
 * All but @home belongs to one consumer: the queue's NAPI, or the control path
 * while that NAPI is disabled. Statistics may be read by anybody.
 */
struct net_iov_pool {
	struct net_iov_home	home;

	bool			(*refill)(struct net_iov_pool *pool)
				____cacheline_aligned_in_smp;
	struct llist_node	*spare;
	u32			index;
	u32			shift;
	u32			nr_cache;
	u64			allocs;
	u64			empty;
	void			*priv;
	struct net_iov		*cache[NET_IOV_CACHE];
} ____cacheline_aligned_in_smp;

/* Bump the version on every change of the structs here. */
#define DEVMEM_DRIVER_ABI	\
	(3 << 24 | sizeof(struct net_iov_pool))

/* Looks at a net_iov, must not sleep. */
typedef void (*net_iov_fn)(void *arg, const struct net_iov *niov);

/**
 * struct devmem_driver_ops - what a NIC driver offers
 * @abi: DEVMEM_DRIVER_ABI
 * @bind: let RX queue @queue receive TCP payload into buffers of @pool. Stops,
 *	switches and restarts that queue alone. On error (extack set) the
 *	queue is as it was.
 * @unbind: back to host memory; cannot fail. When it returns the hardware is
 *	known not to write to @pool's buffers any more, the driver has put all
 *	that it held, and @pool->home.kick is NULL.
 * @napi_id: NAPI id of RX queue @queue, 0 if it has none now; may be NULL
 * @posted: call @mark for each buffer that the bound RX queue @queue has in its
 *	ring, as often as it likes for one. A snapshot, while the queue runs;
 *	may be NULL
 * @tx_drain: what was sent from net_iovs before this, the hardware does not read
 *	any more when it returns; if need be by a reset. NULL: the device
 *	cannot send from them
 *
 * All run under rtnl and may sleep. A binding survives ndo_stop and ndo_open:
 * the driver keeps @pool and uses it again.
 */
struct devmem_driver_ops {
	u32	abi;
	int	(*bind)(struct net_device *dev, u32 queue,
			struct net_iov_pool *pool,
			struct netlink_ext_ack *extack);
	void	(*unbind)(struct net_device *dev, u32 queue);
	u32	(*napi_id)(struct net_device *dev, u32 queue);
	void	(*posted)(struct net_device *dev, u32 queue, net_iov_fn mark,
			  void *arg);
	void	(*tx_drain)(struct net_device *dev);
};

/* A frag holds a net_iov as its page pointer with bit 0 set. */
static inline struct page *net_iov_to_frag_page(const struct net_iov *niov)
{
	return (struct page *)((unsigned long)niov | NET_IOV_TAG);
}

static inline u32 net_iov_index(const struct net_iov *niov)
{
	return niov - niov->area->niovs;
}

/* Bus address, for the device that the binding was made for. */
static inline dma_addr_t net_iov_dma(const struct net_iov *niov)
{
	return niov->area->dma +
	       ((dma_addr_t)net_iov_index(niov) << niov->area->shift);
}

/* Bus address of a frag, for the device that the binding was made for. To send
 * from, a driver has to be sure of devmem_tx_ok() first, in ndo_start_xmit().
 */
static inline dma_addr_t net_iov_frag_dma(const skb_frag_t *frag)
{
	return net_iov_dma(skb_frag_net_iov(frag)) + skb_frag_off(frag);
}

/* Offset in the dma-buf, in bytes. */
static inline u64 net_iov_offset(const struct net_iov *niov)
{
	return niov->area->offset +
	       ((u64)net_iov_index(niov) << niov->area->shift);
}

/**
 * net_iov_alloc - take a buffer for the RX ring
 * @pool: the queue's pool
 *
 * Context: the pool's one consumer.
 * Return: a buffer with one reference, given back with net_iov_put(); or NULL
 * when the pool is dry. Then @pool->home.kick runs when buffers come back.
 */
static inline struct net_iov *net_iov_alloc(struct net_iov_pool *pool)
{
	struct net_iov *niov;

	if (unlikely(!pool->nr_cache) && !pool->refill(pool)) {
		pool->empty++;
		return NULL;
	}
	niov = pool->cache[--pool->nr_cache];
	niov->pool = pool->index;
	atomic_set(&niov->ref, 1);
	pool->allocs++;
	return niov;
}

#endif /* _NET_DEVMEM_DRIVER_H */
