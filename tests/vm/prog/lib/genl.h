/* SPDX-License-Identifier: GPL-2.0-only */
/* Generic netlink with nothing between: the requests a library would not
 * send, and cheap ones in a loop.
 */
#ifndef GENL_H
#define GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#define GENL_SIZE	16384

/**
 * struct genl - a socket for one family
 * @fd: of the socket
 * @family: its id
 * @req: request that is being built
 * @groups: attribute that lists its multicast groups, in @info
 * @info: what the kernel told about the family
 * @reply: last message that came
 * @text: extack text of the last failure, empty if none
 * @bad: type of the attribute that it points at, 0 if none
 */
struct genl {
	int		fd;
	uint16_t	family;
	uint8_t		info[4096];
	const struct nlattr *groups;
	union {
		struct nlmsghdr	req;
		uint8_t		req_room[GENL_SIZE];
	};
	union {
		struct nlmsghdr	reply;
		uint8_t		reply_room[GENL_SIZE];
	};
	char		text[256];
	uint32_t	bad;
};

int genl_open(struct genl *g, const char *family);
void genl_need(struct genl *g, const char *family);
void genl_begin(struct genl *g, uint8_t cmd);
void genl_put(struct genl *g, uint16_t type, const void *data, uint16_t len);
void genl_put_u32(struct genl *g, uint16_t type, uint32_t value);
int genl_send(struct genl *g, uint16_t flags);
int genl_call(struct genl *g);
int genl_dump(struct genl *g, void (*each)(const struct nlmsghdr *msg));
int genl_join(struct genl *g, const char *group);
void genl_print(const struct nlmsghdr *msg);
const struct nlattr *genl_find(const void *attrs, int len, uint16_t type,
			       int nth);
const struct nlattr *genl_reply(const struct genl *g, uint16_t type, int nth);

static inline const void *nla_payload(const struct nlattr *attr)
{
	return (const uint8_t *)attr + NLA_HDRLEN;
}

#endif /* GENL_H */
