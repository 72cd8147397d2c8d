/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of the kernel that mean the same in every shim: what module/ and the
 * patches use when they are built as a program. Needs no order and no thread;
 * those are in the shims of tests/threads and tests/model, which include this.
 */
#ifndef _KERNEL_NAMES_H
#define _KERNEL_NAMES_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define dma_addr_t			u64
#define gfp_t				int
#define kuid_t				u32
#define netdevice_tracker		int
#define wait_queue_head_t		int

#define IS_ENABLED(CONFIG_x)		1
#define __aligned(n)			__attribute__((aligned(n)))
#define __noreturn			__attribute__((noreturn))
#define __printf(a, b)			__attribute__((format(printf, a, b)))
#define likely(x)			(x)
#define unlikely(x)			(x)
#define U32_MAX				UINT32_MAX
#define PAGE_SHIFT			12
#define PAGE_SIZE			4096UL
#define static_assert(x)		_Static_assert(x, #x)
#define BIT(n)				(1UL << (n))
#define __ffs64(x)			((u32)__builtin_ctzll(x))
#define max_t(type, a, b)		((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define container_of(ptr, type, member)	\
	((type *)((char *)(ptr) - offsetof(type, member)))
#define cond_resched()			do { } while (0)

/* Lists */
struct list_head { struct list_head *next, *prev; };
struct llist_node { struct llist_node *next; };
struct llist_head { struct llist_node *first; };
struct rcu_head { void *unused; };

static inline void init_llist_head(struct llist_head *list)
{
	list->first = NULL;
}

/* Memory */
#define GFP_KERNEL		0
#define GFP_NOWAIT		0
#define GFP_KERNEL_ACCOUNT	0
#define __GFP_ZERO		0
#define __GFP_RETRY_MAYFAIL	0
#define __GFP_NOWARN		0

#define array_size(n, size)	((size_t)(n) * (size))

/* Work */
struct workqueue_struct;
#define system_unbound_wq	((struct workqueue_struct *)NULL)

/* skbuff.h, netlink.h, scatterlist.h */
struct net_iov;
#define NET_IOV_TAG	1UL
void net_iov_get(struct net_iov *niov);
void net_iov_put(struct net_iov *niov);
struct sk_buff;
bool net_iov_low(const struct sk_buff *skb);

/* An skb is its only frag, and that is a net_iov. */
struct skb_shared_info { char frags[1]; };
#define skb_shinfo(skb)		((struct skb_shared_info *)(skb))
#define skb_frag_net_iov(frag)	((struct net_iov *)(frag))
#define skb_frag_t		struct net_iov
#define skb_frag_off(frag)	0

struct netlink_ext_ack;
#define NL_SET_ERR_MSG(extack, msg)	((void)(extack))

struct scatterlist { dma_addr_t dma; u32 len; };
struct sg_table { struct scatterlist *sgl; u32 nents; };

#define sg_dma_address(sg)	((sg)->dma)
#define sg_dma_len(sg)		((sg)->len)
#define for_each_sgtable_dma_sg(sgt, sg, i) \
	for (i = 0, sg = (sgt)->sgl; i < (sgt)->nents; i++, sg++)

/* Only named by core.h */
struct completion { int done; };
struct mem_cgroup;
struct net;
struct net_device;
struct device;
struct page;
struct dma_buf;
struct dma_buf_attachment;

/* Nobody traces. */
#define TP_PROTO(args...)		args
#define TRACE_EVENT(name, proto, ...)	\
	static inline void trace_##name(proto) {}

#endif /* _KERNEL_NAMES_H */
