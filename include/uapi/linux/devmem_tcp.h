/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* devmem-tcp: the protocol between user space and kernel.
 *
 * 1. Bindings
 * ===========
 *
 * A binding connects one dma-buf to RX queues of one network device. While it
 * lives, the TCP payload of frames that the device steers to those queues is
 * written by the NIC straight into the dma-buf, in buffers of RX_PAGE_SIZE
 * bytes; headers and everything else go to host memory as ever. A dma-buf can
 * be in several bindings, a queue in one.
 *
 * Or it connects a dma-buf to a device to send from: section 6.
 *
 * Ids come from one space for the whole machine, are > 0, and are not used
 * again while a buffer of the binding is still held by a socket.
 *
 * A binding is made over one of two generic netlink families:
 *
 *   "devmem_tcp" (sections 2 and 3): it stays until DEVMEM_TCP_CMD_UNBIND
 *   "netdev" (section 4), as later kernels have it: it ends with the netlink
 *	socket that made it
 *
 * Both end also when the device is removed or leaves its network namespace,
 * when the exporter takes the memory back, and when the module devmem_tcp is
 * unloaded. Then
 *   - the queues are back on host memory, and can be bound again at once;
 *   - what is queued in sockets is still delivered as device memory, and tokens
 *     stay valid until they are returned;
 *   - but the memory is its owner's again, and who binds or writes it now
 *     overwrites what is not read yet. NUM_HELD tells whether there is any;
 *   - later data of the same connections arrives as ordinary bytes.
 *
 * A binding is seen from the network namespace that its device is in, and only
 * from there. Binding and unbinding need CAP_NET_ADMIN in the user namespace
 * that owns it (EPERM); the rest needs nothing.
 *
 * While anything is bound to a device, it takes no XDP program (EBUSY), and its
 * tcp-data-split cannot be disabled.
 *
 * 2. The family "devmem_tcp": commands
 * ====================================
 *
 * Version 1, in every network namespace. A request for it loads the module.
 * Unknown attributes and commands are refused. Errors have an extack text and,
 * where there is one, the attribute they are about.
 *
 * DEVMEM_TCP_CMD_BIND_RX   do
 *   in:  IFINDEX, DMABUF_FD, QUEUE (once for each RX queue, 1 to 64 of them,
 *        no duplicates), RX_PAGE_SIZE (optional, default 4096), SOCK_LIMIT
 *        (optional, default 0)
 *   out: ID
 *   All queues are bound or none. Every segment of the dma-buf as mapped for
 *   the device must start at and be a multiple of RX_PAGE_SIZE. A reply that
 *   is not read does not undo it: the binding can be listed.
 *   errors:
 *     ENODEV      no device with that index in this namespace, at the end too;
 *                 it is detached or being removed; the exporter took the memory
 *                 back; the module is being unloaded
 *     EOPNOTSUPP  the driver of that device has no device memory support, or
 *                 not in this mode
 *     EBADF       DMABUF_FD is not open
 *     EINVAL      an attribute is missing; not a dma-buf; queue out of range or
 *                 given twice; page size not a power of two; dma-buf not
 *                 aligned to it; tcp-data-split is disabled (left to the
 *                 driver, it is on for bound queues); another setting of the
 *                 device is in the way
 *     ERANGE      RX_PAGE_SIZE below 4096 or above 65536; IFINDEX 0
 *     E2BIG       more than 64 queues; more buffers than can be managed
 *     EEXIST      queue is bound already; XDP program attached
 *     EBUSY       queue is used by AF_XDP
 *     EPROTO      driver and module were built with another layout
 *     EPERM       no CAP_NET_ADMIN
 *     ETIMEDOUT   exporter did not map the dma-buf, or finish moving it, within
 *                 30 seconds, which are for both
 *     ENOMEM      no memory, or the caller's cgroup is full; fewer buffers need
 *                 less
 *     and what the driver or the exporter says
 *
 * DEVMEM_TCP_CMD_UNBIND    do
 *   in:  ID, of a binding made over either family
 *   errors: ENOENT no such binding in this namespace
 *   The queues are back on host memory when it returns, and the dma-buf is
 *   released, unless its exporter takes longer than 5 seconds: then that
 *   happens when the exporter is done. So it is after a BIND_RX that failed.
 *
 * DEVMEM_TCP_CMD_BIND_TX   do
 *   in:  IFINDEX, DMABUF_FD, TX_USER (optional, default the effective user of
 *        the caller)
 *   out: ID
 *   A binding to send from, see section 6. Every segment of the dma-buf as
 *   mapped for the device must start at and be a multiple of 4096.
 *   errors: as BIND_RX, without those about queues and what receives;
 *     EOPNOTSUPP  the driver of that device cannot send from device memory
 *     EINVAL      TX_USER is no user of the caller's user namespace
 *
 * DEVMEM_TCP_CMD_GET       do, dump
 *   in:  ID (do), IFINDEX (dump, optional: only that device)
 *   out: ID, IFINDEX, QUEUE and POOL (once for each queue), RX_PAGE_SIZE, SIZE,
 *        NUM_NIOVS, NUM_HELD and, in POOL, POSTED, QUEUED and USERS (only with
 *        CAP_NET_ADMIN in the first user namespace), EXPORTER, SOCK_LIMIT,
 *        ATTACH (if known), NETLINK_OWNED (if it is). Of a binding to send
 *        from: TX and TX_USER, no QUEUE and POOL; RX_PAGE_SIZE is what the
 *        kernel counts NUM_NIOVS and NUM_HELD in
 *   errors: ENOENT as above; EINVAL ID in a dump, or IFINDEX in a do
 *   A dump during which bindings came or went has NLM_F_DUMP_INTR set, may lack
 *   some, and should be made again.
 *
 * 3. The family "devmem_tcp": notifications
 * =========================================
 *
 * To the multicast group "binding", which needs no privilege, in the namespace
 * that the device is in; if it is about to leave, in the one that it leaves.
 *
 * DEVMEM_TCP_CMD_ADD_NTF   a binding runs
 *        what DEVMEM_TCP_CMD_GET has, without NUM_HELD
 * DEVMEM_TCP_CMD_DEL_NTF   its queues are back on host memory
 *        the same and REASON. Sent once for every ADD_NTF. The dma-buf may be
 *        released a moment later.
 * DEVMEM_TCP_CMD_EMPTY_NTF  a queue wanted a buffer and none was free
 *        what ADD_NTF has, with QUEUE and POOL only of those queues. At most
 *        once a second for a binding. It is no fault of a queue that shares its
 *        dma-buf, or whose readers pause; frames that come meanwhile are lost
 *        and TCP sends them again.
 *
 * A listener that is too slow gets ENOBUFS from recv(), as with all netlink
 * groups, and has to dump again. So does every listener if the kernel has no
 * memory for a message.
 *
 * 4. The family "netdev"
 * ======================
 *
 * That of later kernels, version 1, with their numbers (linux/netdev.h there).
 * It is there while the module devmem_tcp is loaded, but no request loads it.
 * If the kernel has a family of that name, ours stays away. There are
 *
 *   bind-rx (13)    do. ifindex, fd, queues (nests of id and type rx; the same
 *	queue twice counts once), rx-page-size; replies id. All errors and
 *	texts as BIND_RX above, but for duplicates. If the reply cannot be
 *	delivered, there is no binding.
 *   bind-tx (15)    do. ifindex, fd; replies id. As BIND_TX above, for the
 *	effective user of the caller
 *   queue-get (10)  do, dump. napi-id only of RX queues of drivers that can
 *	bind; dmabuf is the id of the binding.
 *	ENODEV no such device; EINVAL no such queue; ENOENT the device is down,
 *	and a dump leaves it out
 *   dev-get (1)     do, dump. xdp-features as far as 6.1 can tell
 *   dev-add-ntf (2), dev-del-ntf (3) to the group "mgmt"
 *
 * and the group "page-pool", in which nothing is sent. Any other command is
 * EOPNOTSUPP.
 *
 * There is no unbind. A binding ends when the last descriptor of the netlink
 * socket is closed, by whomever and for whatever reason (exit, SIGKILL); its
 * queues can be bound again when close() has returned, which waits a second for
 * them and the exporter; after that it is not known.
 *
 * 5. Sockets
 * ==========
 *
 * Numbers and layouts are those of Linux 6.12 and later. SO_DEVMEM_*,
 * SCM_DEVMEM_*, struct dmabuf_cmsg and struct dmabuf_token are in asm/socket.h
 * and linux/uio.h of the patched kernel:
 *
 *   MSG_SOCK_DEVMEM  0x2000000	recvmsg() flag; in no UAPI header
 *   SCM_DEVMEM_LINEAR  78, SCM_DEVMEM_DMABUF  79, SO_DEVMEM_DONTNEED  80
 *   struct dmabuf_cmsg { __u64 frag_offset; __u32 frag_size, frag_token,
 *	dmabuf_id, flags; }
 *   struct dmabuf_token { __u32 token_start, token_count; }
 *
 * 5.1 recvmsg(MSG_SOCK_DEVMEM) on a TCP socket
 *
 * Payload in device memory comes as control messages of level SOL_SOCKET, in
 * the order of the stream, each CMSG_SPACE(24) bytes:
 *
 *   SCM_DEVMEM_DMABUF  frag_size bytes at frag_offset of the dma-buf of binding
 *	dmabuf_id; frag_token has to be returned; flags is 0
 *   SCM_DEVMEM_LINEAR  frag_size bytes were copied to the iovec, behind those
 *	of the SCM_DEVMEM_LINEAR before; the other fields are 0
 *
 * The return value counts all bytes, also those that are in no iovec, and is at
 * most the iovec's length. A frag that is read in parts has a token for each.
 *
 * One call delivers device memory or host memory, and ends where the stream
 * changes from one to the other. Host memory is read as without the flag; but
 * once a socket has received device memory, such bytes are told by a
 * SCM_DEVMEM_LINEAR too if there is a control buffer. Small frames, frames
 * that came through other queues, and all that comes after the binding has
 * ended are host memory. Without the flag host memory is read and device
 * memory is an error, so a program has to be prepared for both.
 *
 * Errors, only if nothing was read in this call; all data stays queued:
 *   EFAULT    device memory is next and the flag is not given; the iovec is
 *             bad; devmem_tcp_core is being unloaded
 *   EMSGSIZE  no room for one more control message. MSG_CTRUNC is not set,
 *             nothing is lost. (Later kernels: 525, which is no errno)
 *   ENOMEM    no memory for tokens; the socket holds as many as it can (229376)
 *             or as SOCK_LIMIT allows. Return some
 *   ENODEV    a frag that is neither device nor host memory
 *
 * MSG_PEEK gives tokens of its own on every call, and they have to be returned
 * as well. MSG_TRUNC drops data without tokens.
 *
 * 5.2 Tokens
 *
 * A token holds one buffer of RX_PAGE_SIZE bytes, however small the frag, and
 * keeps it from the NIC until it is returned. Numbers are from 1 to 2^31 - 1,
 * per socket, and consecutive for consecutive frags as far as possible.
 *
 * Tokens belong to the socket: they are returned when its last descriptor is
 * closed, not before, also not by shutdown() or a connect() to AF_UNSPEC.
 * Sockets made by accept() have their own.
 *
 * 5.3 setsockopt(SOL_SOCKET, SO_DEVMEM_DONTNEED)
 *
 * Returns tokens: optval is an array of struct dmabuf_token, each a run of
 * token_count numbers from token_start on. At most 128 runs, and at most 1024
 * numbers in all, of which numbers that are not in use count too; those behind
 * are not looked at. The return value is how many frags were freed, 0 or more,
 * so a caller that gave more than 1024 goes on with the rest. Numbers that this
 * socket does not hold are skipped without an error.
 *
 *   EBADF   not a TCP socket
 *   EINVAL  optlen is no multiple of 8, or more than 1024
 *   EFAULT  optval
 *   ENOMEM
 *   ENOPROTOOPT  (or EINVAL) the kernel has no device memory support
 *
 * 6. Sending
 * ==========
 *
 * 6.1 sendmsg(MSG_ZEROCOPY) on a TCP socket with SO_ZEROCOPY, and a control
 * message of level SOL_SOCKET and type SCM_DEVMEM_DMABUF that has a __u32: the id
 * of a binding to send from
 *
 * Then the iovec's bases are not addresses but offsets in that dma-buf, in bytes.
 * The rest is as with MSG_ZEROCOPY: the NIC reads the memory later, maybe more
 * than once, so it must not be written before its completion has come (error
 * queue, SO_EE_ORIGIN_ZEROCOPY). Nothing is copied, and nothing is charged to
 * RLIMIT_MEMLOCK. One socket may send from several bindings, and from host memory
 * in between.
 *
 *   EINVAL   no binding to send from has this id; no MSG_ZEROCOPY, no SO_ZEROCOPY,
 *            or no bytes; MSG_FASTOPEN, or a connect() put off until now
 *            (TCP_FASTOPEN_CONNECT); MSG_WAITALL; TCP_REPAIR; the device does not
 *            gather (sg) or checksum (tx) now, or IPsec is in the way
 *   EACCES   the binding is for the sockets of another user, or another user sends
 *            (effective user)
 *   ENODEV   the connection goes through another device than the binding's; or
 *            the binding ended in the middle of the call
 *   EHOSTUNREACH  it goes through none
 *   EFAULT   the offset is behind the end of the dma-buf. Up to the end is sent
 *   and what sendmsg(MSG_ZEROCOPY) says else
 *
 * Other sockets than TCP, MPTCP, and sockmap with an sk_msg program ignore the
 * control message: there the offset is an address, and EFAULT very likely. kTLS
 * refuses the call: EOPNOTSUPP, or EINVAL if the device encrypts.
 *
 * 6.2 The end of a binding to send from
 *
 * After its end nothing new is sent from it, but what is queued is, as often as
 * the peer needs. The dma-buf is released when the last of these bytes is
 * acknowledged or its socket is gone, which nobody waits for. When the device
 * goes or leaves its network namespace, or the exporter takes the memory back,
 * the dma-buf is released at once: what is queued is not sent any more, and these
 * connections time out; with a peer that goes on sending perhaps not before
 * TCP_USER_TIMEOUT. The same happens to connections whose route changes to another
 * device; such frames count as tx_dropped there.
 *
 * This file is append-only.
 */
#ifndef _UAPI_LINUX_DEVMEM_TCP_H
#define _UAPI_LINUX_DEVMEM_TCP_H

#define DEVMEM_TCP_FAMILY_NAME		"devmem_tcp"
#define DEVMEM_TCP_FAMILY_VERSION	1

#define DEVMEM_TCP_MCGRP_BINDING	"binding"

#define DEVMEM_TCP_MAX_QUEUES		64
#define DEVMEM_TCP_TX_ANYBODY		0xffffffff

enum devmem_tcp_cmd {
	DEVMEM_TCP_CMD_BIND_RX = 1,
	DEVMEM_TCP_CMD_UNBIND,
	DEVMEM_TCP_CMD_GET,
	DEVMEM_TCP_CMD_ADD_NTF,
	DEVMEM_TCP_CMD_DEL_NTF,
	DEVMEM_TCP_CMD_EMPTY_NTF,
	DEVMEM_TCP_CMD_BIND_TX,

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
	DEVMEM_TCP_A_SOCK_LIMIT,	/* u32, tokens for buffers of this binding
					 * that one socket may hold, and its
					 * receive buffer in such buffers, from
					 * its first read on; 0: no limit
					 */
	DEVMEM_TCP_A_ATTACH,		/* u32, enum devmem_tcp_attach */
	DEVMEM_TCP_A_NETLINK_OWNED,	/* flag: made over the family "netdev",
					 * ends with the socket that made it
					 */
	DEVMEM_TCP_A_TX,		/* flag: to send from */
	DEVMEM_TCP_A_TX_USER,		/* u32, user whose sockets may, or
					 * DEVMEM_TCP_TX_ANYBODY
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
	DEVMEM_TCP_A_POOL_POSTED,	/* u32, of the buffers that this queue took
					 * those in the NIC's ring; a snapshot
					 */
	DEVMEM_TCP_A_POOL_QUEUED,	/* u32, those in skbs */
	DEVMEM_TCP_A_POOL_USERS,	/* u32, those that user space has a token
					 * for. The sum is this queue's part of
					 * NUM_HELD
					 */

	__DEVMEM_TCP_A_POOL_MAX,
	DEVMEM_TCP_A_POOL_MAX = __DEVMEM_TCP_A_POOL_MAX - 1
};

#endif /* _UAPI_LINUX_DEVMEM_TCP_H */
