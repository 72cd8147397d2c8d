/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files with actors share. */
#ifndef _STAGE_H
#define _STAGE_H

#include "core.h"
#include "model.h"

#define POOLS	2
#define PUTTERS	2
#define MAIL	4

/* From a consumer to a putter, or to the application. */
struct mail {
	struct net_iov	*niovs[MAIL];
	u64		num;	/* written last */
};

struct consumer {
	struct net_iov_pool	*pool;
	u64			kicked;
	u64			asleep;
};

extern struct test {
	struct dmt_binding	*binding;
	struct net_iov		*niovs;
	struct mail		mail[PUTTERS];
	struct consumer		consumers[POOLS];
	u64			stop;
	struct dmt_ring		ring;
	struct tcp_sock		socks[2];
	u32			budget;
	bool			early;
	bool			hold;
	bool			uneven;

	/* sending.c */
	u64			rtnl;
	struct notifier_block	*notifier;
	u64			in_nic;		/* frames that it reads */
	u64			drained;
} *test;

/* The argument of sending(), flags */
enum {
	SENDING_WAITS	= 1,	/* unbind may wait for the bytes */
	SENDING_GONE	= 2,	/* the device goes */
};

void make_binding(u32 pools, u32 niovs);	/* scenarios.c */
void rmmod(u32 arg);
void sending(u32 arg);				/* sending.c */

#endif /* _STAGE_H */
