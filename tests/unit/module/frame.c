// SPDX-License-Identifier: GPL-2.0-only
/* See frame.h. */

#include <linux/if_ether.h>
#include "frame.h"

#define FRAME_NIOVS	16

struct sk_buff *frame_skb;

/* With a head that could become a frag. */
static struct sk_buff *frame_alloc(void)
{
	return netdev_alloc_skb(NULL, 1500);
}

static void frame_fill(struct kunit *test, struct sk_buff *skb, u32 head)
{
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	for (i = 0; i < head; i++)
		*(u8 *)skb_put(skb, 1) = i + 1;
	skb->protocol = htons(ETH_P_IP);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(struct iphdr));
}

void frame_device_frags(struct kunit *test, struct sk_buff *skb)
{
	struct net_iov *niov;
	u32 i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, fixture_alloc(test->priv, 0, &niov, 1),
				1U);
		skb_add_rx_frag(skb, i, net_iov_to_frag_page(niov), 128,
				FRAME_FRAG, PAGE_SIZE);
	}
}

/* Two frags of device memory behind @head bytes. */
struct sk_buff *frame_device(struct kunit *test, u32 head)
{
	struct sk_buff *skb = frame_alloc();

	frame_fill(test, skb, head);
	frame_device_frags(test, skb);
	return skb;
}

/* The same with frags of host memory. */
struct sk_buff *frame_host(struct kunit *test, u32 head)
{
	struct sk_buff *skb = frame_alloc();
	struct page *page;
	u32 i;

	frame_fill(test, skb, head);
	for (i = 0; i < 2; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, page);
		skb_add_rx_frag(skb, i, page, 128, FRAME_FRAG, PAGE_SIZE);
	}
	return skb;
}

/* IPv4 header of a packet of @len bytes from a neighbour to us, see init.sh. */
void frame_ip(struct iphdr *ip, u8 protocol, u16 frag_off, u32 len)
{
	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->frag_off = htons(frag_off);
	ip->saddr = htonl(0xc0000202);
	ip->daddr = htonl(0xc0000201);
	ip->tot_len = htons(len);
	ip->check = ip_fast_csum(ip, ip->ihl);
}

/* IPv6 header of a packet of @len bytes from us to us. */
void frame_ip6(struct ipv6hdr *ip6, u8 protocol, u32 len)
{
	memset(ip6, 0, sizeof(*ip6));
	ip6->version = 6;
	ip6->nexthdr = protocol;
	ip6->hop_limit = 64;
	ip6->saddr = in6addr_loopback;
	ip6->daddr = in6addr_loopback;
	ip6->payload_len = htons(len - sizeof(*ip6));
}

int frame_init(struct kunit *test)
{
	fixture_make(test, 1, FRAME_NIOVS);
	frame_skb = frame_device(test, FRAME_HEAD);
	return 0;
}

void frame_exit(struct kunit *test)
{
	struct fixture *fix = test->priv;

	kfree_skb(frame_skb);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 0U);
	fixture_exit(test);
}
