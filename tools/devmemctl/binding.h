/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BINDING_H
#define BINDING_H

#include <stdbool.h>
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
 * @posted: of the buffers that it took, those in the NIC's ring; -1, as the next
 *	two, if the kernel does not tell us
 * @queued: those in skbs
 * @users: those that user space holds
 */
struct binding_pool {
	uint32_t queue;
	uint32_t napi_id;
	uint64_t allocs;
	uint64_t empty;
	int64_t posted;
	int64_t queued;
	int64_t users;
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
 * @attach: enum devmem_tcp_attach, 0 if the kernel does not tell
 * @sock_limit: buffers that one socket may hold, 0: no limit
 * @netlink_owned: it ends with the netlink socket that made it
 * @tx: it is to send from, and has no queue and no pool
 * @tx_user: of @tx: user whose sockets may, or DEVMEM_TCP_TX_ANYBODY
 * @reason: enum devmem_tcp_reason of its end, 0 if it has not ended
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
	uint32_t attach;
	uint32_t sock_limit;
	bool netlink_owned;
	bool tx;
	uint32_t tx_user;
	uint32_t reason;
	unsigned int pools;
	struct binding_pool pool[DEVMEM_TCP_MAX_QUEUES];
};

struct binding_list {
	struct binding *binding;
	size_t n;
};

/**
 * struct binding_request - a binding that is wanted
 * @ifname: device
 * @dmabuf: descriptor of the dma-buf; the binding does not need it to stay open
 * @queues: RX queues
 * @page_size: bytes of one buffer, 0 for the kernel's default
 * @sock_limit: buffers that one socket may hold, 0: no limit
 * @tx: to send from; then the three above are not looked at
 * @tx_user: of @tx: user whose sockets may; NULL: ours
 */
struct binding_request {
	const char *ifname;
	int dmabuf;
	struct queue_list queues;
	uint32_t page_size;
	uint32_t sock_limit;
	bool tx;
	const uint32_t *tx_user;
};

int binding_connect(struct netlink *nl);
int binding_create(struct netlink *nl, const struct binding_request *request,
		   uint32_t *id);
int binding_destroy(struct netlink *nl, uint32_t id);
int binding_get(struct netlink *nl, uint32_t id, struct binding *binding);
int binding_list(struct netlink *nl, uint32_t ifindex,
		 struct binding_list *list);
int binding_parse(struct nlmsghdr *msg, struct binding *b);
void binding_perror(const struct netlink *nl, uint32_t id);

/* binding_fix.c */
const char *binding_fix(int err, const char *text, bool tx);

/* binding_out.c */
void binding_out(const struct binding *b, const char *event);
void binding_out_use(const struct binding *b);
void binding_out_tx(bool tx, uint32_t user);

#endif /* BINDING_H */
