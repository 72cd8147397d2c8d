// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own page_pool, from the tree that this is built against. A kernel
 * that has it exports the same names.
 */
#define __DISABLE_EXPORTS

#include "kernel_page_pool.h"
#include <net/core/page_pool.c>
