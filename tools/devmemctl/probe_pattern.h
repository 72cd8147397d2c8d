/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROBE_PATTERN_H
#define PROBE_PATTERN_H

#include <stdint.h>

/* More than a NIC's header buffer takes, less than any MTU */
#define PATTERN_WORDS	128
#define PATTERN_BYTES	(8 * PATTERN_WORDS)

/* A frame with it lies within so many bytes from the start of a buffer. */
#define PATTERN_HEAD	256
#define PATTERN_REACH	(PATTERN_HEAD + PATTERN_BYTES)

enum pattern_match {
	PATTERN_ABSENT,
	PATTERN_DAMAGED,
	PATTERN_WHOLE,
};

void pattern_make(uint64_t *pattern, uint64_t seed);
enum pattern_match pattern_match(const uint8_t *buf, const uint64_t *pattern);

#endif /* PROBE_PATTERN_H */
