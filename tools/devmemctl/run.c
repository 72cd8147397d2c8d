// SPDX-License-Identifier: GPL-2.0-only
/* Run a command, outlive what ends it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "compiler.h"
#include "run.h"

/* What a shell makes of it */
#define RUN_NO_COMMAND		127
#define RUN_NOT_EXECUTABLE	126
#define RUN_SIGNALLED		128

static const int run_caught[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
static struct sigaction run_old[ARRAY_SIZE(run_caught)];

/* The last of run_caught that came, and whom it is for */
static volatile sig_atomic_t run_signal;
static volatile sig_atomic_t run_child;

static void run_on_signal(int sig)
{
	run_signal = sig;
	if (run_child)
		kill(run_child, sig);
}

/**
 * run_signals() - from here on the signals that end a program are for the
 *	command, also when it does not run yet
 *
 * Those that are ignored stay so, as under nohup. SIGPIPE is ours: a lost
 * reader of our output must not keep us from what is due at the end.
 */
void run_signals(void)
{
	struct sigaction sa = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(run_caught); i++) {
		sa.sa_handler = run_caught[i] == SIGPIPE ? SIG_IGN :
							   run_on_signal;
		sigaction(run_caught[i], &sa, &run_old[i]);
		if (run_old[i].sa_handler == SIG_IGN)
			sigaction(run_caught[i], &run_old[i], NULL);
	}
}

static void run_exec(char **argv, const sigset_t *mask)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(run_caught); i++)
		sigaction(run_caught[i], &run_old[i], NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);

	execvp(argv[0], argv);
	err = errno;
	out_errno(err, "run %s", argv[0]);
	_exit(err == ENOENT ? RUN_NO_COMMAND : RUN_NOT_EXECUTABLE);
}

/**
 * run_command() - run a command and wait for its end
 * @argv: the command, ends with NULL
 *
 * Signals that come after run_signals() are handed to it.
 *
 * Return: its exit status, or 128 and the signal that ended it.
 */
int run_command(char **argv)
{
	sigset_t block, mask;
	pid_t child;
	int status;

	/* Between fork() and the reset of the handlers a signal would go to
	 * the handler in the child, and be lost.
	 */
	sigfillset(&block);
	sigprocmask(SIG_BLOCK, &block, &mask);
	child = fork();
	if (!child)
		run_exec(argv, &mask);
	if (child > 0) {
		run_child = child;
		if (run_signal)
			kill(child, run_signal);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (child < 0) {
		out_errno(errno, "fork");
		return CMD_FAILED;
	}

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return CMD_FAILED;
	run_child = 0;
	return WIFSIGNALED(status) ? RUN_SIGNALLED + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
