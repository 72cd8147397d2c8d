/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of dmtx share; see main.c for what it does. */
#ifndef DMTX_H
#define DMTX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* main.c */
extern int sock;
extern uint32_t id;		/* of the binding */
extern const char *step_name;

/* ring.c */
extern uint64_t seed, size, head;
extern uint8_t *mem;
extern uint32_t nr_calls, completed, copied, stamps;

uint64_t place(uint64_t at, uint64_t len);
void ring_called(void);
void ring_partly(uint64_t before);
bool read_completions(int ms);
void wait_done(void);

/* call.c */
extern bool faults;
extern unsigned long injected, failed;

ssize_t send_from(struct iovec *iovs, int num, int flags, uint32_t from);
void try_one(unsigned long offset, unsigned long len, long flags, long from);
void try_uring(const char *op);

#endif /* DMTX_H */
