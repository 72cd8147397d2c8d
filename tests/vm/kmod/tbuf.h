/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/tbuf: dma-bufs with every fault that an importer has to expect. For the
 * tests only, never installed.
 *
 * ioctl TBUF_CREATE makes one. Reading gives a line "NAME COUNT" for each of
 *   attach detach pin unpin map unmap vmap	calls of the exporter's functions
 *						that succeeded; vmap: any call
 *   live	dma-bufs there are
 *   late	times that memory was written after it had been given back
 * over all dma-bufs since the module was loaded. Words that can be written:
 *   move	call move_notify of all that are attached
 *   signal	signal all fences
 */
#ifndef TBUF_H
#define TBUF_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define TBUF_DYNAMIC	 1	/* with pin and unpin */
#define TBUF_SPARSE	 2	/* all segments are the same memory */
#define TBUF_POISON	 4	/* overwrite on unmap, and look at release */
#define TBUF_NOTIFY_PIN	 8	/* call move_notify while it pins */
#define TBUF_NOTIFY_MAP	16	/* call move_notify while it maps */
#define TBUF_FENCE	32	/* has a KERNEL fence from the beginning */

/**
 * struct tbuf_create - what to make
 * @size: bytes, as the dma-buf says
 * @total: bytes of the mapping, 0: @size
 * @seg: bytes of a segment, at most 4 MiB; the last can be shorter
 * @flags: TBUF_*
 * @bad: number of a segment, from 1; 0: all are good
 * @bad_addr: added to the address of that segment
 * @bad_len: added to its length
 * @attach_err: errno of attach, 0: it works; the same for pin and map
 * @attach_ms: time it takes; the same for pin, map and unmap
 * @fence_ms: the fence signals so long after the map, 0: never
 * @fd: out: the dma-buf
 */
struct tbuf_create {
	__u64	size;
	__u64	total;
	__u32	seg;
	__u32	flags;
	__u32	bad;
	__u32	bad_addr;
	__s32	bad_len;
	__u32	attach_err;
	__u32	pin_err;
	__u32	map_err;
	__u32	attach_ms;
	__u32	pin_ms;
	__u32	map_ms;
	__u32	unmap_ms;
	__u32	fence_ms;
	__s32	fd;
};

#define TBUF_CREATE	_IOWR('t', 1, struct tbuf_create)

#endif /* TBUF_H */
