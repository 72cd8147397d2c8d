// SPDX-License-Identifier: GPL-2.0-only
/* Who plays against whom. All scenarios end as a binding ends: what stops its
 * queues calls dmt_binding_end(), the work of end.c goes on from there, and
 * rmmod waits for the module's last reference.
 *
 * At any time: no buffer is handed out that somebody holds, and nothing of the
 * binding or the module is touched when it is gone (memory.c). In the end: all is
 * freed, once, and no queue sleeps while there is something for it.
 */

#include "core.h"
#include "sock.h"
#include "token.h"
#include "stage.h"

struct test *test;

/* A scenario's argument. @budget: buffers that a queue takes in its life. */
#define ARG(pools, niovs, budget)	((budget) << 8 | (pools) << 4 | (niovs))

enum {
	ARG_HOME	= 0x1000,	/* all are on pool 0's list */
	ARG_EARLY	= 0x2000,	/* a queue stops when it finds nothing,
					 * and the end comes while buffers are
					 * still put
					 */
	ARG_HOLD	= 0x4000,	/* nothing is put until all sleep */
	ARG_UNEVEN	= 0x8000,	/* queue 1 takes one less */
};

/* What holds a reference */

static u32 number(const struct net_iov *niov)
{
	return niov - test->niovs;
}

static void take(const struct net_iov *niov, u32 refs)
{
	if (ghost->owners[number(niov)])
		model_fail("net_iov %u is handed out and has an owner",
			   number(niov));
	ghost->owners[number(niov)] = refs;
}

/* One reference more. */
void model_own(const struct net_iov *niov)
{
	ghost->owners[number(niov)]++;
}

/* Before the put, after which it may be handed out again at once. */
void model_disown(const struct net_iov *niov)
{
	if (!ghost->owners[number(niov)]--)
		model_fail("net_iov %u is put by nobody", number(niov));
}

/* The rest of the core */

/* Driver: any context, under RCU; runs the queue's poll again. */
static void consumer_kick(struct net_iov_home *home)
{
	struct net_iov_pool *pool = container_of(home, struct net_iov_pool,
						 home);
	struct consumer *consumer = pool->priv;

	if (!ghost->dev_refs)
		model_fail("a kick for a device that may be gone");
	ghost->kicks++;
	xchg(&consumer->kicked, 1);
}

bool dmt_dmabuf_leave(struct dmt_binding *binding)
{
	(void)binding;
	return false;
}

void dmt_dmabuf_unmap(struct dmt_binding *binding)
{
	u32 i;

	if (!binding->dmabuf)
		model_fail("the dma-buf is given back twice");
	binding->dmabuf = NULL;
	ghost->unmaps++;
	if (!binding->tx)
		return;
	if (test->in_nic)
		model_fail("the dma-buf is given back and the NIC reads it");
	for (i = 0; i < binding->hot.total && !test->drained; i++)
		if (ghost->owners[i])
			model_fail("the dma-buf is given back too soon");
}

void dmt_binding_revoke(struct work_struct *work)
{
	(void)work;
}

/* net_iov_binding.release, of end.c */
static void (*real_release)(struct net_iov_binding *hot);

static void counting_release(struct net_iov_binding *hot)
{
	u32 i;

	ghost->released++;
	if (hot->back != hot->total)
		model_fail("released with %u of %u home", hot->back,
			   hot->total);
	for (i = 0; i < hot->total; i++)
		if (ghost->owners[i])
			model_fail("released while net_iov %u is held", i);
	real_release(hot);
}

/* Actors */

/* The control path: its queues are stopped already, see model_actor()'s @after;
 * the driver has taken the kicks away. It is in devmem_tcp, which has a reference
 * of its own.
 */
static void killer(u32 arg)
{
	struct dmt_binding *binding = test->binding;
	u32 i;

	(void)arg;
	for (i = 0; i < binding->hot.nr_pools; i++)
		WRITE_ONCE(dmt_pool(binding, i)->home.kick, NULL);
	dmt_binding_end(binding, dmt_end_ticket());
	module_put(THIS_MODULE);
}

void rmmod(u32 arg)
{
	(void)arg;
	model_unload();
}

/* When nobody can go on: may the queues that sleep? What an idle queue keeps in
 * its cache and spare list is not to be had, as docs/design.md says.
 */
static void stopper(u32 arg)
{
	const struct dmt_binding *binding = test->binding;
	u32 i, asleep = 0;
	bool any;

	(void)arg;
	for (i = 0; i < POOLS; i++)
		asleep += test->consumers[i].asleep;
	if (asleep) {
		any = binding->reserve;
		for (i = 0; i < binding->hot.nr_pools; i++)
			any |= binding->surplus[i].first ||
			       binding->hot.pools[i]->ret.first;
		if (any)
			model_fail("a queue sleeps while a buffer is free");
	}
	WRITE_ONCE(test->stop, 1);
}

static bool is_awake(void *arg)
{
	struct consumer *consumer = arg;

	return consumer->kicked || test->stop;
}

static void send(struct mail *mail, struct net_iov *niov)
{
	mail->niovs[mail->num] = niov;
	/* with the slot */
	smp_store_release(&mail->num, mail->num + 1);
}

/* A queue that is alone sends to the putters in turn. */
static struct mail *mailbox(u32 queue, u32 n)
{
	u32 pools = test->binding->hot.nr_pools;

	return &test->mail[pools == 1 ? n % PUTTERS : queue];
}

/* A queue's NAPI: takes what it can get, hands it on, sleeps when there is none. */
static void consumer(u32 arg)
{
	struct consumer *consumer = &test->consumers[arg];
	u32 n = 0, budget = test->budget - (test->uneven ? arg : 0);
	struct net_iov *niov;

	while (n < budget && !READ_ONCE(test->stop)) {
		xchg(&consumer->kicked, 0);
		while (n < budget) {
			niov = net_iov_alloc(consumer->pool);
			if (!niov)
				break;
			take(niov, 1);
			send(mailbox(arg, n++), niov);
		}
		if (n == budget || test->early)
			break;
		WRITE_ONCE(consumer->asleep, 1);
		model_wait(is_awake, consumer, "sleeps");
		WRITE_ONCE(consumer->asleep, 0);
	}
}

struct has_mail { struct mail *mail; u64 seen; };

static bool has_mail(void *arg)
{
	struct has_mail *has = arg;

	return (!test->hold && has->mail->num > has->seen) || test->stop;
}

/* One by one, or what there is at once. */
static void putter(u32 arg)
{
	struct has_mail has = { &test->mail[arg], 0 };
	u64 num;

	for (;;) {
		model_wait(has_mail, &has, "waits for buffers");
		num = READ_ONCE(has.mail->num);
		if (num == has.seen)
			break;
		for (; has.seen < num; has.seen++) {
			model_disown(has.mail->niovs[has.seen]);
			net_iov_put(has.mail->niovs[has.seen]);
		}
	}
}

/* All mail that was there from the start at once, for a socket. */
static void bulk_putter(u32 arg)
{
	struct mail *mail = &test->mail[arg];
	u32 i;

	for (i = 0; i < mail->num; i++)
		model_disown(mail->niovs[i]);
	dmt_put_bulk(mail->niovs, mail->num);
	module_put(THIS_MODULE);
}

/* recvmsg() on each buffer's skb: a token with a reference of its own, then the
 * skb goes. All under the socket lock, so this is one actor.
 */
static void receiver(u32 arg)
{
	struct dmt_limit limit = {};
	struct net_iov *niov;
	u32 i, token;

	(void)arg;
	for (i = 0; i < test->mail[0].num; i++) {
		niov = test->mail[0].niovs[i];
		if (dmt_ring_reserve(&test->ring, 1))
			model_fail("no room for a token");
		model_own(niov);
		net_iov_get(niov);
		if (dmt_ring_add(&test->ring, &niov, &limit, &token, 1) != 1)
			model_fail("no token");
		model_disown(niov);
		net_iov_put(niov);
	}
}

/* SO_DEVMEM_DONTNEED of all numbers that there can be, by several at once. */
static void returner(u32 arg)
{
	struct net_iov *niovs[MAIL];
	u32 i, num;

	num = dmt_ring_remove(&test->ring, 1 + arg, 2, niovs);
	for (i = 0; i < num; i++)
		model_disown(niovs[i]);
	dmt_put_bulk(niovs, num);
}

/* close(), when no system call is under way. */
static void closer(u32 arg)
{
	u32 i;

	(void)arg;
	for (i = 0; i < test->ring.size; i++)
		if (test->ring.slots[i].niov)
			model_disown(test->ring.slots[i].niov);
	dmt_ring_destroy(&test->ring);
	module_put(THIS_MODULE);
}

/* The same through what is built in: net/core/devmem.c. The second socket has no
 * device memory, so it may come when the module goes.
 */
static void sock_receiver(u32 arg)
{
	struct sock *sk = (struct sock *)&test->socks[arg];
	struct sk_buff skb = {};
	u32 i;

	if (!arg) {
		skb.nr_frags = test->mail[0].num;
		memcpy(skb.frags, test->mail[0].niovs, sizeof(skb.frags));
	}
	devmem_recvmsg(sk, &skb, 0, NULL, 1);
	for (i = 0; i < skb.nr_frags; i++) {
		model_disown(skb.frags[i]);
		net_iov_put(skb.frags[i]);
	}
	if (arg && devmem_attached(sk))
		devmem_sock_release(sk);
}

static void sock_returner(u32 arg)
{
	struct dmabuf_token tokens[] = { { 1, 2 } };

	devmem_dontneed((struct sock *)&test->socks[arg], tokens,
			sizeof(tokens));
}

static void sock_closer(u32 arg)
{
	struct sock *sk = (struct sock *)&test->socks[arg];

	if (devmem_attached(sk))
		devmem_sock_release(sk);
}

/* Stages */

/* @pools: 0: it is to send from */
void make_binding(u32 pools, u32 niovs)
{
	struct scatterlist sg = { .dma = 1UL << 32, .len = niovs << PAGE_SHIFT };
	struct sg_table sgt = { .sgl = &sg, .nents = 1 };
	struct dmt_binding *binding;
	u32 i;

	test = model_alloc(sizeof(*test), "test");
	model_module_init();
	binding = model_alloc(sizeof(*binding) + (pools ?: 1) * sizeof(void *),
			      "binding");
	binding->tx = !pools;
	binding->shift = PAGE_SHIFT;
	binding->dmabuf = (struct dma_buf *)1;
	spin_lock_init(&binding->reserve_lock);
	dmt_binding_init(binding);
	if (!pools)
		dmt_tx_binding_init(binding);
	real_release = binding->hot.release;
	binding->hot.release = counting_release;
	ghost->module_refs = 2;	/* the binding and the killer */
	ghost->dev_refs = 1;
	if (dmt_areas_build(binding, &sgt, sg.len, NULL) ||
	    (pools ? dmt_pools_build(binding, pools) : dmt_tx_build(binding)))
		model_fail("cannot build the binding");
	test->binding = binding;
	test->niovs = binding->niovs;
	for (i = 0; i < pools; i++) {
		test->consumers[i].pool = dmt_pool(binding, i);
		dmt_pool(binding, i)->priv = &test->consumers[i];
		dmt_pool(binding, i)->home.kick = consumer_kick;
	}
}

/* All buffers, on the list of pool 0: more than it wants for itself. */
static void send_home(void)
{
	struct net_iov *niovs[MODEL_NIOVS];
	u32 i, num = test->binding->hot.total;

	for (i = 0; i < num; i++)
		niovs[i] = net_iov_alloc(test->consumers[0].pool);
	dmt_put_bulk(niovs, num);
}

/* A buffer that is under way when the play begins. */
static struct net_iov *hand_out(u32 pool, u32 putter)
{
	struct net_iov *niov = net_iov_alloc(test->consumers[pool].pool);
	struct mail *mail = &test->mail[putter];

	take(niov, 1);
	mail->niovs[mail->num++] = niov;
	return niov;
}

/* The same for one more. */
static void share(struct net_iov *niov, u32 putter)
{
	struct mail *mail = &test->mail[putter];

	net_iov_get(niov);
	model_own(niov);
	mail->niovs[mail->num++] = niov;
}

/* What ends it all, when those in @after are done. */
static void end_actors(u32 after)
{
	model_actor("killer", killer, 0, 0, after);
	model_actor("dmt_wq", model_worker, 1, ACTOR_IDLES, after);
	model_actor("burial", model_worker, 0, ACTOR_IDLES, after);
	model_actor("rmmod", rmmod, 0, 0, 0);
}

/* Three buffers come home one by one and in bulk while the binding ends; one is
 * held twice.
 */
static void burial(u32 pools)
{
	struct net_iov *niov;

	make_binding(pools, 4);
	niov = hand_out(0, 0);
	hand_out(pools - 1, 1);
	share(niov, 1);
	test->stop = 1;
	ghost->module_refs++;
	model_actor("putter", putter, 0, 0, 0);
	model_actor("bulk", bulk_putter, 1, 0, 0);
	end_actors(0);
}

static void traffic(u32 arg)
{
	u32 i, pools = arg >> 4 & 0xf, queues = 0, putters = 0;

	make_binding(pools, arg & 0xf);
	test->budget = arg >> 8 & 0xf;
	test->early = arg & ARG_EARLY;
	test->hold = arg & ARG_HOLD;
	test->uneven = arg & ARG_UNEVEN;
	if (arg & ARG_HOME)
		send_home();
	for (i = 0; i < pools; i++)
		queues |= BIT(model_actor(i ? "queue 1" : "queue 0", consumer,
					  i, 0, 0));
	for (i = 0; i < PUTTERS; i++)
		putters |= BIT(model_actor(i ? "putter 1" : "putter 0", putter,
					   i, 0, 0));
	model_actor("stopper", stopper, 0, ACTOR_LAST, 0);
	end_actors(arg & ARG_EARLY ? queues : queues | putters);
}

static void tokens(u32 arg)
{
	u32 i, users, recvmsg;

	make_binding(1, 3);
	test->ring.next = 1;
	ghost->module_refs++;
	if (dmt_ring_init(&test->ring))
		model_fail("cannot make the ring");
	for (i = 0; i < arg; i++)
		hand_out(0, 0);
	recvmsg = BIT(model_actor("recvmsg", receiver, 0, 0, 0));
	users = recvmsg | BIT(model_actor("dontneed 0", returner, 0, 0, 0)) |
		BIT(model_actor("dontneed 1", returner, 1, 0, 0));
	model_actor("close", closer, 0, 0, users);
	end_actors(recvmsg);
}

static void sockets(u32 arg)
{
	u32 i, users;

	make_binding(1, 2);
	for (i = 0; i < arg; i++)
		hand_out(0, 0);
	users = BIT(model_actor("recvmsg", sock_receiver, 0, 0, 0)) |
		BIT(model_actor("dontneed", sock_returner, 0, 0, 0));
	model_actor("close", sock_closer, 0, 0, users);
	model_actor("other", sock_receiver, 1, 0, users);
	end_actors(users);
}

static void check(void)
{
	if (ghost->unmaps != 1)
		model_fail("the dma-buf is given back %u times", ghost->unmaps);
	if (ghost->released != 1)
		model_fail("released %u times", ghost->released);
	if (ghost->module_refs || !ghost->module_gone)
		model_fail("%d references to the module", ghost->module_refs);
	if (ghost->dev_refs)
		model_fail("the device is held");
	if (model_blocks() != 1)	/* struct test */
		model_fail("%u allocations are left", model_blocks() - 1);
}

const struct scenario scenarios[] = {
	{ "burial", burial, check, 1 },
	{ "burial-two-pools", burial, check, 2 },
	{ "burial-weak", burial, check, 1, true },
	{ "wakeup", traffic, check, ARG(1, 1, 3) },
	{ "wakeup-weak", traffic, check, ARG(1, 1, 2), true },
	{ "unbind", traffic, check, ARG(1, 2, 3) | ARG_EARLY },
	{ "reserve", traffic, check, ARG(2, 2, 1) },
	{ "shared", traffic, check, ARG(2, 3, 1) | ARG_HOME },
	{ "share-weak", traffic, check, ARG(2, 3, 1) | ARG_HOME | ARG_HOLD,
	  true },
	{ "steal-weak", traffic, check, ARG(2, 1, 2) | ARG_UNEVEN, true },
	{ "tokens", tokens, check, 2 },
	{ "sockets", sockets, check, 1 },
	{ "sending", sending, check, SENDING_WAITS },
	{ "sending-gone", sending, check, SENDING_GONE },
	{ "sending-linger", sending, check, SENDING_WAITS | SENDING_GONE },
	{}
};
