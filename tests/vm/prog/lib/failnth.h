/* SPDX-License-Identifier: GPL-2.0-only */
/* The Nth allocation or copy of this thread fails, or of the kernel's workers:
 * /proc/PID/fail-nth, which only kernels with fault injection have.
 */
#ifndef FAILNTH_H
#define FAILNTH_H

#include <stdbool.h>

bool failnth_there(void);
void failnth_arm(unsigned int n);
bool failnth_disarm(void);
void failnth_arm_workers(unsigned int n);
bool failnth_disarm_workers(void);

#endif /* FAILNTH_H */
