// SPDX-License-Identifier: GPL-2.0-only
/* nfhold QUEUE FILE END: the reader of an nfqueue that does not read: packets
 * wait in the kernel until FILE exists. Then each is accepted, until END exists.
 * It takes packets that GRO has merged. Prints "ready", and in the end accepted=;
 * short=, those of which not all came, and most=, the most bytes that came of
 * one of these.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* so that no packet is dropped because nobody reads */
#define ROOM	(4 << 20)

static int fd;
static uint16_t queue;
static unsigned long accepted, not_whole, most;

struct request {
	struct nlmsghdr		nl;
	struct nfgenmsg		nf;
	uint8_t			attrs[32];
};

static void put(struct request *req, uint16_t type, const void *data,
		size_t len)
{
	struct nlattr *attr = (void *)((uint8_t *)req + req->nl.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy(attr + 1, data, len);
	req->nl.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
}

static struct request begin(uint8_t type)
{
	return (struct request){
		.nl.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type,
		.nl.nlmsg_flags = NLM_F_REQUEST,
		.nl.nlmsg_len = offsetof(struct request, attrs),
		.nf.nfgen_family = AF_UNSPEC,
		.nf.res_id = htons(queue),
	};
}

static void done(const struct request *req)
{
	if (send(fd, req, req->nl.nlmsg_len, 0) < 0)
		err(1, "request %u", req->nl.nlmsg_type & 0xff);
}

static void request(uint8_t type, uint16_t attr, const void *data, size_t len)
{
	struct request req = begin(type);

	put(&req, attr, data, len);
	done(&req);
}

static void open_queue(void)
{
	struct nfqnl_msg_config_cmd cmd = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_range = htonl(0xffff),
		.copy_mode = NFQNL_COPY_PACKET,
	};
	uint32_t gso = htonl(NFQA_CFG_F_GSO);
	struct request req;
	int room = ROOM;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		err(1, "NETLINK_NETFILTER");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		err(1, "SO_RCVBUFFORCE");
	request(NFQNL_MSG_CONFIG, NFQA_CFG_CMD, &cmd, sizeof(cmd));
	request(NFQNL_MSG_CONFIG, NFQA_CFG_PARAMS, &params, sizeof(params));
	req = begin(NFQNL_MSG_CONFIG);
	put(&req, NFQA_CFG_MASK, &gso, sizeof(gso));
	put(&req, NFQA_CFG_FLAGS, &gso, sizeof(gso));
	done(&req);
}

static void accept_packet(const struct nlmsghdr *msg)
{
	const struct nlattr *attr = (const void *)((const uint8_t *)msg +
				    NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	int left = (int)msg->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg));
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	struct nfqnl_msg_packet_hdr hdr;
	unsigned long len;
	uint16_t ip_len;

	for (; left >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN;
	     left -= NLA_ALIGN(attr->nla_len),
	     attr = (const void *)((const uint8_t *)attr +
				   NLA_ALIGN(attr->nla_len))) {
		if (attr->nla_type == NFQA_PACKET_HDR) {
			memcpy(&hdr, attr + 1, sizeof(hdr));
			verdict.id = hdr.packet_id;
		} else if (attr->nla_type == NFQA_PAYLOAD) {
			len = attr->nla_len - NLA_HDRLEN;
			memcpy(&ip_len, (const uint8_t *)(attr + 1) + 2,
			       sizeof(ip_len));
			if (len < ntohs(ip_len)) {
				not_whole++;
				most = len > most ? len : most;
			}
		}
	}
	request(NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &verdict,
		sizeof(verdict));
	accepted++;
}

static void read_packets(void)
{
	static uint8_t buf[1 << 17];
	struct nlmsghdr *msg;
	ssize_t len;

	len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (len < 0 && errno != EAGAIN)
		err(1, "recv");
	for (msg = (void *)buf; len > 0 && NLMSG_OK(msg, len);
	     msg = NLMSG_NEXT(msg, len))
		if (msg->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 |
					NFQNL_MSG_PACKET))
			accept_packet(msg);
		else
			errx(1, "message of type %#x", msg->nlmsg_type);
}

int main(int argc, char **argv)
{
	struct pollfd pfd = { .events = POLLIN };

	if (argc != 4)
		errx(2, "usage: nfhold QUEUE FILE END");
	queue = atoi(argv[1]);
	open_queue();
	puts("ready");
	fflush(stdout);
	while (access(argv[2], F_OK))
		usleep(2000);
	pfd.fd = fd;
	while (access(argv[3], F_OK)) {
		if (poll(&pfd, 1, 20) > 0)
			read_packets();
	}
	printf("accepted=%lu\nshort=%lu\nmost=%lu\n", accepted, not_whole, most);
	return 0;
}
