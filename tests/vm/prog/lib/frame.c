// SPDX-License-Identifier: GPL-2.0-only
/* Frames as bytes, see frame.h. */
#include <arpa/inet.h>
#include <string.h>

#include "frame.h"

#define ETH_LEN		14
#define TYPE_IPV4	0x0800
#define TYPE_IPV6	0x86dd
#define TYPE_VLAN	0x8100
#define PROTO_TCP	6
#define PROTO_FRAGMENT	44

static const uint8_t mac_rx[6] = { 0x52, 0x54, 0, 0, 0, 1 };
static const uint8_t mac_tx[6] = { 0x52, 0x54, 0, 0, 0, 2 };

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t sum(const uint8_t *p, size_t len, uint32_t acc)
{
	for (; len > 1; len -= 2, p += 2)
		acc += get16(p);
	if (len)
		acc += *p << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

static uint8_t *put_link(const struct frame *f, uint8_t *p)
{
	unsigned int i;

	memcpy(p, mac_rx, 6);
	memcpy(p + 6, mac_tx, 6);
	p += 12;
	for (i = 0; i < f->vlans; i++) {
		p = put16(p, TYPE_VLAN);
		p = put16(p, f->vlan[i]);
	}
	return put16(p, f->ethertype ? f->ethertype :
		     f->v6 ? TYPE_IPV6 : TYPE_IPV4);
}

static uint8_t *put_ipv4(const struct frame *f, uint8_t *p, size_t above)
{
	size_t len = 20 + f->ip_opts_len;
	uint16_t csum;
	uint8_t *ip = p;

	*p++ = 0x40 | (f->ihl ? f->ihl : len / 4);
	*p++ = f->tos;
	p = put16(p, len + above + f->total_delta);
	p = put16(p, f->id);
	p = put16(p, f->frag_off);
	*p++ = f->ttl ? f->ttl : 64;
	*p++ = f->proto ? f->proto : PROTO_TCP;
	p = put16(p, 0);
	memcpy(p, f->src + 12, 4);
	memcpy(p + 4, f->dst + 12, 4);
	memcpy(p + 8, f->ip_opts, f->ip_opts_len);
	csum = ~sum(ip, len, 0);
	put16(ip + 10, f->bad_ip_csum ? csum ^ 0x1234 : csum);
	return ip + len;
}

static uint8_t *put_ipv6(const struct frame *f, uint8_t *p, size_t above)
{
	uint8_t proto = f->proto ? f->proto : PROTO_TCP;

	p = put32(p, 6u << 28 | f->tos << 20);
	p = put16(p, f->ip_opts_len + above + f->total_delta);
	*p++ = f->ip_opts_len ? f->ext : proto;
	*p++ = f->ttl ? f->ttl : 64;
	memcpy(p, f->src, 16);
	memcpy(p + 16, f->dst, 16);
	memcpy(p + 32, f->ip_opts, f->ip_opts_len);
	return p + 32 + f->ip_opts_len;
}

static void checksum(const struct frame *f, uint8_t *tcp, size_t len)
{
	uint32_t acc = PROTO_TCP + len;
	uint16_t csum;

	if (f->v6)
		acc = sum(f->src, 16, sum(f->dst, 16, acc));
	else
		acc = sum(f->src + 12, 4, sum(f->dst + 12, 4, acc));
	csum = ~sum(tcp, len, acc);
	put16(tcp + 16, f->bad_csum ? csum ^ 0x1234 : csum);
}

/**
 * frame_build() - make the bytes
 * @f: what it says
 * @buf: has FRAME_ROOM
 *
 * Return: number of bytes.
 */
size_t frame_build(const struct frame *f, uint8_t *buf)
{
	size_t tcp_len = 20 + f->opts_len + f->len;
	uint8_t *p = put_link(f, buf), *tcp;

	p = f->v6 ? put_ipv6(f, p, tcp_len) : put_ipv4(f, p, tcp_len);
	tcp = p;
	p = put16(p, f->sport);
	p = put16(p, f->dport);
	p = put32(p, f->seq);
	p = put32(p, f->ack);
	*p++ = (f->doff ? f->doff : 5 + f->opts_len / 4) << 4;
	*p++ = f->flags;
	p = put16(p, f->window);
	p = put16(p, 0);
	p = put16(p, f->urg);
	memcpy(p, f->opts, f->opts_len);
	p += f->opts_len;
	memcpy(p, f->payload, f->len);
	p += f->len;
	checksum(f, tcp, tcp_len);
	memset(p, 0xa5, f->pad);
	return p + f->pad - buf;
}

static bool parse_tcp(const uint8_t *p, size_t len, struct segment *s)
{
	unsigned int head;

	if (len < 20)
		return false;
	head = (p[12] >> 4) * 4;
	if (head < 20 || head > len)
		return false;
	s->sport = get16(p);
	s->dport = get16(p + 2);
	s->seq = get32(p + 4);
	s->ack = get32(p + 8);
	s->flags = p[13];
	s->window = get16(p + 14);
	s->opts = p + 20;
	s->opts_len = head - 20;
	s->payload = p + head;
	s->len = len - head;
	return true;
}

/**
 * frame_parse() - is it a plain TCP segment, and which?
 * @buf: the frame
 * @len: bytes
 * @s: the segment
 *
 * Return: false if it is none.
 */
bool frame_parse(const uint8_t *buf, size_t len, struct segment *s)
{
	const uint8_t *ip = buf + ETH_LEN;
	size_t total, head;

	memset(s, 0, sizeof(*s));
	if (len < ETH_LEN + 40)
		return false;
	len -= ETH_LEN;
	if (get16(buf + 12) == TYPE_IPV4 && ip[9] == PROTO_TCP) {
		head = (ip[0] & 15) * 4;
		total = get16(ip + 2);
		memcpy(s->src + 12, ip + 12, 4);
		memcpy(s->dst + 12, ip + 16, 4);
	} else if (get16(buf + 12) == TYPE_IPV6 && ip[6] == PROTO_TCP) {
		s->v6 = true;
		head = 40;
		total = 40 + get16(ip + 4);
		memcpy(s->src, ip + 8, 16);
		memcpy(s->dst, ip + 24, 16);
	} else {
		return false;
	}
	if (total > len || head > total)
		return false;
	return parse_tcp(ip + head, total - head, s);
}

/**
 * frame_fragment() - cut a packet that has no options and no extension headers
 * @whole: its frame, of TCP
 * @offset: of what is above IP, a multiple of 8
 * @bytes: how many, or until the end if there are fewer
 * @buf: for the frame of the fragment
 *
 * Return: bytes in @buf; 0 if there is nothing at @offset.
 */
size_t frame_fragment(const uint8_t *whole, size_t offset, size_t bytes,
		      uint8_t *buf)
{
	bool v6 = get16(whole + 12) == TYPE_IPV6, more;
	size_t head = ETH_LEN + (v6 ? 40 : 20);
	size_t above = get16(whole + ETH_LEN + (v6 ? 4 : 2)) - (v6 ? 0 : 20);
	uint8_t *ip = buf + ETH_LEN, *p = buf + head;

	if (offset >= above)
		return 0;
	more = offset + bytes < above;
	if (!more)
		bytes = above - offset;
	memcpy(buf, whole, head);
	if (v6) {
		put16(ip + 4, 8 + bytes);
		ip[6] = PROTO_FRAGMENT;
		p = put16(p, PROTO_TCP << 8);
		p = put16(p, offset | more);
		/* an id: TCP's number */
		memcpy(p, whole + head + 4, 4);
		p += 4;
	} else {
		put16(ip + 2, 20 + bytes);
		put16(ip + 6, (more ? 0x2000 : 0) | offset / 8);
		put16(ip + 10, 0);
		put16(ip + 10, ~sum(ip, 20, 0));
	}
	memcpy(p, whole + head + offset, bytes);
	return p + bytes - buf;
}
