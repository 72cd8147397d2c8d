// SPDX-License-Identifier: GPL-2.0-only
/* Signals that end a command which has a binding to undo. */
#include <stddef.h>

#include "stop.h"

volatile sig_atomic_t stop_requested;

static void stop_on_signal(int sig)
{
	(void)sig;
	stop_requested = 1;
}

/**
 * stop_on_signals() - from here on SIGINT and SIGTERM set stop_requested
 *
 * They end waits with EINTR. SIGPIPE is ignored: a lost reader of stdout must
 * not kill us before the unbind.
 */
void stop_on_signals(void)
{
	struct sigaction sa = { .sa_handler = stop_on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}
