/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of devmem_tcp_core, /sys/kernel/tracing/events/devmem_tcp. Each
 * prints name=value; names and units do not change. docs/counters.md says what
 * they are for.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM devmem_tcp

#if !defined(_DMT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _DMT_TRACE_H

#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include "core.h"

struct dmabuf_cmsg;

/* The queues receive into the dma-buf. */
TRACE_EVENT(dmt_bind,
	TP_PROTO(const struct dmt_binding *binding),
	TP_ARGS(binding),
	TP_STRUCT__entry(
		__field(u32, id)
		__string(ifname, netdev_name(binding->dev))
		__field(u32, num)
		__array(u32, queues, DMT_MAX_QUEUES)
		__field(u64, size)
		__field(u32, shift)
		__field(u32, niovs)
	),
	TP_fast_assign(
		__entry->id = binding->id;
		__assign_str(ifname, netdev_name(binding->dev));
		__entry->num = binding->nr_started;
		memcpy(__entry->queues, binding->queues,
		       sizeof(__entry->queues));
		__entry->size = binding->size;
		__entry->shift = binding->shift;
		__entry->niovs = binding->hot.total;
	),
	TP_printk("id=%u ifname=%s queues=%s size=%llu rx_page_size=%u net_iovs=%u",
		  __entry->id, __get_str(ifname),
		  __print_array(__entry->queues, __entry->num, sizeof(u32)),
		  __entry->size, 1U << __entry->shift, __entry->niovs)
);

/* They receive into host memory again. */
TRACE_EVENT(dmt_unbind,
	TP_PROTO(const struct dmt_binding *binding, enum dmt_end why),
	TP_ARGS(binding, why),
	TP_STRUCT__entry(
		__field(u32, id)
		__string(ifname, netdev_name(binding->dev))
		__field(u32, why)
	),
	TP_fast_assign(
		__entry->id = binding->id;
		__assign_str(ifname, netdev_name(binding->dev));
		__entry->why = why;
	),
	TP_printk("id=%u ifname=%s reason=%s", __entry->id, __get_str(ifname),
		  __print_symbolic(__entry->why,
				   { DMT_END_UNBIND, "unbind" },
				   { DMT_END_OWNER, "netlink" },
				   { DMT_END_DEVICE, "device" },
				   { DMT_END_EXPORTER, "exporter" },
				   { DMT_END_MODULE, "module" }))
);

/* The last net_iov came home. */
TRACE_EVENT(dmt_free,
	TP_PROTO(const struct dmt_binding *binding),
	TP_ARGS(binding),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, niovs)
	),
	TP_fast_assign(
		__entry->id = binding->id;
		__entry->niovs = binding->hot.total;
	),
	TP_printk("id=%u net_iovs=%u", __entry->id, __entry->niovs)
);

/* A queue wants a buffer, and there is none. */
TRACE_EVENT(dmt_alloc_fail,
	TP_PROTO(const struct dmt_binding *binding, u32 queue),
	TP_ARGS(binding, queue),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, queue)
	),
	TP_fast_assign(
		__entry->id = binding->id;
		__entry->queue = queue;
	),
	TP_printk("id=%u queue=%u", __entry->id, __entry->queue)
);

/* A frag is told to user space. */
TRACE_EVENT(dmt_token,
	TP_PROTO(const struct sock *sk, const struct dmabuf_cmsg *cmsg),
	TP_ARGS(sk, cmsg),
	TP_STRUCT__entry(
		__field(u16, sport)
		__field(u16, dport)
		__field(u32, token)
		__field(u32, id)
		__field(u64, offset)
		__field(u32, size)
	),
	TP_fast_assign(
		__entry->sport = ntohs(inet_sk(sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(sk)->inet_dport);
		__entry->token = cmsg->frag_token;
		__entry->id = cmsg->dmabuf_id;
		__entry->offset = cmsg->frag_offset;
		__entry->size = cmsg->frag_size;
	),
	TP_printk("sport=%u dport=%u token=%u id=%u offset=%llu size=%u",
		  __entry->sport, __entry->dport, __entry->token, __entry->id,
		  __entry->offset, __entry->size)
);

/* User space gives tokens back: @count from @token on, of which some were in
 * use.
 */
TRACE_EVENT(dmt_dontneed,
	TP_PROTO(const struct sock *sk, u32 token, u32 count, u32 freed),
	TP_ARGS(sk, token, count, freed),
	TP_STRUCT__entry(
		__field(u16, sport)
		__field(u16, dport)
		__field(u32, token)
		__field(u32, count)
		__field(u32, freed)
	),
	TP_fast_assign(
		__entry->sport = ntohs(inet_sk(sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(sk)->inet_dport);
		__entry->token = token;
		__entry->count = count;
		__entry->freed = freed;
	),
	TP_printk("sport=%u dport=%u token=%u count=%u freed=%u",
		  __entry->sport, __entry->dport, __entry->token,
		  __entry->count, __entry->freed)
);

#endif /* _DMT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
