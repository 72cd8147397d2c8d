/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _DMT_SOCK_H
#define _DMT_SOCK_H

#include <net/devmem.h>

extern const struct devmem_sock_ops dmt_sock_ops;

#endif /* _DMT_SOCK_H */
