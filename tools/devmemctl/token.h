/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "devmem_sock.h"

/**
 * struct token_batch - tokens on their way back to the kernel
 * @range: runs of consecutive tokens
 * @ranges: used entries of @range
 * @frags: tokens in all of them
 */
struct token_batch {
	struct devmem_token range[DEVMEM_DONTNEED_RANGES];
	unsigned int ranges;
	unsigned int frags;
};

bool token_batch_add(struct token_batch *batch, uint32_t token);
int token_batch_return(struct token_batch *batch, int fd);

#endif /* TOKEN_H */
