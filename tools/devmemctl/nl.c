// SPDX-License-Identifier: GPL-2.0-only
/* Requests over netlink, with what the kernel says about a failed one. libnl
 * knows no extended acks and folds errnos into codes of its own, so errors are
 * taken from the raw messages.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "nl.h"

/* A dump that changed while it was read is read again this often */
#define NETLINK_RETRIES	8

static const char *netlink_attr_name(const struct netlink *nl,
				     unsigned int type)
{
	if (type > nl->attr_max || !nl->attr_names[type])
		return NULL;
	return nl->attr_names[type];
}

/* Name the attribute of our request that offset @offs of it is in. */
static void netlink_bad_attr(struct netlink *nl, uint32_t offs)
{
	struct nlmsghdr *request = nl->request;
	struct nlattr *attr;
	const char *name;
	uint32_t start;
	int rem;

	nlmsg_for_each_attr(attr, request, GENL_HDRLEN, rem) {
		start = (char *)attr - (char *)request;
		if (offs < start || offs >= start + attr->nla_len)
			continue;

		name = netlink_attr_name(nl, nla_type(attr));
		if (!name)
			return;
		if (nla_len(attr) == sizeof(uint32_t))
			snprintf(nl->attr, sizeof(nl->attr), "%s %u", name,
				 nla_get_u32(attr));
		else
			snprintf(nl->attr, sizeof(nl->attr), "%s", name);
	}
}

static void netlink_extack(struct netlink *nl, struct nlattr *attrs, int len)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	const char *name;
	uint32_t type;

	if (nla_parse(tb, NLMSGERR_ATTR_MAX, attrs, len, NULL) < 0)
		return;

	if (tb[NLMSGERR_ATTR_MSG])
		snprintf(nl->text, sizeof(nl->text), "%.*s",
			 nla_len(tb[NLMSGERR_ATTR_MSG]),
			 (char *)nla_data(tb[NLMSGERR_ATTR_MSG]));
	if (tb[NLMSGERR_ATTR_OFFS] &&
	    nla_len(tb[NLMSGERR_ATTR_OFFS]) == sizeof(uint32_t))
		netlink_bad_attr(nl, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	if (tb[NLMSGERR_ATTR_MISS_TYPE] &&
	    nla_len(tb[NLMSGERR_ATTR_MISS_TYPE]) == sizeof(uint32_t)) {
		type = nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]);
		name = netlink_attr_name(nl, type);
		if (name)
			snprintf(nl->attr, sizeof(nl->attr), "%s missing",
				 name);
	}
}

/* @e is where libnl points into the message, so its header stands before it:
 * header, nlmsgerr with the request's header, rest of the request unless
 * capped, attributes.
 */
static int netlink_on_error(struct sockaddr_nl *from, struct nlmsgerr *e,
			    void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	int len = hdr->nlmsg_len - NLMSG_HDRLEN;
	int skip = sizeof(*e);
	struct netlink *nl = arg;

	(void)from;

	nl->err = -e->error;
	nl->done = true;

	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS && skip >= 0 && skip < len)
		netlink_extack(nl, (struct nlattr *)((char *)e + skip),
			       len - skip);
	return NL_STOP;
}

static int netlink_on_ack(struct nl_msg *msg, void *arg)
{
	struct netlink *nl = arg;

	(void)msg;

	nl->done = true;
	return NL_STOP;
}

/* The end of a dump carries its errno, and then attributes. */
static int netlink_on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	int len = nlmsg_datalen(hdr) - sizeof(int);
	struct netlink *nl = arg;
	int *err = nlmsg_data(hdr);

	nl->done = true;
	if (len < 0 || *err >= 0)
		return NL_STOP;

	nl->err = -*err;
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
		netlink_extack(nl, (struct nlattr *)(err + 1), len);
	return NL_STOP;
}

struct netlink_reply {
	struct netlink *nl;
	netlink_reply_t fn;
	void *arg;
};

static int netlink_on_valid(struct nl_msg *msg, void *arg)
{
	struct netlink_reply *reply = arg;
	int err;

	if (reply->fn && !reply->nl->err) {
		err = reply->fn(nlmsg_hdr(msg), reply->arg);
		if (err)
			reply->nl->err = -err;
	}
	return NL_OK;
}

static int netlink_once(struct netlink *nl, struct nl_msg *msg,
			struct netlink_reply *reply)
{
	struct nl_cb *cb;
	int ret;

	nl->done = false;
	nl->err = 0;
	nl->text[0] = '\0';
	nl->attr[0] = '\0';

	cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!cb) {
		nl->err = ENOMEM;
		return 0;
	}
	nl_cb_err(cb, NL_CB_CUSTOM, netlink_on_error, nl);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, netlink_on_ack, nl);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, netlink_on_finish, nl);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, netlink_on_valid, reply);

	ret = nl_send_auto(nl->sk, msg);
	nl->request = nlmsg_hdr(msg);
	while (ret >= 0 && !nl->done)
		ret = nl_recvmsgs(nl->sk, cb);
	nl->request = NULL;
	nl_cb_put(cb);

	if (!nl->done && !nl->err) {
		nl->err = EIO;
		snprintf(nl->text, sizeof(nl->text), "%s", nl_geterror(ret));
	}
	return ret;
}

/**
 * netlink_request() - send a request and wait for the whole answer
 * @nl: the socket
 * @msg: the request; freed
 * @reply: called for each message of the answer; a negative errno from it fails
 *	the request. For a dump that the kernel reports as inconsistent it is
 *	called with NULL, to forget what came, and then all over again. May be
 *	NULL.
 * @arg: for @reply
 *
 * Return: 0 or a negative errno; netlink_perror() has the details.
 */
int netlink_request(struct netlink *nl, struct nl_msg *msg,
		    netlink_reply_t reply, void *arg)
{
	struct netlink_reply r = { .nl = nl, .fn = reply, .arg = arg };
	unsigned int i;

	for (i = 0; netlink_once(nl, msg, &r) == -NLE_DUMP_INTR; i++) {
		if (i == NETLINK_RETRIES) {
			nl->err = EAGAIN;
			break;
		}
		if (reply)
			reply(NULL, arg);
		nlmsg_hdr(msg)->nlmsg_seq = NL_AUTO_SEQ;
	}
	nlmsg_free(msg);
	return -nl->err;
}

/**
 * netlink_message() - start a generic netlink request
 * @nl: socket with a resolved family
 * @cmd: command of that family
 * @flags: NLM_F_DUMP or 0
 *
 * Return: the message, or NULL with the reason in @nl.
 */
struct nl_msg *netlink_message(struct netlink *nl, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
				NLM_F_REQUEST | flags, cmd, 1)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	if (!msg) {
		nl->err = ENOMEM;
		nl->text[0] = '\0';
		nl->attr[0] = '\0';
	}
	return msg;
}

static int netlink_family_id(struct nlmsghdr *reply, void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct netlink *nl = arg;

	if (genlmsg_parse(reply, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !tb[CTRL_ATTR_FAMILY_ID])
		return -EPROTO;

	nl->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

static struct nl_msg *netlink_getfamily(struct netlink *nl, const char *family)
{
	struct nl_msg *msg;

	nl->family = GENL_ID_CTRL;
	msg = netlink_message(nl, CTRL_CMD_GETFAMILY, 0);
	if (msg && nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, family) < 0) {
		nlmsg_free(msg);
		nl->err = ENAMETOOLONG;
		return NULL;
	}
	return msg;
}

/**
 * netlink_resolve() - direct the socket to a generic netlink family
 * @nl: a generic netlink socket
 * @family: name; the kernel may load a module for it
 *
 * Return: 0 or a negative errno, -ENOENT if there is no such family.
 */
int netlink_resolve(struct netlink *nl, const char *family)
{
	struct nl_msg *msg = netlink_getfamily(nl, family);

	if (!msg)
		return -nl->err;
	return netlink_request(nl, msg, netlink_family_id, nl);
}

static uint32_t netlink_group_id(struct nlattr *nest, const char *group)
{
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];

	if (nla_parse_nested(tb, CTRL_ATTR_MCAST_GRP_MAX, nest, NULL) < 0 ||
	    !tb[CTRL_ATTR_MCAST_GRP_NAME] || !tb[CTRL_ATTR_MCAST_GRP_ID] ||
	    nla_strcmp(tb[CTRL_ATTR_MCAST_GRP_NAME], group))
		return 0;
	return nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
}

/**
 * netlink_parse_group() - find a multicast group
 * @msg: what nlctrl tells about a family, asked or not
 * @family: name of the family
 * @group: name of the group
 * @id: its id
 *
 * Return: 0, -ENOENT if @msg is about another family, -EPROTO if there is no
 * such group in it.
 */
int netlink_parse_group(struct nlmsghdr *msg, const char *family,
			const char *group, uint32_t *id)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *attr;
	int rem;

	if (genlmsg_parse(msg, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !tb[CTRL_ATTR_FAMILY_NAME])
		return -EPROTO;
	if (nla_strcmp(tb[CTRL_ATTR_FAMILY_NAME], family))
		return -ENOENT;
	if (!tb[CTRL_ATTR_MCAST_GROUPS])
		return -EPROTO;

	nla_for_each_nested(attr, tb[CTRL_ATTR_MCAST_GROUPS], rem) {
		*id = netlink_group_id(attr, group);
		if (*id)
			return 0;
	}
	return -EPROTO;
}

struct netlink_group {
	const char *family;
	const char *group;
	uint32_t *id;
};

static int netlink_on_group(struct nlmsghdr *reply, void *arg)
{
	struct netlink_group *g = arg;

	return netlink_parse_group(reply, g->family, g->group, g->id);
}

/**
 * netlink_group() - ask for the id of a multicast group
 * @nl: a generic netlink socket; netlink_resolve() is due after this
 * @family: name of a family
 * @group: name of the group
 * @id: its id
 *
 * Return: 0 or a negative errno.
 */
int netlink_group(struct netlink *nl, const char *family, const char *group,
		  uint32_t *id)
{
	struct netlink_group g = {
		.family = family, .group = group, .id = id
	};
	struct nl_msg *msg = netlink_getfamily(nl, family);

	if (!msg)
		return -nl->err;
	return netlink_request(nl, msg, netlink_on_group, &g);
}

/**
 * netlink_open() - open a netlink socket
 * @nl: the socket; names of attributes are kept
 * @protocol: NETLINK_GENERIC and so on
 *
 * Return: 0 or a negative errno. Only on success netlink_close() is due.
 */
int netlink_open(struct netlink *nl, int protocol)
{
	int one = 1;
	int err;

	nl->sk = nl_socket_alloc();
	if (!nl->sk)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(nl->sk, protocol) < 0) {
		err = errno ? -errno : -EIO;
		goto free_sk;
	}
	if (setsockopt(nl_socket_get_fd(nl->sk), SOL_NETLINK, NETLINK_EXT_ACK,
		       &one, sizeof(one)) < 0) {
		err = -errno;
		goto free_sk;
	}
	return 0;

free_sk:
	nl_socket_free(nl->sk);
	return err;
}

void netlink_close(struct netlink *nl)
{
	nl_socket_free(nl->sk);
}

/**
 * netlink_perror() - print why the last request failed
 * @nl: the socket
 * @fmt: what was tried
 */
void netlink_perror(const struct netlink *nl, const char *fmt, ...)
{
	const char *name = strerrorname_np(nl->err);
	char what[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);

	out_error("%s: %s%s%s (%s)", what,
		  *nl->text ? nl->text : strerror(nl->err),
		  *nl->attr ? ": " : "", nl->attr, name ? name : "unknown");
}
