/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RETA_H
#define RETA_H

#include <stdbool.h>
#include <stdint.h>

#include "parse.h"

#define RETA_MAX	4096

/**
 * struct reta - redirection table: the low bits of a hash choose an entry, and
 *	that a queue
 * @size: used entries of @queue
 * @queue: RX queues
 */
struct reta {
	unsigned int size;
	uint32_t queue[RETA_MAX];
};

bool queue_list_has(const struct queue_list *list, uint32_t queue);
void queue_list_rest(struct queue_list *rest, unsigned int rings,
		     const struct queue_list *list);
void queue_list_join(struct queue_list *list, const struct queue_list *more);

bool reta_equal(const struct reta *a, const struct reta *b);
bool reta_is_default(const struct reta *reta, unsigned int rings);
unsigned int reta_entries(const struct reta *reta, uint32_t queue);
unsigned int reta_differ(const struct reta *a, const struct reta *b);
unsigned int reta_taken(const struct reta *before, const struct reta *after,
			const struct queue_list *from,
			const struct queue_list *to);

void reta_move(struct reta *reta, const struct queue_list *from,
	       const struct queue_list *to);
void reta_spread(struct reta *reta, const struct queue_list *to);
unsigned int reta_place(struct reta *reta, const struct queue_list *to,
			const uint32_t *hash, unsigned int n);

#endif /* RETA_H */
