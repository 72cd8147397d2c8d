// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "md5.h"

void md5_sign(int fd, const struct sockaddr *peer, socklen_t len)
{
	struct tcp_md5sig sig = {
		.tcpm_keylen = 6,
		.tcpm_key = "devmem",
	};

	memcpy(&sig.tcpm_addr, peer, len);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)))
		err(1, "TCP_MD5SIG");
}
