/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BINDING_H
#define BINDING_H

#include <stddef.h>
#include <stdint.h>

#include "nl.h"
#include "parse.h"

/**
 * struct binding_pool - what one RX queue of a binding allocates from
 * @queue: RX queue
 * @napi_id: 0 while the device is down
 * @allocs: buffers given to the NIC
 * @empty: times no buffer was free
 */
struct binding_pool {
	uint32_t queue;
	uint32_t napi_id;
	uint64_t allocs;
	uint64_t empty;
};

/**
 * struct binding - a binding as the kernel describes it
 * @id: id
 * @ifindex: device
 * @queues: its RX queues
 * @page_size: bytes of one buffer
 * @size: bytes of the dma-buf
 * @num_niovs: buffers
 * @num_held: buffers that are not free, -1 if the kernel does not tell us
 * @exporter: who exported the dma-buf
 * @pools: used entries of @pool
 * @pool: one for each queue
 */
struct binding {
	uint32_t id;
	uint32_t ifindex;
	struct queue_list queues;
	uint32_t page_size;
	uint64_t size;
	uint32_t num_niovs;
	int64_t num_held;
	char exporter[64];
	unsigned int pools;
	struct binding_pool pool[DEVMEM_TCP_MAX_QUEUES];
};

struct binding_list {
	struct binding *binding;
	size_t n;
};

int binding_connect(struct netlink *nl);
int binding_create(struct netlink *nl, const char *ifname, int dmabuf,
		   const struct queue_list *queues, uint32_t page_size,
		   uint32_t *id);
int binding_destroy(struct netlink *nl, uint32_t id);
int binding_get(struct netlink *nl, uint32_t id, struct binding *binding);
int binding_list(struct netlink *nl, uint32_t ifindex,
		 struct binding_list *list);
void binding_perror(const struct netlink *nl, uint32_t id);

#endif /* BINDING_H */
