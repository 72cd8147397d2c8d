// SPDX-License-Identifier: GPL-2.0-only
/* Options, usage and help of a command, all from its description. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
 * cmd_command() - cut a command line at "--"
 * @argc: of the command; gets shorter
 * @argv: of the command
 *
 * Before cmd_option(): getopt() would sort what stands before and behind it.
 *
 * Return: COMMAND and its arguments, which can be empty; NULL without a "--".
 */
char **cmd_command(int *argc, char **argv)
{
	int i;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		argv[i] = NULL;
		*argc = i;
		return argv + i + 1;
	}
	return NULL;
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

/**
 * cmd_options() - all options of a command line
 * @cmd: the command
 * @argc: of the command
 * @argv: of the command
 * @take: takes an option, with its value in optarg, into @args; returns NULL or
 *	what is wrong with the value
 * @args: what @take fills
 *
 * Return: CMD_DONE when optind is the first argument; CMD_USAGE with the reason
 * printed.
 */
int cmd_options(const struct command *cmd, int argc, char **argv,
		const char *(*take)(void *args, int c), void *args)
{
	const char *why, *name;
	int c;

	while ((c = cmd_option(cmd, argc, argv)) != -1) {
		if (c == '?')
			return CMD_USAGE;
		name = argv[optind - 1];
		why = take(args, c);
		if (why)
			return cmd_usage(cmd, "'%s': %s", name, why);
	}
	return CMD_DONE;
}

static const struct option_desc cmd_help_desc = {
	"help", 'h', NULL, "show this"
};

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

static void cmd_describe_option(const struct option_desc *desc)
{
	char letter[2] = { desc->val < OPT_LONG ? desc->val : '\0' };

	out_object(NULL);
	out_str("name", desc->name, NULL);
	if (*letter)
		out_str("letter", letter, NULL);
	else
		out_null("letter", NULL);
	if (desc->arg)
		out_str("value", desc->arg, NULL);
	else
		out_null("value", NULL);
	out_str("help", desc->help, NULL);
	out_end();
}

/**
 * cmd_describe() - a command as a JSON object
 * @cmd: the command
 */
void cmd_describe(const struct command *cmd)
{
	const struct option_desc *desc;

	out_object(NULL);
	out_str("name", cmd->name, NULL);
	out_str("args", cmd->args, NULL);
	out_str("help", cmd->help, NULL);
	out_array("options");
	for (desc = cmd->options; desc && desc->name; desc++)
		cmd_describe_option(desc);
	cmd_describe_option(&cmd_help_desc);
	out_end();
	out_end();
}

/* As text, or as cmd_describe(). */
void cmd_help(const struct command *cmd)
{
	const struct option_desc *desc;

	if (out_is_json()) {
		cmd_describe(cmd);
		return;
	}
	cmd_usage_line(stdout, cmd);
	printf("\n%s\n\nOptions:\n", cmd->help);
	for (desc = cmd->options; desc && desc->name; desc++)
		cmd_help_option(desc);
	cmd_help_option(&cmd_help_desc);

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
