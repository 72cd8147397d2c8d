/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "dmabuf.h"

/* Most bytes of a piece that is looked at */
#define FEED_CHUNK	(256 * 1024)

/**
 * struct feed - what is sent: the bytes of a window of a dma-buf; those that are
 *	there, or a file's, for which the window is a ring
 * @dmabuf: mapped; NULL if nobody touches the bytes
 * @window: first byte of the window
 * @size: bytes of the window
 * @left: bytes that are still to come, of a file at most
 * @fed: bytes so far
 * @file: descriptor, or -1
 * @path: of @file
 * @digest: gets the bytes, or NULL
 * @buf: FEED_CHUNK bytes
 */
struct feed {
	const struct dmabuf *dmabuf;
	uint64_t window;
	uint64_t size;
	uint64_t left;
	uint64_t fed;
	int file;
	const char *path;
	EVP_MD_CTX *digest;
	uint8_t *buf;
};

int feed_open(struct feed *f, const char *file, bool hash);
void feed_close(struct feed *f);
bool feed_touches(const struct feed *f);

int feed_limit(struct feed *f, uint64_t size, uint64_t offset,
	       uint64_t length);
uint64_t feed_offset(const struct feed *f, uint64_t at);
uint64_t feed_piece(const struct feed *f);
int feed_next(struct feed *f);

#endif /* FEED_H */
