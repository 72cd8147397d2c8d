// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink requests by hand, see genl.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "genl.h"

/* attributes behind a struct genlmsghdr */
#define GENL_ATTRS	NLMSG_LENGTH(GENL_HDRLEN)

/**
 * genl_begin() - start a request
 * @g: the socket
 * @cmd: of its family
 */
void genl_begin(struct genl *g, uint8_t cmd)
{
	struct genlmsghdr *hdr = NLMSG_DATA(&g->req);

	memset(&g->req, 0, GENL_ATTRS);
	g->req.nlmsg_len = GENL_ATTRS;
	g->req.nlmsg_type = g->family;
	g->req.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	hdr->cmd = cmd;
	hdr->version = 1;
}

/**
 * genl_put() - add an attribute of any type and length
 * @g: with a request
 * @type: of the attribute
 * @data: its payload
 * @len: bytes
 */
void genl_put(struct genl *g, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr *attr = (struct nlattr *)(g->req_room + g->req.nlmsg_len);

	memset(attr, 0, NLA_HDRLEN + NLA_ALIGN(len));
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy(attr + 1, data, len);
	g->req.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
}

void genl_put_u32(struct genl *g, uint16_t type, uint32_t value)
{
	genl_put(g, type, &value, sizeof(value));
}

/**
 * genl_find() - find an attribute
 * @attrs: where they are
 * @len: bytes of them
 * @type: that is wanted
 * @nth: which of several, from 0
 *
 * Return: NULL if there is none.
 */
const struct nlattr *genl_find(const void *attrs, int len, uint16_t type,
			       int nth)
{
	const struct nlattr *attr = attrs;

	while (len >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN &&
	       attr->nla_len <= len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type && !nth--)
			return attr;
		len -= NLA_ALIGN(attr->nla_len);
		attr = (const void *)attr + NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

/* An attribute of the last reply. */
const struct nlattr *genl_reply(const struct genl *g, uint16_t type, int nth)
{
	return genl_find(g->reply_room + GENL_ATTRS,
			 (int)g->reply.nlmsg_len - GENL_ATTRS, type, nth);
}

/* Which attribute of the request is at this offset? */
static uint32_t genl_attr_at(const struct genl *g, uint32_t offset)
{
	const struct nlattr *attr;
	uint32_t at = GENL_ATTRS;

	while (at < g->req.nlmsg_len) {
		attr = (const struct nlattr *)(g->req_room + at);
		if (at == offset)
			return attr->nla_type;
		at += NLA_ALIGN(attr->nla_len);
	}
	return 0;
}

static void genl_extack(struct genl *g, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *e = NLMSG_DATA(msg);
	const struct nlattr *attr;
	const void *attrs;
	int skip, len;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	skip = sizeof(*e);
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	attrs = (const uint8_t *)e + skip;
	len = (int)msg->nlmsg_len - NLMSG_HDRLEN - skip;
	attr = genl_find(attrs, len, NLMSGERR_ATTR_MSG, 0);
	if (attr)
		snprintf(g->text, sizeof(g->text), "%s",
			 (const char *)nla_payload(attr));
	attr = genl_find(attrs, len, NLMSGERR_ATTR_OFFS, 0);
	if (attr)
		g->bad = genl_attr_at(g, *(const uint32_t *)nla_payload(attr));
	attr = genl_find(attrs, len, NLMSGERR_ATTR_MISS_TYPE, 0);
	if (attr)
		g->bad = *(const uint32_t *)nla_payload(attr);
}

/**
 * genl_call() - send the request, read the reply and the ack
 * @g: with a request
 *
 * Return: 0 or a positive errno.
 */
int genl_call(struct genl *g)
{
	static uint8_t buf[GENL_SIZE];
	const struct nlmsghdr *msg;
	const struct nlmsgerr *e;
	ssize_t len;

	g->text[0] = '\0';
	g->bad = 0;
	g->reply.nlmsg_len = 0;
	g->req.nlmsg_seq++;
	if (send(g->fd, &g->req, g->req.nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		len = recv(g->fd, buf, sizeof(buf), 0);
		if (len < 0)
			return errno;
		for (msg = (void *)buf; NLMSG_OK(msg, len);
		     msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type != NLMSG_ERROR) {
				memcpy(&g->reply, msg, msg->nlmsg_len);
				continue;
			}
			e = NLMSG_DATA(msg);
			if (e->error)
				genl_extack(g, msg);
			return -e->error;
		}
	}
}

/**
 * genl_open() - a socket for a family
 * @g: the socket
 * @family: its name
 *
 * Return: 0 or a positive errno.
 */
int genl_open(struct genl *g, const char *family)
{
	const struct nlattr *attr;
	int one = 1, err;

	memset(g, 0, sizeof(*g));
	g->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (g->fd < 0)
		return errno;
	setsockopt(g->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	g->family = GENL_ID_CTRL;
	genl_begin(g, CTRL_CMD_GETFAMILY);
	genl_put(g, CTRL_ATTR_FAMILY_NAME, family, strlen(family) + 1);
	err = genl_call(g);
	attr = genl_reply(g, CTRL_ATTR_FAMILY_ID, 0);
	if (err || !attr)
		return err ?: ENOENT;
	g->family = *(const uint16_t *)nla_payload(attr);
	return 0;
}
