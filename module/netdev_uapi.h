/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of the genl family netdev of later kernels, which 6.1 has not. Only
 * those that are used here; names are those of later kernels.
 */
#ifndef _DMT_NETDEV_UAPI_H
#define _DMT_NETDEV_UAPI_H

#define NETDEV_FAMILY_NAME	"netdev"
#define NETDEV_FAMILY_VERSION	1

#define NETDEV_MCGRP_MGMT	"mgmt"
#define NETDEV_MCGRP_PAGE_POOL	"page-pool"

enum {
	NETDEV_CMD_DEV_GET	= 1,
	NETDEV_CMD_DEV_ADD_NTF	= 2,
	NETDEV_CMD_DEV_DEL_NTF	= 3,
	NETDEV_CMD_QUEUE_GET	= 10,
	NETDEV_CMD_BIND_RX	= 13,
	NETDEV_CMD_BIND_TX	= 15,
};

enum {
	NETDEV_A_DEV_IFINDEX			= 1,	/* u32 */
	NETDEV_A_DEV_PAD			= 2,
	NETDEV_A_DEV_XDP_FEATURES		= 3,	/* u64, NETDEV_XDP_ACT_* */
	NETDEV_A_DEV_XDP_ZC_MAX_SEGS		= 4,	/* u32 */
	NETDEV_A_DEV_XDP_RX_METADATA_FEATURES	= 5,	/* u64 */
	NETDEV_A_DEV_XSK_FEATURES		= 6,	/* u64 */
};

#define NETDEV_XDP_ACT_BASIC		BIT_ULL(0)
#define NETDEV_XDP_ACT_REDIRECT		BIT_ULL(1)
#define NETDEV_XDP_ACT_NDO_XMIT		BIT_ULL(2)
#define NETDEV_XDP_ACT_XSK_ZEROCOPY	BIT_ULL(3)

enum {
	NETDEV_A_QUEUE_ID	= 1,	/* u32 */
	NETDEV_A_QUEUE_IFINDEX	= 2,	/* u32 */
	NETDEV_A_QUEUE_TYPE	= 3,	/* u32, NETDEV_QUEUE_TYPE_* */
	NETDEV_A_QUEUE_NAPI_ID	= 4,	/* u32 */
	NETDEV_A_QUEUE_DMABUF	= 5,	/* u32, id of the binding */
};

enum {
	NETDEV_QUEUE_TYPE_RX	= 0,
	NETDEV_QUEUE_TYPE_TX	= 1,
};

enum {
	NETDEV_A_DMABUF_IFINDEX		= 1,	/* u32 */
	NETDEV_A_DMABUF_QUEUES		= 2,	/* nest of NETDEV_A_QUEUE_ID
						 * and _TYPE; repeated
						 */
	NETDEV_A_DMABUF_FD		= 3,	/* u32 */
	NETDEV_A_DMABUF_ID		= 4,	/* u32 */
	NETDEV_A_DMABUF_RX_PAGE_SIZE	= 5,	/* u32 */
};

#endif /* _DMT_NETDEV_UAPI_H */
