// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own genalloc, from the tree that this is built against, for the
 * test kernels do not have it. One that has it exports the same names.
 */
#define __DISABLE_EXPORTS

#include <lib/genalloc.c>
