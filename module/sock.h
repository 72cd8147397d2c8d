/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _DMT_SOCK_H
#define _DMT_SOCK_H

#include <net/devmem.h>
#include <net/devmem_driver.h>

extern const struct devmem_sock_ops dmt_sock_ops;

void dmt_socks_look(net_iov_fn fn, void *arg);

#endif /* _DMT_SOCK_H */
