// SPDX-License-Identifier: GPL-2.0-only
/* The guards of the kernel patch, called one by one with an unreadable skb:
 * what cannot be done without looking at device memory fails, and what can be
 * done is done. Guards inside of TCP, IP and netfilter have no door to knock at
 * from here; scenarios of tests/vm reach them. tests/unit/guards.sh removes
 * each guard and expects a failure.
 */

#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/gro.h>
#include <net/ip.h>
#include <net/tcp.h>
#include "fixture.h"

#define HEAD	54U	/* Ethernet, IPv4, TCP */
#define FRAG	64U	/* bytes of each of two frags */
#define LEN		(HEAD + 2 * FRAG)
#define NIOVS	16

/* Of the case that runs; test->priv is the fixture. */
static struct guard_test {
	struct sk_buff	*skb;		/* unreadable */
	u8		to[256];	/* room to copy to, poisoned */
} guard_test;

/* With a head that could become a frag. */
static struct sk_buff *guard_alloc(void)
{
	return netdev_alloc_skb(NULL, 1500);
}

static void guard_fill(struct kunit *test, struct sk_buff *skb, u32 head)
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

static void guard_device_frags(struct kunit *test, struct sk_buff *skb)
{
	struct net_iov *niov;
	u32 i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, fixture_alloc(test->priv, 0, &niov, 1),
				1U);
		skb_add_rx_frag(skb, i, net_iov_to_frag_page(niov), 128,
				FRAG, PAGE_SIZE);
	}
}

/* Two frags of device memory behind @head bytes. */
static struct sk_buff *guard_device(struct kunit *test, u32 head)
{
	struct sk_buff *skb = guard_alloc();

	guard_fill(test, skb, head);
	guard_device_frags(test, skb);
	return skb;
}

/* The same with frags of host memory. */
static struct sk_buff *guard_host(struct kunit *test, u32 head)
{
	struct sk_buff *skb = guard_alloc();
	struct page *page;
	u32 i;

	guard_fill(test, skb, head);
	for (i = 0; i < 2; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, page);
		skb_add_rx_frag(skb, i, page, 128, FRAG, PAGE_SIZE);
	}
	return skb;
}

static int guard_init(struct kunit *test)
{
	fixture_make(test, 1, NIOVS);
	memset(&guard_test, 0xaa, sizeof(guard_test));
	guard_test.skb = guard_device(test, HEAD);
	return 0;
}

static void guard_exit(struct kunit *test)
{
	struct fixture *fix = test->priv;

	kfree_skb(guard_test.skb);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 0U);
	fixture_exit(test);
}

/* All that a header is asked for works, and no byte more. */
static void guard_reads(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *skb = st->skb;

	KUNIT_EXPECT_FALSE(test, skb_frags_readable(skb));
	KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, 0, st->to, HEAD), 0);
	KUNIT_EXPECT_EQ(test, st->to[HEAD - 1], HEAD);
	KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, 0, st->to, HEAD + 1),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, HEAD, st->to, 1), -EFAULT);
	KUNIT_EXPECT_TRUE(test, pskb_may_pull(skb, HEAD));
	KUNIT_EXPECT_FALSE(test, pskb_may_pull(skb, HEAD + 1));
	KUNIT_EXPECT_EQ(test, skb->len, LEN);
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), HEAD);
}

static void guard_writes(struct kunit *test)
{
	struct guard_test *st = &guard_test;

	KUNIT_EXPECT_EQ(test, skb_store_bits(st->skb, 0, st->to, HEAD), 0);
	KUNIT_EXPECT_EQ(test, skb_store_bits(st->skb, 0, st->to, LEN),
			-EFAULT);
}

static void guard_frag_helpers(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	skb_frag_t *frag = &skb_shinfo(st->skb)->frags[1];

	KUNIT_EXPECT_NULL(test, skb_frag_page(frag));
	KUNIT_EXPECT_NULL(test, skb_frag_address(frag));
	KUNIT_EXPECT_NULL(test, skb_frag_address_safe(frag));
	/* Not because both have no page, but when it is the same buffer. */
	KUNIT_EXPECT_FALSE(test, skb_can_coalesce(st->skb, 2, NULL,
						  128 + FRAG));
	KUNIT_EXPECT_TRUE(test, skb_can_coalesce(st->skb, 2, frag->bv_page,
						 128 + FRAG));
}

static void guard_copies(struct kunit *test)
{
	struct sk_buff *skb = guard_test.skb, *copy;
	struct fixture *fix = test->priv;

	KUNIT_EXPECT_NULL(test, skb_copy(skb, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, skb_copy_expand(skb, 128, 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, skb_copy_ubufs(skb, GFP_KERNEL), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb_linearize(skb), -ENOMEM);

	/* These share the frags: each has references of its own. */
	copy = pskb_copy(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(copy));
	kfree_skb(copy);
	copy = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, pskb_expand_head(skb, 128, 0, GFP_KERNEL), 0);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(copy));
	kfree_skb(copy);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

static void guard_to_user(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct kvec vec = { .iov_base = st->to, .iov_len = sizeof(st->to) };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, sizeof(st->to));
	KUNIT_EXPECT_EQ(test, skb_copy_datagram_iter(st->skb, 0, &iter,
						     HEAD), 0);
	KUNIT_EXPECT_EQ(test, skb_copy_datagram_iter(st->skb, HEAD, &iter,
						     FRAG), -EFAULT);
}

/* A page of the caller's does not become a neighbour of device memory. */
static void guard_from_user(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio_vec vec = { .bv_page = page, .bv_len = PAGE_SIZE };
	struct msghdr msg = {};
	struct iov_iter iter;

	KUNIT_ASSERT_NOT_NULL(test, page);
	iov_iter_bvec(&iter, ITER_SOURCE, &vec, 1, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, __zerocopy_sg_from_iter(&msg, NULL, st->skb,
						      &iter, 64), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb_shinfo(st->skb)->nr_frags, 2);
	__free_page(page);
}

static void guard_checksums(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *skb = st->skb;
	__wsum head = csum_partial(skb->data, HEAD, 0);
	u32 i;

	KUNIT_EXPECT_EQ(test, csum_fold(skb_checksum(skb, 0, LEN, 0)),
			csum_fold(head));
	/* What is given away instead of payload is zeroes. */
	skb_copy_and_csum_bits(skb, 0, st->to, LEN);
	KUNIT_EXPECT_EQ(test, st->to[HEAD - 1], HEAD);
	for (i = HEAD; i < LEN; i++)
		KUNIT_ASSERT_EQ(test, st->to[i], 0);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + HEAD - 20;
	skb->csum_offset = 16;
	KUNIT_EXPECT_EQ(test, skb_checksum_help(skb), -EFAULT);
	skb->csum_offset = 8;
	KUNIT_EXPECT_EQ(test, skb_crc32c_csum_help(skb), -EFAULT);
}

/* The sum over the headers alone would be right. */
static void guard_checksum_complete(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *skb = st->skb;

	skb->csum = (__force __wsum)~csum_partial(skb->data, HEAD, 0);
	KUNIT_EXPECT_NE(test, __skb_checksum_complete(skb), (__sum16)0);
	KUNIT_EXPECT_NE(test, __skb_checksum_complete_head(skb, LEN),
			(__sum16)0);
	KUNIT_EXPECT_EQ(test, __skb_checksum_complete_head(skb, HEAD),
			(__sum16)0);
	NAPI_GRO_CB(skb)->csum = skb->csum;
	NAPI_GRO_CB(skb)->data_offset = 0;
	KUNIT_EXPECT_NE(test, __skb_gro_checksum_complete(skb), (__sum16)0);
}

static void guard_trims(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *skb = st->skb;

	/* Padding in the payload: the sum of it cannot be taken off. */
	skb->ip_summed = CHECKSUM_COMPLETE;
	KUNIT_EXPECT_EQ(test, pskb_trim_rcsum(skb, LEN - 4), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb->len, LEN);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	KUNIT_EXPECT_EQ(test, pskb_trim_rcsum(skb, LEN - 4), 0);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(skb));
	/* It would fit into the head, but is not to be had. */
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), HEAD);
	KUNIT_EXPECT_EQ(test, pskb_trim(skb, HEAD), 0);
	KUNIT_EXPECT_TRUE(test, skb_frags_readable(skb));
}

static void guard_splits(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *rest = alloc_skb(512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rest);
	skb_split(st->skb, rest, HEAD + FRAG);
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(st->skb));
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(rest));
	KUNIT_EXPECT_EQ(test, rest->len, FRAG);
	kfree_skb(rest);

	rest = alloc_skb(512, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	skb_split(st->skb, rest, HEAD - 4);
	KUNIT_EXPECT_TRUE(test, skb_frags_readable(st->skb));
	KUNIT_EXPECT_FALSE(test, skb_frags_readable(rest));
	kfree_skb(rest);
}

static void guard_reader(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct skb_seq_state state;
	const u8 *data;
	u32 got;

	skb_prepare_seq_read(st->skb, 0, LEN, &state);
	got = skb_seq_read(0, &data, &state);
	KUNIT_EXPECT_EQ(test, got, HEAD);
	KUNIT_EXPECT_EQ(test, skb_seq_read(got, &data, &state), 0U);
	skb_abort_seq_read(&state);
}

static void guard_lists(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct scatterlist sg[4];
	struct sk_buff *to;

	sg_init_table(sg, ARRAY_SIZE(sg));
	KUNIT_EXPECT_EQ(test, skb_to_sgvec(st->skb, sg, 0, HEAD), 1);
	sg_init_table(sg, ARRAY_SIZE(sg));
	KUNIT_EXPECT_EQ(test, skb_to_sgvec(st->skb, sg, 0, LEN), -EFAULT);
	KUNIT_EXPECT_EQ(test, skb_send_sock_locked(NULL, st->skb, HEAD,
						   FRAG), -EFAULT);
	/* No room to copy all of it: frags are passed on. */
	to = alloc_skb(HEAD, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, to);
	skb_reserve(to, skb_tailroom(to) - HEAD);
	KUNIT_EXPECT_EQ(test, skb_zerocopy(to, st->skb, LEN, HEAD),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, skb_zerocopy(to, st->skb, HEAD, HEAD), 0);
	kfree_skb(to);
}

/* A device that cannot sum would get segments with sums of their headers. */
static void guard_segments(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *segs;

	skb_shinfo(st->skb)->gso_size = FRAG;
	skb_shinfo(st->skb)->gso_type = SKB_GSO_TCPV4;
	__skb_pull(st->skb, HEAD);
	segs = skb_segment(st->skb, NETIF_F_SG);
	KUNIT_EXPECT_TRUE(test, IS_ERR(segs));
	if (!IS_ERR(segs))
		kfree_skb_list(segs);
	skb_shinfo(st->skb)->gso_size = 0;
}

static void guard_dumps(struct kunit *test)
{
	struct guard_test *st = &guard_test;

	skb_dump(KERN_DEBUG, st->skb, true);
}

/* Frags of both kinds do not meet in one skb, nor does a head become a frag. */
static void guard_coalesces(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *host = guard_host(test, 0), *bare = guard_device(test, 0);
	struct sk_buff *full = guard_device(test, 8);
	bool stolen;
	int delta;

	KUNIT_EXPECT_FALSE(test, skb_try_coalesce(st->skb, host, &stolen,
						  &delta));
	KUNIT_EXPECT_FALSE(test, skb_try_coalesce(host, bare, &stolen, &delta));
	KUNIT_EXPECT_FALSE(test, skb_try_coalesce(st->skb, full, &stolen,
						  &delta));
	KUNIT_EXPECT_TRUE(test, skb_try_coalesce(st->skb, bare, &stolen,
						 &delta));
	kfree_skb_partial(bare, stolen);
	kfree_skb(host);
	kfree_skb(full);

	KUNIT_EXPECT_FALSE(test, tcp_skb_can_collapse_to(st->skb));
}

static void guard_shifts(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct sk_buff *host = guard_host(test, 0), *bare = guard_device(test, 0);

	KUNIT_EXPECT_EQ(test, skb_shift(host, bare, FRAG), 0);
	KUNIT_EXPECT_EQ(test, skb_shift(bare, host, FRAG), 0);
	KUNIT_EXPECT_FALSE(test, tcp_skb_can_collapse(host, bare));
	KUNIT_EXPECT_FALSE(test, tcp_skb_can_collapse(bare, st->skb));
	kfree_skb(host);
	kfree_skb(bare);
}

static void guard_condenses(struct kunit *test)
{
	struct sk_buff *skb = guard_test.skb;
	unsigned int truesize = skb->truesize;

	skb_condense(skb);
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), HEAD);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, 2);
	KUNIT_EXPECT_EQ(test, skb->truesize, truesize);
}

/* What GRO keeps of @skb, as gro_list_prepare() leaves it. */
static void guard_gro(struct sk_buff *skb, struct net_device *dev, u32 offset)
{
	skb->dev = dev;
	NAPI_GRO_CB(skb)->data_offset = offset;
	NAPI_GRO_CB(skb)->count = 1;
	NAPI_GRO_CB(skb)->flush = 0;
	NAPI_GRO_CB(skb)->last = skb;
}

static void guard_gro_merges(struct kunit *test)
{
	struct guard_test *st = &guard_test;
	struct net_device *dev = alloc_etherdev(0);
	struct sk_buff *skb;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	guard_gro(st->skb, dev, HEAD);

	skb = guard_host(test, HEAD);
	guard_gro(skb, dev, HEAD);
	KUNIT_EXPECT_NE(test, skb_gro_receive(st->skb, skb), 0);
	KUNIT_EXPECT_NE(test, skb_gro_receive(skb, st->skb), 0);
	kfree_skb(skb);

	/* Payload in the head, behind the headers. */
	skb = guard_device(test, HEAD);
	guard_gro(skb, dev, HEAD - 4);
	KUNIT_EXPECT_NE(test, skb_gro_receive(st->skb, skb), 0);
	kfree_skb(skb);

	skb = guard_device(test, HEAD);
	guard_gro(skb, dev, HEAD);
	KUNIT_EXPECT_EQ(test, skb_gro_receive(st->skb, skb), 0);
	KUNIT_EXPECT_EQ(test, skb_shinfo(st->skb)->nr_frags, 4);
	kfree_skb(skb);
	st->skb->dev = NULL;
	free_netdev(dev);
}

static int guard_poll(struct napi_struct *napi, int budget)
{
	return 0;
}

/* Headers of segment @i of a connection, for GRO to merge with the one before. */
static void guard_put_headers(struct sk_buff *skb, u32 i)
{
	struct ethhdr *eth = skb_put_zero(skb, sizeof(*eth));
	struct iphdr *ip = skb_put_zero(skb, sizeof(*ip));
	struct tcphdr *tcp = skb_put_zero(skb, sizeof(*tcp));

	eth->h_proto = htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->frag_off = htons(IP_DF);
	ip->saddr = htonl(0xc0000202);
	ip->daddr = htonl(0xc0000201);
	ip->tot_len = htons(LEN - sizeof(*eth));
	ip->check = ip_fast_csum(ip, ip->ihl);
	tcp->source = htons(1000);
	tcp->dest = htons(2000);
	tcp->seq = htonl(1 + i * 2 * FRAG);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->ack = 1;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
}

/* Drivers that fill the skbs of napi_get_frags(), and one that leaves even the
 * headers in device memory: its frames are dropped.
 */
static void guard_gro_drivers(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev(0);
	struct napi_struct napi = {};
	struct sk_buff *skb;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->features |= NETIF_F_GRO;
	netif_napi_add(dev, &napi, guard_poll);
	napi_enable(&napi);
	KUNIT_ASSERT_TRUE(test, napi_schedule_prep(&napi));
	local_bh_disable();
	for (i = 0; i < 2; i++) {
		skb = napi_get_frags(&napi);
		KUNIT_EXPECT_TRUE(test, skb_frags_readable(skb));
		guard_put_headers(skb, i);
		guard_device_frags(test, skb);
		KUNIT_EXPECT_EQ(test, napi_gro_frags(&napi),
				i ? GRO_MERGED_FREE : GRO_HELD);
	}
	/* The skb of the second is used again. */
	skb = napi_get_frags(&napi);
	KUNIT_EXPECT_TRUE(test, skb_frags_readable(skb));

	skb = guard_device(test, 0);
	skb->dev = dev;
	napi_gro_receive(&napi, skb);

	napi_complete_done(&napi, 1);
	local_bh_enable();
	napi_disable(&napi);
	netif_napi_del(&napi);
	synchronize_net();
	free_netdev(dev);
}

static u64 guard_discarded(void)
{
	return snmp_fold_field64(init_net.mib.ip_statistics,
				 IPSTATS_MIB_INDISCARDS,
				 offsetof(struct ipstats_mib, syncp));
}

/* The stack gets an unreadable IPv4 packet that is not TCP. */
static void guard_input(struct kunit *test, struct sk_buff *skb, u16 frag_off)
{
	struct iphdr *ip = ip_hdr(skb);

	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->id = htons(7);
	ip->frag_off = htons(frag_off);
	ip->saddr = htonl(0xc0000202);
	ip->daddr = htonl(0xc0000201);	/* see init.sh */
	ip->tot_len = htons(skb->len - ETH_HLEN);
	ip->check = ip_fast_csum(ip, ip->ihl);
	__skb_pull(skb, ETH_HLEN);
	skb->dev = init_net.loopback_dev;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	local_bh_disable();
	netif_receive_skb(skb);
	local_bh_enable();
}

static void guard_not_tcp(struct kunit *test)
{
	struct fixture *fix = test->priv;
	u64 before = guard_discarded();

	guard_input(test, guard_device(test, HEAD), 0);
	KUNIT_EXPECT_EQ(test, guard_discarded(), before + 1);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

/* Nothing waits for the rest of a packet that will never be whole. */
static void guard_fragment(struct kunit *test)
{
	struct fixture *fix = test->priv;

	guard_input(test, guard_device(test, HEAD + 2), IP_MF);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 2U);
}

static u32 guard_taken;

static int guard_take(struct sk_buff *skb, struct net_device *dev,
		      struct packet_type *type, struct net_device *orig)
{
	guard_taken++;
	kfree_skb(skb);
	return 0;
}

/* Nobody but IP is asked whether he wants it. */
static void guard_not_ip(struct kunit *test)
{
	struct packet_type type = {
		.type = htons(ETH_P_802_EX1),
		.func = guard_take,
	};
	struct sk_buff *skbs[] = {
		guard_host(test, HEAD), guard_device(test, HEAD),
	};
	u32 i;

	guard_taken = 0;
	dev_add_pack(&type);
	for (i = 0; i < ARRAY_SIZE(skbs); i++) {
		skbs[i]->dev = init_net.loopback_dev;
		skbs[i]->protocol = type.type;
		local_bh_disable();
		netif_receive_skb(skbs[i]);
		local_bh_enable();
	}
	dev_remove_pack(&type);
	KUNIT_EXPECT_EQ(test, guard_taken, 1U);
}

static struct kunit_case guard_cases[] = {
	KUNIT_CASE(guard_reads),
	KUNIT_CASE(guard_writes),
	KUNIT_CASE(guard_frag_helpers),
	KUNIT_CASE(guard_copies),
	KUNIT_CASE(guard_to_user),
	KUNIT_CASE(guard_from_user),
	KUNIT_CASE(guard_checksums),
	KUNIT_CASE(guard_checksum_complete),
	KUNIT_CASE(guard_trims),
	KUNIT_CASE(guard_splits),
	KUNIT_CASE(guard_reader),
	KUNIT_CASE(guard_lists),
	KUNIT_CASE(guard_segments),
	KUNIT_CASE(guard_dumps),
	KUNIT_CASE(guard_coalesces),
	KUNIT_CASE(guard_shifts),
	KUNIT_CASE(guard_condenses),
	KUNIT_CASE(guard_gro_merges),
	KUNIT_CASE(guard_gro_drivers),
	KUNIT_CASE(guard_not_tcp),
	KUNIT_CASE(guard_fragment),
	KUNIT_CASE(guard_not_ip),
	{}
};

static struct kunit_suite guard_suite = {
	.name = "guard",
	.init = guard_init,
	.exit = guard_exit,
	.test_cases = guard_cases,
};

kunit_test_suite(guard_suite);
