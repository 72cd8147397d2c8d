/* SPDX-License-Identifier: GPL-2.0-only */
/* Device memory for igb.
 *
 * An RX queue can be bound to a pool of net_iovs. Then the NIC splits each
 * frame (SRRCTL descriptor type 5): headers go to a slot of a coherent host
 * buffer, payload to net_iovs. Everything else of the ring is igb's own, and a
 * queue that is not bound runs igb's own code only.
 *
 *   igb_devmem.c          probe, remove, bind, unbind
 *   igb_devmem_queue.c    stop and restart of one queue
 *   igb_devmem_rx.c       the bound ring: fill, poll, take back
 *   igb_devmem_merge.c    frames that become one skb
 *   igb_devmem_tx.c       sending from net_iovs
 *   igb_devmem_ethtool.c  what is wrapped of igb's ethtool and netdev ops
 *   igb_devmem_pci.c      error recovery, function reset, SR-IOV, suspend
 *
 * Included at the end of igb.h.
 */
#ifndef _IGB_DEVMEM_H_
#define _IGB_DEVMEM_H_

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/netdevice.h>
#include <linux/pci.h>

#if !IS_ENABLED(CONFIG_NET_DEVMEM_HOOKS)
#error "this igb needs a kernel with CONFIG_NET_DEVMEM_HOOKS, see patches/6.1"
#endif

#include <net/devmem_driver.h>
#include <net/devmem_version.h>

/* Header buffer per descriptor, a multiple of 64. A frame that fits goes up as
 * a linear skb. Below 128 QEMU aborts on a TCP header that ends past the frame.
 */
#define IGB_DEVMEM_HDR_SIZE	256

/* Where one descriptor's payload goes; no @niov: nowhere. */
struct igb_devmem_slice {
	struct net_iov	*niov;
	u32		offset;		/* in @niov, bytes */
};

/* Read by ethtool as an array of u64, in the order of the names in
 * igb_devmem_ethtool.c.
 */
struct igb_devmem_stats {
	u64 packets;		/* frames with payload in net_iovs */
	u64 bytes;		/* of these, the payload alone */
	u64 linear_packets;	/* frames that fitted the header buffer */
	u64 linear_bytes;
	u64 drop_nosplit;	/* payload, but the NIC found no L4 header */
	u64 drop_csum;		/* TCP checksum bad, or not verified */
	u64 drop_not_tcp;	/* split, but not TCP over IPv4 or IPv6 */
	u64 drop_alloc;		/* no skb, or more frags than one holds */
	u64 pool_empty;		/* refills that found the pool dry */
	u64 merged;		/* of packets, those that got no skb of their own */
};

/* Flows whose frames are merged at a time, by their hash; a power of two */
#define IGB_DEVMEM_MERGES	8

/**
 * struct igb_devmem_merge - an skb that can grow until the end of the poll
 * @skb: it, or NULL
 * @seq: of the byte that comes next
 * @status: of its first frame's last descriptor
 * @vlan: the same
 * @hdr_len: from Ethernet to TCP, bytes
 * @tcp: where in that TCP begins
 * @mss: payload of the first frame, bytes
 * @segs: frames in it
 */
struct igb_devmem_merge {
	struct sk_buff	*skb;
	u32		seq;
	u32		status;
	__le16		vlan;
	u16		hdr_len;
	u16		tcp;
	u16		mss;
	u16		segs;
};

/**
 * struct igb_devmem_queue - device memory side of one RX queue
 * @adapter: backlink; const
 * @pool: the queue is bound to it; NULL if not bound
 * @posted: per descriptor, what is posted there
 * @rest: what is not cut yet of the net_iov that slices come from now
 * @hdr: per descriptor, IGB_DEVMEM_HDR_SIZE bytes of coherent memory
 * @hdr_dma: bus address of @hdr
 * @count: descriptors that @posted and @hdr are made for
 * @keep_free: descriptors that are never posted
 * @slice_shift: log2 of a slice's bytes; like @keep_free, from fill to fill
 * @unflushed: descriptors written since the last write of the tail
 * @skip: what is left of the current frame is dropped
 * @parked: the poll must not touch the ring; from an unbind that could not
 *	disable NAPI to the next bind
 * @merge: empty between polls
 * @q_vector: set while the NIC may hold buffers; whom to kick
 * @spare: mapped host buffers for the ring after unbind, @count - 1
 * @spare_order: page order of @spare
 * @stats: since probe
 *
 * It lives as long as the adapter; what @pool stands for from bind to unbind.
 *
 * Locking: bind and unbind run under rtnl, and so does all that opens, closes
 * or resets the device. (A runtime resume may not; nothing is bound then, for
 * bind keeps the device awake.)
 * @pool changes under rtnl, while the queue's NAPI is disabled, or parked and
 * waited for. @posted[], @rest, @unflushed, @skip, @merge, @stats and the ring belong
 * to that NAPI, or to the control path while it is disabled or parked.
 * @q_vector is read by polls, and by kicks under RCU only; igb frees vectors
 * with kfree_rcu().
 */
struct igb_devmem_queue {
	struct igb_adapter	*adapter;
	struct net_iov_pool	*pool;
	struct igb_devmem_slice	*posted;
	struct igb_devmem_slice	rest;
	u8			*hdr;
	dma_addr_t		hdr_dma;
	u16			count;
	u16			keep_free;
	u16			slice_shift;
	u16			unflushed;
	bool			skip;
	bool			parked;
	struct igb_devmem_merge	merge[IGB_DEVMEM_MERGES];
	struct igb_q_vector	*q_vector;
	struct igb_rx_buffer	*spare;
	unsigned int		spare_order;
	struct igb_devmem_stats	stats;
} ____cacheline_aligned_in_smp;

/**
 * struct igb_devmem - device memory side of an adapter
 * @ddev: as registered with the kernel
 * @ops: what this NIC can do
 * @base_netdev_ops: igb's own
 * @base_ethtool_ops: igb's own
 * @netdev_ops: copy of igb's with our overrides
 * @ethtool_ops: copy of igb's with our overrides
 * @tcp_data_split: as set by ethtool -G, unknown means auto; rtnl
 * @sriov: the number of VFs is being changed; rtnl
 * @resetting: detached for a reset of the PCI function; rtnl
 * @error_down: igb_down() ran for a PCI error, and nothing since; rtnl
 * @queue: by queue index, so that it outlives rings that igb frees
 */
struct igb_devmem {
	struct devmem_dev		ddev;
	struct devmem_driver_ops	ops;
	const struct net_device_ops	*base_netdev_ops;
	const struct ethtool_ops	*base_ethtool_ops;
	struct net_device_ops		netdev_ops;
	struct ethtool_ops		ethtool_ops;
	u8				tcp_data_split;
	bool				sriov;
	bool				resetting;
	bool				error_down;
	struct igb_devmem_queue		queue[IGB_MAX_RX_QUEUES];
};

/* The queue of @ring, bound or not. NULL for rings that are not an RX queue of
 * the adapter: the loopback test's, and the copies made by ethtool -G.
 */
static inline struct igb_devmem_queue *
igb_devmem_find(const struct igb_ring *ring)
{
	struct igb_adapter *adapter;

	/* the loopback test's may not even have a netdev yet */
	if (!ring->q_vector)
		return NULL;

	adapter = ring->q_vector->adapter;
	if (!adapter->devmem || adapter->rx_ring[ring->queue_index] != ring)
		return NULL;
	return &adapter->devmem->queue[ring->queue_index];
}

/* The same if the queue is bound, else NULL. */
static inline struct igb_devmem_queue *
igb_devmem_queue(const struct igb_ring *ring)
{
	struct igb_devmem_queue *q = igb_devmem_find(ring);

	return q && READ_ONCE(q->pool) ? q : NULL;
}

/* igb_devmem.c */
void igb_devmem_probe(struct igb_adapter *adapter);
void igb_devmem_remove(struct igb_adapter *adapter);
bool igb_devmem_busy(const struct net_device *netdev);

/* igb_devmem_queue.c */
void igb_devmem_set_pool(struct igb_devmem_queue *q,
			 struct net_iov_pool *pool);
void igb_devmem_switch(struct igb_devmem_queue *q, struct igb_ring *ring,
		       struct net_iov_pool *pool);

/* igb_devmem_rx.c */
u32 igb_devmem_srrctl(struct igb_ring *ring, u32 srrctl);
bool igb_devmem_fill_ring(struct igb_ring *ring);
bool igb_devmem_clean_ring(struct igb_ring *ring);
void igb_devmem_take_back(struct igb_devmem_queue *q, struct igb_ring *ring);
int igb_devmem_clean_rx_irq(struct igb_q_vector *q_vector, int budget);
int igb_devmem_harvest(struct igb_q_vector *q_vector, int budget);

/* igb_devmem_merge.c */
void igb_devmem_merge_begin(struct igb_devmem_queue *q, struct napi_struct *napi,
			    const union e1000_adv_rx_desc *desc,
			    struct sk_buff *skb);
bool igb_devmem_merge_add(struct igb_devmem_queue *q, struct napi_struct *napi,
			  const union e1000_adv_rx_desc *desc, const u8 *hdr,
			  u32 hdr_len, struct igb_devmem_slice slice, u32 len);
void igb_devmem_merge_end_all(struct igb_devmem_queue *q,
			      struct napi_struct *napi);

/* igb_devmem_tx.c */
netdev_tx_t igb_devmem_xmit_frame(struct sk_buff *skb,
				  struct net_device *netdev);
void igb_devmem_tx_drain(struct net_device *netdev);

/* The address to read a frag from. Those of device memory are mapped as long as
 * their binding lives, so they are not unmapped: igb_devmem_unmap_len().
 */
static inline dma_addr_t igb_devmem_map_frag(struct device *dev,
					     const skb_frag_t *frag,
					     unsigned int size)
{
	if (page_is_net_iov(frag->bv_page))
		return net_iov_frag_dma(frag);
	return skb_frag_dma_map(dev, frag, 0, size, DMA_TO_DEVICE);
}

/* What igb has to unmap of a buffer of @skb, the first of which is the header. */
static inline unsigned int igb_devmem_unmap_len(const struct sk_buff *skb,
						bool first, unsigned int size)
{
	return first || skb_frags_readable(skb) ? size : 0;
}

/* igb_devmem_ethtool.c */
void igb_devmem_wrap_ops(struct igb_adapter *adapter);

/* igb_devmem_pci.c */
pci_ers_result_t igb_devmem_error_detected(struct pci_dev *pdev,
					   pci_channel_state_t state);
pci_ers_result_t igb_devmem_slot_reset(struct pci_dev *pdev);
void igb_devmem_error_resume(struct pci_dev *pdev);
bool igb_devmem_stop_lost(struct igb_adapter *adapter);
bool igb_devmem_undo_down(struct igb_adapter *adapter);
void igb_devmem_reset_prepare(struct pci_dev *pdev);
void igb_devmem_reset_done(struct pci_dev *pdev);
int igb_devmem_sriov_configure(struct pci_dev *pdev, int num_vfs);
bool igb_devmem_suspend_lock(struct device *dev, bool runtime);

/* igb_main.c, see patches/ */
netdev_tx_t igb_devmem_host_xmit(struct sk_buff *skb,
				 struct net_device *netdev);
int igb_devmem_host_poll(struct igb_q_vector *q_vector, int budget);
void igb_devmem_host_clean(struct igb_ring *ring);
void igb_devmem_skb_fields(struct igb_ring *ring,
			   union e1000_adv_rx_desc *desc, struct sk_buff *skb);
pci_ers_result_t igb_devmem_host_error_detected(struct pci_dev *pdev,
						pci_channel_state_t state);
pci_ers_result_t igb_devmem_host_slot_reset(struct pci_dev *pdev);
void igb_devmem_host_error_resume(struct pci_dev *pdev);
int igb_devmem_host_sriov_configure(struct pci_dev *pdev, int num_vfs);

#endif /* _IGB_DEVMEM_H_ */
