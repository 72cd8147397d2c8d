// SPDX-License-Identifier: GPL-2.0-only
/* A binding to send from. A sendmsg() of one frag meets its unbind, and its device
 * goes, before that or while bytes are out.
 *
 * At any time: the dma-buf is given back when no byte is out, or when the device
 * went; and never while the NIC reads it.
 */

#include "token.h"
#include "stage.h"

bool devmem_tx_ok(const struct sk_buff *skb, const struct net_device *dev);

#define DEV	((struct net_device *)64)

/* rtnl, and who is told of devices */

void rtnl_lock(void)
{
	spin_lock(&test->rtnl);
}

void rtnl_unlock(void)
{
	spin_unlock(&test->rtnl);
}

int register_netdevice_notifier(struct notifier_block *nb)
{
	test->notifier = nb;
	return 0;
}

void unregister_netdevice_notifier(struct notifier_block *nb)
{
	(void)nb;
	rtnl_lock();
	test->notifier = NULL;
	rtnl_unlock();
}

/* devmem_driver_ops.tx_drain */
static void tx_drain(struct net_device *dev)
{
	(void)dev;
	xchg(&test->in_nic, 0);
	test->drained = 1;
}

static const struct devmem_driver_ops ops = { .tx_drain = tx_drain };

/* Actors */

static void put(struct net_iov *niov)
{
	model_disown(niov);
	net_iov_put(niov);
}

/* sendmsg(), the way to the NIC, its interrupt, and the acknowledgment. */
static void sender(u32 arg)
{
	struct cmsghdr cmsg = {
		SOL_SOCKET, SCM_DEVMEM_DMABUF, CMSG_LEN(sizeof(u32)), 1,
	};
	struct msghdr msg = { &cmsg, MSG_ZEROCOPY, NULL };
	struct sock *sk = (struct sock *)&test->socks[0];
	struct net_iov *niov = NULL;
	struct sk_buff skb = {};

	(void)arg;
	if (devmem_tx_get(sk, &msg, 1, &niov))
		return;
	devmem_tx_fill(niov, sk, &skb, NULL, 1, NULL);
	put(niov);
	if (!skb.nr_frags)
		return;
	rcu_read_lock();
	if (devmem_tx_ok(&skb, DEV))
		xchg(&test->in_nic, 1);
	rcu_read_unlock();
	xchg(&test->in_nic, 0);
	put(skb.frags[0]);
}

/* Unbind, or the device goes and the binding with it. */
static void unbinder(u32 arg)
{
	struct dmt_binding *binding = test->binding;

	rtnl_lock();
	WRITE_ONCE(binding->listed, false);
	dmt_tx_end(binding, dmt_end_ticket(), arg & SENDING_WAITS);
	rtnl_unlock();
	module_put(THIS_MODULE);
}

/* The device goes some time after that, with or without the module. */
static void remover(u32 arg)
{
	(void)arg;
	rtnl_lock();
	if (test->notifier)
		test->notifier->notifier_call(test->notifier,
					      NETDEV_UNREGISTER, DEV);
	rtnl_unlock();
}

void sending(u32 arg)
{
	struct dmt_binding *binding;

	make_binding(0, arg == SENDING_GONE ? 1 : 2);
	binding = test->binding;
	binding->dev = DEV;
	binding->ops = &ops;
	binding->hot.tx_dev = DEV;
	binding->listed = true;
	if (dmt_id_alloc(binding))
		model_fail("no id");
	model_actor("sender", sender, 0, 0, 0);
	model_actor("unbind", unbinder, arg, 0, 0);
	if (arg == (SENDING_WAITS | SENDING_GONE))
		model_actor("remover", remover, 0, 0, 0);
	model_actor("dmt_wq", model_worker, 1, ACTOR_IDLES, 0);
	if (arg == SENDING_GONE)
		model_actor("dmt_wq 2", model_worker, 1, ACTOR_IDLES, 0);
	model_actor("map_wq", model_worker, 2, ACTOR_IDLES, 0);
	model_actor("burial", model_worker, 0, ACTOR_IDLES, 0);
	model_actor("rmmod", rmmod, 0, 0, 0);
}
