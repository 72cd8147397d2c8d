/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FORMAT_H
#define FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "parse.h"

const char *format_size(char *buf, size_t size, uint64_t bytes);
const char *format_queue_numbers(char *buf, size_t size,
				 const struct queue_list *list);
const char *format_queues(char *buf, size_t size,
			  const struct queue_list *list);

#endif /* FORMAT_H */
