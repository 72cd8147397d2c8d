// SPDX-License-Identifier: GPL-2.0-only
/* The test stream, see pattern.h. Word n is splitmix64(seed + n). */
#include <string.h>

#include "pattern.h"

static uint64_t pattern_word(uint64_t seed, uint64_t n)
{
	uint64_t z = (seed << 40) + (n + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static uint8_t pattern_byte(uint64_t seed, uint64_t offset)
{
	return pattern_word(seed, offset / 8) >> (offset % 8 * 8);
}

/**
 * pattern_fill() - make a piece of the stream
 * @seed: which stream
 * @offset: in the stream
 * @buf: where to
 * @len: bytes
 */
void pattern_fill(uint64_t seed, uint64_t offset, uint8_t *buf, size_t len)
{
	uint64_t word;

	for (; len && offset % 8; len--)
		*buf++ = pattern_byte(seed, offset++);
	for (; len >= 8; len -= 8, buf += 8, offset += 8) {
		word = pattern_word(seed, offset / 8);
		memcpy(buf, &word, 8);
	}
	for (; len; len--)
		*buf++ = pattern_byte(seed, offset++);
}

/**
 * pattern_check() - compare a piece of the stream
 * @seed: which stream
 * @offset: in the stream
 * @buf: what came
 * @len: bytes
 *
 * Return: @len, or how many bytes are right before the first wrong one.
 */
size_t pattern_check(uint64_t seed, uint64_t offset, const uint8_t *buf,
		     size_t len)
{
	uint8_t want[512];
	size_t done, n;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(want) ? len - done : sizeof(want);
		pattern_fill(seed, offset + done, want, n);
		if (!memcmp(want, buf + done, n))
			continue;
		while (buf[done] == pattern_byte(seed, offset + done))
			done++;
		return done;
	}
	return len;
}
