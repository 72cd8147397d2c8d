/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NL_H
#define NL_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/netlink.h>

#include "out.h"

/**
 * struct netlink - a netlink socket and the outcome of its last request
 * @sk: the socket
 * @family: generic netlink family that messages are for
 * @attr_names: name of each attribute of that family, for errors; entries may
 *	be NULL
 * @attr_max: highest index into @attr_names
 * @request: the last request, only while it is under way
 * @done: the kernel has answered it completely
 * @err: errno of the last request
 * @text: what the kernel said about @err, or ""
 * @attr: the attribute that @err is about, or ""
 */
struct netlink {
	struct nl_sock *sk;
	int family;
	const char *const *attr_names;
	unsigned int attr_max;

	struct nlmsghdr *request;
	bool done;
	int err;
	char text[256];
	char attr[64];
};

typedef int (*netlink_reply_t)(struct nlmsghdr *reply, void *arg);

int netlink_open(struct netlink *nl, int protocol);
int netlink_resolve(struct netlink *nl, const char *family);
int netlink_group(struct netlink *nl, const char *family, const char *group,
		  uint32_t *id);
int netlink_parse_group(struct nlmsghdr *msg, const char *family,
			const char *group, uint32_t *id);
void netlink_close(struct netlink *nl);

struct nl_msg *netlink_message(struct netlink *nl, uint8_t cmd, int flags);
int netlink_request(struct netlink *nl, struct nl_msg *msg,
		    netlink_reply_t reply, void *arg);
void netlink_perror(const struct netlink *nl, const char *fmt, ...)
	__printf(2, 3);

#endif /* NL_H */
