/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of modules, igb fork and tool; dkms.conf has it too, and make
 * check compares.
 */
#ifndef _NET_DEVMEM_VERSION_H
#define _NET_DEVMEM_VERSION_H

#define DEVMEM_VERSION	"0.1.0"

#endif /* _NET_DEVMEM_VERSION_H */
