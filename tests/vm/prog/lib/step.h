/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps that programs which take steps have in common. */
#ifndef STEP_H
#define STEP_H

#include <stdbool.h>

bool step_common(const char *s);

#endif /* STEP_H */
