/* SPDX-License-Identifier: GPL-2.0-only */
/* Tokens: what ring.c and xarray.c have in common. An object is a token; the one
 * at @i of those that are taken together is for bench_frags[i], and that has to
 * come back for it. References are not counted, for both ways count them alike.
 */
#ifndef _DMT_BENCH_TOKENS_H
#define _DMT_BENCH_TOKENS_H

#include <net/net_iov.h>
#include "bench.h"

#define BENCH_FRAGS	16	/* of an skb: tokens handed out under one lock */

extern struct net_iov *bench_frags[BENCH_MAX];

void bench_frags_init(void);

static inline u32 bench_token(void *obj)
{
	return (unsigned long)obj;
}

#endif /* _DMT_BENCH_TOKENS_H */
