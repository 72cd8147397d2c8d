// SPDX-License-Identifier: GPL-2.0-only
/* The ring of a bound RX queue: fill, poll, take back.
 *
 * A net_iov larger than a page is cut into slices of a frame each; else a small
 * frame would cost its socket 45 times its size in receive buffer, which TCP's
 * window does not account for. A slice has one of the net_iov's references.
 *
 * Slots from next_to_clean up to next_to_use are posted and have a slice each;
 * all others have none. A slice that no skb took, because its frame fit the
 * header buffer or was dropped, moves on to next_to_use at once: kept in its
 * slot it could be out of reach of a dry ring.
 */
#include <linux/etherdevice.h>
#include <linux/log2.h>
#include <linux/pci.h>
#include <linux/skbuff.h>

#include "igb.h"

/* Advanced receive descriptor, write-back format: pkt_info, hdr_info, status */
#define IGB_DEVMEM_PKT_L3	(0xf << 4)	/* IPv4, IPv6, with extensions */
#define IGB_DEVMEM_PKT_TCP	BIT(8)
#define IGB_DEVMEM_PKT_ETQF	BIT(15)		/* a filter number, no types */
#define IGB_DEVMEM_HDR_SPH	BIT(15)		/* header identified */
#define IGB_DEVMEM_STAT_HBO	BIT(23)		/* it does not fit its buffer */

#define IGB_DEVMEM_SLICE_SHIFT_MIN	11
#define IGB_DEVMEM_SIZE_MASK		0x7f	/* of SRRCTL, in KiB */

/* A ring that goes back to host buffers gets those that bind set aside. So
 * their size wins over what igb would choose now, until the next reset: neither
 * another MTU nor legacy-rx must make unbind need memory.
 */
static u32 igb_devmem_fit_spare(struct igb_devmem_queue *q,
				struct igb_ring *ring, u32 srrctl)
{
	u32 size;

	if (q->spare_order == igb_rx_pg_order(ring))
		return srrctl;

	if (q->spare_order) {
		set_ring_uses_large_buffer(ring);
		size = IGB_RXBUFFER_3072;
	} else {
		/* without headroom, as with legacy-rx: any MTU */
		clear_ring_uses_large_buffer(ring);
		clear_ring_build_skb_enabled(ring);
		size = IGB_RXBUFFER_2048;
	}
	return (srrctl & ~IGB_DEVMEM_SIZE_MASK) |
	       size >> E1000_SRRCTL_BSIZEPKT_SHIFT;
}

/* Small frames leave most of a large buffer empty. The same between two resets,
 * which is what an MTU change takes.
 */
static u32 igb_devmem_slice_shift(const struct igb_devmem_queue *q,
				  const struct igb_ring *ring)
{
	if (q->pool->shift == PAGE_SHIFT)
		return PAGE_SHIFT;
	return clamp_t(u32, order_base_2(ring->netdev->mtu),
		       IGB_DEVMEM_SLICE_SHIFT_MIN, q->pool->shift);
}

u32 igb_devmem_srrctl(struct igb_ring *ring, u32 srrctl)
{
	struct igb_devmem_queue *q = igb_devmem_find(ring);

	if (!q)
		return srrctl;
	if (!q->pool)
		return q->spare ? igb_devmem_fit_spare(q, ring, srrctl) :
				  srrctl;

	/* Without DROP_EN a dry queue holds up all the others. */
	return IGB_DEVMEM_HDR_SIZE << E1000_SRRCTL_BSIZEHDRSIZE_SHIFT |
	       BIT(igb_devmem_slice_shift(q, ring)) >>
		       E1000_SRRCTL_BSIZEPKT_SHIFT |
	       E1000_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS | E1000_SRRCTL_DROP_EN;
}

/* Cut the next slice. Return: its niov is NULL if the pool is dry. */
static struct igb_devmem_slice igb_devmem_cut(struct igb_devmem_queue *q)
{
	struct igb_devmem_slice *rest = &q->rest, slice;

	if (!rest->niov) {
		rest->niov = net_iov_alloc(q->pool);
		if (!rest->niov)
			return *rest;
		rest->offset = 0;
		/* nobody else has it yet */
		atomic_set(&rest->niov->ref,
			   BIT(q->pool->shift - q->slice_shift));
	}
	slice = *rest;
	rest->offset += BIT(q->slice_shift);
	if (rest->offset == BIT(q->pool->shift))
		rest->niov = NULL;
	return slice;
}

static void igb_devmem_post(struct igb_devmem_queue *q, struct igb_ring *ring,
			    struct igb_devmem_slice slice)
{
	u16 i = ring->next_to_use;
	union e1000_adv_rx_desc *desc = IGB_RX_DESC(ring, i);

	/* The status is where the low half of hdr_addr was: an even address
	 * clears DD.
	 */
	desc->read.pkt_addr = cpu_to_le64(net_iov_dma(slice.niov) +
					  slice.offset);
	desc->read.hdr_addr = cpu_to_le64(q->hdr_dma + i * IGB_DEVMEM_HDR_SIZE);
	q->posted[i] = slice;
	q->unflushed++;
	ring->next_to_use = i + 1 < ring->count ? i + 1 : 0;
}

static void igb_devmem_flush(struct igb_devmem_queue *q, struct igb_ring *ring)
{
	if (!q->unflushed)
		return;

	q->unflushed = 0;
	/* descriptors before the tail that hands them over */
	dma_wmb();
	writel(ring->next_to_use, ring->tail);
}

/* Of the net_iovs that queues share each posts half of its part at most. Else
 * the first one's ring would keep all of a small dma-buf, traffic or not.
 */
static u16 igb_devmem_keep_free(const struct igb_devmem_queue *q)
{
	const struct net_iov_binding *binding = q->pool->home.binding;
	u32 room = q->count - 1;
	u64 part;

	if (binding->nr_pools == 1)
		return 0;
	part = (u64)(binding->total / binding->nr_pools / 2) <<
	       (q->pool->shift - q->slice_shift);
	return room - clamp_t(u64, part, 2 * IGB_RX_BUFFER_WRITE, room);
}

/* Slices that may still be posted. */
static int igb_devmem_room(const struct igb_devmem_queue *q,
			   struct igb_ring *ring)
{
	return igb_desc_unused(ring) - q->keep_free;
}

/* Return: false if the pool is dry. It has noted that, and will kick. */
static bool igb_devmem_refill(struct igb_devmem_queue *q,
			      struct igb_ring *ring)
{
	int n = igb_devmem_room(q, ring);
	struct igb_devmem_slice slice;

	while (n-- > 0) {
		slice = igb_devmem_cut(q);
		if (!slice.niov) {
			q->stats.pool_empty++;
			break;
		}
		igb_devmem_post(q, ring, slice);
	}
	igb_devmem_flush(q, ring);
	return n < 0;
}

/* The host buffers that bind set aside, in place of new ones. */
static void igb_devmem_use_spare(struct igb_devmem_queue *q,
				 struct igb_ring *ring)
{
	struct igb_rx_buffer *buf = ring->rx_buffer_info;
	u16 i;

	if (WARN_ON_ONCE(q->spare_order != igb_rx_pg_order(ring) ||
			 q->count != ring->count))
		return;

	for (i = 0; i < q->count - 1; i++) {
		buf[i].dma = q->spare[i].dma;
		buf[i].page = q->spare[i].page;
		buf[i].page_offset = ring_uses_build_skb(ring) ?
				     IGB_SKB_PAD : 0;
		buf[i].pagecnt_bias = USHRT_MAX;
		page_ref_add(buf[i].page, USHRT_MAX - 1);
	}
	kvfree(q->spare);
	q->spare = NULL;
}

/**
 * igb_devmem_fill_ring - give a freshly configured ring its buffers
 * @ring: any RX ring, not running
 *
 * Return: true if that is done, false if the ring wants host buffers.
 */
bool igb_devmem_fill_ring(struct igb_ring *ring)
{
	struct igb_devmem_queue *q = igb_devmem_find(ring);

	if (!q)
		return false;
	if (!q->pool) {
		if (q->spare)
			igb_devmem_use_spare(q, ring);
		return false;
	}
	if (READ_ONCE(q->parked) || WARN_ON_ONCE(q->count != ring->count))
		return true;

	q->slice_shift = igb_devmem_slice_shift(q, ring);
	q->keep_free = igb_devmem_keep_free(q);
	/* First, for a kick that comes while the pool is dry. */
	WRITE_ONCE(q->q_vector, ring->q_vector);
	/* the pool's locks are made for consumers in softirq */
	local_bh_disable();
	igb_devmem_refill(q, ring);
	local_bh_enable();
	return true;
}

/* The NIC is known not to write any more, and no poll touches the ring. */
void igb_devmem_take_back(struct igb_devmem_queue *q, struct igb_ring *ring)
{
	u16 i;

	if (!q->q_vector)
		return;

	igb_devmem_stop_lost(q->adapter);
	WRITE_ONCE(q->q_vector, NULL);
	for (i = 0; i < q->count; i++) {
		if (q->posted[i].niov)
			net_iov_put(q->posted[i].niov);
		q->posted[i].niov = NULL;
	}
	while (q->rest.niov)
		net_iov_put(igb_devmem_cut(q).niov);
	dev_kfree_skb_any(ring->skb);
	ring->skb = NULL;
	q->skip = false;
	q->unflushed = 0;

	/* No length and no DD of ours may meet igb's own poll. */
	memset(ring->desc, 0, ring->size);
	ring->next_to_alloc = 0;
	ring->next_to_clean = 0;
	ring->next_to_use = 0;
}

/* Return: true if @ring is bound, and now empty. */
bool igb_devmem_clean_ring(struct igb_ring *ring)
{
	struct igb_devmem_queue *q = igb_devmem_queue(ring);

	if (!q)
		return false;
	igb_devmem_take_back(q, ring);
	return true;
}

static void igb_devmem_drop(struct igb_ring *ring, u64 *reason)
{
	(*reason)++;
	dev_core_stats_rx_dropped_inc(ring->netdev);
}

/* Bytes in the header buffer of a frame, by its first descriptor. Only here header
 * length and SPH count, later descriptors repeat them. Return: 0 if it is not split.
 */
static u32 igb_devmem_header(const union e1000_adv_rx_desc *desc, u32 status)
{
	u16 info = le16_to_cpu(desc->wb.lower.lo_dword.hdr_info);
	u32 len = (info & E1000_RXDADV_HDRBUFLEN_MASK) >>
		  E1000_RXDADV_HDRBUFLEN_SHIFT;
	bool linear = status & E1000_RXD_STAT_EOP && !desc->wb.upper.length;

	/* A frame that fits the header buffer has no SPH; a header that does
	 * not has SPH and HBO, and its rest is in the payload buffer. The 82576
	 * puts no timestamp in packets.
	 */
	if ((!linear && !(info & IGB_DEVMEM_HDR_SPH)) ||
	    status & (IGB_DEVMEM_STAT_HBO | E1000_RXDADV_STAT_TSIP) ||
	    len <= ETH_HLEN || len > IGB_DEVMEM_HDR_SIZE)
		return 0;
	return len;
}

/* Return: the skb with the header, NULL to drop. */
static struct sk_buff *igb_devmem_begin(struct igb_devmem_queue *q,
					struct igb_ring *ring, u16 slot,
					u32 status)
{
	u32 len = igb_devmem_header(IGB_RX_DESC(ring, slot), status);
	struct sk_buff *skb;

	if (!len) {
		igb_devmem_drop(ring, &q->stats.drop_nosplit);
		return NULL;
	}

	skb = napi_alloc_skb(&ring->q_vector->napi, IGB_DEVMEM_HDR_SIZE);
	if (unlikely(!skb)) {
		ring->rx_stats.alloc_failed++;
		igb_devmem_drop(ring, &q->stats.drop_alloc);
		return NULL;
	}
	skb_put_data(skb, q->hdr + slot * IGB_DEVMEM_HDR_SIZE, len);
	return skb;
}

/* Nobody can read the payload later: what is not TCP, or was not verified by
 * the NIC, ends here. The IP header is in host memory, the stack checks it.
 */
static u64 *igb_devmem_verdict(struct igb_devmem_queue *q,
			       union e1000_adv_rx_desc *desc, u32 status)
{
	u16 type = le16_to_cpu(desc->wb.lower.lo_dword.pkt_info);

	if (type & IGB_DEVMEM_PKT_ETQF || !(type & IGB_DEVMEM_PKT_L3) ||
	    !(type & IGB_DEVMEM_PKT_TCP))
		return &q->stats.drop_not_tcp;
	if (!(status & E1000_RXD_STAT_TCPCS) ||
	    status & (E1000_RXD_STAT_IXSM | E1000_RXDEXT_STATERR_TCPE |
		      E1000_RXDEXT_STATERR_IPE))
		return &q->stats.drop_csum;
	return NULL;
}

/* Last descriptor of a frame, which carries checksum, type, VLAN and hash.
 * Return: bytes handed up.
 */
static u32 igb_devmem_end(struct igb_devmem_queue *q, struct igb_ring *ring,
			  union e1000_adv_rx_desc *desc, u32 status)
{
	struct sk_buff *skb = ring->skb;
	u64 *reason;
	u32 len;

	ring->skb = NULL;

	if (unlikely(status & E1000_RXDEXT_ERR_FRAME_ERR_MASK)) {
		dev_kfree_skb_any(skb);
		return 0;
	}

	if (skb_is_nonlinear(skb)) {
		reason = igb_devmem_verdict(q, desc, status);
		if (unlikely(reason)) {
			igb_devmem_drop(ring, reason);
			dev_kfree_skb_any(skb);
			return 0;
		}
		q->stats.packets++;
		q->stats.bytes += skb->data_len;
	} else {
		if (eth_skb_pad(skb))
			return 0;
		q->stats.linear_packets++;
		q->stats.linear_bytes += skb->len;
	}

	len = skb->len;
	igb_devmem_skb_fields(ring, desc, skb);
	if (skb_is_nonlinear(skb))
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	igb_devmem_merge_begin(q, &ring->q_vector->napi, desc, skb);
	return len;
}

/* A frame of one descriptor that goes on where the one before it ended needs no skb.
 * Return: bytes handed up, 0 if it is another.
 */
static u32 igb_devmem_add(struct igb_devmem_queue *q, struct igb_ring *ring,
			  u16 slot, u32 status, struct igb_devmem_slice slice)
{
	union e1000_adv_rx_desc *desc = IGB_RX_DESC(ring, slot);
	u32 len = le16_to_cpu(desc->wb.upper.length);
	u32 hdr_len;

	if (!(status & E1000_RXD_STAT_EOP) || !len || ring->skb || q->skip ||
	    len > BIT(q->slice_shift) ||
	    status & E1000_RXDEXT_ERR_FRAME_ERR_MASK ||
	    igb_devmem_verdict(q, desc, status))
		return 0;
	hdr_len = igb_devmem_header(desc, status);
	if (!hdr_len ||
	    !igb_devmem_merge_add(q, &ring->q_vector->napi, desc,
				  q->hdr + slot * IGB_DEVMEM_HDR_SIZE, hdr_len,
				  slice, len))
		return 0;
	q->stats.packets++;
	q->stats.bytes += len;
	q->stats.merged++;
	return hdr_len + len;
}

/* One descriptor. Return: bytes handed up. */
static u32 igb_devmem_clean_desc(struct igb_devmem_queue *q,
				 struct igb_ring *ring, u32 status)
{
	u16 slot = ring->next_to_clean;
	union e1000_adv_rx_desc *desc = IGB_RX_DESC(ring, slot);
	u32 len = le16_to_cpu(desc->wb.upper.length);
	struct igb_devmem_slice slice = q->posted[slot];
	struct sk_buff *skb;
	u32 added;

	q->posted[slot].niov = NULL;
	ring->next_to_clean = slot + 1 < ring->count ? slot + 1 : 0;
	prefetch(IGB_RX_DESC(ring, ring->next_to_clean));

	added = igb_devmem_add(q, ring, slot, status, slice);
	if (added)
		return added;

	if (!ring->skb && !q->skip) {
		ring->skb = igb_devmem_begin(q, ring, slot, status);
		q->skip = !ring->skb;
	}

	skb = ring->skb;
	if (skb && len) {
		if (likely(skb_shinfo(skb)->nr_frags < MAX_SKB_FRAGS &&
			   len <= BIT(q->slice_shift))) {
			skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags,
					net_iov_to_frag_page(slice.niov),
					slice.offset, len,
					BIT(q->slice_shift));
			slice.niov = NULL;
		} else {
			igb_devmem_drop(ring, &q->stats.drop_alloc);
			dev_kfree_skb_any(skb);
			ring->skb = NULL;
			q->skip = true;
		}
	}
	/* Never onto @desc: one slot between use and clean stays free. */
	if (slice.niov)
		igb_devmem_post(q, ring, slice);

	if (!(status & E1000_RXD_STAT_EOP))
		return 0;
	if (q->skip) {
		q->skip = false;
		return 0;
	}
	return igb_devmem_end(q, ring, desc, status);
}

static int igb_devmem_poll(struct igb_devmem_queue *q,
			   struct igb_q_vector *q_vector, int budget,
			   bool refill)
{
	struct igb_ring *ring = q_vector->rx.ring;
	unsigned int bytes = 0, packets = 0;
	union e1000_adv_rx_desc *desc;
	u32 status, len;
	int work = 0;

	while (work < budget) {
		if (refill && igb_devmem_room(q, ring) >= IGB_RX_BUFFER_WRITE)
			refill = igb_devmem_refill(q, ring);
		if (q->unflushed >= IGB_RX_BUFFER_WRITE)
			igb_devmem_flush(q, ring);

		/* An empty ring's next descriptor still has its old DD. */
		if (ring->next_to_clean == ring->next_to_use)
			break;

		/* Not the length, which is 0 if there is no payload. */
		desc = IGB_RX_DESC(ring, ring->next_to_clean);
		status = le32_to_cpu(READ_ONCE(desc->wb.upper.status_error));
		if (!(status & E1000_RXD_STAT_DD))
			break;

		/* nothing else of it, or of its buffers, before DD */
		dma_rmb();

		len = igb_devmem_clean_desc(q, ring, status);
		if (status & E1000_RXD_STAT_EOP)
			work++;
		if (len) {
			packets++;
			bytes += len;
		}
	}

	if (refill && igb_devmem_room(q, ring) >= IGB_RX_BUFFER_WRITE)
		igb_devmem_refill(q, ring);
	igb_devmem_flush(q, ring);
	igb_devmem_merge_end_all(q, &q_vector->napi);

	u64_stats_update_begin(&ring->rx_syncp);
	ring->rx_stats.packets += packets;
	ring->rx_stats.bytes += bytes;
	u64_stats_update_end(&ring->rx_syncp);
	q_vector->rx.total_packets += packets;
	q_vector->rx.total_bytes += bytes;

	return work;
}

/* In place of igb_clean_rx_irq(), from the vector's NAPI. */
int igb_devmem_clean_rx_irq(struct igb_q_vector *q_vector, int budget)
{
	struct igb_devmem_queue *q = igb_devmem_queue(q_vector->rx.ring);

	/* Budget 0 is netpoll, from any context: not the pool's consumer. And
	 * without a vector the ring is down, see igb_devmem_undo_down().
	 */
	if (unlikely(!budget || !q || READ_ONCE(q->parked) ||
		     !READ_ONCE(q->q_vector)))
		return 0;
	return igb_devmem_poll(q, q_vector, budget, true);
}

/* What a stopped queue has completed; softirqs off, NAPI disabled. */
int igb_devmem_harvest(struct igb_q_vector *q_vector, int budget)
{
	struct igb_devmem_queue *q = igb_devmem_queue(q_vector->rx.ring);

	return igb_devmem_poll(q, q_vector, budget, false);
}
