// SPDX-License-Identifier: GPL-2.0-only
/* Where sent bytes come from: device memory, or a file that is written to it
 * first.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"
#include "out.h"

/* A ring is filled in so many pieces, so that one can be filled while others
 * are sent.
 */
#define FEED_PIECES	4

/**
 * feed_open() - open a feed; its @dmabuf is set later
 * @f: the feed
 * @file: path of the bytes, or NULL if they are in the memory
 * @hash: hash them
 *
 * Return: 0, or -1 with the reason printed. feed_close() is due in any case.
 */
int feed_open(struct feed *f, const char *file, bool hash)
{
	memset(f, 0, sizeof(*f));
	f->file = -1;
	f->path = file;

	if (file) {
		f->file = open(file, O_RDONLY | O_CLOEXEC);
		if (f->file < 0) {
			out_errno(errno, "open %s", file);
			return -1;
		}
	}
	if (hash) {
		f->digest = digest_new();
		if (!f->digest)
			return -1;
	}
	f->buf = malloc(FEED_CHUNK);
	if (!f->buf) {
		out_errno(errno, "send buffer");
		return -1;
	}
	return 0;
}

void feed_close(struct feed *f)
{
	if (f->file >= 0)
		close(f->file);
	EVP_MD_CTX_free(f->digest);
	free(f->buf);
}

/* Does it need the memory mapped? */
bool feed_touches(const struct feed *f)
{
	return f->path || f->digest;
}

/**
 * feed_limit() - set the window
 * @f: the feed
 * @size: bytes of the dma-buf
 * @offset: where the window starts; it ends with the dma-buf
 * @length: bytes to send, UINT64_MAX for all
 *
 * Return: 0, or -1 with the reason printed.
 */
int feed_limit(struct feed *f, uint64_t size, uint64_t offset,
	       uint64_t length)
{
	if (offset >= size) {
		out_error("offset %" PRIu64 " is not in the dma-buf of %" PRIu64
			  " bytes", offset, size);
		return -1;
	}
	f->window = offset;
	f->size = size - offset;
	f->left = length;
	if (f->path)
		return 0;

	if (length == UINT64_MAX)
		f->left = f->size;
	if (f->left > f->size) {
		out_error("only %" PRIu64 " bytes of the dma-buf are behind offset %"
			  PRIu64, f->size, offset);
		return -1;
	}
	return 0;
}

/* Where in the dma-buf byte @at of the stream is */
uint64_t feed_offset(const struct feed *f, uint64_t at)
{
	return f->window + at % f->size;
}

/* Bytes that must be free in the window before feed_next(): so much it takes at
 * most, and never across the end of the window. What nobody looks at is one piece:
 * TCP begins a new segment at the end of each.
 */
uint64_t feed_piece(const struct feed *f)
{
	uint64_t n = feed_touches(f) ? FEED_CHUNK : UINT64_MAX;
	uint64_t end = f->size - f->fed % f->size;

	if (f->path && n > f->size / FEED_PIECES)
		n = f->size < FEED_PIECES ? 1 : f->size / FEED_PIECES;
	if (n > end)
		n = end;
	return n < f->left ? n : f->left;
}

/* From the file into the memory. Return: bytes, or -1 with the reason printed. */
static ssize_t feed_fill(struct feed *f, size_t len)
{
	ssize_t n = read(f->file, f->buf, len);

	if (n < 0) {
		if (errno == EINTR)
			return 0;
		out_errno(errno, "read %s", f->path);
		return -1;
	}
	if (!n) {
		f->left = 0;
		return 0;
	}
	if (dmabuf_begin(f->dmabuf))
		return -1;
	memcpy(f->dmabuf->map + feed_offset(f, f->fed), f->buf, n);
	return dmabuf_end(f->dmabuf) ? -1 : n;
}

/* Out of the memory, for the hash. */
static ssize_t feed_look(struct feed *f, size_t len)
{
	if (dmabuf_begin(f->dmabuf))
		return -1;
	memcpy(f->buf, f->dmabuf->map + feed_offset(f, f->fed), len);
	return dmabuf_end(f->dmabuf) ? -1 : (ssize_t)len;
}

/**
 * feed_next() - have more bytes in the memory
 * @f: the feed, whose next feed_piece() of the window is free
 *
 * It can be that none came, for a signal did; @left says whether it is the end.
 *
 * Return: 0, or -1 with the reason printed.
 */
int feed_next(struct feed *f)
{
	ssize_t n = feed_piece(f);

	if (f->path)
		n = feed_fill(f, n);
	else if (f->digest)
		n = feed_look(f, n);
	if (n < 0)
		return -1;
	f->fed += n;
	f->left -= n;
	return n && f->digest ? digest_update(f->digest, f->buf, n) : 0;
}
