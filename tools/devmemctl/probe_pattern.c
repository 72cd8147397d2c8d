// SPDX-License-Identifier: GPL-2.0-only
/* What a probe sends and looks for: words that differ from each other and from
 * those of every other probe.
 */
#include <string.h>

#include "probe_pattern.h"

/* How much of the front the NIC leaves in its header buffer depends on how it
 * splits. From this word on everything is in the payload buffer.
 */
#define PATTERN_KEY	16

/* Odd: no two words of a pattern are the same */
#define PATTERN_STEP	0x9e3779b97f4a7c15ull

/**
 * pattern_make() - make a pattern
 * @pattern: PATTERN_WORDS words
 * @seed: any number
 */
void pattern_make(uint64_t *pattern, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < PATTERN_WORDS; i++)
		pattern[i] = seed + i * PATTERN_STEP;
}

/**
 * pattern_match() - is this buffer where the NIC wrote the pattern?
 * @buf: start of a buffer, PATTERN_REACH bytes. Read as little as possible:
 *	it may be slow
 * @pattern: the pattern
 *
 * Return: PATTERN_DAMAGED if it begins there but does not go on.
 */
enum pattern_match pattern_match(const uint8_t *buf, const uint64_t *pattern)
{
	uint8_t head[PATTERN_HEAD], rest[PATTERN_BYTES];
	const uint64_t *key = pattern + PATTERN_KEY;
	const unsigned int size = PATTERN_BYTES - 8 * PATTERN_KEY;
	const uint8_t *found;

	memcpy(head, buf, sizeof(head));
	found = memmem(head, sizeof(head), key, sizeof(*key));
	if (!found)
		return PATTERN_ABSENT;
	memcpy(rest, buf + (found - head), size);
	return memcmp(rest, key, size) ? PATTERN_DAMAGED : PATTERN_WHOLE;
}
