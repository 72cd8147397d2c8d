/* SPDX-License-Identifier: GPL-2.0-only */
/* A range of a BAR as a dma-buf, from devmem_bar. */
#ifndef BAR_H
#define BAR_H

#include <stdint.h>

int bar_open(const char *spec, uint64_t *offset, uint64_t *size);
int bar_export(const char *spec, uint64_t *size);

#endif /* BAR_H */
