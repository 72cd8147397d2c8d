// SPDX-License-Identifier: GPL-2.0-only
/* Where received bytes go: a file, a hash, a map of device memory. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "sink.h"

static FILE *sink_file(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		out_errno(errno, "open %s", path);
	return f;
}

/**
 * sink_open() - open a sink; its @dmabuf is set later
 * @sink: the sink
 * @file: path for the bytes, or NULL
 * @map: path for the map, or NULL
 * @hash: hash the bytes
 *
 * Return: 0, or -1 with the reason printed. sink_close() is due in any case.
 */
int sink_open(struct sink *sink, const char *file, const char *map, bool hash)
{
	memset(sink, 0, sizeof(*sink));

	if (file) {
		sink->file = sink_file(file);
		if (!sink->file)
			return -1;
	}
	if (map) {
		sink->map = sink_file(map);
		if (!sink->map)
			return -1;
	}
	if (hash) {
		sink->digest = digest_new();
		if (!sink->digest)
			return -1;
	}
	sink->buf = malloc(SINK_CHUNK);
	if (!sink->buf) {
		out_errno(errno, "receive buffer");
		return -1;
	}
	return 0;
}

static int sink_close_file(FILE *f)
{
	if (!f || !fclose(f))
		return 0;
	out_errno(errno, "write");
	return -1;
}

/* Return: 0, or -1 with the reason printed if a file did not take all. */
int sink_close(struct sink *sink)
{
	int ret;

	ret = sink_close_file(sink->file);
	if (sink_close_file(sink->map))
		ret = -1;
	EVP_MD_CTX_free(sink->digest);
	free(sink->buf);
	return ret;
}

/**
 * sink_begin() - before the frags of one recvmsg()
 * @sink: the sink
 *
 * Return: 0, or -1 with the reason printed.
 */
int sink_begin(struct sink *sink)
{
	sink->len = 0;
	return sink->dmabuf ? dmabuf_begin(sink->dmabuf) : 0;
}

/* The caller checks that the frag is in the dma-buf and that no more than
 * SINK_CHUNK bytes come between sink_begin() and sink_end().
 */
void sink_device(struct sink *sink, uint64_t offset, uint32_t len)
{
	if (sink->map)
		fprintf(sink->map, "%" PRIu64 " %" PRIu64 " %" PRIu32 "\n",
			sink->offset, offset, len);
	if (sink->dmabuf) {
		memcpy(sink->buf + sink->len, sink->dmabuf->map + offset, len);
		sink->len += len;
	}
	sink->offset += len;
}

void sink_linear(struct sink *sink, const void *data, uint32_t len)
{
	if (sink->dmabuf) {
		memcpy(sink->buf + sink->len, data, len);
		sink->len += len;
	}
	sink->offset += len;
}

/**
 * sink_end() - after the frags of one recvmsg(): none of them is read again
 * @sink: the sink
 *
 * Return: 0, or -1 with the reason printed.
 */
int sink_end(struct sink *sink)
{
	if (sink->dmabuf && dmabuf_end(sink->dmabuf))
		return -1;

	if (sink->digest && digest_update(sink->digest, sink->buf, sink->len))
		return -1;
	if (sink->file &&
	    fwrite(sink->buf, 1, sink->len, sink->file) != sink->len) {
		out_errno(errno, "write");
		return -1;
	}
	return 0;
}
