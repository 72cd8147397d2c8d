/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STEER_STATE_H
#define STEER_STATE_H

#include "iface.h"
#include "reta.h"

/**
 * struct steer_state - what devmemctl steer changed and has not restored yet
 * @queues: all queues that were steered since
 * @saved: the table as it was before the first time
 * @set: the table as we left it
 */
struct steer_state {
	struct queue_list queues;
	struct reta saved;
	struct reta set;
};

int steer_lock(void);
void steer_unlock(int lock);
int steer_load(const struct iface *iface, struct steer_state *state);
int steer_store(const struct iface *iface, const struct steer_state *state);
int steer_drop(const struct iface *iface);

#endif /* STEER_STATE_H */
