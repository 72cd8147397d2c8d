// SPDX-License-Identifier: GPL-2.0-only
/* Batches of tokens for SO_DEVMEM_DONTNEED. */
#include <errno.h>

#include "out.h"
#include "token.h"

/**
 * token_batch_add() - add a token, as part of the last run if it continues it
 * @batch: the batch
 * @token: token of one frag
 *
 * Return: false if the batch is full and must be returned first.
 */
bool token_batch_add(struct token_batch *batch, uint32_t token)
{
	struct devmem_token *last;

	if (batch->frags == DEVMEM_DONTNEED_FRAGS)
		return false;

	if (batch->ranges) {
		last = &batch->range[batch->ranges - 1];
		/* A run does not wrap: no token follows the highest one. */
		if (token && token == last->token_start + last->token_count) {
			last->token_count++;
			batch->frags++;
			return true;
		}
	}
	if (batch->ranges == DEVMEM_DONTNEED_RANGES)
		return false;

	last = &batch->range[batch->ranges++];
	last->token_start = token;
	last->token_count = 1;
	batch->frags++;
	return true;
}

/**
 * token_batch_return() - give the tokens back to the kernel, empty the batch
 * @batch: the batch, not empty
 * @fd: the socket that the tokens came from
 *
 * Return: 0, or -1 with the reason printed.
 */
int token_batch_return(struct token_batch *batch, int fd)
{
	unsigned int frags = batch->frags;
	int ret;

	ret = setsockopt(fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, batch->range,
			 batch->ranges * sizeof(batch->range[0]));
	if (ret < 0) {
		out_errno(errno, "SO_DEVMEM_DONTNEED");
		return -1;
	}
	if ((unsigned int)ret != frags) {
		out_error("SO_DEVMEM_DONTNEED freed %d of %u frags", ret,
			  frags);
		return -1;
	}

	batch->ranges = 0;
	batch->frags = 0;
	return 0;
}
