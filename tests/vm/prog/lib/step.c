// SPDX-License-Identifier: GPL-2.0-only
/* Steps by which a program and a scenario wait for each other, see step.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "step.h"

/**
 * step_common() - run a step if it is one of these
 * @s: wait:FILE until it exists, touch:FILE, sleep:MS
 *
 * Return: false if it is another.
 */
bool step_common(const char *s)
{
	unsigned long ms;

	if (!strncmp(s, "wait:", 5)) {
		while (access(s + 5, F_OK))
			usleep(2000);
	} else if (!strncmp(s, "touch:", 6)) {
		close(open(s + 6, O_CREAT | O_WRONLY, 0600));
	} else if (sscanf(s, "sleep:%lu", &ms) == 1) {
		usleep(ms * 1000);
	} else {
		return false;
	}
	return true;
}
