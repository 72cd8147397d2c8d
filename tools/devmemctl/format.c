// SPDX-License-Identifier: GPL-2.0-only
/* Values as a person wants to read them. */
#include <inttypes.h>
#include <stdio.h>

#include "format.h"

/**
 * format_size() - bytes in the largest unit that leaves no remainder
 * @buf: where to write
 * @size: bytes of @buf
 * @bytes: the value
 *
 * Return: @buf.
 */
const char *format_size(char *buf, size_t size, uint64_t bytes)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB" };
	unsigned int i = 0;

	while (bytes && !(bytes & 1023) && i < 3) {
		bytes >>= 10;
		i++;
	}
	snprintf(buf, size, "%" PRIu64 " %s", bytes, unit[i]);
	return buf;
}

/**
 * format_queue_numbers() - "1,2", as parse_queues() takes it
 * @buf: where to write
 * @size: bytes of @buf
 * @list: the queues
 *
 * Return: @buf.
 */
const char *format_queue_numbers(char *buf, size_t size,
				 const struct queue_list *list)
{
	unsigned int i;
	size_t pos = 0;

	buf[0] = '\0';
	for (i = 0; i < list->n && pos < size; i++)
		pos += snprintf(buf + pos, size - pos, "%s%" PRIu32,
				i ? "," : "", list->queue[i]);
	return buf;
}

/**
 * format_queues() - "queue 3" or "queues 1,2"
 * @buf: where to write
 * @size: bytes of @buf
 * @list: the queues
 *
 * Return: @buf.
 */
const char *format_queues(char *buf, size_t size,
			  const struct queue_list *list)
{
	size_t pos;

	pos = snprintf(buf, size, list->n == 1 ? "queue " : "queues ");
	if (pos < size)
		format_queue_numbers(buf + pos, size - pos, list);
	return buf;
}
