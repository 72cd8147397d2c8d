// SPDX-License-Identifier: GPL-2.0-only
/* Parsers of what stands on the command line. */
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* strtoull() takes blanks and signs; a number on our command line has none. */
static const char *parse_number(const char *s, char **end, uint64_t *value)
{
	if (!isdigit((unsigned char)*s))
		return "not a number";

	errno = 0;
	*value = strtoull(s, end, 0);
	if (errno == ERANGE)
		return "number too large";
	return NULL;
}

const char *parse_u64(const char *s, uint64_t *value)
{
	const char *why;
	char *end;

	why = parse_number(s, &end, value);
	if (why)
		return why;
	return *end ? "not a number" : NULL;
}

const char *parse_u32(const char *s, uint32_t *value)
{
	const char *why;
	uint64_t v;

	why = parse_u64(s, &v);
	if (why)
		return why;
	if (v > UINT32_MAX)
		return "number too large";

	*value = v;
	return NULL;
}

const char *parse_size(const char *s, uint64_t *bytes)
{
	unsigned int shift = 0;
	const char *why;
	char *end;

	why = parse_number(s, &end, bytes);
	if (why)
		return why;

	switch (*end) {
	case 'K':
	case 'k':
		shift = 10;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'G':
	case 'g':
		shift = 30;
		break;
	}
	if (shift)
		end++;
	if (*end)
		return "not a size (number with K, M or G)";
	if (*bytes > UINT64_MAX >> shift)
		return "size too large";

	*bytes <<= shift;
	return NULL;
}

/* Which sizes a device can do is for the kernel to say. */
const char *parse_page_size(const char *s, uint32_t *bytes)
{
	const char *why;
	uint64_t v;

	why = parse_size(s, &v);
	if (why)
		return why;
	if (!v || v > UINT32_MAX)
		return "size out of range";

	*bytes = v;
	return NULL;
}

static const char *queue_list_add(struct queue_list *list, uint32_t queue)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->queue[i] == queue)
			return "queue given twice";
	if (list->n == DEVMEM_TCP_MAX_QUEUES)
		return "more than 64 queues";

	list->queue[list->n++] = queue;
	return NULL;
}

const char *parse_queues(const char *s, struct queue_list *list)
{
	uint64_t first, last, queue;
	const char *why;
	char *end;

	list->n = 0;
	for (;;) {
		why = parse_number(s, &end, &first);
		if (why)
			return why;

		last = first;
		if (*end == '-') {
			why = parse_number(end + 1, &end, &last);
			if (why)
				return why;
		}
		if (last > UINT32_MAX)
			return "number too large";
		if (last < first)
			return "range runs backwards";

		for (queue = first; queue <= last; queue++) {
			why = queue_list_add(list, queue);
			if (why)
				return why;
		}

		if (!*end)
			return NULL;
		if (*end != ',')
			return "not a list like 1,3-5";
		s = end + 1;
	}
}

const char *parse_listen(const char *s, struct endpoint *addr)
{
	const char *port = strrchr(s, ':');
	const char *host = s;
	size_t len = 0;
	const char *why;
	uint32_t v;

	if (!port) {
		port = s;
	} else {
		len = port++ - s;
		if (*s == '[') {
			if (len < 3 || s[len - 1] != ']')
				return "not an address like [::1]:5000";
			host++;
			len -= 2;
		} else if (memchr(s, ':', len)) {
			return "IPv6 address without brackets";
		} else if (!len) {
			return "address missing before the colon";
		}
	}
	if (len >= sizeof(addr->host))
		return "address too long";

	why = parse_u32(port, &v);
	if (why)
		return why;
	if (!v || v > UINT16_MAX)
		return "port not in 1 to 65535";

	memcpy(addr->host, host, len);
	addr->host[len] = '\0';
	snprintf(addr->port, sizeof(addr->port), "%hu", (unsigned short)v);
	return NULL;
}

/* As parse_listen(), but with a host to go to. */
const char *parse_connect(const char *s, struct endpoint *addr)
{
	const char *why = parse_listen(s, addr);

	return why || *addr->host ? why : "not HOST:PORT";
}

/* Whose sockets may send: a name, a number, or "any". */
const char *parse_user(const char *s, uint32_t *uid)
{
	const struct passwd *user;
	const char *why;

	if (!strcmp(s, "any")) {
		*uid = DEVMEM_TCP_TX_ANYBODY;
		return NULL;
	}
	if (isdigit((unsigned char)*s)) {
		why = parse_u32(s, uid);
		if (!why && *uid == DEVMEM_TCP_TX_ANYBODY)
			why = "number too large";
		return why;
	}
	user = getpwnam(s);
	if (!user)
		return "no such user";
	*uid = user->pw_uid;
	return NULL;
}

/* A field of at most @digits hex digits; *@s moves behind it. */
static bool parse_hex(const char **s, size_t digits, unsigned int *value)
{
	size_t n = strspn(*s, "0123456789abcdefABCDEF");

	if (!n || n > digits)
		return false;

	*value = strtoul(*s, NULL, 16);
	*s += n;
	return true;
}

static bool parse_char(const char **s, char c)
{
	if (**s != c)
		return false;
	++*s;
	return true;
}

/* [domain:]bus:device.function; *@s moves behind it. */
static bool parse_pciaddr(const char **s, char *addr, size_t size)
{
	unsigned int domain = 0, bus, dev, fn;
	const char *p;

	/* Only the form with a domain has a second colon before the dot. */
	p = *s + strcspn(*s, ":.");
	if (*p == ':' && p[1 + strcspn(p + 1, ":.")] == ':') {
		if (!parse_hex(s, 8, &domain) || !parse_char(s, ':'))
			return false;
	}
	if (!parse_hex(s, 2, &bus) || !parse_char(s, ':') ||
	    !parse_hex(s, 2, &dev) || dev > 0x1f || !parse_char(s, '.') ||
	    !parse_hex(s, 1, &fn) || fn > 7)
		return false;

	snprintf(addr, size, "%04x:%02x:%02x.%u", domain, bus, dev, fn);
	return true;
}

/* PCIADDR[:BAR[:OFFSET[:SIZE]]] */
static const char *parse_bar(const char *s, struct source *src)
{
	char fields[3][24] = { "2", "0", "0" };
	const char *why;
	unsigned int i;
	uint32_t bar;
	size_t len;

	if (!parse_pciaddr(&s, src->pciaddr, sizeof(src->pciaddr)))
		return "not a PCI address like 0000:00:07.0";

	for (i = 0; i < 3 && parse_char(&s, ':'); i++) {
		len = strcspn(s, ":");
		if (len >= sizeof(fields[i]))
			return "number too large";
		memcpy(fields[i], s, len);
		fields[i][len] = '\0';
		s += len;
	}
	if (*s)
		return "not PCIADDR[:BAR[:OFFSET[:SIZE]]]";

	why = parse_u32(fields[0], &bar);
	if (why || bar > 5)
		return "BAR not in 0 to 5";
	why = parse_size(fields[1], &src->offset);
	if (why)
		return why;

	src->bar = bar;
	return parse_size(fields[2], &src->size);
}

const char *parse_source(int argc, char **argv, struct source *src)
{
	const char *why;
	uint32_t fd;

	if (argc != 2)
		return argc ? "SOURCE is two words" : "SOURCE missing";

	if (!strcmp(argv[0], "bar")) {
		src->kind = SOURCE_BAR;
		return parse_bar(argv[1], src);
	}
	if (!strcmp(argv[0], "fd")) {
		src->kind = SOURCE_FD;
		why = parse_u32(argv[1], &fd);
		if (!why && fd > INT32_MAX)
			why = "number too large";
		if (!why)
			src->fd = fd;
		return why;
	}
	if (!strcmp(argv[0], "udmabuf") || !strcmp(argv[0], "heap")) {
		src->kind = *argv[0] == 'u' ? SOURCE_UDMABUF : SOURCE_HEAP;
		why = parse_size(argv[1], &src->size);
		return why || src->size ? why : "no bytes";
	}
	return "unknown kind of SOURCE";
}
