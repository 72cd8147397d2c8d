/* SPDX-License-Identifier: GPL-2.0-only */
/* An skb of device and host memory, and reads of it through sock.c's ops. */
#ifndef _DMT_UNIT_RX_H
#define _DMT_UNIT_RX_H

#include <linux/skbuff.h>
#include <net/tcp.h>
#include "fixture.h"
#include "sock.h"

#define SOCK_BYTES	256	/* in one skb, at most */
#define SOCK_CMSGS	32
#define SOCK_ID		77
#define SOCK_NIOVS	64

/* struct byte.place of a byte in host memory is its value. */
#define SOCK_HOST	BIT_ULL(63)

/**
 * struct rx - an skb and what is in it
 * @fix: binding of the frags
 * @ds: as attached
 * @tp: to that; zeroes
 * @skb: all of it
 * @map: per byte the offset in the dma-buf, or SOCK_HOST and its value
 * @len: bytes
 * @next: value of the next host byte
 */
struct rx {
	struct fixture		*fix;
	struct devmem_sock	*ds;
	struct tcp_sock		tp;
	struct sk_buff		*skb;
	u64			map[SOCK_BYTES];
	u32			len;
	u8			next;
};

/* One recvmsg(): what came out. */
struct rx_out {
	int	ret;
	u32	num;			/* of cmsgs */
	struct {
		int			type;
		struct dmabuf_cmsg	data;
	} cmsgs[SOCK_CMSGS];
	u8	bytes[SOCK_BYTES];	/* that were copied */
};

struct rx *rx_make(struct kunit *test);
void rx_free(struct kunit *test, struct rx *rx);
struct sk_buff *rx_skb(struct kunit *test, struct rx *rx, u32 linear);
void rx_frag(struct kunit *test, struct rx *rx, struct sk_buff *skb, u32 off,
	     u32 size);
void rx_page(struct kunit *test, struct rx *rx, struct sk_buff *skb, u32 off,
	     u32 size);
void rx_append(struct sk_buff *skb, struct sk_buff *seg);
void rx_recv_iov(struct rx *rx, u32 offset, u32 len, u32 control_len,
		 bool fault, struct rx_out *out);
void rx_recv(struct rx *rx, u32 offset, u32 len, u32 control_len,
	     struct rx_out *out);
int rx_dontneed(struct rx *rx, const struct rx_out *out);
void rx_check(struct kunit *test, struct rx *rx, u32 offset, u32 len,
	      const struct rx_out *out);
void rx_check_all(struct kunit *test, struct rx *rx, u32 num);

#endif /* _DMT_UNIT_RX_H */
