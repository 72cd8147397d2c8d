// SPDX-License-Identifier: GPL-2.0-only
/* devmemctl stats: the queues of bindings, as the driver and the module count.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "binding.h"
#include "cmd.h"
#include "iface.h"
#include "sample.h"

static const struct option_desc stats_options[] = {
	{ "device", 'd', "IFNAME", "only bindings of this interface" },
	{ "interval", 'i', "SECONDS", "rates, again and again" },
	{ "count", 'n', "N", "stop after N times; without -i every second" },
	{ }
};

/* Home, and clear from there on: no scrolling, no flicker */
#define STATS_CLEAR	"\033[H\033[J"

/* A column of the table: the sum of the counters that begin with a name */
static const struct {
	const char *title;
	const char *counter;
	double scale;
	int decimals;
} stats_columns[] = {
	{ "Mbit/s",	"bytes",	8e-6, 1 },
	{ "frames/s",	"packets",	1, 0 },
	{ "linear/s",	"linear_pkts",	1, 0 },
	{ "buffers/s",	"allocs",	1, 0 },
	{ "drops/s",	"drop_",	1, 0 },
	{ "empty/s",	"empty",	1, 0 },
};

#define STATS_COLUMNS	ARRAY_SIZE(stats_columns)

/* With -i, in JSON: what became of each counter in a second since @before. */
static void stats_rates(const struct sample_queue *q,
			const struct sample_queue *before, double seconds)
{
	unsigned int i;

	if (!before) {
		out_null("seconds", NULL);
		out_null("rates", NULL);
		return;
	}
	out_double("seconds", seconds, NULL);
	out_object("rates");
	for (i = 0; i < q->n; i++)
		out_double(q->counter[i].name,
			   sample_rate(q->counter[i].value,
				       sample_value(before, q->counter[i].name),
				       seconds), NULL);
	out_end();
}

/* A binding to send from: nothing of it is counted. */
static void stats_tx(const struct sample_queue *q)
{
	out_str("ifname", q->ifname, "%s", q->ifname);
	out_null("queue", NULL);
	out_u64("binding", q->binding, ", binding %" PRIu32, q->binding);
	binding_out_tx(true, q->tx_user);
	out_text("\n");
	out_u64("niovs", q->niovs, "    %-16s %16" PRIu32 "\n", "niovs",
		q->niovs);
	if (q->held < 0)
		out_null("held", NULL);
	else
		out_u64("held", q->held, "    %-16s %16" PRId64 "\n", "held",
			q->held);
}

/* Everything there is of a queue. */
static void stats_queue(const struct sample_queue *q)
{
	unsigned int i;

	if (q->tx) {
		stats_tx(q);
		return;
	}
	out_str("ifname", q->ifname, "%s", q->ifname);
	out_u64("queue", q->queue, " queue %" PRIu32, q->queue);
	out_u64("binding", q->binding, ", binding %" PRIu32 "\n", q->binding);
	binding_out_tx(false, 0);
	for (i = 0; i < q->n; i++)
		out_u64(q->counter[i].name, q->counter[i].value,
			"    %-16s %16" PRIu64 "\n", q->counter[i].name,
			q->counter[i].value);
}

static void stats_list(const struct sample *s, const struct sample *last)
{
	const struct sample_queue *before;
	size_t i;

	out_array(NULL);
	for (i = 0; i < s->n; i++) {
		out_object(NULL);
		stats_queue(&s->queue[i]);
		if (last) {
			before = sample_find(last, &s->queue[i]);
			stats_rates(&s->queue[i], before,
				    s->time - last->time);
		}
		out_end();
	}
	out_end();
}

/* Instead of rates */
static void stats_row_tx(const struct sample_queue *q)
{
	out_text("%-15s %5s %7" PRIu32 " ", q->ifname, "tx", q->binding);
	binding_out_tx(true, q->tx_user);
	if (q->held >= 0)
		out_text(", %" PRId64 " of %" PRIu32 " buffers held", q->held,
			 q->niovs);
	out_text("\n");
}

static void stats_row(const struct sample_queue *q,
		      const struct sample_queue *before, double seconds,
		      double *total)
{
	unsigned int i;
	double rate;

	out_text("%-15s %5" PRIu32 " %7" PRIu32, q->ifname, q->queue,
		 q->binding);
	for (i = 0; i < STATS_COLUMNS; i++) {
		if (!before) {
			out_text(" %10s", "-");
			continue;
		}
		rate = sample_rate(sample_sum(q, stats_columns[i].counter),
				   sample_sum(before, stats_columns[i].counter),
				   seconds) * stats_columns[i].scale;
		total[i] += rate;
		out_text(" %10.*f", stats_columns[i].decimals, rate);
	}
	out_text("\n");
}

/* With -i, as text: one row for each queue. */
static void stats_table(const struct sample *s, const struct sample *last,
			uint32_t interval)
{
	double total[STATS_COLUMNS] = {};
	time_t now = time(NULL);
	size_t j, queues = 0;
	char clock[16];
	unsigned int i;

	for (j = 0; j < s->n; j++)
		queues += !s->queue[j].tx;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	out_text("%sdevmemctl stats - %s, every %" PRIu32 " s, %zu bound queue%s\n\n",
		 isatty(STDOUT_FILENO) ? STATS_CLEAR : "", clock, interval,
		 queues, queues == 1 ? "" : "s");
	out_text("%-15s %5s %7s", "INTERFACE", "QUEUE", "BINDING");
	for (i = 0; i < STATS_COLUMNS; i++)
		out_text(" %10s", stats_columns[i].title);
	out_text("\n");

	for (j = 0; j < s->n; j++) {
		if (s->queue[j].tx)
			stats_row_tx(&s->queue[j]);
		else
			stats_row(&s->queue[j], sample_find(last, &s->queue[j]),
				  s->time - last->time, total);
	}
	if (queues > 1 && last->n) {
		out_text("%-29s", "all");
		for (i = 0; i < STATS_COLUMNS; i++)
			out_text(" %10.*f", stats_columns[i].decimals,
				 total[i]);
		out_text("\n");
	}
	if (!isatty(STDOUT_FILENO))
		out_text("\n");
}

/* Until @count is reached, something fails or a signal ends us. */
static int stats_loop(struct netlink *nl, uint32_t ifindex, uint32_t interval,
		      uint32_t count)
{
	struct sample now, last = {};
	int result = CMD_FAILED;
	uint32_t i;

	for (i = 0; !count || i < count; i++) {
		if (i)
			sleep(interval);
		if (sample_take(&now, nl, ifindex))
			break;
		if (out_is_json())
			stats_list(&now, &last);
		else
			stats_table(&now, &last, interval);
		sample_free(&last);
		last = now;
		now.queue = NULL;
		if (out_finish())
			break;
	}
	if (count && i == count)
		result = CMD_DONE;
	sample_free(&now);
	sample_free(&last);
	return result;
}

static int stats_once(struct netlink *nl, uint32_t ifindex)
{
	int result = CMD_FAILED;
	struct sample s;

	if (!sample_take(&s, nl, ifindex)) {
		stats_list(&s, NULL);
		result = CMD_DONE;
	}
	sample_free(&s);
	return result;
}

static const char *stats_number(uint32_t *value)
{
	const char *why = parse_u32(optarg, value);

	return why || *value ? why : "not at least 1";
}

static int stats_run(int argc, char **argv)
{
	const char *ifname = NULL, *why = NULL, *name;
	uint32_t interval = 0, count = 0;
	struct iface iface = {};
	struct netlink nl;
	int result;
	int c;

	while ((c = cmd_option(&cmd_stats, argc, argv)) != -1) {
		name = argv[optind - 1];
		if (c == '?')
			return CMD_USAGE;
		if (c == 'd')
			ifname = optarg;
		else
			why = stats_number(c == 'i' ? &interval : &count);
		if (why)
			return cmd_usage(&cmd_stats, "'%s': %s", name, why);
	}
	if (argc > optind)
		return cmd_usage(&cmd_stats, "'%s' not understood",
				 argv[optind]);
	if (ifname && iface_find(&iface, ifname))
		return CMD_FAILED;

	if (binding_connect(&nl))
		return CMD_FAILED;
	if (interval || count)
		result = stats_loop(&nl, iface.index, interval ? interval : 1,
				    count);
	else
		result = stats_once(&nl, iface.index);
	netlink_close(&nl);
	return result;
}

const struct command cmd_stats = {
	.name = "stats",
	.args = "[-d IFNAME] [-i SECONDS] [-n N]",
	.help = "Show the counters of bound queues",
	.more = "With -i a table of what came in each second, as in top:\n"
		"  Mbit/s     payload into device memory; frames/s the frames it came in\n"
		"  linear/s   frames that fitted the header buffer, and went to host memory\n"
		"  buffers/s  buffers that the NIC got; empty/s times that none was free\n"
		"  drops/s    frames that the driver dropped: stats without -i says why\n"
		"A binding to send from has no counters, only buffers that are held.\n"
		"The first shows no rates. With -j each is a line with the counters, and\n"
		"\"rates\": what became of each in a second of the last \"seconds\".\n",
	.options = stats_options,
	.run = stats_run,
};
