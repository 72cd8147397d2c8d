/* SPDX-License-Identifier: GPL-2.0-only */
/* What a scenario has of the model. */
#ifndef _MODEL_H
#define _MODEL_H

#include "shim.h"

#define MODEL_ACTORS	10
#define MODEL_NIOVS	8
#define MODEL_WQS	3

/* What no actor can see, and so orders nothing. Part of the state. */
struct ghost {
	int	module_refs;
	bool	module_going, module_gone;
	int	dev_refs;
	u32	released;
	u32	kicks;
	u32	unmaps;
	u32	owners[MODEL_NIOVS];	/* references held, per net_iov */
};

extern struct ghost *const ghost;

/* In the order of the actors. */
struct scenario {
	const char	*name;
	void		(*setup)(u32 arg);
	void		(*check)(void);	/* when nothing is left to do */
	u32		arg;
	bool		weak;		/* with delayed stores */
};

extern const struct scenario scenarios[];

enum {
	ACTOR_IDLES	= 1,	/* a worker: may wait for ever */
	ACTOR_LAST	= 2,	/* runs only when nobody else can */
};

/* Returns its number. It runs after the actors in the mask @after are done. */
u32 model_actor(const char *name, void (*main)(u32 arg), u32 arg, u32 flags,
		u32 after);
void model_wait(bool (*ready)(void *arg), void *arg, const char *what);
bool model_wq_idle(void *wq);
void model_worker(u32 wq);
void model_unload(void);
void model_own(const struct net_iov *niov);
void model_disown(const struct net_iov *niov);
int model_module_init(void);	/* core.c's */
void model_module_exit(void);
u32 model_blocks(void);
void __noreturn __printf(1, 2) model_fail(const char *format, ...);

#endif /* _MODEL_H */
