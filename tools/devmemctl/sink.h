/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "digest.h"
#include "dmabuf.h"

/* Most bytes between sink_begin() and sink_end(); one recvmsg() asks for it */
#define SINK_CHUNK	(256 * 1024)

/**
 * struct sink - where the bytes of a stream go
 * @dmabuf: mapped device memory; NULL if nobody wants the bytes
 * @file: gets the bytes, or NULL
 * @digest: gets the bytes, or NULL
 * @map: gets a line for each frag, or NULL
 * @buf: bytes since sink_begin()
 * @len: how many
 * @offset: bytes of the stream so far
 */
struct sink {
	const struct dmabuf *dmabuf;
	FILE *file;
	EVP_MD_CTX *digest;
	FILE *map;
	uint8_t *buf;
	size_t len;
	uint64_t offset;
};

int sink_open(struct sink *sink, const char *file, const char *map, bool hash);
int sink_close(struct sink *sink);

int sink_begin(struct sink *sink);
void sink_device(struct sink *sink, uint64_t offset, uint32_t len);
void sink_linear(struct sink *sink, const void *data, uint32_t len);
int sink_end(struct sink *sink);

#endif /* SINK_H */
