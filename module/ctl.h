/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _DMT_CTL_H
#define _DMT_CTL_H

struct genl_family;

extern struct genl_family dmt_genl_family;

#endif /* _DMT_CTL_H */
