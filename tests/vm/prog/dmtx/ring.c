// SPDX-License-Identifier: GPL-2.0-only
/* The dma-buf as a ring, and the calls that sent from it. */
#include <err.h>
#include <time.h>
#include <linux/errqueue.h>	/* needs time.h */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dmtx.h"
#include "pattern.h"

#define MAX_CALLS	65536

uint64_t seed, size;
uint8_t *mem;

/* Bytes from @tail to @head are out. Both only grow. */
uint64_t head;
static uint64_t tail;

/* Of each call by its number: where the ring was behind it, and is it done? */
static struct {
	uint64_t	head;
	bool		done;
} calls[MAX_CALLS];
uint32_t nr_calls, completed, copied, stamps;
static uint32_t first_call;

/* One more call. What is behind it is in use until all before are done. */
void ring_called(void)
{
	if (nr_calls == MAX_CALLS)
		errx(1, "too many calls");
	calls[nr_calls].head = head;
	calls[nr_calls++].done = false;
}

/* The last call sent only part of what was placed; that begins at @before. */
void ring_partly(uint64_t before)
{
	calls[nr_calls - 1].head = before;
}

static void complete(const struct sock_extended_err *e)
{
	uint32_t i;

	stamps += e->ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
	if (e->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		return;
	for (i = e->ee_info; ; i++) {
		if (i >= nr_calls || calls[i].done)
			errx(1, "call %u is completed twice, or never was", i);
		calls[i].done = true;
		completed++;
		copied += !!(e->ee_code & SO_EE_CODE_ZEROCOPY_COPIED);
		if (i == e->ee_data)
			break;
	}
	/* What is done in the middle is free when all before it is. */
	for (; first_call < nr_calls && calls[first_call].done; first_call++)
		tail = calls[first_call].head;
}

/* Read the error queue; wait for something there, at most @ms. */
bool read_completions(int ms)
{
	char control[512];
	struct msghdr msg = { .msg_control = control };
	struct pollfd p = { .fd = sock };
	struct cmsghdr *c;
	bool any = false;

	if (ms)
		poll(&p, 1, ms);
	for (;;) {
		msg.msg_controllen = sizeof(control);
		if (recvmsg(sock, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return any;
		any = true;
		for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
			complete((void *)CMSG_DATA(c));
	}
}

void wait_done(void)
{
	time_t end = time(NULL) + 120;

	while (first_call < nr_calls) {
		if (read_completions(1000))
			continue;
		if (time(NULL) > end)
			errx(1, "call %u of %u is not completed", first_call,
			     nr_calls);
		/* of a connection that has ended poll() waits for nothing */
		usleep(10000);
	}
}

/* Write @len bytes of the stream to the ring, all of them in one piece.
 * Return: the offset.
 */
uint64_t place(uint64_t at, uint64_t len)
{
	uint64_t offset = head % size;

	if (offset + len > size) {	/* leave out the rest */
		head += size - offset;
		offset = 0;
	}
	while (head + len - tail > size) {
		if (first_call == nr_calls)
			tail = head;
		else
			read_completions(1000);
	}
	pattern_fill(seed, at, mem + offset, len);
	head += len;
	return offset;
}
