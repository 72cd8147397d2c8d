// SPDX-License-Identifier: GPL-2.0-only
/* nflog GROUP FILE: reads what NFLOG logs to GROUP, asking for whole packets, until
 * FILE exists. Prints "listening", and in the end how many packets came (packets=),
 * how many of them not whole (cut=), and the most bytes of one of these (most=).
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned long packets, cut, most;

static void config(int fd, uint16_t group, uint16_t type, const void *data,
		   size_t len)
{
	struct {
		struct nlmsghdr		nl;
		struct nfgenmsg		nf;
		struct nlattr		attr;
		uint8_t			data[8];
	} req = {
		.nl.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
		.nl.nlmsg_flags = NLM_F_REQUEST,
		.nl.nlmsg_len = offsetof(typeof(req), data) + NLMSG_ALIGN(len),
		.nf.res_id = htons(group),
		.attr.nla_type = type,
		.attr.nla_len = NLA_HDRLEN + len,
	};

	memcpy(req.data, data, len);
	if (send(fd, &req, req.nl.nlmsg_len, 0) < 0)
		err(1, "nflog group %u", group);
}

static void look(const struct nlmsghdr *msg)
{
	const struct nlattr *attr = (const void *)((const uint8_t *)msg +
				    NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	int left = (int)msg->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg));
	unsigned long len;
	uint16_t ip_len;

	for (; left >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN;
	     left -= NLA_ALIGN(attr->nla_len),
	     attr = (const void *)((const uint8_t *)attr +
				   NLA_ALIGN(attr->nla_len))) {
		if (attr->nla_type != NFULA_PAYLOAD)
			continue;
		len = attr->nla_len - NLA_HDRLEN;
		memcpy(&ip_len, (const uint8_t *)(attr + 1) + 2, sizeof(ip_len));
		packets++;
		if (len < ntohs(ip_len)) {
			cut++;
			most = len > most ? len : most;
		}
	}
}

int main(int argc, char **argv)
{
	struct nfulnl_msg_config_cmd cmd = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(0xffff),
		.copy_mode = NFULNL_COPY_PACKET,
	};
	static uint8_t buf[1 << 18];
	int fd, room = 16 << 20;
	struct nlmsghdr *msg;
	struct pollfd pfd;
	ssize_t len;

	if (argc != 3)
		errx(2, "usage: nflog GROUP FILE");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		err(1, "NETLINK_NETFILTER");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	config(fd, atoi(argv[1]), NFULA_CFG_CMD, &cmd, sizeof(cmd));
	config(fd, atoi(argv[1]), NFULA_CFG_MODE, &mode, sizeof(mode));
	puts("listening=1");
	fflush(stdout);
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	/* What came before FILE did is read; the kernel flushes each second. */
	while (poll(&pfd, 1, 1500) > 0 || access(argv[2], F_OK)) {
		len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		for (msg = (void *)buf; len > 0 && NLMSG_OK(msg, len);
		     msg = NLMSG_NEXT(msg, len))
			if (msg->nlmsg_type ==
			    (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
				look(msg);
	}
	printf("packets=%lu\ncut=%lu\nmost=%lu\n", packets, cut, most);
	return 0;
}
