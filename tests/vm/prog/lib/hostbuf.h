/* SPDX-License-Identifier: GPL-2.0-only */
/* dma-bufs of host memory. */
#ifndef HOSTBUF_H
#define HOSTBUF_H

#include <stdint.h>

int heap_buf(uint64_t bytes);
int udma_buf(uint64_t bytes);

#endif /* HOSTBUF_H */
