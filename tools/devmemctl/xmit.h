/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XMIT_H
#define XMIT_H

#include <stdint.h>

#include "feed.h"
#include "progress.h"
#include "zerocopy.h"

/**
 * struct xmit - a stream that is sent from device memory
 * @id: binding
 * @ifname: its device, for errors
 * @host: where it goes to, for errors
 * @feed: where the bytes come from
 * @progress: tells the user
 * @zerocopy: calls whose bytes are not acknowledged
 * @sent: bytes that sendmsg() took
 * @sendmsg_calls: that took any
 * @seconds: from the start to the last acknowledgment
 */
struct xmit {
	uint32_t id;
	const char *ifname;
	const char *host;
	struct feed *feed;
	struct progress *progress;

	struct zerocopy zerocopy;
	uint64_t sent;
	uint64_t sendmsg_calls;
	double seconds;
};

int xmit_send(struct xmit *x, int fd);

#endif /* XMIT_H */
