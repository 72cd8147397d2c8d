// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl steer: which RX queues get which flows, by means of the RSS
 * redirection table alone.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "cmd.h"
#include "format.h"
#include "run.h"
#include "steer.h"
#include "steer_state.h"

static const char *const steer_action_name[STEER_ACTIONS] = {
	[STEER_AWAY]	= "away",
	[STEER_FLOW]	= "flow",
	[STEER_ALL]	= "all",
	[STEER_SHOW]	= "show",
	[STEER_RESTORE]	= "restore",
};

static const struct option_desc steer_options[] = {
	CMD_OPTION_DEVICE,
	CMD_OPTION_QUEUES,
	{ "dry-run", 'n', NULL, "show what would change, change nothing" },
	{ "key", OPT_KEY, "HEX:HEX...",
	  "RSS key, if it cannot be found" },
	{ "force", OPT_FORCE, NULL,
	  "restore a table that somebody else has changed" },
	{ }
};

static const char *steer_add_flow(struct steer *s, const char *arg)
{
	struct flow flow, *f;
	const char *why;
	unsigned int port;

	why = parse_flow(arg, &flow);
	if (why)
		return why;
	for (port = flow.sport; port <= flow.sport_last; port++) {
		if (s->flows == STEER_FLOWS)
			return "more than 1024 flows";
		f = &s->flow[s->flows++];
		*f = flow;
		f->sport = port;
		f->sport_last = port;
	}
	return NULL;
}

/* ACTION [FLOW...] */
static int steer_parse_words(struct steer *s, int argc, char **argv)
{
	const char *why;
	int i;

	if (!argc)
		return cmd_usage(&cmd_steer, "ACTION missing");
	for (s->action = 0; s->action < STEER_ACTIONS; s->action++)
		if (!strcmp(argv[0], steer_action_name[s->action]))
			break;
	if (s->action == STEER_ACTIONS)
		return cmd_usage(&cmd_steer, "unknown action '%s'", argv[0]);

	if (argc > 1 && s->action != STEER_FLOW && s->action != STEER_SHOW)
		return cmd_usage(&cmd_steer, "%s takes no '%s'", argv[0],
				 argv[1]);
	for (i = 1; i < argc; i++) {
		why = steer_add_flow(s, argv[i]);
		if (why)
			return cmd_usage(&cmd_steer, "'%s': %s", argv[i], why);
	}
	if (s->action == STEER_FLOW && !s->flows)
		return cmd_usage(&cmd_steer, "FLOW missing");
	return CMD_DONE;
}

static int steer_parse(struct steer *s, const char **ifname, int argc,
		       char **argv)
{
	const char *why, *name;
	bool changes;
	int c;

	memset(s, 0, sizeof(*s));
	s->command = cmd_command(&argc, argv);
	while ((c = cmd_option(&cmd_steer, argc, argv)) != -1) {
		why = NULL;
		name = argv[optind - 1];
		switch (c) {
		case 'd':
			*ifname = optarg;
			break;
		case 'q':
			why = parse_queues(optarg, &s->queues);
			break;
		case 'n':
			s->dry_run = true;
			break;
		case OPT_KEY:
			why = parse_key(optarg, s->key, sizeof(s->key),
					&s->key_len);
			break;
		case OPT_FORCE:
			s->force = true;
			break;
		default:
			return CMD_USAGE;
		}
		if (why)
			return cmd_usage(&cmd_steer, "'%s': %s", name, why);
	}

	c = steer_parse_words(s, argc - optind, argv + optind);
	if (c)
		return c;
	changes = s->action != STEER_SHOW && s->action != STEER_RESTORE;
	if (!*ifname)
		return cmd_usage(&cmd_steer, "-d IFNAME missing");
	if (changes != !!s->queues.n)
		return cmd_usage(&cmd_steer, changes ? "-q LIST missing" :
				 "-q is for away, flow and all");
	if (s->command && (!changes || s->dry_run || !*s->command))
		return cmd_usage(&cmd_steer, *s->command ?
				 "a COMMAND is for away, flow and all" :
				 "COMMAND missing behind --");
	if (s->force && s->action != STEER_RESTORE)
		return cmd_usage(&cmd_steer, "--force is for restore");
	return CMD_DONE;
}

static int steer_get(const struct steer *s, struct rss *rss)
{
	int err = rss_get(rss, &s->iface);

	switch (err) {
	case 0:
		return 0;
	case -EOPNOTSUPP:
		out_error("%s: no RSS redirection table (driver %s)",
			  s->iface.name,
			  *s->iface.driver ? s->iface.driver : "unknown");
		out_fix("use a NIC with RSS, or steer with what it has: ethtool -N");
		break;
	default:
		out_errno(-err, "%s: read the RSS table", s->iface.name);
		break;
	}
	return -1;
}

/* Fill in what the flows hash to. Return: 0, or -1 with the reason printed. */
static int steer_hash(struct steer *s, struct rss *rss)
{
	unsigned int i;
	int err;

	if (!s->flows)
		return 0;
	if (!rss->toeplitz) {
		out_error("%s: its RSS hash is not Toeplitz", s->iface.name);
		out_fix("ethtool -X %s hfunc toeplitz", s->iface.name);
		return -1;
	}
	if (rss->reta.size & (rss->reta.size - 1)) {
		out_error("%s: %u entries, not a power of two",
			  s->iface.name, rss->reta.size);
		out_fix("steer all flows: devmemctl steer all");
		return -1;
	}
	if (s->key_len) {
		memcpy(rss->key, s->key, s->key_len);
	} else {
		err = rss_find_key(rss, &s->iface);
		if (err) {
			out_errno(-err, "%s: RSS key", s->iface.name);
			out_fix("in the initial network namespace sysctl net.core.netdev_rss_key shows what most drivers use, for --key; or devmemctl steer all");
			return -1;
		}
	}
	for (i = 0; i < s->flows; i++)
		s->hash[i] = flow_hash(&s->flow[i], rss->key);
	return 0;
}

/**
 * steer_plan() - work out the new table
 * @s: the request
 * @rss: what the device does
 * @avoid: queues that were steered before, in nobody's way either
 * @reta: the new table
 *
 * Return: 0, or -1 with the reason printed.
 */
static int steer_plan(const struct steer *s, const struct rss *rss,
		      const struct queue_list *avoid, struct reta *reta)
{
	struct queue_list taken = s->queues, rest;
	unsigned int i;

	for (i = 0; i < s->queues.n; i++) {
		if (s->queues.queue[i] < rss->rings)
			continue;
		out_error("%s has %u RX queues, no queue %" PRIu32,
			  s->iface.name, rss->rings, s->queues.queue[i]);
		out_fix("ethtool -L %s combined N", s->iface.name);
		return -1;
	}

	*reta = rss->reta;
	if (s->action == STEER_ALL) {
		reta_spread(reta, &s->queues);
		return 0;
	}

	queue_list_join(&taken, avoid);
	queue_list_rest(&rest, rss->rings, &taken);
	if (!rest.n)
		queue_list_rest(&rest, rss->rings, &s->queues);
	if (!rest.n) {
		out_error("%s: no RX queue is left for everything else",
			  s->iface.name);
		out_fix("list fewer, or ethtool -L %s combined N",
			s->iface.name);
		return -1;
	}
	reta_move(reta, &s->queues, &rest);
	if (s->action == STEER_FLOW)
		reta_place(reta, &s->queues, s->hash, s->flows);
	return 0;
}

/* Return: 0, or -1 with the reason printed. */
static int steer_write(const struct steer *s, const struct rss *rss,
		       const struct reta *reta)
{
	int err;

	if (reta_is_default(reta, rss->rings))
		err = rss_set_default(&s->iface);
	else
		err = rss_set(&s->iface, reta);
	if (!err)
		return 0;

	out_errno(-err, "%s: write the RSS table", s->iface.name);
	if (err == -EPERM)
		out_fix("run as root, or with CAP_NET_ADMIN");
	return -1;
}

/**
 * struct steer_undo - how it was before this request
 * @reta: the table
 * @state: what was to be restored then
 * @has_state: whether there was anything
 * @set: the table that the request made
 */
struct steer_undo {
	struct reta reta;
	struct steer_state state;
	bool has_state;
	struct reta set;
};

static int steer_restore_state(const struct steer *s,
			       const struct steer_undo *undo)
{
	return undo->has_state ? steer_store(&s->iface, &undo->state) :
				 steer_drop(&s->iface);
}

/* The state is written before the table: who is killed in between leaves one
 * that restores what is there.
 */
static int steer_commit(const struct steer *s, const struct rss *rss,
			const struct steer_undo *undo)
{
	struct steer_state state = undo->state;

	if (!undo->has_state)
		state.saved = undo->reta;
	queue_list_join(&state.queues, &s->queues);
	state.set = undo->set;
	if (steer_store(&s->iface, &state))
		return -1;
	if (!steer_write(s, rss, &undo->set))
		return 0;
	steer_restore_state(s, undo);
	return -1;
}

/* Return: 0, or -1 with the reason printed. */
static int steer_apply(struct steer *s, struct steer_undo *undo)
{
	struct rss rss;
	int lock, found;
	int ret = -1;

	memset(undo, 0, sizeof(*undo));
	lock = steer_lock();
	if (lock < 0)
		return -1;
	found = steer_load(&s->iface, &undo->state);
	if (found < 0 || steer_get(s, &rss) || steer_hash(s, &rss))
		goto unlock;
	undo->reta = rss.reta;
	/* Who wrote the table since then has made it theirs. */
	undo->has_state = found && reta_equal(&rss.reta, &undo->state.set);
	if (!undo->has_state)
		undo->state.queues.n = 0;

	if (steer_plan(s, &rss, &undo->state.queues, &undo->set))
		goto unlock;
	if (!s->dry_run && steer_commit(s, &rss, undo))
		goto unlock;

	out_object(NULL);
	steer_report(s, &rss, &undo->reta, &undo->set);
	steer_report_notes(s, &undo->set,
			   reta_taken(&undo->reta, &undo->set,
				      &undo->state.queues, &s->queues));
	out_end();
	ret = 0;
unlock:
	steer_unlock(lock);
	return ret;
}

static void steer_changed(const struct steer *s)
{
	out_error("%s: somebody else has changed the RSS table since",
		  s->iface.name);
	out_fix("leave it so, or devmemctl steer restore -d %s --force",
		s->iface.name);
}

/* The end of COMMAND. Return: 0, or -1 with the reason printed. */
static int steer_undo(const struct steer *s, const struct steer_undo *undo)
{
	struct rss rss;
	int ret = -1;
	int lock;

	lock = steer_lock();
	if (lock < 0)
		return -1;
	if (steer_get(s, &rss))
		goto unlock;
	if (!reta_equal(&rss.reta, &undo->set))
		steer_changed(s);
	else if (!steer_write(s, &rss, &undo->reta))
		ret = steer_restore_state(s, undo);
unlock:
	steer_unlock(lock);
	return ret;
}

static int steer_change(struct steer *s)
{
	struct steer_undo undo;
	int status;

	if (!s->command)
		return steer_apply(s, &undo) ? CMD_FAILED : CMD_DONE;

	out_to_stderr();
	run_signals();
	if (steer_apply(s, &undo))
		return CMD_FAILED;
	out_finish();
	status = run_command(s->command);
	if (steer_undo(s, &undo) && status == CMD_DONE)
		status = CMD_FAILED;
	return status;
}

static int steer_show(struct steer *s)
{
	struct steer_state state;
	char queues[512] = "";
	struct rss rss;
	unsigned int i;
	bool same;
	int found;

	found = steer_load(&s->iface, &state);
	if (found < 0 || steer_get(s, &rss) || steer_hash(s, &rss))
		return CMD_FAILED;

	out_object(NULL);
	steer_report(s, &rss, NULL, &rss.reta);
	out_array("steered");
	for (i = 0; found && i < state.queues.n; i++)
		out_u64(NULL, state.queues.queue[i], NULL);
	out_end();
	if (found) {
		format_queues(queues, sizeof(queues), &state.queues);
		same = reta_equal(&rss.reta, &state.set);
		out_text("steered: %s%s\n", queues,
			 same ? "" : ", but the table was changed since");
		out_bool("changed_since", !same, NULL);
	} else {
		out_null("changed_since", NULL);
	}
	out_end();
	return CMD_DONE;
}

/* The table to restore. Return: whether it can be, else it is printed why. */
static bool steer_may_restore(const struct steer *s, const struct rss *rss,
			      const struct steer_state *state)
{
	if (reta_equal(&rss->reta, &state->set) || s->force)
		return true;
	steer_changed(s);
	return false;
}

/* Queues that the table names may be gone; then --force means the default. */
static int steer_rewrite(const struct steer *s, const struct rss *rss,
			 const struct steer_state *state)
{
	unsigned int i;
	int err;

	for (i = 0; i < state->saved.size; i++)
		if (state->saved.queue[i] >= rss->rings)
			break;
	if (i == state->saved.size && state->saved.size == rss->reta.size)
		return steer_write(s, rss, &state->saved);

	err = rss_set_default(&s->iface);
	if (err)
		out_errno(-err, "%s: reset the RSS table", s->iface.name);
	return err;
}

static int steer_restore_locked(struct steer *s)
{
	struct steer_state state = {};
	struct rss rss, now;
	int found;

	found = steer_load(&s->iface, &state);
	if (found < 0 || steer_get(s, &rss))
		return CMD_FAILED;
	if (found && !reta_equal(&rss.reta, &state.saved)) {
		if (!steer_may_restore(s, &rss, &state))
			return CMD_FAILED;
		if (!s->dry_run && steer_rewrite(s, &rss, &state))
			return CMD_FAILED;
	}
	if (!s->dry_run && steer_drop(&s->iface))
		return CMD_FAILED;
	if (s->dry_run && found)
		now.reta = state.saved;
	else if (steer_get(s, &now))
		return CMD_FAILED;

	out_object(NULL);
	steer_report(s, &rss, &rss.reta, &now.reta);
	out_bool("restored", found, found ? NULL : "nothing to restore\n");
	out_end();
	return CMD_DONE;
}

static int steer_restore(struct steer *s)
{
	int result;
	int lock;

	lock = steer_lock();
	if (lock < 0)
		return CMD_FAILED;
	result = steer_restore_locked(s);
	steer_unlock(lock);
	return result;
}

static int steer_run(int argc, char **argv)
{
	const char *ifname = NULL;
	struct steer s;
	int err;

	err = steer_parse(&s, &ifname, argc, argv);
	if (err)
		return err;
	if (iface_find(&s.iface, ifname))
		return CMD_FAILED;

	switch (s.action) {
	case STEER_SHOW:
		return steer_show(&s);
	case STEER_RESTORE:
		return steer_restore(&s);
	default:
		return steer_change(&s);
	}
}

const struct command cmd_steer = {
	.name = "steer",
	.args = "ACTION -d IFNAME [-q LIST] [OPTIONS] [-- COMMAND [ARG]...]",
	.help = "Choose the flows that RX queues get",
	.command = true,
	.words = "away flow all show restore",
	.more =
	"ACTION\n"
	"  away          the queues of LIST get nothing, others take over\n"
	"  flow FLOW...  they get these flows, fairly spread, and nothing else,\n"
	"                but for flows that share an entry of the RSS table\n"
	"  all           they get all that is hashed, in equal parts\n"
	"  show [FLOW...]  the table, and the queues that these flows come to\n"
	"  restore       put back what was there before the first of the above\n"
	"FLOW, as the NIC receives it; one source port or a range:\n"
	"  SRC:SPORT[-SPORT]-DST:DPORT      [SRC6]:SPORT[-SPORT]-[DST6]:DPORT\n"
	"COMMAND runs with the table changed; when it ends the table is put back.\n"
	"The exit status is that of COMMAND then.\n",
	.options = steer_options,
	.run = steer_run,
};
