// SPDX-License-Identifier: GPL-2.0-only
/* holddump FAMILY CMD FILE [IFNAME]: begins a dump and reads nothing of it
 * until FILE exists, then the rest. CMD is the command's number; IFNAME goes with
 * attribute 1. Prints "held", then messages= and errno=; exit status 0 if the
 * dump came to its end.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "genl.h"

int main(int argc, char **argv)
{
	static uint8_t buf[2 * GENL_SIZE];
	const struct nlmsghdr *msg;
	static struct genl g;
	unsigned long num = 0;
	ssize_t len;
	int ret;

	if (argc < 4)
		errx(2, "usage: holddump FAMILY CMD FILE [IFNAME]");
	genl_need(&g, argv[1]);
	genl_begin(&g, atoi(argv[2]));
	if (argc > 4)
		genl_put_u32(&g, 1, if_nametoindex(argv[4]));
	ret = genl_send(&g, NLM_F_REQUEST | NLM_F_DUMP);
	if (ret)
		errx(1, "send: %s", strerror(ret));
	puts("held");
	fflush(stdout);
	while (access(argv[3], F_OK))
		usleep(2000);
	for (;;) {
		len = recv(g.fd, buf, sizeof(buf), 0);
		if (len < 0)
			err(1, "recv");
		for (msg = (void *)buf; NLMSG_OK(msg, len);
		     msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type == NLMSG_DONE ||
			    msg->nlmsg_type == NLMSG_ERROR) {
				ret = -*(const int *)NLMSG_DATA(msg);
				printf("messages=%lu\nerrno=%s\n", num,
				       ret ? strerrorname_np(ret) : "0");
				return msg->nlmsg_type == NLMSG_ERROR;
			}
			num++;
		}
	}
}
