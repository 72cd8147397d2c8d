/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ECHO_H
#define ECHO_H

#include <stdint.h>
#include <sys/socket.h>

/* Bytes that a request can carry */
#define ECHO_MAX	1200

/**
 * struct echo - a peer that sends back what it gets, as ping uses it
 * @fd: raw socket of one interface
 * @peer: address
 * @peer_len: bytes of @peer
 * @id: of our requests
 * @seq: of the last one
 */
struct echo {
	int fd;
	struct sockaddr_storage peer;
	socklen_t peer_len;
	uint16_t id;
	uint16_t seq;
};

uint16_t echo_checksum(const void *data, unsigned int len);

int echo_open(struct echo *e, const char *ifname, const char *peer);
void echo_close(struct echo *e);
int echo_send(struct echo *e, const void *data, unsigned int len);
int echo_wait(struct echo *e, unsigned int len, int ms);

#endif /* ECHO_H */
