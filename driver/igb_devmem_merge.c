// SPDX-License-Identifier: GPL-2.0-only
/* Frames of a poll that follow each other in a TCP stream become one skb, before
 * there is an skb for each.
 *
 * That is what GRO does, and by its rules, for a tenth of the instructions: the header
 * is looked at where the NIC has put it, and payload is one more frag. But for
 * IPv4's id, which tells nobody anything of a frame that will not be cut again, as
 * those of device memory never are. And a FIN comes alone. GRO sees what comes out,
 * so the order of a flow is GRO's business.
 *
 * Only frames of one descriptor are added; the first of an skb may have more.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <asm/unaligned.h>
#include <net/gro.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "igb.h"

#define IGB_DEVMEM_STAT_IPCS	BIT(6)	/* IPv4 checksum verified */

/* The flags of a frame that can grow are ACK, perhaps ECE, and those of its last
 * one perhaps PSH.
 */
#define IGB_DEVMEM_TCP_FLAGS	(TCP_FLAG_CWR | TCP_FLAG_URG | TCP_FLAG_ACK | \
				 TCP_FLAG_PSH | TCP_FLAG_RST | TCP_FLAG_SYN | \
				 TCP_FLAG_FIN)

/* Words at the same place of two headers, which need not be aligned */
static bool igb_devmem_same16(const void *a, const void *b, u32 at)
{
	return get_unaligned((const u16 *)(a + at)) ==
	       get_unaligned((const u16 *)(b + at));
}

static bool igb_devmem_same32(const void *a, const void *b, u32 at)
{
	return get_unaligned((const u32 *)(a + at)) ==
	       get_unaligned((const u32 *)(b + at));
}

static bool igb_devmem_same64(const void *a, const void *b, u32 at)
{
	return get_unaligned((const u64 *)(a + at)) ==
	       get_unaligned((const u64 *)(b + at));
}

/* What the NIC says of a frame that has to be the same for all of an skb */
#define IGB_DEVMEM_MERGE_STATUS	(E1000_RXD_STAT_VP | IGB_DEVMEM_STAT_IPCS | \
				 E1000_RXDADV_STAT_TS | \
				 E1000_RXDEXT_STATERR_LB)

/* Where in a header TCP begins, 0 if a frame with it is none that can grow: TCP right
 * behind an IP header without options, @payload bytes behind it and no more, and no
 * flag but ACK.
 */
static u32 igb_devmem_find_tcp(const u8 *hdr, u32 len, u32 payload)
{
	const struct ethhdr *eth = (const void *)hdr;
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct tcphdr *tcp;

	if (eth->h_proto == htons(ETH_P_IP)) {
		tcp = (const void *)(ip + 1);
		if (len < ETH_HLEN + sizeof(*ip) + sizeof(*tcp) ||
		    ip->version != 4 || ip->ihl != 5 || ip_is_fragment(ip) ||
		    ip->protocol != IPPROTO_TCP ||
		    ntohs(ip->tot_len) != len - ETH_HLEN + payload)
			return 0;
	} else if (eth->h_proto == htons(ETH_P_IPV6)) {
		tcp = (const void *)(ip6 + 1);
		if (len < ETH_HLEN + sizeof(*ip6) + sizeof(*tcp) ||
		    ip6->version != 6 || ip6->nexthdr != IPPROTO_TCP ||
		    ntohs(ip6->payload_len) !=
			    len - ETH_HLEN - sizeof(*ip6) + payload)
			return 0;
	} else {
		return 0;
	}
	if ((u8 *)tcp - hdr + tcp->doff * 4 != len ||
	    (tcp_flag_word(tcp) & IGB_DEVMEM_TCP_FLAGS) != TCP_FLAG_ACK)
		return 0;
	return (u8 *)tcp - hdr;
}

static bool igb_devmem_is_ipv4(const struct igb_devmem_merge *merge)
{
	return merge->tcp == ETH_HLEN + sizeof(struct iphdr);
}

/* Is what differs between the headers, of the same length, of two frames that follow
 * each other in a stream all that may differ? That is, in the order of the header:
 * IP's length, IPv4's id and checksum, the sequence number, PSH, TCP's checksum.
 */
static bool igb_devmem_follows(const struct igb_devmem_merge *merge,
			       const u8 *hdr, u32 payload)
{
	const u8 *head = skb_mac_header(merge->skb);
	const struct tcphdr *tcp = (const void *)(hdr + merge->tcp);
	const struct tcphdr *tcp0 = (const void *)(head + merge->tcp);
	u32 len = merge->hdr_len - ETH_HLEN, i;

	if (!igb_devmem_same64(hdr, head, 0) ||
	    !igb_devmem_same64(hdr, head, 8))
		return false;
	if (igb_devmem_is_ipv4(merge)) {
		const struct iphdr *ip = (const void *)(hdr + ETH_HLEN);

		if (ntohs(ip->tot_len) != len + payload ||
		    !igb_devmem_same32(hdr, head, 20) ||
		    !igb_devmem_same64(hdr, head, 26))
			return false;
	} else {
		const struct ipv6hdr *ip6 = (const void *)(hdr + ETH_HLEN);

		if (ntohs(ip6->payload_len) != len - sizeof(*ip6) + payload ||
		    !igb_devmem_same32(hdr, head, 14) ||
		    !igb_devmem_same16(hdr, head, 20) ||
		    !igb_devmem_same64(hdr, head, 22) ||
		    !igb_devmem_same64(hdr, head, 30) ||
		    !igb_devmem_same64(hdr, head, 38) ||
		    !igb_devmem_same64(hdr, head, 46))
			return false;
	}
	if (!igb_devmem_same32(tcp, tcp0, 0) ||
	    ntohl(tcp->seq) != merge->seq || tcp->ack_seq != tcp0->ack_seq ||
	    (tcp_flag_word(tcp) ^ tcp_flag_word(tcp0)) & ~TCP_FLAG_PSH)
		return false;
	/* options; a multiple of four bytes */
	for (i = merge->tcp + sizeof(*tcp); i + 8 <= merge->hdr_len; i += 8)
		if (!igb_devmem_same64(hdr, head, i))
			return false;
	return i == merge->hdr_len || igb_devmem_same32(hdr, head, i);
}

static struct igb_devmem_merge *
igb_devmem_merge_of(struct igb_devmem_queue *q,
		    const union e1000_adv_rx_desc *desc)
{
	return &q->merge[le32_to_cpu(desc->wb.lower.hi_dword.rss) %
			 IGB_DEVMEM_MERGES];
}

/* Hand up an skb that may have grown. */
static void igb_devmem_merge_end(struct napi_struct *napi,
				 struct igb_devmem_merge *merge)
{
	struct sk_buff *skb = merge->skb;
	struct skb_shared_info *info;

	if (!skb)
		return;
	merge->skb = NULL;
	if (merge->segs > 1) {
		info = skb_shinfo(skb);
		info->gso_size = merge->mss;
		info->gso_segs = merge->segs;
		skb_set_transport_header(skb, merge->tcp - ETH_HLEN);
		if (igb_devmem_is_ipv4(merge)) {
			struct iphdr *ip = (void *)skb->data;

			info->gso_type = SKB_GSO_TCPV4;
			ip->tot_len = htons(skb->len);
			ip_send_check(ip);
		} else {
			struct ipv6hdr *ip6 = (void *)skb->data;

			info->gso_type = SKB_GSO_TCPV6;
			ip6->payload_len = htons(skb->len - sizeof(*ip6));
		}
	}
	napi_gro_receive(napi, skb);
}

/* At the end of a poll: nothing waits for the next one. */
void igb_devmem_merge_end_all(struct igb_devmem_queue *q,
			      struct napi_struct *napi)
{
	u32 i;

	for (i = 0; i < IGB_DEVMEM_MERGES; i++)
		igb_devmem_merge_end(napi, &q->merge[i]);
}

/**
 * igb_devmem_merge_begin - hand up an skb, now or when it has grown
 * @q: its queue
 * @napi: the queue's
 * @desc: last descriptor of the frame
 * @skb: complete, behind eth_type_trans()
 */
void igb_devmem_merge_begin(struct igb_devmem_queue *q, struct napi_struct *napi,
			    const union e1000_adv_rx_desc *desc,
			    struct sk_buff *skb)
{
	struct igb_devmem_merge *merge = igb_devmem_merge_of(q, desc);
	u32 status = le32_to_cpu(desc->wb.upper.status_error);
	u32 hdr_len = ETH_HLEN + skb_headlen(skb);
	u32 at = 0;

	/* It would be overtaken. */
	igb_devmem_merge_end(napi, merge);

	if (skb_is_nonlinear(skb) && !netif_elide_gro(skb->dev) &&
	    !(status & E1000_RXDADV_STAT_TS) &&
	    (eth_hdr(skb)->h_proto != htons(ETH_P_IP) ||
	     status & IGB_DEVMEM_STAT_IPCS))
		at = igb_devmem_find_tcp(skb_mac_header(skb), hdr_len,
					 skb->data_len);
	if (!at) {
		napi_gro_receive(napi, skb);
		return;
	}
	merge->skb = skb;
	merge->status = status;
	merge->vlan = desc->wb.upper.vlan;
	merge->hdr_len = hdr_len;
	merge->tcp = at;
	merge->seq = ntohl(((struct tcphdr *)(skb_mac_header(skb) + at))->seq) +
		     skb->data_len;
	merge->mss = skb->data_len;
	merge->segs = 1;
}

/**
 * igb_devmem_merge_add - make a frame part of the skb before it
 * @q: its queue
 * @napi: the queue's
 * @desc: the only descriptor of the frame, which the NIC has verified
 * @hdr: its header
 * @hdr_len: bytes of @hdr
 * @slice: its payload
 * @len: bytes of that, > 0
 *
 * Return: true: @slice belongs to an skb. false: the frame needs an skb.
 */
bool igb_devmem_merge_add(struct igb_devmem_queue *q, struct napi_struct *napi,
			  const union e1000_adv_rx_desc *desc, const u8 *hdr,
			  u32 hdr_len, struct igb_devmem_slice slice, u32 len)
{
	struct igb_devmem_merge *merge = igb_devmem_merge_of(q, desc);
	u32 status = le32_to_cpu(desc->wb.upper.status_error);
	struct sk_buff *skb = merge->skb;
	__be32 *flags;
	u32 nr;

	if (!skb || merge->hdr_len != hdr_len || len > merge->mss ||
	    (status ^ merge->status) & IGB_DEVMEM_MERGE_STATUS ||
	    desc->wb.upper.vlan != merge->vlan)
		return false;
	nr = skb_shinfo(skb)->nr_frags;
	if (nr == MAX_SKB_FRAGS || skb->len + len > U16_MAX ||
	    skb->len + len >= READ_ONCE(skb->dev->gro_max_size) ||
	    !igb_devmem_follows(merge, hdr, len))
		return false;

	skb_add_rx_frag(skb, nr, net_iov_to_frag_page(slice.niov),
			slice.offset, len, BIT(q->slice_shift));
	merge->seq += len;
	merge->segs++;
	flags = &tcp_flag_word(skb_mac_header(skb) + merge->tcp);
	*flags |= tcp_flag_word(hdr + merge->tcp);
	if (len < merge->mss || *flags & TCP_FLAG_PSH)
		igb_devmem_merge_end(napi, merge);
	return true;
}
