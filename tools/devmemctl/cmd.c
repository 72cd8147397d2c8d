// SPDX-License-Identifier: GPL-2.0-only
/* Options, usage and help of a command, all from its description. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

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
 * Return: @val of the option with its value in optarg; -1 when there are no
 * more and optind is the first argument; '?' for a wrong one, with usage
 * printed.
 */
int cmd_option(const struct command *cmd, int argc, char **argv)
{
	struct option longopts[CMD_OPTIONS_MAX + 1] = {};
	/* What stands before a command ends there. */
	char shortopts[2 * CMD_OPTIONS_MAX + 3] = "+:";
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

	opterr = 0;
	c = getopt_long(argc, argv, opts, longopts, NULL);
	if (c == ':')
		cmd_usage(cmd, "option '%s' needs a value", argv[optind - 1]);
	else if (c == '?')
		cmd_usage(cmd, "wrong option '%s'", argv[optind - 1]);
	return c == ':' ? '?' : c;
}

void cmd_help(const struct command *cmd)
{
	const struct option_desc *desc;
	char left[40];

	cmd_usage_line(stdout, cmd);
	printf("\n%s\n", cmd->help);

	if (cmd->options)
		printf("\nOptions:\n");
	for (desc = cmd->options; desc && desc->name; desc++) {
		snprintf(left, sizeof(left), "--%s%s%s", desc->name,
			 desc->arg ? " " : "", desc->arg ? desc->arg : "");
		if (desc->val < OPT_LONG)
			printf("  -%c, %-22s %s\n", desc->val, left,
			       desc->help);
		else
			printf("      %-22s %s\n", left, desc->help);
	}

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
