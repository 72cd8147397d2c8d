/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STREAM_H
#define STREAM_H

#include <stdint.h>

#include "progress.h"
#include "sink.h"
#include "token.h"

enum {
	STREAM_FAILED = -1,
	STREAM_DONE,
	STREAM_STOPPED,
};

/**
 * struct stream - what is received over one connection after the other
 * @id: binding that the frags must belong to
 * @size: bytes of its dma-buf
 * @limit: stop after this many bytes
 * @tokens: return tokens when this many are held
 * @hold: leave that to the end of the connection
 * @sink: where the bytes go
 * @progress: tells the user
 * @iov: SINK_CHUNK bytes for what arrives linear
 * @control: STREAM_CONTROL bytes for control messages
 * @batch: tokens to return, empty between connections
 * @bytes_device: received into device memory
 * @bytes_linear: received into host memory
 * @frags: in device memory
 * @recvmsg_calls: that returned data
 * @dontneed_calls: that returned tokens
 * @seconds: from the first to the last byte of each connection
 */
struct stream {
	uint32_t id;
	uint64_t size;
	uint64_t limit;
	unsigned int tokens;
	bool hold;
	struct sink *sink;
	struct progress *progress;

	uint8_t *iov;
	uint8_t *control;
	struct token_batch batch;

	uint64_t bytes_device;
	uint64_t bytes_linear;
	uint64_t frags;
	uint64_t recvmsg_calls;
	uint64_t dontneed_calls;
	double seconds;
};

int stream_init(struct stream *s);
void stream_free(struct stream *s);
int stream_wait(int fd);
int stream_receive(struct stream *s, int fd);

#endif /* STREAM_H */
