/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of failnth share; see main.c for what it does. */
#ifndef FAILNTH_OPS_H
#define FAILNTH_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "genl.h"

#define UNTOLD		-1	/* the answer was lost */
#define LOST		3	/* exit status: the device has to be made anew */

/**
 * struct op - what is done over and over
 * @name: of it
 * @before: without faults
 * @run: with one; 0 or a positive errno
 * @after: without again: is all as it should be? Gets what @run returned, and
 *	returns the end of it: 0, a positive errno or UNTOLD
 * @bound: there is a binding all the time
 */
struct op {
	const char	*name;
	void		(*before)(void);
	int		(*run)(void);
	int		(*after)(unsigned int n, int ret);
	bool		bound;
};

/* main.c: what is wanted; wrong() ends the program. */
extern const char *ifname, *bar;
extern uint32_t ifindex, queues[8], nr_queues;
extern int dmabuf;

__attribute__((format(printf, 1, 2), noreturn))
void wrong(const char *fmt, ...);

/* books.c: what is there. */
extern uint32_t nr_listed, listed_id;	/* by the last bindings() */

void books_open(void);
uint32_t bindings(void);
void must_unbind(unsigned int n);
void nothing_left(unsigned int n);
void check_events(unsigned int n);

/* netlink.c */
extern const struct op netlink_ops[];
extern uint32_t told;		/* id in the last answer, 0: none */

void netlink_open(void);
void must_bind(void);

/* link.c */
extern const struct op link_ops[];
extern const char *xdp_path;

/* others.c: the BAR, the modules. */
extern const struct op other_ops[];
extern char module_name[64];

void read_module(const char *path);

#endif /* FAILNTH_OPS_H */
