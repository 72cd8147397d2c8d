/* SPDX-License-Identifier: GPL-2.0-only */
/* All interleavings of a few actors, each a coroutine that runs real code.
 *
 *   memory.c     accesses to memory
 *   kernel.c     locks, RCU, work, modules
 *   explore.c    states, and the ways from one to the next
 *   scenarios.c  the actors
 *
 * The code under test is compiled for ThreadSanitizer, whose runtime is in
 * memory.c: so each access of it to memory comes by. A step of an actor ends
 * behind an access that does not commute with what others do. Which words those
 * are is found out: one that an actor stores and another one touches is shared,
 * unless both hold the same lock whenever they do, and when a new one is seen
 * all starts again. To free memory, RCU, work and modules end a step too. So
 * nothing is left out but orders that make no difference.
 *
 * The state is all memory, the stacks that are in use and what is below in
 * struct world. It is saved and restored as bytes, and known by a hash of 64
 * bits: what was explored from a state once is not explored again.
 *
 * Weak scenarios delay stores: an actor's stores, and atomics that return
 * nothing, wait in its buffer, and each can get to memory at any time after.
 * Kept are the order for one word, release, and barriers, which are all atomics
 * that return a value, smp_mb() and a grace period, for everybody. Loads are
 * never early, other than by overtaking stores. That is weaker than x86, and
 * stronger than arm64.
 */
#ifndef _ENGINE_H
#define _ENGINE_H

#include <setjmp.h>
#include "model.h"

#define HEAP		16384
#define STACK		65536
#define BLOCKS		24
#define BUFFER		4	/* the oldest store goes when it is full */

struct delayed {
	volatile void	*ptr;
	u64		value;
	u32		size;
	enum { STORE, OR, ADD } what;
	bool		release;
};

struct actor {
	jmp_buf		at;
	char		*sp;
	const char	*name;
	void		(*main)(u32 arg);
	u32		arg, flags, after;
	bool		done, blocked;
	bool		ends_step;	/* before the next access */
	bool		(*ready)(void *arg);
	void		*ready_arg;
	const char	*doing;		/* what the last step did, and to what */
	const volatile void *doing_to;
	u32		rcu_nest, rcu_waits;	/* for these actors */
	u32		in_module;	/* depth of its functions */
	u32		locks;		/* that it holds */

	/* The access under way: in weak scenarios what was in memory. */
	enum { NONE, LOAD, SAVE } access;
	volatile void	*access_ptr;
	u32		access_size;
	u8		access_old[16];

	struct delayed	buffer[BUFFER];
	u32		delayed;
};

struct world {
	u32		heap_used, nr_blocks, nr_actors;
	struct {
		u32		start, end;
		const char	*what;
		bool		freed;
	} blocks[BLOCKS];
	struct {
		struct work_struct *items[4];
		u32		num, running;
	} wqs[MODEL_WQS];
	struct ghost	ghost;
	struct actor	actors[MODEL_ACTORS];};

extern struct world world;
extern char heap[HEAP], stacks[MODEL_ACTORS][STACK];

/* The module's, as run.sh has named them. */
extern char __start_moddata[], __stop_moddata[];
extern char __start_modtext[], __stop_modtext[];

/* The same of what is built in. */
extern char __start_kerndata[], __stop_kerndata[];

#define MODDATA		(__stop_moddata - __start_moddata)
#define KERNDATA	(__stop_kerndata - __start_kerndata)

extern struct actor *me;	/* NULL: the model itself */
extern bool exploring, weak;
extern jmp_buf engine;		/* an actor stops */
extern jmp_buf again;		/* a word is shared, and was not known to be */
extern u32 nr_shared;

/* memory.c */
const char *name_of(const volatile void *ptr);
void check_alive(const volatile void *ptr, const char *how);
bool touch(const volatile void *ptr, u32 size, bool store, const char *doing);
void switch_out(void);
void finish(void);
void settle(void);
void end_step(const char *doing, const volatile void *to);
bool overlaps(const struct delayed *d, const volatile void *ptr, u32 size);
bool can_drain(const struct actor *actor, u32 i);
void drain_one(struct actor *actor, u32 i);
void drain(struct actor *actor);

#endif /* _ENGINE_H */
