/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that do nothing, and tell insns.c of a window to count in: a nop
 * of eight bytes with a displacement that nobody else has.
 */
#ifndef MARK_H
#define MARK_H

#include <stdint.h>

#define MARK_LEN	8

/* Begin and end */
static const uint8_t mark_bytes[2][MARK_LEN] = {
	{ 0x0f, 0x1f, 0x84, 0x00, 0x01, 'm', 'r', 'k' },
	{ 0x0f, 0x1f, 0x84, 0x00, 0x02, 'm', 'r', 'k' },
};

static inline void mark_begin(void)
{
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0, 1, 'm, 'r, 'k" ::: "memory");
}

static inline void mark_end(void)
{
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0, 2, 'm, 'r, 'k" ::: "memory");
}

#endif /* MARK_H */
