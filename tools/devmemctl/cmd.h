/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CMD_H
#define CMD_H

#include <stddef.h>

#include "compiler.h"
#include "out.h"

enum {
	CMD_DONE = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
};

/**
 * struct option_desc - an option of a command
 * @name: long name
 * @val: what cmd_option() returns; its short form if it is a character
 * @arg: name of its value, NULL if it takes none
 * @help: one line
 */
struct option_desc {
	const char *name;
	int val;
	const char *arg;
	const char *help;
};

/* Values of options that have no short form */
enum {
	OPT_LONG = 256,
	OPT_ALL,
	OPT_ALLOW_LINEAR,
	OPT_BINDING,
	OPT_COUNT,
	OPT_FORCE,
	OPT_FROM,
	OPT_HASH,
	OPT_HOLD,
	OPT_KEY,
	OPT_LENGTH,
	OPT_MAP,
	OPT_MAX_BYTES,
	OPT_NO_UNBIND,
	OPT_OFFSET,
	OPT_PAGE_SIZE,
	OPT_PROBE,
	OPT_PROGRESS,
	OPT_SOCK_LIMIT,
	OPT_TOKENS,
	OPT_TX,
	OPT_USER,
};

/**
 * struct command - a command; help, usage and option parsing follow from it
 * @name: as typed
 * @args: the rest of its usage line
 * @help: one line
 * @source: whether its arguments include a SOURCE
 * @command: whether they can end in "-- COMMAND [ARG]...", see cmd_command()
 * @hidden: help does not list it
 * @words: what its first argument can be, separated by blanks, or NULL
 * @more: what else its help says, or NULL
 * @options: ends with a NULL name; NULL if there are none
 * @run: argv[0] is @name; returns CMD_*
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	bool source;
	bool command;
	bool hidden;
	const char *words;
	const char *more;
	const struct option_desc *options;
	int (*run)(int argc, char **argv);
};

/* All of them, in the order of the help; ends with NULL. main.c */
extern const struct command *const commands[];
/* What stands before a command: its options, and no run. main.c */
extern const struct command cmd_main;

extern const struct command cmd_bind;
extern const struct command cmd_check;
extern const struct command cmd_completion;
extern const struct command cmd_monitor;
extern const struct command cmd_recv;
extern const struct command cmd_send;
extern const struct command cmd_show;
extern const struct command cmd_stats;
extern const struct command cmd_steer;
extern const struct command cmd_unbind;

#define CMD_OPTION_DEVICE \
	{ "device", 'd', "IFNAME", "network interface" }
#define CMD_OPTION_QUEUES \
	{ "queues", 'q', "LIST", "RX queues, as in 1,3-5" }
#define CMD_OPTION_PAGE_SIZE \
	{ "page-size", OPT_PAGE_SIZE, "BYTES", \
	  "size of one buffer, 4K (default) to 64K" }
#define CMD_OPTION_SOCK_LIMIT \
	{ "sock-limit", OPT_SOCK_LIMIT, "N", \
	  "buffers that one socket may hold; 0, the default: all" }

#define CMD_SOURCES	"bar fd udmabuf heap"

char **cmd_command(int *argc, char **argv);
int cmd_option(const struct command *cmd, int argc, char **argv);
int cmd_options(const struct command *cmd, int argc, char **argv,
		const char *(*take)(void *args, int c), void *args);
int cmd_usage(const struct command *cmd, const char *fmt, ...) __printf(2, 3);
void cmd_help(const struct command *cmd);
void cmd_describe(const struct command *cmd);

#endif /* CMD_H */
