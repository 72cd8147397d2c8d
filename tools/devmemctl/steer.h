/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STEER_H
#define STEER_H

#include <stdbool.h>

#include "flow.h"
#include "iface.h"
#include "rss.h"

/* More than a table has entries is "all" in another way. */
#define STEER_FLOWS	1024

enum steer_action {
	STEER_AWAY,
	STEER_FLOW,
	STEER_ALL,
	STEER_SHOW,
	STEER_RESTORE,
	STEER_ACTIONS,
};

/**
 * struct steer - a request
 * @action: what to do
 * @iface: where
 * @queues: of -q
 * @key: of --key
 * @key_len: bytes of @key, 0 if it was not given
 * @flow: flows, ranges expanded
 * @hash: of each flow, once steer_hash() was called
 * @flows: used entries of @flow and @hash
 * @dry_run: change nothing
 * @force: restore in any case
 * @command: run it and restore then; NULL if not
 */
struct steer {
	enum steer_action action;
	struct iface iface;
	struct queue_list queues;
	uint8_t key[RSS_KEY_MAX];
	unsigned int key_len;
	struct flow flow[STEER_FLOWS];
	uint32_t hash[STEER_FLOWS];
	unsigned int flows;
	bool dry_run;
	bool force;
	char **command;
};

/* steer_report.c */
void steer_report(const struct steer *s, const struct rss *rss,
		  const struct reta *before, const struct reta *reta);
void steer_report_notes(const struct steer *s, const struct reta *reta,
			unsigned int taken);

#endif /* STEER_H */
