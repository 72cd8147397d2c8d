// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink requests by hand, see genl.h. */
#include <err.h>
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

/* Which attribute of the request is at this offset? In a nest, 100 times the
 * nest's type is added to its own.
 */
static uint32_t genl_attr_at(const struct genl *g, uint32_t offset)
{
	const struct nlattr *attr, *inner;
	uint32_t at = GENL_ATTRS, in;

	while (at < g->req.nlmsg_len) {
		attr = (const struct nlattr *)(g->req_room + at);
		if (at == offset)
			return attr->nla_type & NLA_TYPE_MASK;
		for (in = at + NLA_HDRLEN; attr->nla_type & NLA_F_NESTED &&
		     in < at + attr->nla_len;
		     in += NLA_ALIGN(inner->nla_len)) {
			inner = (const struct nlattr *)(g->req_room + in);
			if (in == offset)
				return inner->nla_type + 100 *
				       (attr->nla_type & NLA_TYPE_MASK);
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return 0;
}

static void genl_extack_attrs(struct genl *g, const void *attrs, int len)
{
	const struct nlattr *attr;

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

static void genl_extack(struct genl *g, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *e = NLMSG_DATA(msg);
	int skip = sizeof(*e);

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	genl_extack_attrs(g, (const uint8_t *)e + skip,
			  (int)msg->nlmsg_len - NLMSG_HDRLEN - skip);
}

/* A dump that fails says so in its last message. */
static void genl_done_extack(struct genl *g, const struct nlmsghdr *msg)
{
	const int *error = NLMSG_DATA(msg);

	if (msg->nlmsg_flags & NLM_F_ACK_TLVS)
		genl_extack_attrs(g, error + 1, (int)msg->nlmsg_len -
				  NLMSG_HDRLEN - (int)sizeof(*error));
}

/**
 * genl_send() - send the request and wait for nothing
 * @g: with a request
 * @flags: NLM_F_REQUEST and others
 *
 * Return: 0 or a positive errno.
 */
int genl_send(struct genl *g, uint16_t flags)
{
	g->text[0] = '\0';
	g->bad = 0;
	g->reply.nlmsg_len = 0;
	g->req.nlmsg_flags = flags;
	g->req.nlmsg_seq++;
	return send(g->fd, &g->req, g->req.nlmsg_len, 0) < 0 ? errno : 0;
}

/* A message that ends the answer: 0 or a positive errno; -1 for another. */
static int genl_last(struct genl *g, const struct nlmsghdr *msg)
{
	const int *error = NLMSG_DATA(msg);

	if (msg->nlmsg_type == NLMSG_DONE) {
		genl_done_extack(g, msg);
		return -*error;
	}
	if (msg->nlmsg_type != NLMSG_ERROR)
		return -1;
	if (*error)
		genl_extack(g, msg);
	return -*error;
}

static int genl_answer(struct genl *g,
		       void (*each)(const struct nlmsghdr *msg))
{
	static uint8_t buf[GENL_SIZE];
	const struct nlmsghdr *msg;
	ssize_t len;
	int ret;

	for (;;) {
		len = recv(g->fd, buf, sizeof(buf), 0);
		if (len < 0)
			return errno;
		for (msg = (void *)buf; NLMSG_OK(msg, len);
		     msg = NLMSG_NEXT(msg, len)) {
			/* of requests that nobody waited for */
			if (msg->nlmsg_seq != g->req.nlmsg_seq)
				continue;
			ret = genl_last(g, msg);
			if (ret >= 0)
				return ret;
			if (each)
				each(msg);
			else
				memcpy(&g->reply, msg, msg->nlmsg_len);
		}
	}
}

/**
 * genl_call() - send the request, read the reply and the ack
 * @g: with a request
 *
 * Return: 0 or a positive errno.
 */
int genl_call(struct genl *g)
{
	return genl_send(g, NLM_F_REQUEST | NLM_F_ACK) ?: genl_answer(g, NULL);
}

/**
 * genl_dump() - send the request as a dump, read all there is
 * @g: with a request
 * @each: is called for every message
 *
 * Return: 0 or a positive errno.
 */
int genl_dump(struct genl *g, void (*each)(const struct nlmsghdr *msg))
{
	return genl_send(g, NLM_F_REQUEST | NLM_F_DUMP) ?: genl_answer(g, each);
}

/**
 * genl_print() - one line: the command and what attributes there are
 * @msg: of a generic netlink family
 *
 * cmd=N TYPE=VALUE...: numbers by their length, flags without a value, all else
 * as text.
 */
void genl_print(const struct nlmsghdr *msg)
{
	const struct genlmsghdr *hdr = NLMSG_DATA(msg);
	const uint8_t *at = (const uint8_t *)msg + GENL_ATTRS;
	int len = (int)msg->nlmsg_len - GENL_ATTRS;
	const struct nlattr *attr;
	uint64_t u64;

	printf("cmd=%u", hdr->cmd);
	for (; len >= NLA_HDRLEN; len -= NLA_ALIGN(attr->nla_len),
	     at += NLA_ALIGN(attr->nla_len)) {
		attr = (const struct nlattr *)at;
		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			break;
		printf(" %u", attr->nla_type & NLA_TYPE_MASK);
		if (attr->nla_len == NLA_HDRLEN)
			continue;
		if (attr->nla_type & NLA_F_NESTED) {
			printf("=nest");
		} else if (attr->nla_len == NLA_HDRLEN + 2) {
			printf("=%u", *(const uint16_t *)nla_payload(attr));
		} else if (attr->nla_len == NLA_HDRLEN + 4) {
			printf("=%u", *(const uint32_t *)nla_payload(attr));
		} else if (attr->nla_len == NLA_HDRLEN + 8) {
			memcpy(&u64, nla_payload(attr), 8);
			printf("=%llu", (unsigned long long)u64);
		} else {
			printf("=%.*s", attr->nla_len - NLA_HDRLEN - 1,
			       (const char *)nla_payload(attr));
		}
	}
	putchar('\n');
	fflush(stdout);
}

/**
 * genl_join() - receive what is sent to a group of the family
 * @g: the socket
 * @group: its name
 *
 * Return: 0 or a positive errno.
 */
int genl_join(struct genl *g, const char *group)
{
	const struct nlattr *entry, *name, *id;
	int i, len, ret = ENOENT;

	if (!g->groups)
		return ret;
	/* Entries are numbered from 1. */
	for (i = 1; ; i++) {
		entry = genl_find(nla_payload(g->groups),
				  g->groups->nla_len - NLA_HDRLEN, i, 0);
		if (!entry)
			return ret;
		len = entry->nla_len - NLA_HDRLEN;
		name = genl_find(nla_payload(entry), len,
				 CTRL_ATTR_MCAST_GRP_NAME, 0);
		id = genl_find(nla_payload(entry), len,
			       CTRL_ATTR_MCAST_GRP_ID, 0);
		if (name && id && !strcmp(nla_payload(name), group))
			break;
	}
	if (setsockopt(g->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       nla_payload(id), sizeof(uint32_t)))
		return errno;
	return 0;
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
	attr = genl_reply(g, CTRL_ATTR_MCAST_GROUPS, 0);
	if (attr && attr->nla_len <= sizeof(g->info))
		g->groups = memcpy(g->info, attr, attr->nla_len);
	return 0;
}

/**
 * genl_need() - the same, or the end of the program
 * @g: the socket
 * @family: its name
 */
void genl_need(struct genl *g, const char *family)
{
	int ret = genl_open(g, family);

	if (ret)
		errx(1, "family %s: %s", family, strerror(ret));
}
