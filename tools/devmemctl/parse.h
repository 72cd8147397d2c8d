/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PARSE_H
#define PARSE_H

#include <stdint.h>

#include <linux/devmem_tcp.h>

struct queue_list {
	unsigned int n;
	uint32_t queue[DEVMEM_TCP_MAX_QUEUES];
};

enum source_kind {
	SOURCE_BAR,
	SOURCE_FD,
	SOURCE_UDMABUF,
	SOURCE_HEAP,
};

/**
 * struct source - where a dma-buf comes from
 * @kind: which of the fields below count
 * @pciaddr: SOURCE_BAR: domain:bus:device.function as sysfs writes it
 * @bar: SOURCE_BAR: BAR number
 * @offset: SOURCE_BAR: first byte in the BAR
 * @size: bytes; SOURCE_BAR: 0 for all that is left
 * @fd: SOURCE_FD: inherited descriptor
 */
struct source {
	enum source_kind kind;
	char pciaddr[20];
	unsigned int bar;
	uint64_t offset;
	uint64_t size;
	int fd;
};

/**
 * struct endpoint - address and port
 * @host: address or name, "" for any
 * @port: decimal port
 */
struct endpoint {
	char host[64];
	char port[6];
};

/* All of these return NULL, or a text that says what is wrong with @s. Then
 * what they were to fill in is undefined.
 */
const char *parse_u32(const char *s, uint32_t *value);
const char *parse_u64(const char *s, uint64_t *value);
const char *parse_size(const char *s, uint64_t *bytes);
const char *parse_page_size(const char *s, uint32_t *bytes);
const char *parse_queues(const char *s, struct queue_list *list);
const char *parse_listen(const char *s, struct endpoint *addr);
const char *parse_connect(const char *s, struct endpoint *addr);
const char *parse_user(const char *s, uint32_t *uid);
const char *parse_source(int argc, char **argv, struct source *src);

#endif /* PARSE_H */
