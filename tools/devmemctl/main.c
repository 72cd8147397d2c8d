// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl: control device memory TCP. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <linux/devmem_tcp.h>

#include "cmd.h"

static int help_run(int argc, char **argv);
static int version_run(int argc, char **argv);

static const struct command cmd_help_command = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "Show this, or the options of COMMAND",
	.run = help_run,
};

static const struct command cmd_version = {
	.name = "version",
	.args = "",
	.help = "Show the version",
	.run = version_run,
};

const struct command *const commands[] = {
	&cmd_check,
	&cmd_bind,
	&cmd_unbind,
	&cmd_show,
	&cmd_stats,
	&cmd_monitor,
	&cmd_steer,
	&cmd_recv,
	&cmd_send,
	&cmd_version,
	&cmd_help_command,
	&cmd_completion,
	NULL
};

/* What stands before the command */
static const struct option_desc main_options[] = {
	{ "json", 'j', NULL, "print JSON" },
	{ "pretty", 'p', NULL, "print JSON with line breaks" },
	{ "version", 'V', NULL, "as devmemctl version" },
	{ }
};

const struct command cmd_main = {
	.name = "[-j] [-p]",
	.args = "COMMAND [ARGUMENTS]",
	.help = "Let a NIC write TCP payload into device memory, and send from it",
	.options = main_options,
};

static const struct command *find_command(const char *name)
{
	const struct command *const *cmd;

	for (cmd = commands; *cmd; cmd++)
		if (!strcmp((*cmd)->name, name))
			break;
	return *cmd;
}

static void main_help(void)
{
	const struct command *const *cmd;

	if (out_is_json()) {
		out_array(NULL);
		for (cmd = commands; *cmd; cmd++)
			if (!(*cmd)->hidden)
				cmd_describe(*cmd);
		out_end();
		return;
	}
	cmd_help(&cmd_main);
	printf("\nCommands:\n");
	for (cmd = commands; *cmd; cmd++)
		if (!(*cmd)->hidden)
			printf("  %-8s %s\n", (*cmd)->name, (*cmd)->help);
	printf("\nExit status: 0 done, 1 refused or failed, 2 wrong usage.\n");
}

static int help_run(int argc, char **argv)
{
	const struct command *cmd;

	if (cmd_option(&cmd_help_command, argc, argv) != -1)
		return CMD_USAGE;
	argc -= optind;
	argv += optind;
	if (argc > 1)
		return cmd_usage(&cmd_help_command, "one COMMAND at most");
	if (!argc) {
		main_help();
		return CMD_DONE;
	}
	cmd = find_command(argv[0]);
	if (!cmd)
		return cmd_usage(&cmd_help_command, "unknown command '%s'",
				 argv[0]);
	cmd_help(cmd);
	return CMD_DONE;
}

static int version_run(int argc, char **argv)
{
	if (cmd_option(&cmd_version, argc, argv) != -1)
		return CMD_USAGE;
	if (argc > optind)
		return cmd_usage(&cmd_version, "'%s' not understood",
				 argv[optind]);

	out_object(NULL);
	out_str("version", VERSION, "devmemctl %s", VERSION);
	out_u64("protocol", DEVMEM_TCP_FAMILY_VERSION,
		", protocol " DEVMEM_TCP_FAMILY_NAME " %d\n",
		DEVMEM_TCP_FAMILY_VERSION);
	out_end();
	return CMD_DONE;
}

int main(int argc, char **argv)
{
	const struct command *cmd = NULL;
	int result;
	int c;

	while ((c = cmd_option(&cmd_main, argc, argv)) != -1) {
		switch (c) {
		case 'j':
			out_json(false);
			break;
		case 'p':
			out_json(true);
			break;
		case 'h':
			main_help();
			return out_finish() ? CMD_FAILED : CMD_DONE;
		case 'V':
			cmd = &cmd_version;
			break;
		default:
			return CMD_USAGE;
		}
	}
	argc -= optind;
	argv += optind;

	if (!cmd) {
		if (!argc)
			return cmd_usage(&cmd_main,
					 "command missing, see devmemctl help");
		cmd = find_command(argv[0]);
		if (!cmd)
			return cmd_usage(&cmd_main, "unknown command '%s'",
					 argv[0]);
	}

	/* 0 makes getopt() start afresh. */
	optind = 0;
	result = cmd->run(argc, argv);
	if (out_finish() && result == CMD_DONE)
		result = CMD_FAILED;
	return result;
}
