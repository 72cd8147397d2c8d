/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STOP_H
#define STOP_H

#include <signal.h>

/* Set by a signal: go on with nothing, clean up, end. */
extern volatile sig_atomic_t stop_requested;

void stop_on_signals(void);

#endif /* STOP_H */
