/* SPDX-License-Identifier: GPL-2.0-only */
/* Socket side of device memory TCP, for C libraries whose headers predate it.
 * Values and layouts are those of Linux 6.12.
 */
#ifndef DEVMEM_SOCK_H
#define DEVMEM_SOCK_H

#include <linux/types.h>
#include <sys/socket.h>

#ifndef MSG_SOCK_DEVMEM
#define MSG_SOCK_DEVMEM		0x2000000
#endif

#ifndef SO_DEVMEM_LINEAR
#define SO_DEVMEM_LINEAR	78
#define SO_DEVMEM_DMABUF	79
#define SO_DEVMEM_DONTNEED	80
#endif

#ifndef SCM_DEVMEM_LINEAR
#define SCM_DEVMEM_LINEAR	SO_DEVMEM_LINEAR
#define SCM_DEVMEM_DMABUF	SO_DEVMEM_DMABUF
#endif

/* What one SO_DEVMEM_DONTNEED takes at most */
#define DEVMEM_DONTNEED_RANGES	128
#define DEVMEM_DONTNEED_FRAGS	1024

/* linux/uio.h has these since 6.12, as dmabuf_cmsg and dmabuf_token, but it
 * clashes with the C library's struct iovec and gives no macro to test for. So
 * they have names of our own, which go with old and new headers alike.
 */

/**
 * struct devmem_cmsg - payload of SCM_DEVMEM_DMABUF and SCM_DEVMEM_LINEAR
 * @frag_offset: first byte in the dma-buf
 * @frag_size: bytes; the only field that is set for SCM_DEVMEM_LINEAR
 * @frag_token: hand this to SO_DEVMEM_DONTNEED when done
 * @dmabuf_id: id of the binding
 * @flags: 0
 */
struct devmem_cmsg {
	__u64 frag_offset;
	__u32 frag_size;
	__u32 frag_token;
	__u32 dmabuf_id;
	__u32 flags;
};

/**
 * struct devmem_token - a run of tokens for SO_DEVMEM_DONTNEED
 * @token_start: the first
 * @token_count: how many
 */
struct devmem_token {
	__u32 token_start;
	__u32 token_count;
};

#endif /* DEVMEM_SOCK_H */
