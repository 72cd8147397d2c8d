/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROBE_H
#define PROBE_H

#include "binding.h"
#include "parse.h"

enum probe_result {
	PROBE_WRITTEN,		/* the pattern is in the memory */
	PROBE_LOST,		/* the NIC took it, and it is not there */
	PROBE_DAMAGED,		/* only a part of it is there */
	PROBE_ELSEWHERE,	/* other queues got it */
	PROBE_NO_FRAME,		/* nothing that was large came */
	PROBE_NO_PEER,		/* the peer answers not at all */
	PROBE_FAILED,		/* it could not be tried; printed */
};

/**
 * struct probe - does what the NIC writes arrive in this memory?
 * @request: binding to try it with, but for its dma-buf
 * @source: the memory
 * @peer: address of a host that answers
 * @frames: out: that the bound queues got
 * @offset: out: PROBE_WRITTEN and PROBE_DAMAGED: where in the dma-buf
 */
struct probe {
	struct binding_request request;
	struct source source;
	const char *peer;

	uint64_t frames;
	uint64_t offset;
};

enum probe_result probe_run(struct probe *p);

#endif /* PROBE_H */
