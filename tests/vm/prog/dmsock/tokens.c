// SPDX-License-Identifier: GPL-2.0-only
/* Tokens: keeping them, giving them back, and giving back what is none. */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmsock.h"

void keep_token(uint32_t token)
{
	if (conn.nr_tokens == conn.room_tokens) {
		conn.room_tokens = conn.room_tokens ? 2 * conn.room_tokens :
				   1024;
		conn.tokens = reallocarray(conn.tokens, conn.room_tokens,
					   sizeof(*conn.tokens));
		if (!conn.tokens)
			err(1, NULL);
	}
	conn.tokens[conn.nr_tokens++] = token;
}

/* Runs of consecutive tokens become ranges. Return: frags freed or -errno. */
static int return_tokens(void)
{
	struct devmem_token batch[DEVMEM_DONTNEED_RANGES];
	unsigned int n, frags;
	size_t i = 0;
	int ret, freed = 0;

	while (i < conn.nr_tokens) {
		for (n = 0, frags = 0; i < conn.nr_tokens &&
		     frags < DEVMEM_DONTNEED_FRAGS; i++, frags++) {
			if (n && batch[n - 1].token_start +
				 batch[n - 1].token_count == conn.tokens[i]) {
				batch[n - 1].token_count++;
				continue;
			}
			if (n == DEVMEM_DONTNEED_RANGES)
				break;
			batch[n].token_start = conn.tokens[i];
			batch[n++].token_count = 1;
		}
		do {
			fault_begin();
			ret = setsockopt(conn.fd, SOL_SOCKET,
					 SO_DEVMEM_DONTNEED, batch,
					 n * sizeof(*batch));
		} while (fault_again(ret < 0 ? errno : 0));
		if (ret < 0)
			return -errno;
		freed += ret;
		conn.last_token = conn.tokens[i - 1];
	}
	conn.nr_tokens = 0;
	return freed;
}

void free_all(void)
{
	size_t had = conn.nr_tokens;
	int ret = return_tokens();

	if (ret < 0 || (size_t)ret != had)
		wrong("DONTNEED of %zu tokens gave %d", had, ret);
}

static void free_timed(void)
{
	uint64_t before, start, us;
	size_t had = conn.nr_tokens;

	before = pool_allocs();
	start = now_us();
	free_all();
	do {
		us = now_us() - start;
	} while (pool_allocs() == before && us < 1000ull * patience);
	say("freed", "%zu", had);
	say("us", "%llu", (unsigned long long)us);
}

/* Some of those that are kept, the oldest. */
static void free_some(size_t num)
{
	size_t rest = num < conn.nr_tokens ? conn.nr_tokens - num : 0;
	uint32_t *kept = calloc(rest + 1, sizeof(*kept));

	if (!kept)
		err(1, NULL);
	memcpy(kept, conn.tokens + conn.nr_tokens - rest,
	       rest * sizeof(*kept));
	conn.nr_tokens -= rest;
	free_all();
	memcpy(conn.tokens, kept, rest * sizeof(*kept));
	conn.nr_tokens = rest;
	free(kept);
	say("held", "%zu", rest);
}

static void dontneed(int fd, const void *what, size_t len)
{
	int ret = setsockopt(fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, what, len);

	say_errno(ret < 0 ? errno : 0);
	say("freed", "%d", ret < 0 ? 0 : ret);
}

static void do_dontneed(unsigned int n, uint32_t start, uint32_t count)
{
	struct devmem_token *what = calloc(n + 1, sizeof(*what));
	unsigned int i;

	if (!what)
		err(1, NULL);
	for (i = 0; i < n; i++, start += count) {
		what[i].token_start = start;
		what[i].token_count = count;
	}
	dontneed(conn.fd, what, n * sizeof(*what));
	free(what);
}

/* One range that begins before the first token and ends behind the last, the
 * same once more, and ones that are empty or wrap: one call.
 */
static void do_overlap(void)
{
	uint32_t first = conn.tokens[0];
	uint32_t num = conn.tokens[conn.nr_tokens - 1] - first + 1;
	const struct devmem_token what[] = {
		{ first, 0 }, { 0, first }, { 0xfffffff0, 20 },
		{ first - 1, num + 2 }, { first, num },
	};

	dontneed(conn.fd, what, sizeof(what));
	conn.nr_tokens = 0;
}

/* A range array that ends in memory that is not there. */
static void do_fault(bool all)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct devmem_token *what;

	if (map == MAP_FAILED || munmap(map + page, page))
		err(1, "mmap");
	what = (struct devmem_token *)(map + page) - 1;
	what->token_start = conn.nr_tokens ? conn.tokens[0] : 1;
	what->token_count = 1;
	dontneed(conn.fd, all ? (void *)(map + page) : what, 2 * sizeof(*what));
	munmap(map, page);
}

static void do_family(int domain, int type)
{
	struct devmem_token what = { 1, 1 };
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);

	dontneed(fd, &what, sizeof(what));
	close(fd);
}

bool step_tokens(const char *s)
{
	static const uint64_t zeros[256];
	unsigned int a, b, c;

	if (!strcmp(s, "free")) {
		say("held", "%zu", conn.nr_tokens);
		free_all();
	} else if (!strcmp(s, "freetimed")) {
		free_timed();
	} else if (sscanf(s, "freesome:%u", &a) == 1) {
		free_some(a);
	} else if (!strcmp(s, "forget")) {
		conn.nr_tokens = 0;
	} else if (!strcmp(s, "twice")) {
		do_dontneed(1, conn.last_token, 1);
	} else if (!strcmp(s, "overlap")) {
		do_overlap();
	} else if (sscanf(s, "dontneed:%u:%u:%u", &a, &b, &c) == 3) {
		do_dontneed(a, b, c);
	} else if (sscanf(s, "optlen:%u", &a) == 1) {
		dontneed(conn.fd, zeros, a);
	} else if (!strcmp(s, "fault")) {
		do_fault(false);
	} else if (!strcmp(s, "faultall")) {
		do_fault(true);
	} else if (!strcmp(s, "udp")) {
		do_family(AF_INET, SOCK_DGRAM);
	} else if (!strcmp(s, "unix")) {
		do_family(AF_UNIX, SOCK_STREAM);
	} else {
		return false;
	}
	return true;
}
