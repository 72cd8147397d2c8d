// SPDX-License-Identifier: GPL-2.0-only
/* TCP flows and the hash that a NIC makes of them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

#define FLOW_SYNTAX	"not SRC:SPORT[-SPORT]-DST:DPORT"

/* An address at *@s, which moves behind it: up to a colon, or in brackets. */
static const char *parse_addr(const char **s, int *family, uint8_t *addr)
{
	bool six = **s == '[';
	char buf[INET6_ADDRSTRLEN];
	size_t len;

	if (six)
		++*s;
	len = strcspn(*s, six ? "]" : ":");
	if (!(*s)[len] || len >= sizeof(buf))
		return FLOW_SYNTAX;
	memcpy(buf, *s, len);
	buf[len] = '\0';
	*s += len + six;

	*family = six ? AF_INET6 : AF_INET;
	if (inet_pton(*family, buf, addr) != 1)
		return six ? "not an IPv6 address in brackets" :
			     "not an IPv4 address (IPv6 stands in brackets)";
	return NULL;
}

/* A port at *@s, which moves behind it. */
static const char *parse_port(const char **s, uint16_t *port)
{
	size_t len = strspn(*s, "0123456789");
	unsigned long v;

	if (!len)
		return FLOW_SYNTAX;
	v = strtoul(*s, NULL, 10);
	if (!v || v > UINT16_MAX || len > 5)
		return "port not in 1 to 65535";

	*port = v;
	*s += len;
	return NULL;
}

/* Behind the source port and a dash: another source port, or the destination? */
static bool parse_is_range(const char *s)
{
	size_t len = strspn(s, "0123456789");

	return len && s[len] == '-';
}

/**
 * parse_key() - RSS key as the sysctl net.core.netdev_rss_key shows it
 * @s: bytes in hex, separated by colons; a newline may follow
 * @key: result
 * @max: bytes of @key
 * @len: bytes of the key
 *
 * Return: NULL, or what is wrong.
 */
const char *parse_key(const char *s, uint8_t *key, size_t max,
		      unsigned int *len)
{
	unsigned int byte;
	int n;

	*len = 0;
	while (isxdigit((unsigned char)*s) &&
	       sscanf(s, "%2x%n", &byte, &n) == 1) {
		if (*len == max)
			return "key too long";
		key[(*len)++] = byte;
		s += n;
		if (*s != ':')
			break;
		s++;
	}
	if (*s && strcmp(s, "\n"))
		return "not a key like 6d:5a:56...";
	return *len < FLOW_KEY ? "key shorter than 40 bytes" : NULL;
}

/**
 * parse_flow() - SRC:SPORT[-SPORT]-DST:DPORT, IPv6 addresses in brackets
 * @s: the text
 * @flow: result
 *
 * Return: NULL, or what is wrong; then @flow is undefined.
 */
const char *parse_flow(const char *s, struct flow *flow)
{
	const char *why;
	int family;

	if (strchr(s, '*'))
		return "a hash has no wildcards: name addresses and ports";

	memset(flow, 0, sizeof(*flow));
	why = parse_addr(&s, &flow->family, flow->src);
	if (!why && *s++ != ':')
		why = FLOW_SYNTAX;
	if (!why)
		why = parse_port(&s, &flow->sport);
	if (!why && *s++ != '-')
		why = FLOW_SYNTAX;
	flow->sport_last = flow->sport;
	if (!why && parse_is_range(s)) {
		why = parse_port(&s, &flow->sport_last);
		s++;
	}
	if (!why)
		why = parse_addr(&s, &family, flow->dst);
	if (!why && *s++ != ':')
		why = FLOW_SYNTAX;
	if (!why)
		why = parse_port(&s, &flow->dport);
	if (why)
		return why;
	if (*s)
		return FLOW_SYNTAX;
	if (family != flow->family)
		return "one address is IPv4, the other IPv6";
	if (flow->sport_last < flow->sport)
		return "range runs backwards";
	return NULL;
}

/**
 * format_flow() - as parse_flow() takes it
 * @buf: where to write
 * @size: bytes of @buf; 128 are enough
 * @flow: the flow
 *
 * Return: @buf.
 */
const char *format_flow(char *buf, size_t size, const struct flow *flow)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], last[8] = "";
	bool six = flow->family == AF_INET6;

	inet_ntop(flow->family, flow->src, src, sizeof(src));
	inet_ntop(flow->family, flow->dst, dst, sizeof(dst));
	if (flow->sport_last != flow->sport)
		snprintf(last, sizeof(last), "-%u", flow->sport_last);
	snprintf(buf, size, six ? "[%s]:%u%s-[%s]:%u" : "%s:%u%s-%s:%u", src,
		 flow->sport, last, dst, flow->dport);
	return buf;
}

/* Each bit of @data that is set adds the 32 bits of key that stand over it. */
static uint32_t toeplitz(const uint8_t *key, const uint8_t *data, size_t len)
{
	uint32_t window, hash = 0;
	unsigned int bit;
	size_t i;

	window = (uint32_t)key[0] << 24 | key[1] << 16 | key[2] << 8 | key[3];
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			if (data[i] & 0x80 >> bit)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> (7 - bit) & 1);
		}
	}
	return hash;
}

/**
 * flow_hash() - the RSS hash of a flow's segments
 * @flow: the flow; of a range the first
 * @key: FLOW_KEY bytes
 *
 * Return: hash over source and destination address, then source and
 * destination port.
 */
uint32_t flow_hash(const struct flow *flow, const uint8_t *key)
{
	size_t len = flow->family == AF_INET6 ? 16 : 4;
	uint8_t data[2 * 16 + 4];
	uint8_t *p = data;

	p = mempcpy(p, flow->src, len);
	p = mempcpy(p, flow->dst, len);
	*p++ = flow->sport >> 8;
	*p++ = flow->sport;
	*p++ = flow->dport >> 8;
	*p++ = flow->dport;
	return toeplitz(key, data, p - data);
}
