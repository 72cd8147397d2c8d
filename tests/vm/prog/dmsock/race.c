// SPDX-License-Identifier: GPL-2.0-only
/* One thread receives, others return tokens at the same time: those that were
 * handed out, and a lot that were not. What was freed and what was handed out
 * must be the same number.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dmsock.h"

#define MAX_THREADS	8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t *queue;			/* tokens, @lock */
static size_t head, tail, room;
static atomic_bool over;
static atomic_ullong freed, stray;
static struct conn *shared;

static size_t take(uint32_t *batch, size_t max)
{
	size_t n = 0;

	pthread_mutex_lock(&lock);
	while (n < max && head < tail)
		batch[n++] = queue[head++];
	pthread_mutex_unlock(&lock);
	return n;
}

static void put(const uint32_t *batch, size_t n)
{
	pthread_mutex_lock(&lock);
	if (tail + n > room) {
		room = 2 * (tail + n);
		queue = reallocarray(queue, room, sizeof(*queue));
		if (!queue)
			err(1, NULL);
	}
	memcpy(queue + tail, batch, n * sizeof(*batch));
	tail += n;
	pthread_mutex_unlock(&lock);
}

static unsigned int dontneed(struct devmem_token *what, size_t n)
{
	int ret = setsockopt(shared->fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, what,
			     n * sizeof(*what));

	if (ret < 0)
		err(1, "DONTNEED");
	return ret;
}

/* Every range twice in the same call, and once more in the next. */
static void *freer(void *arg)
{
	struct devmem_token what[2 * 32];
	uint32_t batch[32];
	size_t n, i;
	bool last;

	(void)arg;
	do {
		last = over;
		n = take(batch, 32);
		for (i = 0; i < n; i++) {
			what[2 * i].token_start = batch[i];
			what[2 * i].token_count = 1;
			what[2 * i + 1] = what[2 * i];
		}
		freed += dontneed(what, 2 * n);
		stray += dontneed(what, 2 * n);
	} while (n || !last);
	return NULL;
}

/* Numbers that the ring has not given out for long, or never will. */
static void *guesser(void *arg)
{
	struct devmem_token what[3] = {
		{ 0x70000000, 300 }, { 0, 1 }, { 0xffffff00, 0x100 },
	};

	(void)arg;
	while (!over)
		stray += dontneed(what, 3);
	return NULL;
}

static void do_race(uint64_t bytes, unsigned int threads)
{
	uint64_t left = bytes, handed = 0;
	pthread_t thread[MAX_THREADS];
	struct got got;
	struct ask ask;
	unsigned int i;
	ssize_t ret = 0;

	if (threads < 2 || threads > MAX_THREADS)
		errx(2, "race: 2 to %u threads", MAX_THREADS);
	shared = &conn;
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, i ? freer : guesser, NULL))
			errx(1, "pthread_create");
	while (left) {
		ask = ask_for(left < 100000 ? left : 100000, MAX_CMSGS, 0);
		ret = receive(&ask, &got);
		if (ret == -EAGAIN && wait_readable(patience) > 0)
			continue;
		if (ret <= 0)
			break;
		left -= ret;
		handed += conn.nr_tokens;
		put(conn.tokens, conn.nr_tokens);
		conn.nr_tokens = 0;
	}
	over = true;
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	say("bytes", "%llu", (unsigned long long)(bytes - left));
	say("handed", "%llu", (unsigned long long)handed);
	say("freed", "%llu", (unsigned long long)freed);
	say("stray", "%llu", (unsigned long long)stray);
	say_errno(ret < 0 ? -ret : 0);
}

bool step_race(const char *s)
{
	unsigned long bytes;
	unsigned int threads;

	if (sscanf(s, "race:%lu:%u", &bytes, &threads) != 2)
		return false;
	do_race(bytes, threads);
	return true;
}
