/* SPDX-License-Identifier: GPL-2.0-only */
/* What consumers (main.c) and freers (freer.c) have of each other. */
#ifndef _THREADS_H
#define _THREADS_H

#include "core.h"
#include "token.h"

#define MAX_POOLS	4
#define MAX_FREERS	3
#define RING		64	/* buffers a consumer keeps, as a NIC does */

struct scenario {
	const char	*name;
	u32		pools;		/* 1 to so many */
	u32		min, max;	/* buffers */
	u32		usecs;		/* of traffic, at most */
	bool		tokens;		/* hand out through rings only */
	bool		slow;		/* consumers are overtaken often */
};

/* One reference, given by a consumer to a freer. */
struct message {
	struct net_iov	*niov;
	u32		token;		/* 0: the reference itself */
};

struct freer {
	struct round	*round;
	pthread_t	thread;
	u64		seed;
	pthread_mutex_t	lock;		/* protects the mailbox */
	struct message	*mail;
	u32		num;
	bool		closing;	/* no more mail */
	pthread_mutex_t	sock_lock;	/* the ring's "socket lock" */
	struct dmt_ring	ring;
};

struct consumer {
	struct round		*round;
	pthread_t		thread;
	u64			seed;
	struct net_iov_pool	*pool;
	pthread_mutex_t		lock;	/* protects the two flags */
	pthread_cond_t		wake;
	bool			kicked;
	bool			stop;
	u64			kicks;
	u32			loops;
	struct net_iov		*ring[RING];
	u32			filled;
};

struct round {
	const struct scenario	*scenario;
	struct dmt_binding	*binding;
	struct net_iov		*niovs;		/* only to calculate with */
	u32			total;
	u32			*owners;	/* references held, per niov */
	u32			nr_freers, nr_consumers;
	struct freer		freers[MAX_FREERS];
	struct consumer		consumers[MAX_POOLS];
	struct module		module;
	u32			released;
};

/* main.c */
void __noreturn __printf(1, 2) fail(const char *format, ...);
void disown(struct round *round, const struct net_iov *niov);

/* freer.c */
void send(struct freer *freer, const struct message *message);
void send_tokens(struct freer *freer, struct net_iov **niovs, u32 num);
void *freer_main(void *arg);

#endif /* _THREADS_H */
