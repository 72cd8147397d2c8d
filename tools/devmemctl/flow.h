/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FLOW_H
#define FLOW_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of key that the hash of an IPv6 flow takes */
#define FLOW_KEY	40

/**
 * struct flow - a TCP flow, or several that differ in their source port
 * @family: AF_INET or AF_INET6
 * @src: source address, as on the wire
 * @dst: destination address, as on the wire
 * @sport: source port, the first
 * @sport_last: the last
 * @dport: destination port
 */
struct flow {
	int family;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t sport_last;
	uint16_t dport;
};

const char *parse_key(const char *s, uint8_t *key, size_t max,
		      unsigned int *len);
const char *parse_flow(const char *s, struct flow *flow);
const char *format_flow(char *buf, size_t size, const struct flow *flow);
uint32_t flow_hash(const struct flow *flow, const uint8_t *key);

#endif /* FLOW_H */
