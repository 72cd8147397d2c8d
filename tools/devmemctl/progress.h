/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

/**
 * struct progress - a line on stderr, once a second
 * @on: whether to print it
 * @tty: it overwrites itself
 * @dirty: it stands there without a newline
 * @time: when it was printed last
 * @bytes: of the stream, then
 */
struct progress {
	bool on;
	bool tty;
	bool dirty;
	double time;
	uint64_t bytes;
};

double progress_now(void);
void progress_init(struct progress *p, bool force);
void progress_note(struct progress *p, const char *fmt, ...) __printf(2, 3);
void progress_tick(struct progress *p, uint64_t bytes);
void progress_end(struct progress *p);

#endif /* PROGRESS_H */
