/* SPDX-License-Identifier: GPL-2.0-only */
/* page_pool as Debian configures it, whatever the test kernel has: built in and
 * without statistics.
 */
#ifndef _DMT_BENCH_KERNEL_PAGE_POOL_H
#define _DMT_BENCH_KERNEL_PAGE_POOL_H

#undef CONFIG_PAGE_POOL
#undef CONFIG_PAGE_POOL_STATS
#define CONFIG_PAGE_POOL	1
#define NOTRACE			/* its tracepoints belong to the kernel */

#include <net/page_pool.h>

#endif /* _DMT_BENCH_KERNEL_PAGE_POOL_H */
