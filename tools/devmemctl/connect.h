/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONNECT_H
#define CONNECT_H

#include "parse.h"

int connect_open(const struct endpoint *to, const struct endpoint *from);
void connect_abort(int fd);

#endif /* CONNECT_H */
