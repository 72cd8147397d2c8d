/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers share: numbers from a seed, an end, counters, processes. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_COUNTS	64
#define MAX_ERRNO	640	/* of the kernel; 525 and above are not of Unix */
#define MAX_IDS		64

/**
 * struct rng - random numbers
 * @state: each process and thread has its own
 */
struct rng {
	uint64_t	state;
};

uint64_t rnd64(struct rng *r);
uint32_t rnd(struct rng *r, uint32_t n);
bool chance(struct rng *r, unsigned int percent);
uint32_t rnd_edge(struct rng *r);
size_t rnd_size(struct rng *r, size_t max);
void rnd_fill(struct rng *r, void *buf, size_t len);

/**
 * struct options - the command line
 * @seed: of everything
 * @seconds: end after that, 0: see @ops
 * @ops: end after so many operations, 0: see @seconds
 * @spec: range of the BAR: PCI
 * @ifname: device to bind
 * @mtu: of the link
 * @patience: how many seconds a process may take to end
 */
struct options {
	uint64_t	seed;
	unsigned int	seconds;
	uint64_t	ops;
	const char	*spec;
	const char	*ifname;
	unsigned int	mtu, patience;
};

extern struct options options;

/**
 * struct shared - what all processes of a run see
 * @stop: time to end
 * @failed: checks that failed
 * @ops: operations so far
 * @counts: by the program's own numbers
 * @errnos: how often each was the answer
 * @ids: of bindings that were made, some of which still are
 * @nr_ids: how many were made
 */
struct shared {
	atomic_bool	stop;
	atomic_uint	failed;
	atomic_ullong	ops;
	atomic_ullong	counts[MAX_COUNTS];
	atomic_ullong	errnos[MAX_ERRNO];
	atomic_uint	ids[MAX_IDS];
	atomic_uint	nr_ids;
};

extern struct shared *shared;

static inline void count(unsigned int what)
{
	shared->counts[what]++;
}

static inline void count_add(unsigned int what, uint64_t n)
{
	shared->counts[what] += n;
}

void count_errno(int e);
void add_id(uint32_t id);
uint32_t some_id(struct rng *r);

__attribute__((format(printf, 1, 2)))
void fuzz_fail(const char *fmt, ...);

void fuzz_begin(int argc, char **argv);
bool fuzz_over(void);
bool fuzz_op(void);
int fuzz_end(const char *const names[], void (*check)(void));
uint64_t now_ms(void);
void enter_netns(const char *name);
pid_t spawn(const char *what, void (*run)(uint64_t seed), uint64_t seed);
bool kill_one(const char *what);

#endif /* FUZZ_H */
