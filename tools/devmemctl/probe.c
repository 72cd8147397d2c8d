// SPDX-License-Identifier: GPL-2.0-only
/* Does what the NIC writes arrive in a dma-buf? Nothing says so by itself:
 * where the way from one PCI device to another is blocked, the write is lost
 * and the descriptor completes all the same.
 *
 * So a frame has to come in. Any host makes one that is asked by ICMP echo: its
 * payload is ours, it is larger than the header buffer, so that the NIC splits
 * it, and the driver drops it and counts that, for it is no TCP. What counts as
 * dropped was written before. This takes no help of the driver, and unlike a
 * loopback it disturbs no other queue.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "dmabuf.h"
#include "echo.h"
#include "iface.h"
#include "probe_pattern.h"
#include "probe.h"
#include "progress.h"
#include "sample.h"
#include "stop.h"

/* The smallest; frames of that size fit, and each starts at a buffer */
#define PROBE_BUFFER	4096

#define PROBE_REQUESTS	8
#define PROBE_SECONDS	2
#define PROBE_STEP_MS	50

/* Does it answer at all? Small, so that no bound queue matters. */
static int probe_knock(struct echo *echo)
{
	uint64_t data = 0;
	int i, ret = 0;

	for (i = 0; !ret && i < 3; i++) {
		ret = echo_send(echo, &data, sizeof(data));
		if (!ret)
			ret = echo_wait(echo, sizeof(data), 1000);
	}
	return ret;
}

/* Frames that the bound queues took and dropped for being no TCP, by what the
 * NIC knew of them
 */
static int probe_frames(struct netlink *nl, uint32_t ifindex, uint32_t id,
			uint64_t *frames)
{
	struct sample s;
	size_t i;
	int err;

	*frames = 0;
	err = sample_take(&s, nl, ifindex);
	for (i = 0; i < s.n; i++)
		if (s.queue[i].binding == id)
			*frames += sample_value(&s.queue[i], "drop_not_tcp") +
				   sample_value(&s.queue[i], "drop_nosplit");
	sample_free(&s);
	return err;
}

/* From the end: that is where the first buffers are taken from. */
static int probe_look(struct probe *p, const struct dmabuf *buf,
		      const uint64_t *pattern, enum pattern_match *match)
{
	uint64_t offset;

	*match = PATTERN_ABSENT;
	if (dmabuf_begin(buf))
		return -1;
	for (offset = buf->size; offset && *match != PATTERN_WHOLE; ) {
		enum pattern_match here;

		offset -= PROBE_BUFFER;
		here = pattern_match(buf->map + offset, pattern);
		if (here == PATTERN_ABSENT)
			continue;
		*match = here;
		p->offset = offset;
	}
	return dmabuf_end(buf);
}

static enum probe_result probe_verdict(const struct probe *p,
				       enum pattern_match match, bool elsewhere)
{
	if (match == PATTERN_WHOLE)
		return PROBE_WRITTEN;
	if (match == PATTERN_DAMAGED)
		return PROBE_DAMAGED;
	if (elsewhere)
		return PROBE_ELSEWHERE;
	/* Others may send what is no TCP, too, but hardly as much. */
	return p->frames < PROBE_REQUESTS / 2 ? PROBE_NO_FRAME : PROBE_LOST;
}

/* With the binding there: ask, and look until the pattern is found or it is
 * time to give up. A write that is late is not lost.
 */
static enum probe_result probe_bound(struct probe *p, struct netlink *nl,
				     struct echo *echo, uint32_t id,
				     const struct dmabuf *buf)
{
	uint32_t ifindex = if_nametoindex(p->request.ifname);
	enum pattern_match match = PATTERN_ABSENT;
	uint64_t pattern[PATTERN_WORDS], seed;
	unsigned int sent = 0;
	bool elsewhere = false;
	uint64_t before;
	double end;
	int ret;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed) ||
	    probe_frames(nl, ifindex, id, &before))
		return PROBE_FAILED;
	pattern_make(pattern, seed);

	end = progress_now() + PROBE_SECONDS;
	while (match != PATTERN_WHOLE && progress_now() < end) {
		if (stop_requested) {
			out_error("stopped by a signal");
			return PROBE_FAILED;
		}
		if (sent++ < PROBE_REQUESTS)
			echo_send(echo, pattern, sizeof(pattern));
		ret = echo_wait(echo, sizeof(pattern), PROBE_STEP_MS);
		elsewhere |= ret == 1;
		if (probe_frames(nl, ifindex, id, &p->frames))
			return PROBE_FAILED;
		p->frames -= before;
		if (p->frames && probe_look(p, buf, pattern, &match))
			return PROBE_FAILED;
	}
	return probe_verdict(p, match, elsewhere);
}

static enum probe_result probe_bind(struct probe *p, struct netlink *nl,
				    struct echo *echo)
{
	enum probe_result result = PROBE_FAILED;
	struct dmabuf buf;
	uint32_t id;

	if (dmabuf_open(&buf, &p->source))
		return PROBE_FAILED;
	if (dmabuf_map(&buf, false)) {
		out_fix("choose memory that can be mapped: what cannot be read cannot be probed");
		goto close_buf;
	}
	p->request.dmabuf = buf.fd;
	p->request.page_size = PROBE_BUFFER;
	if (binding_create(nl, &p->request, &id))
		goto close_buf;
	result = probe_bound(p, nl, echo, id, &buf);
	if (binding_destroy(nl, id)) {
		binding_perror(nl, id);
		result = PROBE_FAILED;
	}
close_buf:
	dmabuf_close(&buf);
	return result;
}

/**
 * probe_run() - try it
 * @p: what to try; the contents of the memory are lost
 *
 * Ordinary connections that come through these queues suffer while it runs.
 *
 * Return: what came of it; for PROBE_FAILED the reason is printed.
 */
enum probe_result probe_run(struct probe *p)
{
	enum probe_result result = PROBE_FAILED;
	struct netlink nl;
	struct echo echo;
	int ret;

	stop_on_signals();
	if (binding_connect(&nl))
		return PROBE_FAILED;
	if (echo_open(&echo, p->request.ifname, p->peer))
		goto close_nl;
	ret = probe_knock(&echo);
	if (ret == 1)
		result = probe_bind(p, &nl, &echo);
	else if (stop_requested)
		out_error("stopped by a signal");
	else
		result = PROBE_NO_PEER;
	echo_close(&echo);
close_nl:
	netlink_close(&nl);
	return result;
}
