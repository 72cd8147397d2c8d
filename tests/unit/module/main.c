// SPDX-License-Identifier: GPL-2.0-only
/* The unit tests; KUnit runs the suites while this module is loaded. */

#include <linux/module.h>

MODULE_DESCRIPTION("Unit tests of devmem_tcp_core");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_LICENSE("GPL");
