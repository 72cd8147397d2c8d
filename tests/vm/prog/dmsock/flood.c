// SPDX-License-Identifier: GPL-2.0-only
/* flood:CALLS:THREADS: each thread makes CALLS of SO_DEVMEM_DONTNEED with as
 * much garbage as one call takes: ranges of any start and length, and small
 * numbers, of which every socket of the machine has some. Whatever they hit has
 * to be ours: what they freed and what can be freed afterwards must be what was
 * kept.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dmsock.h"

#define MAX_THREADS	8

static atomic_ullong freed, failed;
static unsigned int calls;

static uint32_t dice(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 32;
}

static void *flooder(void *arg)
{
	struct devmem_token what[DEVMEM_DONTNEED_RANGES];
	uint64_t state = seed * 1000 + (uintptr_t)arg;
	unsigned int i, n, call;
	int ret;

	for (call = 0; call < calls; call++) {
		n = 1 + dice(&state) % DEVMEM_DONTNEED_RANGES;
		for (i = 0; i < n; i++) {
			what[i].token_start = dice(&state);
			what[i].token_count = dice(&state);
			if (call % 4) {
				what[i].token_start %= 16384;
				what[i].token_count %= 64;
			}
		}
		ret = setsockopt(conn.fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, what,
				 n * sizeof(*what));
		if (ret < 0)
			failed++;
		else
			freed += ret;
	}
	return NULL;
}

static void do_flood(unsigned int threads)
{
	unsigned long long rest = 0;
	pthread_t thread[MAX_THREADS];
	struct devmem_token one;
	unsigned int i;
	int ret;

	if (threads > MAX_THREADS)
		errx(2, "flood: %u threads at most", MAX_THREADS);
	freed = 0;
	failed = 0;
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, flooder,
				   (void *)(uintptr_t)i))
			errx(1, "pthread_create");
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < conn.nr_tokens; i++) {
		one.token_start = conn.tokens[i];
		one.token_count = 1;
		ret = setsockopt(conn.fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, &one,
				 sizeof(one));
		if (ret < 0)
			err(1, "DONTNEED");
		rest += ret;
	}
	say("kept", "%zu", conn.nr_tokens);
	say("freed", "%llu", (unsigned long long)freed);
	say("failed", "%llu", (unsigned long long)failed);
	if (freed + rest != conn.nr_tokens)
		wrong("%zu tokens, the flood freed %llu, then %llu",
		      conn.nr_tokens, (unsigned long long)freed, rest);
	conn.nr_tokens = 0;
}

bool step_flood(const char *s)
{
	unsigned int threads;

	if (sscanf(s, "flood:%u:%u", &calls, &threads) != 2)
		return false;
	do_flood(threads);
	return true;
}
