/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames for the tests of the kernel patch: headers, and two frags of device
 * memory or of host memory.
 */
#ifndef _DMT_UNIT_FRAME_H
#define _DMT_UNIT_FRAME_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include "fixture.h"

#define FRAME_HEAD	54U	/* Ethernet, IPv4, TCP */
#define FRAME_FRAG	64U	/* bytes of each of two frags */
#define FRAME_LEN	(FRAME_HEAD + 2 * FRAME_FRAG)

/* One of device memory, of the case that runs; test->priv is the fixture. */
extern struct sk_buff *frame_skb;

int frame_init(struct kunit *test);
void frame_exit(struct kunit *test);
void frame_device_frags(struct kunit *test, struct sk_buff *skb);
struct sk_buff *frame_device(struct kunit *test, u32 head);
struct sk_buff *frame_host(struct kunit *test, u32 head);
void frame_ip(struct iphdr *ip, u8 protocol, u16 frag_off, u32 len);
void frame_ip6(struct ipv6hdr *ip6, u8 protocol, u32 len);

#endif /* _DMT_UNIT_FRAME_H */
