/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ethtool.h>

#include "nl.h"

#define SAMPLE_COUNTERS	32

struct sample_counter {
	char name[ETH_GSTRING_LEN + 1];
	uint64_t value;
};

/**
 * struct sample_queue - the counters of one bound queue; or a binding to send
 *	from, which has no queue and no counters
 * @ifname: its device
 * @queue: RX queue, if not @tx
 * @binding: id of the binding
 * @tx: it is to send from
 * @tx_user: of @tx, as the next two: user whose sockets may
 * @niovs: buffers
 * @held: of these, those with bytes that are not acknowledged; -1 if the kernel
 *	does not tell us
 * @n: used entries of @counter
 * @counter: allocs and empty of the module, then those of the driver, under
 *	the names that these have without "rx_queue_N_devmem_"
 */
struct sample_queue {
	char ifname[IF_NAMESIZE];
	uint32_t queue;
	uint32_t binding;
	bool tx;
	uint32_t tx_user;
	uint32_t niovs;
	int64_t held;
	unsigned int n;
	struct sample_counter counter[SAMPLE_COUNTERS];
};

/**
 * struct sample - all bound queues and what is to send from, at one time
 * @time: seconds of the monotonic clock
 * @n: entries of @queue
 * @queue: in the order of show
 */
struct sample {
	double time;
	size_t n;
	struct sample_queue *queue;
};

int sample_take(struct sample *s, struct netlink *nl, uint32_t ifindex);
void sample_free(struct sample *s);
const struct sample_queue *sample_find(const struct sample *s,
				       const struct sample_queue *q);
uint64_t sample_value(const struct sample_queue *q, const char *name);
uint64_t sample_sum(const struct sample_queue *q, const char *prefix);
double sample_rate(uint64_t now, uint64_t before, double seconds);

#endif /* SAMPLE_H */
