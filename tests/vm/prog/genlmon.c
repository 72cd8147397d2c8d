// SPDX-License-Identifier: GPL-2.0-only
/* genlmon FAMILY GROUP: prints a line for every message of a generic netlink
 * group, see genl_print(), until it is killed. The first line is "joined".
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "genl.h"

int main(int argc, char **argv)
{
	static uint8_t buf[GENL_SIZE];
	const struct nlmsghdr *msg;
	static struct genl g;
	ssize_t len;
	int ret;

	if (argc != 3)
		return 2;
	genl_need(&g, argv[1]);
	ret = genl_join(&g, argv[2]);
	if (ret)
		errx(1, "group %s: %s", argv[2], strerror(ret));
	puts("joined");
	fflush(stdout);
	for (;;) {
		len = recv(g.fd, buf, sizeof(buf), 0);
		if (len < 0)
			err(1, "recv");
		for (msg = (void *)buf; NLMSG_OK(msg, len);
		     msg = NLMSG_NEXT(msg, len))
			genl_print(msg);
	}
}
