// SPDX-License-Identifier: GPL-2.0-only
/* The guards on a frame's way in: what GRO merges, also for drivers that do not
 * do as igb does, and what is not TCP over IP. See guard_test.c.
 */

#include <linux/etherdevice.h>
#include <linux/tcp.h>
#include <net/gro.h>
#include <net/ip.h>
#include "frame.h"

/* What GRO keeps of @skb, as gro_list_prepare() leaves it. */
static void input_gro(struct sk_buff *skb, struct net_device *dev, u32 offset)
{
	skb->dev = dev;
	NAPI_GRO_CB(skb)->data_offset = offset;
	NAPI_GRO_CB(skb)->count = 1;
	NAPI_GRO_CB(skb)->flush = 0;
	NAPI_GRO_CB(skb)->last = skb;
}

static void input_gro_merges(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev(0);
	struct sk_buff *skb;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	input_gro(frame_skb, dev, FRAME_HEAD);

	skb = frame_host(test, FRAME_HEAD);
	input_gro(skb, dev, FRAME_HEAD);
	KUNIT_EXPECT_NE(test, skb_gro_receive(frame_skb, skb), 0);
	KUNIT_EXPECT_NE(test, skb_gro_receive(skb, frame_skb), 0);
	kfree_skb(skb);

	/* Payload in the head, behind the headers. */
	skb = frame_device(test, FRAME_HEAD);
	input_gro(skb, dev, FRAME_HEAD - 4);
	KUNIT_EXPECT_NE(test, skb_gro_receive(frame_skb, skb), 0);
	kfree_skb(skb);

	skb = frame_device(test, FRAME_HEAD);
	input_gro(skb, dev, FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, skb_gro_receive(frame_skb, skb), 0);
	KUNIT_EXPECT_EQ(test, skb_shinfo(frame_skb)->nr_frags, 4);
	kfree_skb(skb);
	frame_skb->dev = NULL;
	free_netdev(dev);
}

static int input_poll(struct napi_struct *napi, int budget)
{
	return 0;
}

/* Headers of segment @i of a connection: GRO merges it with the one before. */
static void input_put_headers(struct sk_buff *skb, u32 i)
{
	struct ethhdr *eth = skb_put_zero(skb, sizeof(*eth));
	struct iphdr *ip = skb_put_zero(skb, sizeof(*ip));
	struct tcphdr *tcp = skb_put_zero(skb, sizeof(*tcp));

	eth->h_proto = htons(ETH_P_IP);
	frame_ip(ip, IPPROTO_TCP, IP_DF, FRAME_LEN - sizeof(*eth));
	tcp->source = htons(1000);
	tcp->dest = htons(2000);
	tcp->seq = htonl(1 + i * 2 * FRAME_FRAG);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->ack = 1;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
}

/* Drivers that fill the skbs of napi_get_frags(), and one that leaves even the
 * headers in device memory: its frames are dropped.
 */
static void input_gro_drivers(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev(0);
	struct napi_struct napi = {};
	struct sk_buff *skb;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->features |= NETIF_F_GRO;
	netif_napi_add(dev, &napi, input_poll);
	napi_enable(&napi);
	KUNIT_ASSERT_TRUE(test, napi_schedule_prep(&napi));
	local_bh_disable();
	for (i = 0; i < 2; i++) {
		skb = napi_get_frags(&napi);
		KUNIT_EXPECT_TRUE(test, skb_frags_readable(skb));
		input_put_headers(skb, i);
		frame_device_frags(test, skb);
		KUNIT_EXPECT_EQ(test, napi_gro_frags(&napi),
				i ? GRO_MERGED_FREE : GRO_HELD);
	}
	/* The skb of the second is used again. */
	skb = napi_get_frags(&napi);
	KUNIT_EXPECT_TRUE(test, skb_frags_readable(skb));

	skb = frame_device(test, 0);
	skb->dev = dev;
	napi_gro_receive(&napi, skb);

	napi_complete_done(&napi, 1);
	local_bh_enable();
	napi_disable(&napi);
	netif_napi_del(&napi);
	synchronize_net();
	free_netdev(dev);
}

static u64 input_discarded(void __percpu *mib)
{
	return snmp_fold_field64(mib, IPSTATS_MIB_INDISCARDS,
				 offsetof(struct ipstats_mib, syncp));
}

/* The stack gets a packet that is complete but for the link. */
static void input_ip(struct sk_buff *skb)
{
	__skb_pull(skb, ETH_HLEN);
	skb->dev = init_net.loopback_dev;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	local_bh_disable();
	netif_receive_skb(skb);
	local_bh_enable();
}

/* An unreadable IPv4 packet that is not TCP. */
static void input_packet(struct kunit *test, struct sk_buff *skb, u16 frag_off)
{
	frame_ip(ip_hdr(skb), IPPROTO_UDP, frag_off, skb->len - ETH_HLEN);
	input_ip(skb);
}

static void input_not_tcp(struct kunit *test)
{
	void __percpu *mib = init_net.mib.ip_statistics;
	struct fixture *fix = test->priv;
	u64 before = input_discarded(mib);

	input_packet(test, frame_device(test, FRAME_HEAD), 0);
	KUNIT_EXPECT_EQ(test, input_discarded(mib), before + 1);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

static void input_not_tcp6(struct kunit *test)
{
	void __percpu *mib = init_net.mib.ipv6_statistics;
	struct sk_buff *skb = frame_device(test, FRAME_HEAD);
	struct fixture *fix = test->priv;
	u64 before = input_discarded(mib);

	frame_ip6(ipv6_hdr(skb), IPPROTO_UDP, skb->len - ETH_HLEN);
	skb->protocol = htons(ETH_P_IPV6);
	input_ip(skb);
	KUNIT_EXPECT_EQ(test, input_discarded(mib), before + 1);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

/* Nothing waits for the rest of a packet that will never be whole. */
static void input_fragment(struct kunit *test)
{
	struct fixture *fix = test->priv;

	input_packet(test, frame_device(test, FRAME_HEAD + 2), IP_MF);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

static u32 input_taken;

static int input_take(struct sk_buff *skb, struct net_device *dev,
		      struct packet_type *type, struct net_device *orig)
{
	input_taken++;
	kfree_skb(skb);
	return 0;
}

/* Nobody but IP is asked whether he wants it. */
static void input_not_ip(struct kunit *test)
{
	struct packet_type type = {
		.type = htons(ETH_P_802_EX1),
		.func = input_take,
	};
	struct sk_buff *skbs[] = {
		frame_host(test, FRAME_HEAD), frame_device(test, FRAME_HEAD),
	};
	u32 i;

	input_taken = 0;
	dev_add_pack(&type);
	for (i = 0; i < ARRAY_SIZE(skbs); i++) {
		skbs[i]->dev = init_net.loopback_dev;
		skbs[i]->protocol = type.type;
		local_bh_disable();
		netif_receive_skb(skbs[i]);
		local_bh_enable();
	}
	dev_remove_pack(&type);
	KUNIT_EXPECT_EQ(test, input_taken, 1U);
}

static struct kunit_case input_cases[] = {
	KUNIT_CASE(input_gro_merges),
	KUNIT_CASE(input_gro_drivers),
	KUNIT_CASE(input_not_tcp),
	KUNIT_CASE(input_not_tcp6),
	KUNIT_CASE(input_fragment),
	KUNIT_CASE(input_not_ip),
	{}
};

static struct kunit_suite input_suite = {
	.name = "input",
	.init = frame_init,
	.exit = frame_exit,
	.test_cases = input_cases,
};

kunit_test_suite(input_suite);
