/* SPDX-License-Identifier: GPL-2.0-only */
/* Ethernet frames of TCP segments, and of what only looks like them. */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_ROOM	(80 << 10)

enum {
	TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08,
	TCP_ACK = 0x10, TCP_URG = 0x20,
};

/**
 * struct frame - what a frame says; zeros are right
 * @v6: IPv6
 * @src: address, the last 4 bytes for IPv4
 * @dst: the same
 * @ethertype: instead of the right one
 * @vlans: number of tags
 * @vlan: their contents
 * @proto: instead of TCP
 * @ttl: 64 if 0
 * @tos: or traffic class
 * @id: of IPv4
 * @frag_off: with flags, as in the header
 * @ihl: words, instead of the right one
 * @total_delta: what the IP header's length is too large by
 * @bad_ip_csum: of IPv4
 * @ip_opts: of IPv4; or IPv6 extension headers, whose first bytes name what
 *	follows
 * @ip_opts_len: bytes, a multiple of 4 or 8
 * @ext: type of the first extension header
 * @sport: port
 * @dport: port
 * @seq: number
 * @ack: number
 * @flags: of TCP
 * @window: as in the header
 * @urg: pointer
 * @doff: words, instead of the right one
 * @opts: of TCP
 * @opts_len: bytes, a multiple of 4
 * @bad_csum: of TCP
 * @payload: bytes
 * @len: of these
 * @pad: bytes behind the packet
 */
struct frame {
	bool		v6;
	uint8_t		src[16], dst[16];
	uint16_t	ethertype;
	unsigned int	vlans;
	uint16_t	vlan[3];
	uint8_t		proto, ttl, tos;
	uint16_t	id, frag_off;
	unsigned int	ihl;
	int		total_delta;
	bool		bad_ip_csum;
	uint8_t		ip_opts[256];
	unsigned int	ip_opts_len;
	uint8_t		ext;
	uint16_t	sport, dport;
	uint32_t	seq, ack;
	uint8_t		flags;
	uint16_t	window, urg;
	unsigned int	doff;
	uint8_t		opts[40];
	unsigned int	opts_len;
	bool		bad_csum;
	const uint8_t	*payload;
	size_t		len;
	unsigned int	pad;
};

/**
 * struct segment - a TCP segment that was seen
 * @v6: IPv6
 * @src: as in struct frame
 * @dst: the same
 * @sport: port
 * @dport: port
 * @seq: number
 * @ack: number
 * @flags: of TCP
 * @window: as in the header
 * @opts: in the frame
 * @opts_len: bytes
 * @payload: in the frame
 * @len: bytes
 */
struct segment {
	bool		v6;
	uint8_t		src[16], dst[16];
	uint16_t	sport, dport;
	uint32_t	seq, ack;
	uint8_t		flags;
	uint16_t	window;
	const uint8_t	*opts;
	unsigned int	opts_len;
	const uint8_t	*payload;
	size_t		len;
};

size_t frame_build(const struct frame *f, uint8_t *buf);
bool frame_parse(const uint8_t *buf, size_t len, struct segment *s);
size_t frame_fragment(const uint8_t *whole, size_t offset, size_t bytes,
		      uint8_t *buf);

#endif /* FRAME_H */
