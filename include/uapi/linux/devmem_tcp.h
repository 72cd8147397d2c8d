/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* devmem_tcp: generic netlink family of the devmem-tcp modules.
 *
 * The protocol
 * ============
 *
 * A binding connects one dma-buf to RX queues of one network device. While it
 * lives, the TCP payload of frames that the device steers to those queues is
 * written by the NIC straight into the dma-buf. Bindings outlive the socket
 * that made them: they end with DEVMEM_TCP_CMD_UNBIND, with the removal of the
 * device or with the unloading of the module devmem_tcp.
 *
 * Ids come from one space for the whole machine, are > 0, and are not used
 * again while a buffer of the binding is still held by a socket.
 *
 * A binding is seen from the network namespace that its device is in, and only
 * from there. Changing commands need CAP_NET_ADMIN in the user namespace that
 * owns it; DEVMEM_TCP_CMD_GET needs nothing.
 *
 * DEVMEM_TCP_CMD_BIND_RX   do
 *   in:  IFINDEX, DMABUF_FD, QUEUE (once for each RX queue, 1 to 64 of them,
 *        no duplicates), RX_PAGE_SIZE (optional, default 4096)
 *   out: ID
 *   All queues are bound or none. Every segment of the dma-buf as mapped for
 *   the device must start at and be a multiple of RX_PAGE_SIZE.
 *   errors, each with an extack text and the attribute it is about:
 *     ENODEV      no device with that index in this namespace
 *     EOPNOTSUPP  the driver of that device has no device memory support
 *     EBADF       DMABUF_FD is not open
 *     EINVAL      not a dma-buf; queue out of range or given twice; page size
 *                 not a power of two; dma-buf not aligned to it
 *     ERANGE      RX_PAGE_SIZE below 4096 or above 65536; IFINDEX 0
 *     E2BIG       more than 64 queues; more buffers than can be managed
 *     EEXIST      queue is bound already; XDP program attached
 *     EPROTO      driver and module were built with another layout
 *     EPERM       no CAP_NET_ADMIN
 *     ENOMEM and what the driver or the exporter says
 *
 * DEVMEM_TCP_CMD_UNBIND    do
 *   in:  ID
 *   errors: ENOENT no such binding in this namespace
 *   The queues are back on host memory when it returns. Data already queued
 *   in sockets is still delivered, and tokens stay valid; but the memory is
 *   the caller's again, and who binds or writes it at once overwrites what is
 *   not read yet. NUM_HELD before unbind tells whether there is any.
 *
 * DEVMEM_TCP_CMD_GET       do, dump
 *   in:  ID (do), IFINDEX (dump, optional: only that device)
 *   out: ID, IFINDEX, QUEUE and POOL (once for each queue), RX_PAGE_SIZE, SIZE,
 *        NUM_NIOVS, NUM_HELD (with CAP_NET_ADMIN only), EXPORTER
 *   errors: ENOENT as above
 *
 * Unknown attributes and commands are refused. This file is append-only.
 */
#ifndef _UAPI_LINUX_DEVMEM_TCP_H
#define _UAPI_LINUX_DEVMEM_TCP_H

#define DEVMEM_TCP_FAMILY_NAME		"devmem_tcp"
#define DEVMEM_TCP_FAMILY_VERSION	1

#define DEVMEM_TCP_MCGRP_BINDING	"binding"

#define DEVMEM_TCP_MAX_QUEUES		64

enum devmem_tcp_cmd {
	DEVMEM_TCP_CMD_BIND_RX = 1,
	DEVMEM_TCP_CMD_UNBIND,
	DEVMEM_TCP_CMD_GET,
	DEVMEM_TCP_CMD_ADD_NTF,
	DEVMEM_TCP_CMD_DEL_NTF,

	__DEVMEM_TCP_CMD_MAX,
	DEVMEM_TCP_CMD_MAX = __DEVMEM_TCP_CMD_MAX - 1
};

enum devmem_tcp_attr {
	DEVMEM_TCP_A_ID = 1,		/* u32 */
	DEVMEM_TCP_A_IFINDEX,		/* u32 */
	DEVMEM_TCP_A_DMABUF_FD,		/* u32, open in the calling process */
	DEVMEM_TCP_A_QUEUE,		/* u32, RX queue; may be repeated */
	DEVMEM_TCP_A_RX_PAGE_SIZE,	/* u32, bytes: 4096 to 65536 */
	DEVMEM_TCP_A_SIZE,		/* u64, bytes of the dma-buf */
	DEVMEM_TCP_A_NUM_NIOVS,		/* u32, buffers of RX_PAGE_SIZE */
	DEVMEM_TCP_A_NUM_HELD,		/* u32, of these not free: in NIC rings,
					 * sockets and tokens; a snapshot
					 */
	DEVMEM_TCP_A_EXPORTER,		/* string, who exported the dma-buf */
	DEVMEM_TCP_A_POOL,		/* nest of DEVMEM_TCP_A_POOL_*; repeated */
	DEVMEM_TCP_A_PAD,
	DEVMEM_TCP_A_REASON,		/* u32, enum devmem_tcp_reason */
	DEVMEM_TCP_A_SOCK_LIMIT,	/* u32, buffers that the tokens of one
					 * socket may hold; 0: no limit
					 */
	DEVMEM_TCP_A_ATTACH,		/* u32, enum devmem_tcp_attach */
	DEVMEM_TCP_A_NETLINK_OWNED,	/* flag: made over the family "netdev",
					 * ends with the socket that made it
					 */

	__DEVMEM_TCP_A_MAX,
	DEVMEM_TCP_A_MAX = __DEVMEM_TCP_A_MAX - 1
};

enum devmem_tcp_reason {
	DEVMEM_TCP_REASON_UNBIND = 1,	/* DEVMEM_TCP_CMD_UNBIND */
	DEVMEM_TCP_REASON_NETLINK,	/* the netlink socket that made it closed */
	DEVMEM_TCP_REASON_DEVICE,	/* the device went away or left its
					 * network namespace
					 */
	DEVMEM_TCP_REASON_EXPORTER,	/* the exporter took the memory back */
	DEVMEM_TCP_REASON_MODULE	/* rmmod devmem_tcp */
};

enum devmem_tcp_attach {
	DEVMEM_TCP_ATTACH_STATIC = 1,	/* the exporter knows no other: it maps
					 * once, for good
					 */
	DEVMEM_TCP_ATTACH_PINNED	/* dynamic and pinned; the exporter may
					 * leave it in the device's own memory
					 */
};

enum devmem_tcp_pool_attr {
	DEVMEM_TCP_A_POOL_QUEUE = 1,	/* u32, RX queue */
	DEVMEM_TCP_A_POOL_NAPI_ID,	/* u32, as in SO_INCOMING_NAPI_ID;
					 * absent while the device is down
					 */
	DEVMEM_TCP_A_POOL_ALLOCS,	/* u64, buffers given to the NIC */
	DEVMEM_TCP_A_POOL_EMPTY,	/* u64, times no buffer was free */
	DEVMEM_TCP_A_POOL_PAD,

	__DEVMEM_TCP_A_POOL_MAX,
	DEVMEM_TCP_A_POOL_MAX = __DEVMEM_TCP_A_POOL_MAX - 1
};

#endif /* _UAPI_LINUX_DEVMEM_TCP_H */
