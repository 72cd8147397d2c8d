// SPDX-License-Identifier: GPL-2.0-only
/* faults:on, faults:off: between these each recvmsg() and each DONTNEED is made
 * with its first allocation or copy failing, then with its second, ..., until it
 * succeeds. One that fails must have changed nothing: what the next one gives is
 * compared as ever.
 */
#include <errno.h>
#include <string.h>

#include "dmsock.h"
#include "failnth.h"

static bool on;
static unsigned int nth;
static unsigned long calls, injected, nomem, fault;

/* Before the call, and before it is made again. */
void fault_begin(void)
{
	if (!on)
		return;
	calls += !nth;
	failnth_arm(++nth);
}

/**
 * fault_again() - after the call
 * @e: its errno, 0: it succeeded
 *
 * Return: is it to be made again?
 */
bool fault_again(int e)
{
	bool used;

	if (!on)
		return false;
	used = failnth_disarm();
	injected += used;
	if (used && (e == ENOMEM || e == EFAULT)) {
		nomem += e == ENOMEM;
		fault += e == EFAULT;
		return true;
	}
	if (used && e && e != EAGAIN)
		wrong("what failed for want of memory says %s",
		      strerrorname_np(e));
	nth = 0;
	return false;
}

bool step_fault(const char *s)
{
	if (!strcmp(s, "faults:on")) {
		on = true;
	} else if (!strcmp(s, "faults:off")) {
		on = false;
		say("calls", "%lu", calls);
		say("injected", "%lu", injected);
		say("nomem", "%lu", nomem);
		say("fault", "%lu", fault);
	} else {
		return false;
	}
	return true;
}
