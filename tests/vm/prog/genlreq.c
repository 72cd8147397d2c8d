// SPDX-License-Identifier: GPL-2.0-only
/* genlreq [-F FAMILY] [SOURCE] CMD [ATTR]...: one generic netlink request of
 * any shape, and what the kernel said about it.
 *
 *   -F FAMILY			(devmem_tcp)
 *   -m PCI[:OFFSET[:SIZE]]	the dma-buf for fd: a range of BAR 2
 *   -H BYTES			or from the system heap
 *   -f FD			or one that is open already
 *   -u open|call		the socket is opened, or the request made, as nobody;
 *				all else as who runs this, who is root
 *   -d				a dump
 *   -v				print what came as well, see genl_print()
 *   CMD			number
 *   TYPE=VALUE			a u32; 3=dmabuf is the descriptor of SOURCE, and
 *				VALUE can be the name of an interface
 *   u8:TYPE=VALUE, str:TYPE=VALUE, empty:TYPE=
 *   dev:TYPE=NAME		a nest with attribute 2 = NAME, as ethtool has it
 *   queue:TYPE=ID[:QTYPE]	a nest as netdev's bind-rx has it: attributes
 *				1 = ID and 3 = QTYPE (0); an empty one is left
 *				out
 *
 * Prints errno=NAME (0 if none), text=EXTACK, bad=TYPE of the attribute that
 * it is about; one in a nest has 100 times the nest's type added. Exit status 0
 * if the kernel answered.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"
#include "genl.h"
#include "hostbuf.h"

#define NOBODY		65534

static int dmabuf = -1;

static uint32_t u32_value(const char *s)
{
	uint32_t ifindex;
	char *end;
	unsigned long value = strtoul(s, &end, 0);

	if (*s && !*end)
		return value;
	if (!strcmp(s, "dmabuf"))
		return dmabuf;
	ifindex = if_nametoindex(s);
	if (!ifindex)
		errx(2, "%s is no number and no interface", s);
	return ifindex;
}

static void put_nest(struct genl *g, unsigned int type, const char *name)
{
	uint8_t nest[64] = {};
	struct nlattr *attr = (struct nlattr *)nest;
	size_t len = strlen(name) + 1;

	if (len > sizeof(nest) - NLA_HDRLEN)
		errx(2, "name too long");
	attr->nla_type = 2;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy(attr + 1, name, len);
	genl_put(g, type | NLA_F_NESTED, nest, NLA_ALIGN(attr->nla_len));
}

static void put_queue(struct genl *g, unsigned int type, char *id)
{
	char *qtype = strchr(id, ':');
	uint32_t nest[4];
	struct nlattr attr = { .nla_len = NLA_HDRLEN + 4 };
	int n = 0;

	if (qtype)
		*qtype++ = '\0';
	else
		qtype = "0";
	if (*id) {
		attr.nla_type = 1;
		memcpy(&nest[n++], &attr, sizeof(attr));
		nest[n++] = u32_value(id);
	}
	if (*qtype) {
		attr.nla_type = 3;
		memcpy(&nest[n++], &attr, sizeof(attr));
		nest[n++] = u32_value(qtype);
	}
	genl_put(g, type | NLA_F_NESTED, nest, 4 * n);
}

static void put(struct genl *g, char *s)
{
	const char *kind = "u32";
	char *colon = strchr(s, ':');
	char *value = strchr(s, '=');
	unsigned int type;
	uint8_t byte;

	if (!value)
		errx(2, "%s is no TYPE=VALUE", s);
	*value++ = '\0';
	if (colon && colon < value) {
		kind = s;
		*colon = '\0';
		s = colon + 1;
	}
	type = atoi(s);
	if (!strcmp(kind, "u32")) {
		genl_put_u32(g, type, u32_value(value));
	} else if (!strcmp(kind, "u8")) {
		byte = u32_value(value);
		genl_put(g, type, &byte, 1);
	} else if (!strcmp(kind, "str")) {
		genl_put(g, type, value, strlen(value) + 1);
	} else if (!strcmp(kind, "empty")) {
		genl_put(g, type, NULL, 0);
	} else if (!strcmp(kind, "dev")) {
		put_nest(g, type, value);
	} else if (!strcmp(kind, "queue")) {
		put_queue(g, type, value);
	} else {
		errx(2, "unknown kind %s", kind);
	}
}

/* Of the effective ids, with which capabilities go and come back. */
static void become(uid_t uid)
{
	if (seteuid(uid))
		err(1, "seteuid");
}

int main(int argc, char **argv)
{
	const char *family = "devmem_tcp", *nobody = "", *name;
	bool dump = false, verbose = false;
	static struct genl g;
	uint64_t size;
	int c, ret;

	while ((c = getopt(argc, argv, "+F:m:H:f:u:dv")) != -1) {
		if (c == 'F')
			family = optarg;
		else if (c == 'm')
			dmabuf = bar_export(optarg, &size);
		else if (c == 'H')
			dmabuf = heap_buf(strtoull(optarg, NULL, 0));
		else if (c == 'f')
			dmabuf = atoi(optarg);
		else if (c == 'u')
			nobody = optarg;
		else if (c == 'd')
			dump = true;
		else if (c == 'v')
			verbose = true;
		else
			return 2;
	}
	argv += optind;
	if (!*argv)
		errx(2, "CMD is missing");
	if (!strcmp(nobody, "open"))
		become(NOBODY);
	genl_need(&g, family);
	if (*nobody)
		become(strcmp(nobody, "call") ? 0 : NOBODY);
	genl_begin(&g, atoi(*argv));
	while (*++argv)
		put(&g, *argv);
	ret = dump ? genl_dump(&g, genl_print) : genl_call(&g);
	if (verbose && !dump && g.reply.nlmsg_len)
		genl_print(&g.reply);
	name = ret ? strerrorname_np(ret) : "0";
	printf("errno=%s\ntext=%s\nbad=%u\n", name ?: "unknown", g.text, g.bad);
	return 0;
}
