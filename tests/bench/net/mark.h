/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions that do nothing, and tell insns.c of a window to count in: a nop
 * of eight bytes with a displacement that nobody else has.
 */
#ifndef MARK_H
#define MARK_H

#define MARK_LEN	8
#define MARK_BEGIN	0x0f, 0x1f, 0x84, 0x00, 0x01, 'm', 'r', 'k'
#define MARK_END	0x0f, 0x1f, 0x84, 0x00, 0x02, 'm', 'r', 'k'

#define mark_begin()	\
	__asm__ volatile(".byte 0x0f,0x1f,0x84,0,1,'m,'r,'k" ::: "memory")
#define mark_end()	\
	__asm__ volatile(".byte 0x0f,0x1f,0x84,0,2,'m,'r,'k" ::: "memory")

#endif /* MARK_H */
