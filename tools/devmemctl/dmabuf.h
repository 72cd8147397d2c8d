/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMABUF_H
#define DMABUF_H

#include <stdbool.h>
#include <stdint.h>

#include "parse.h"

/**
 * struct dmabuf - a dma-buf
 * @fd: descriptor
 * @size: bytes
 * @map: its memory, NULL unless dmabuf_map() was called; touch it only between
 *	dmabuf_begin() and dmabuf_end()
 * @writable: @map is for writing, too
 */
struct dmabuf {
	int fd;
	uint64_t size;
	uint8_t *map;
	bool writable;
};

int dmabuf_open(struct dmabuf *buf, const struct source *src);
void dmabuf_close(struct dmabuf *buf);
int dmabuf_map(struct dmabuf *buf, bool write);
int dmabuf_begin(const struct dmabuf *buf);
int dmabuf_end(const struct dmabuf *buf);

#endif /* DMABUF_H */
