// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl completion: a shell's completion of all that help tells of. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static void completion_option_names(const struct command *cmd)
{
	const struct option_desc *desc;

	for (desc = cmd->options; desc && desc->name; desc++) {
		if (desc->val < OPT_LONG)
			printf("-%c ", desc->val);
		printf("--%s ", desc->name);
	}
	printf("-h --help");
}

/* What the word before asks for */
static void completion_values(const struct command *cmd)
{
	const struct option_desc *desc;
	const char *kind;

	for (desc = cmd->options; desc && desc->name; desc++) {
		if (!desc->arg)
			continue;
		kind = "value";
		if (!strcmp(desc->arg, "IFNAME"))
			kind = "ifname";
		else if (!strcmp(desc->arg, "FILE"))
			kind = "path";
		else if (!strcmp(desc->arg, "USER"))
			kind = "user";
		printf("\t\t[[ $prev != --%s", desc->name);
		if (desc->val < OPT_LONG)
			printf(" && $prev != -%c", desc->val);
		printf(" ]] || kind=%s\n", kind);
	}
}

static void completion_command(const struct command *cmd)
{
	printf("\t%s)\n"
	       "\t\toptions='", cmd->name);
	completion_option_names(cmd);
	printf("'\n"
	       "\t\twords='%s%s%s'\n", cmd->words ? cmd->words : "",
	       cmd->words && cmd->source ? " " : "",
	       cmd->source ? CMD_SOURCES : "");
	completion_values(cmd);
	printf("\t\t;;\n");
}

/* Which command the word at the cursor belongs to */
static const char completion_head[] =
	"# bash completion of devmemctl, made by devmemctl completion bash\n"
	"_devmemctl()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal i command='' options='' words='' kind=''\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--)\n"
	"\t\t\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t\t\t_command_offset $((i + 1))\n"
	"\t\t\tfi\n"
	"\t\t\treturn\n"
	"\t\t\t;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) command=${command:-${COMP_WORDS[i]}} ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\n"
	"\tcase $command in\n";

static const char completion_tail[] =
	"\tesac\n"
	"\n"
	"\tcase $kind in\n"
	"\tvalue) return ;;\n"
	"\tifname) words=$(command ls /sys/class/net) ;;\n"
	"\tuser) words=\"any $(compgen -u)\" ;;\n"
	"\tpath)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\t*) [[ $cur != -* ]] || words=$options ;;\n"
	"\tesac\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"}\n"
	"complete -F _devmemctl devmemctl\n";

static void completion_command_names(void)
{
	const struct command *const *cmd;

	for (cmd = commands; *cmd; cmd++)
		if (!(*cmd)->hidden)
			printf("%s%s", cmd == commands ? "" : " ",
			       (*cmd)->name);
}

static void completion_bash(void)
{
	const struct command *const *cmd;

	fputs(completion_head, stdout);
	printf("\t'')\n"
	       "\t\toptions='");
	completion_option_names(&cmd_main);
	printf("'\n"
	       "\t\twords='");
	completion_command_names();
	printf("'\n"
	       "\t\t;;\n"
	       "\thelp)\n"
	       "\t\twords='");
	completion_command_names();
	printf("'\n"
	       "\t\t;;\n");
	for (cmd = commands; *cmd; cmd++)
		if (!(*cmd)->hidden && strcmp((*cmd)->name, "help"))
			completion_command(*cmd);
	fputs(completion_tail, stdout);
}

static int completion_run(int argc, char **argv)
{
	if (cmd_option(&cmd_completion, argc, argv) != -1)
		return CMD_USAGE;
	if (argc - optind != 1 || strcmp(argv[optind], "bash"))
		return cmd_usage(&cmd_completion, "the shell is bash");
	completion_bash();
	return CMD_DONE;
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash",
	.help = "Print the completion of a shell, for its start-up files",
	.hidden = true,
	.run = completion_run,
};
