/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of dmsock share. The state is that of one program with one
 * connection at a time; see main.c for what it does.
 */
#ifndef DMSOCK_H
#define DMSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "devmem_sock.h"

#define MAX_CMSGS	4096
#define IOV_SIZE	(1024 * 1024)

/* main.c: results are lines STEP.KEY=VALUE; wrong() ends the program. */
extern const char *step_name;
/* ms that data may take to come: a link that comes and goes makes RTOs of 25 s */
extern int patience;

__attribute__((format(printf, 2, 3)))
void say(const char *key, const char *fmt, ...);
void say_errno(int e);
__attribute__((format(printf, 1, 2), noreturn))
void wrong(const char *fmt, ...);
uint64_t now_us(void);

/* range.c: the dma-bufs. */
#define MAX_RANGES	4

/**
 * struct range - a dma-buf
 * @spec: part of the BAR; NULL: @fd was given
 * @queues: bind to these; NULL: any id may be this one
 * @fd: the dma-buf
 * @id: of the binding
 * @size: bytes
 * @map: of all of it
 */
struct range {
	const char	*spec;
	const char	*queues;
	int		fd;
	uint32_t	id;
	uint64_t	size;
	const uint8_t	*map;
};

/* How to bind. Without limit and page size devmemctl does it. */
struct bind_how {
	const char	*ifname;
	uint32_t	sock_limit;
	uint32_t	page_size;
};

extern struct range ranges[MAX_RANGES];
extern unsigned int nr_ranges;

void range_open(struct range *r, const struct bind_how *how);
const struct range *range_of(uint32_t id);
uint64_t pool_allocs(void);

/* conn.c: the connection. */

/**
 * struct conn - a connection and what we hold of it
 * @fd: of the socket, -1: none
 * @pos: in the stream
 * @tokens: that are kept
 * @nr_tokens: number of them
 * @room_tokens: that @tokens has room for
 * @last_token: that was returned
 */
struct conn {
	int		fd;
	uint64_t	pos;
	uint32_t	*tokens;
	size_t		nr_tokens, room_tokens;
	uint32_t	last_token;
};

extern struct conn conn;
extern uint16_t port;
extern int rcvbuf, protocol;
extern const struct in6_addr *signer;	/* peer whose segments are signed */

void do_accept(void);
void do_many(unsigned int n);
int wait_readable(int ms);
bool step_conn(const char *s);

/* rx.c: receiving, and whether it is right. */
extern uint8_t iov_buf[IOV_SIZE];
extern uint64_t seed;
extern bool blind;
extern FILE *frag_list;

/* How to receive. */
struct ask {
	size_t		len;
	void		*control;
	size_t		controllen;
	int		flags;
};

/* What came; @switches: how often a frag was not of the binding of the one
 * before it, which is @id in the end.
 */
struct got {
	unsigned int	frags, linears, others, switches;
	uint32_t	id;
	uint64_t	device, linear;
	bool		ctrunc;
};

void check_bytes(uint64_t at, const uint8_t *buf, size_t len,
		 const char *where);
struct ask ask_for(size_t len, unsigned int cmsgs, int flags);
void ask_msg(const struct ask *ask, struct iovec *iov, struct msghdr *msg);
void take_msg(struct msghdr *msg, size_t bytes, int flags, struct got *got);
ssize_t receive(const struct ask *ask, struct got *got);
void say_got(ssize_t ret, const struct got *got);
void receive_many(uint64_t bytes, bool keep, int ms);
bool step_rx(const char *s);

/* tokens.c: giving them back. */
void keep_token(uint32_t token);
void free_all(void);
bool step_tokens(const char *s);

/* other.c: readers that know nothing of device memory. */
bool step_other(const char *s);

/* sockmap.c: a BPF sockmap between. */
bool step_sockmap(const char *s);

/* kcm.c: a KCM socket between. */
bool step_kcm(const char *s);

/* race.c: threads on one socket. */
bool step_race(const char *s);

/* fault.c: allocations that fail. */
void fault_begin(void);
bool fault_again(int e);
bool step_fault(const char *s);

/* flood.c: garbage for DONTNEED. */
bool step_flood(const char *s);

/* uring.c: io_uring. */
bool step_uring(const char *s);

#endif /* DMSOCK_H */
