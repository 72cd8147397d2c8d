// SPDX-License-Identifier: GPL-2.0-only
/* The books: bindings, users of the modules, what the exporter gave, events. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/devmem_tcp.h>

#include "ops.h"

static struct genl list, events;
uint32_t nr_listed, listed_id;

void books_open(void)
{
	genl_need(&list, DEVMEM_TCP_FAMILY_NAME);
	genl_need(&events, DEVMEM_TCP_FAMILY_NAME);
	if (genl_join(&events, DEVMEM_TCP_MCGRP_BINDING))
		errx(1, "no group");
}

static void count_binding(const struct nlmsghdr *msg)
{
	const struct nlattr *id;

	id = genl_find((const uint8_t *)msg + NLMSG_LENGTH(GENL_HDRLEN),
		       msg->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN),
		       DEVMEM_TCP_A_ID, 0);
	if (!id)
		return;
	nr_listed++;
	memcpy(&listed_id, nla_payload(id), sizeof(listed_id));
}

uint32_t bindings(void)
{
	int ret;

	nr_listed = 0;
	genl_begin(&list, DEVMEM_TCP_CMD_GET);
	ret = genl_dump(&list, count_binding);
	if (ret)
		wrong("a dump that nothing is the matter with: %s",
		      strerror(ret));
	return nr_listed;
}

/* devmem_tcp links to the core: that is the one user it has. */
static int module_users(void)
{
	char line[256], name[64];
	int users = 0, refs;
	FILE *f = fopen("/proc/modules", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %*s %d", name, &refs) != 2)
			continue;
		if (!strcmp(name, "devmem_tcp_core"))
			users += refs - 1;
		else if (!strcmp(name, "devmem_tcp"))
			users += refs;
	}
	if (f)
		fclose(f);
	return users;
}

/* Has the test exporter all that it gave? */
static bool exporter_has_all(void)
{
	static const char * const pairs[][2] = {
		{ "attach", "detach" }, { "pin", "unpin" }, { "map", "unmap" },
	};
	int value[2][3] = {}, n, i, k;
	char name[32];
	FILE *f = fopen("/dev/tbuf", "re");

	if (!f)
		return true;
	while (fscanf(f, "%31s %d", name, &n) == 2)
		for (i = 0; i < 3; i++)
			for (k = 0; k < 2; k++)
				if (!strcmp(name, pairs[i][k]))
					value[k][i] = n;
	fclose(f);
	return !memcmp(value[0], value[1], sizeof(value[0]));
}

void nothing_left(unsigned int n)
{
	int ms;

	if (bindings())
		wrong("%u: %u bindings are left", n, nr_listed);
	for (ms = 0; module_users() || !exporter_has_all(); ms += 5) {
		if (ms > 20000)
			wrong("%u: %d users of the modules are left, exporter %s",
			      n, module_users(),
			      exporter_has_all() ? "has all" : "lacks some");
		usleep(5000);
	}
}

/* Each binding that came or went was told, or that something was not. */
void check_events(unsigned int n)
{
	const struct nlmsghdr *msg = &events.reply;
	int added = 0, ended = 0;
	bool lost = false;
	ssize_t len;

	for (;;) {
		len = recv(events.fd, events.reply_room, GENL_SIZE,
			   MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS) {
			lost = true;
			continue;
		}
		if (len < 0)
			break;
		switch (((const struct genlmsghdr *)NLMSG_DATA(msg))->cmd) {
		case DEVMEM_TCP_CMD_ADD_NTF:
			added++;
			break;
		case DEVMEM_TCP_CMD_DEL_NTF:
			ended++;
		}
	}
	if (added != ended && !lost)
		wrong("%u: %d bindings came, %d went", n, added, ended);
}

void must_unbind(unsigned int n)
{
	if (!bindings())
		return;
	genl_begin(&list, DEVMEM_TCP_CMD_UNBIND);
	genl_put_u32(&list, DEVMEM_TCP_A_ID, listed_id);
	if (genl_call(&list))
		wrong("%u: unbind: %s", n, list.text);
}
