// SPDX-License-Identifier: GPL-2.0-only
/* Progress of a transfer, on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

/* Seconds of the monotonic clock */
double progress_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/**
 * progress_init() - start
 * @p: the progress line
 * @force: show it even if stderr is no terminal
 */
void progress_init(struct progress *p, bool force)
{
	memset(p, 0, sizeof(*p));
	p->tty = isatty(STDERR_FILENO);
	p->on = p->tty || force;
	p->time = progress_now();
}

/* A line of its own, which stays. */
void progress_note(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	if (!p->on)
		return;

	progress_end(p);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/**
 * progress_tick() - print the line if it is time for it
 * @p: the progress line
 * @bytes: of the stream so far
 */
void progress_tick(struct progress *p, uint64_t bytes)
{
	double now;

	if (!p->on)
		return;
	now = progress_now();
	if (now - p->time < 1)
		return;

	/* Ends with CR: an error message would go over it. */
	fprintf(stderr, "%10.1f MiB %8.1f Mbit/s%c", bytes / 1048576.0,
		(bytes - p->bytes) * 8e-6 / (now - p->time),
		p->tty ? '\r' : '\n');
	p->dirty = p->tty;
	p->time = now;
	p->bytes = bytes;
}

/* Leave the line before anything else is printed. */
void progress_end(struct progress *p)
{
	if (p->dirty)
		fputc('\n', stderr);
	p->dirty = false;
}
