/* SPDX-License-Identifier: GPL-2.0-only */
/* A stream whose every byte can be told from its offset, so that a receiver
 * needs no copy of what was sent. No eight bytes of it are repeated.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>
#include <stdint.h>

void pattern_fill(uint64_t seed, uint64_t offset, uint8_t *buf, size_t len);
size_t pattern_check(uint64_t seed, uint64_t offset, const uint8_t *buf,
		     size_t len);

#endif /* PATTERN_H */
