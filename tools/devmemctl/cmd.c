// SPDX-License-Identifier: GPL-2.0-only
/* Options, usage and help of a command, all from its description. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

#define CMD_OPTIONS_MAX	24

static void cmd_usage_line(FILE *f, const struct command *cmd)
{
	fprintf(f, "Usage: devmemctl %s%s%s\n", cmd->name,
		*cmd->args ? " " : "", cmd->args);
}

/**
 * cmd_usage() - report a wrong command line
 * @cmd: the command
 * @fmt: what is wrong
 *
 * Return: CMD_USAGE.
 */
int cmd_usage(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	fputs("Error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	cmd_usage_line(stderr, cmd);
	return CMD_USAGE;
}

/**
 * cmd_option() - next option of a command line, in the manner of getopt()
 * @cmd: the command
 * @argc: of the command
 * @argv: of the command
 *
 * Every command has -h, --help: that prints its help and ends the program.
 *
 * Return: @val of the option with its value in optarg; -1 when there are no
 * more and optind is the first argument; '?' for a wrong one, with usage
 * printed.
 */
int cmd_option(const struct command *cmd, int argc, char **argv)
{
	struct option longopts[CMD_OPTIONS_MAX + 2] = {};
	/* What stands before a command ends there. */
	char shortopts[2 * CMD_OPTIONS_MAX + 4] = "+:";
	char *opts = cmd->run ? shortopts + 1 : shortopts;
	const struct option_desc *desc;
	char *p = shortopts + 2;
	unsigned int n = 0;
	int c;

	for (desc = cmd->options; desc && desc->name; desc++, n++) {
		longopts[n].name = desc->name;
		longopts[n].has_arg = desc->arg ? required_argument :
						  no_argument;
		longopts[n].val = desc->val;
		if (desc->val > OPT_LONG)
			continue;
		*p++ = desc->val;
		if (desc->arg)
			*p++ = ':';
	}

	longopts[n].name = "help";
	longopts[n].val = 'h';
	*p = 'h';

	opterr = 0;
	c = getopt_long(argc, argv, opts, longopts, NULL);
	if (c == ':')
		cmd_usage(cmd, "option '%s' needs a value", argv[optind - 1]);
	else if (c == '?')
		cmd_usage(cmd, "wrong option '%s'", argv[optind - 1]);
	/* What stands before a command is for main(). */
	if (c == 'h' && cmd->run) {
		cmd_help(cmd);
		exit(out_finish() ? CMD_FAILED : CMD_DONE);
	}
	return c == ':' ? '?' : c;
}

static void cmd_help_option(const struct option_desc *desc)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", desc->name,
		 desc->arg ? " " : "", desc->arg ? desc->arg : "");
	if (desc->val < OPT_LONG)
		printf("  -%c, %-22s %s\n", desc->val, left, desc->help);
	else
		printf("      %-22s %s\n", left, desc->help);
}

void cmd_help(const struct command *cmd)
{
	static const struct option_desc help = {
		"help", 'h', NULL, "show this"
	};
	const struct option_desc *desc;

	cmd_usage_line(stdout, cmd);
	printf("\n%s\n\nOptions:\n", cmd->help);
	for (desc = cmd->options; desc && desc->name; desc++)
		cmd_help_option(desc);
	cmd_help_option(&help);

	if (cmd->more)
		printf("\n%s", cmd->more);
	if (cmd->source)
		printf("\nSOURCE, where the dma-buf comes from:\n"
		       "  bar PCIADDR[:BAR[:OFFSET[:SIZE]]]\n"
		       "      memory BAR of a PCI device, from devmem_bar;\n"
		       "      BAR defaults to 2, SIZE to all that is left\n"
		       "  fd N\n"
		       "      descriptor N, inherited by devmemctl\n"
		       "  udmabuf SIZE\n"
		       "      host memory of devmemctl, to try things out\n"
		       "  heap SIZE\n"
		       "      host memory from /dev/dma_heap/system, the same\n");
}
