// SPDX-License-Identifier: GPL-2.0-only
/* What devmemctl steer has done, or would do. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "out.h"
#include "steer.h"

static void __printf(1, 2) steer_note(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out_str(NULL, text, "note: %s\n", text);
}

static void steer_report_flows(const struct steer *s, const struct reta *reta)
{
	unsigned int i, entry;
	char text[128];

	out_array("flows");
	for (i = 0; i < s->flows; i++) {
		entry = s->hash[i] & (reta->size - 1);
		format_flow(text, sizeof(text), &s->flow[i]);
		out_object(NULL);
		out_str("flow", text, "flow %s:", text);
		out_u64("hash", s->hash[i], " hash 0x%08" PRIx32, s->hash[i]);
		out_u64("entry", entry, ", entry %u", entry);
		out_u64("queue", reta->queue[entry], ", queue %" PRIu32 "\n",
			reta->queue[entry]);
		out_end();
	}
	out_end();
}

/**
 * steer_report() - show a table
 * @s: the request
 * @rss: what the device does
 * @before: the table before, NULL if nothing is to change
 * @reta: the table
 */
void steer_report(const struct steer *s, const struct rss *rss,
		  const struct reta *before, const struct reta *reta)
{
	unsigned int i, n, was;

	out_str("ifname", s->iface.name, "%s:", s->iface.name);
	out_u64("entries", reta->size, " table of %u entries", reta->size);
	out_text(", %u RX queues", rss->rings);
	if (before)
		out_u64("changed", reta_differ(before, reta),
			s->dry_run ? ", %u would change" : ", %u changed",
			reta_differ(before, reta));
	out_text("\n");

	out_array("queues");
	for (i = 0; i < rss->rings; i++) {
		n = reta_entries(reta, i);
		was = before ? reta_entries(before, i) : n;
		out_object(NULL);
		out_u64("queue", i, "queue %u:", i);
		out_u64("entries", n, " %u entries", n);
		if (before)
			out_u64("before", was, was != n ? ", was %u" : NULL,
				was);
		out_text("\n");
		out_end();
	}
	out_end();
	steer_report_flows(s, reta);
	out_array("table");
	for (i = 0; i < reta->size; i++)
		out_u64(NULL, reta->queue[i], NULL);
	out_end();
}

/**
 * steer_report_notes() - what the request brings along that was not asked for
 * @s: the request
 * @reta: the new table
 * @taken: entries that earlier requests had pointed elsewhere
 */
void steer_report_notes(const struct steer *s, const struct reta *reta,
			unsigned int taken)
{
	unsigned int i, entries = 0;

	for (i = 0; i < s->queues.n; i++)
		entries += reta_entries(reta, s->queues.queue[i]);

	out_array("notes");
	if (s->action == STEER_FLOW)
		steer_note("of all other flows those come along that hash to the same %u of %u entries",
			   entries, reta->size);
	if (s->action == STEER_ALL)
		steer_note("UDP and the rest of IP comes along; a bound queue drops what of it does not fit into a header buffer");
	if (taken)
		steer_note("%u entries were steered to other queues before",
			   taken);
	if (queue_list_has(&s->queues, 0))
		steer_note("queue 0 also gets what has no hash, such as ARP");
	if (s->dry_run)
		steer_note("nothing was changed");
	else if (!s->command)
		steer_note("undo: devmemctl steer restore -d %s",
			   s->iface.name);
	out_end();
}
