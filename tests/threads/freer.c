// SPDX-License-Identifier: GPL-2.0-only
/* Freers: who puts what a consumer sent, as references or as tokens. */

#include <unistd.h>
#include "threads.h"

#define LIMIT		20	/* tokens of a binding in one ring */

void send(struct freer *freer, const struct message *message)
{
	pthread_mutex_lock(&freer->lock);
	freer->mail[freer->num++] = *message;
	pthread_mutex_unlock(&freer->lock);
}

/* A third of the buffers has no limit, two thirds have one each, as if they were
 * of three bindings.
 */
static void make_limits(const struct freer *freer, struct net_iov **niovs,
			struct dmt_limit *limits, u32 num)
{
	u32 i;

	for (i = 0; i < num; i++) {
		limits[i].id = 1 + (niovs[i] - freer->round->niovs) % 3;
		limits[i].max = LIMIT * (limits[i].id - 1);
	}
}

static void check_quotas(struct dmt_ring *ring)
{
	u32 i, sum = 0;

	spin_lock(&ring->lock);
	for (i = 0; i < DMT_QUOTAS; i++) {
		sum += ring->quotas[i].held;
		if (i && ring->quotas[i].held > 2 * LIMIT)
			fail("%u tokens of binding %u", ring->quotas[i].held,
			     ring->quotas[i].id);
	}
	if (sum != ring->used)
		fail("%u tokens by binding, %u in all", sum, ring->used);
	spin_unlock(&ring->lock);
}

/* With tokens for them, as recvmsg() does. */
void send_tokens(struct freer *freer, struct net_iov **niovs, u32 num)
{
	struct dmt_limit limits[RING];
	struct message message;
	u32 tokens[RING], i, out;

	if (!num)
		return;
	make_limits(freer, niovs, limits, num);
	pthread_mutex_lock(&freer->sock_lock);
	if (dmt_ring_reserve(&freer->ring, num))
		fail("ring is full with %u tokens", freer->ring.used);
	out = dmt_ring_add(&freer->ring, niovs, limits, tokens, num);
	check_quotas(&freer->ring);
	pthread_mutex_unlock(&freer->sock_lock);
	for (i = 0; i < out; i++) {
		message.niov = niovs[i];
		message.token = tokens[i];
		send(freer, &message);
	}
	if (out < num && !limits[out].max)
		fail("no token for a buffer without limit");
	for (i = out; i < num; i++)
		disown(freer->round, niovs[i]);
	dmt_put_bulk(niovs + out, num - out);
}

/* Takes runs of numbers back; others must not be in the way. */
static void freer_put_tokens(struct freer *freer, const struct message *mail,
			     u32 num)
{
	struct net_iov *niovs[RING];
	u32 i, run;

	for (; num; num -= run, mail += run) {
		for (run = 1; run < num; run++)
			if (mail[run].token != mail[0].token + run)
				break;
		if (dmt_ring_remove(&freer->ring, mail[0].token, run,
				    niovs) != run)
			fail("%u tokens from %u on are not all there", run,
			     mail[0].token);
		for (i = 0; i < run; i++) {
			if (niovs[i] != mail[i].niov)
				fail("token %u is for another net_iov",
				     mail[i].token);
			disown(freer->round, niovs[i]);
		}
		dmt_put_bulk(niovs, run);
	}
}

static void freer_put(struct freer *freer, const struct message *mail, u32 num)
{
	struct net_iov *niovs[RING];
	bool bulk = shim_random() % 2;
	u32 i, n = 0;

	for (i = 0; i < num; i++) {
		if (mail[i].token) {
			freer_put_tokens(freer, mail + i, 1);
			continue;
		}
		disown(freer->round, mail[i].niov);
		if (bulk)
			niovs[n++] = mail[i].niov;
		else
			net_iov_put(mail[i].niov);
	}
	dmt_put_bulk(niovs, n);
}

/* Up to @max letters, from anywhere. @closing: what is there now is all. */
static u32 freer_take(struct freer *freer, struct message *mail, u32 max,
		      bool *closing)
{
	u32 i, num, first;

	pthread_mutex_lock(&freer->lock);
	*closing = freer->closing;
	num = freer->num < max ? freer->num : max;
	first = freer->num - num;
	if (shim_random() % 2 && first)
		first = shim_random() % first;
	for (i = 0; i < num; i++)
		mail[i] = freer->mail[first + i];
	freer->num -= num;
	for (i = first; i < freer->num; i++)
		freer->mail[i] = freer->mail[i + num];
	pthread_mutex_unlock(&freer->lock);
	return num;
}

void *freer_main(void *arg)
{
	struct freer *freer = arg;
	struct message mail[RING];
	bool closing;
	u32 i, num;

	shim_thread_start(freer->seed);
	for (;;) {
		num = freer_take(freer, mail, 1 + shim_random() % RING,
				 &closing);
		if (closing && (!num || freer->round->scenario->tokens))
			break;
		if (freer->round->scenario->tokens)
			freer_put_tokens(freer, mail, num);
		else
			freer_put(freer, mail, num);
		if (!num)
			usleep(20);
	}
	/* An application that exits does not give its last tokens back. */
	for (i = 0; i < num; i++)
		disown(freer->round, mail[i].niov);
	for (i = 0; num && i < freer->num; i++)
		disown(freer->round, freer->mail[i].niov);
	dmt_ring_destroy(&freer->ring);
	shim_thread_stop();
	return NULL;
}
