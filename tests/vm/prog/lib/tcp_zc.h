/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP_ZEROCOPY_RECEIVE: linux/tcp.h and netinet/tcp.h do not go together. */
#ifndef TCP_ZC_H
#define TCP_ZC_H

#include <stdint.h>

#ifndef TCP_ZEROCOPY_RECEIVE
#define TCP_ZEROCOPY_RECEIVE	35
#endif

/* The kernel's struct tcp_zerocopy_receive */
struct tcp_zc {
	uint64_t	address;
	uint32_t	length;
	uint32_t	recv_skip_hint;
	uint32_t	inq;
	int32_t		err;
	uint64_t	copybuf_address;
	int32_t		copybuf_len;
	uint32_t	flags;
	uint64_t	msg_control;
	uint64_t	msg_controllen;
	uint32_t	msg_flags;
	uint32_t	reserved;
};

#endif /* TCP_ZC_H */
