/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MD5_H
#define _MD5_H

#include <sys/socket.h>

/* Segments to and from @peer are signed (RFC 2385), with one key for all tests. */
void md5_sign(int fd, const struct sockaddr *peer, socklen_t len);

#endif /* _MD5_H */
