/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel as the files that run.sh names use, every step of it under
 * the control of the model. run.sh makes a header of every name that they include,
 * with nothing in it but this file.
 *
 * Orders are the kernel's (Documentation/atomic_t.txt): operations that return
 * a value are full barriers; others, and plain stores, can be delayed, see
 * engine.h.
 */
#ifndef _SHIM_H
#define _SHIM_H

#include "../lib/kernel_names.h"

/* The model has no cache lines: less to copy and to compare. */
#define ____cacheline_aligned_in_smp

/* Memory accesses, each a step of the model; memory.c. */
u64 model_load(const volatile void *ptr, u32 size);
void model_store(volatile void *ptr, u32 size, u64 value, bool release);
u64 model_xchg(volatile void *ptr, u32 size, u64 value);
u64 model_and(volatile void *ptr, u32 size, u64 mask);
u64 model_add(volatile void *ptr, u32 size, u64 value);
bool model_cmpxchg(volatile void *ptr, u32 size, u64 *old, u64 value);
void model_or_relaxed(volatile void *ptr, u32 size, u64 mask);
void model_add_relaxed(volatile void *ptr, u32 size, u64 value);
void smp_mb(void);	/* memory.c */

#define READ_ONCE(x)		((__typeof__(x))model_load(&(x), sizeof(x)))
#define WRITE_ONCE(x, v)	model_store(&(x), sizeof(x), (u64)(v), false)
/* a store that can be delayed, but not before others */
#define smp_store_release(ptr, v)	\
	model_store(ptr, sizeof(*(ptr)), (u64)(v), true)
#define xchg(ptr, v)		\
	((__typeof__(*(ptr)))model_xchg(ptr, sizeof(*(ptr)), (u64)(v)))
#define smp_mb__before_atomic()	smp_mb()	/* by name */
#define smp_mb__after_atomic()	smp_mb()	/* by name */

struct shim_atomic { int counter; };
struct shim_atomic64 { u64 counter; };

#define atomic_t		struct shim_atomic
#define atomic64_t		struct shim_atomic64

#define atomic_read(v)		READ_ONCE((v)->counter)
#define atomic_read_acquire(v)	atomic_read(v)
#define atomic_set(v, i)	WRITE_ONCE((v)->counter, i)
#define atomic_inc(v)		model_add_relaxed(&(v)->counter, 4, 1)
#define atomic_inc_not_zero(v)	model_inc_not_zero(&(v)->counter)
#define atomic_dec_and_test(v)	(!(u32)model_add(&(v)->counter, 4, -1))
#define atomic64_inc_return(v)	model_add(&(v)->counter, 8, 1)

#define set_bit(nr, addr)	model_or_relaxed(addr, 8, BIT(nr))
#define test_bit(nr, addr)	(!!(model_load(addr, 8) & BIT(nr)))
#define test_bit_acquire(nr, addr)	test_bit(nr, addr)
#define test_and_clear_bit(nr, addr)	\
	(!!(model_and(addr, 8, ~BIT(nr)) & BIT(nr)))

static inline bool model_inc_not_zero(int *counter)
{
	u64 old = READ_ONCE(*counter);

	while (old)
		if (model_cmpxchg(counter, 4, &old, old + 1))
			return true;
	return false;
}

/* Lists */
#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }
#define list_del_rcu(node)	list_del(node)
#define INIT_LIST_HEAD(list)	((list)->next = (list)->prev = (list))
#define list_for_each_entry(pos, head, member)				\
	for (pos = container_of((head)->next, __typeof__(*pos), member); \
	     &pos->member != (head);					\
	     pos = container_of(pos->member.next, __typeof__(*pos), member))

#define list_for_each_entry_safe(pos, n, head, member)			\
	for (pos = container_of((head)->next, __typeof__(*pos), member); \
	     n = container_of(pos->member.next, __typeof__(*n), member), \
	     &pos->member != (head); pos = n)
#define list_empty(head)	((head)->next == (head))

static inline void list_add(struct list_head *node, struct list_head *head)
{
	node->next = head->next;
	node->prev = head;
	head->next->prev = node;
	head->next = node;
}

static inline void list_del(struct list_head *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
}

static inline void list_del_init(struct list_head *node)
{
	list_del(node);
	INIT_LIST_HEAD(node);
}

#define llist_empty(head)	(!READ_ONCE((head)->first))
#define llist_del_all(head)	xchg(&(head)->first, (struct llist_node *)NULL)

static inline bool llist_add_batch(struct llist_node *first,
				   struct llist_node *last,
				   struct llist_head *head)
{
	u64 old = (u64)READ_ONCE(head->first);

	do
		last->next = (struct llist_node *)old;
	while (!model_cmpxchg(&head->first, 8, &old, (u64)first));
	return !old;
}

/* Locks: an owner or 0. */
#define spinlock_t		u64
#define DEFINE_SPINLOCK(name)	u64 name
#define spin_lock_init(lock)	(*(lock) = 0)
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
#define spin_lock_bh(lock)	spin_lock(lock)
#define spin_unlock_bh(lock)	spin_unlock(lock)

void rcu_read_lock(void);
void rcu_read_unlock(void);
void synchronize_rcu(void);
#define synchronize_net()	synchronize_rcu()

/* Memory */
void *model_alloc(size_t size, const char *what);
void model_free(const void *mem);

#define kzalloc(size, gfp)	model_alloc(size, #size)
#define kfree(mem)		model_free(mem)
/* and waits for it, which nobody who frees minds */
#define kfree_rcu(mem, rcu)	(synchronize_rcu(), model_free(mem))
#define kvfree(mem)		model_free(mem)
#define kvcalloc(n, size, gfp)	model_alloc((size_t)(n) * (size), #size)
#define kmalloc(size, gfp)	model_alloc(size, #size)
#define __vmalloc(size, gfp)	model_alloc(size, #size)

/* Work. No work is queued again while it runs, so none runs twice at a time. */
struct work_struct {
	void	(*func)(struct work_struct *work);
	u64	pending;
};

#define WQ_UNBOUND		0
/* Numbers: that of the built-in one is 0. */
#define alloc_workqueue(name, flags, max)	\
	((struct workqueue_struct *)(strcmp(name, "devmem_tcp") ? 2UL : 1UL))
void destroy_workqueue(struct workqueue_struct *wq);

#define INIT_WORK(work, fn)	\
	((work)->func = (fn), WRITE_ONCE((work)->pending, 0))
#define work_pending(work)	(!!READ_ONCE((work)->pending))
#define cancel_work_sync(work)	((void)(work))
void flush_work(struct work_struct *work);

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);

/* Waiting for bindings is not part of the model. */
#define DECLARE_WAIT_QUEUE_HEAD(name)	wait_queue_head_t name
#define wake_up(wait)			((void)(wait))

/* There is one id, for there is one binding. */
#define DEFINE_IDR(name)		u64 name
#define idr_preload(gfp)		do { } while (0)
#define idr_preload_end()		do { } while (0)
#define idr_alloc_cyclic(idr, ptr, start, end, gfp)	\
	(WRITE_ONCE(*(idr), (uintptr_t)(ptr)), 1)
#define idr_for_each_entry(idr, entry, id)	\
	for ((entry) = NULL, (id) = 0; (entry); (id)++)
#define idr_find(idr, id)		((void *)READ_ONCE(*(idr)))
#define idr_remove(idr, id)		WRITE_ONCE(*(idr), 0)

/* One module, and the device of its bindings. */
struct module;

#define __init
#define __exit
#define module_init(fn)		\
	int model_module_init(void) __attribute__((alias(#fn)))
#define module_exit(fn)		\
	void model_module_exit(void) __attribute__((alias(#fn)))
#define MODULE_DESCRIPTION(x)	struct module
#define MODULE_AUTHOR(x)	struct module
#define MODULE_VERSION(x)	struct module
#define MODULE_LICENSE(x)	struct module
#define MODULE_IMPORT_NS(x)	struct module
#define pr_info(...)		do { } while (0)
bool try_module_get(struct module *module);

#define THIS_MODULE		((struct module *)1)
void __module_get(struct module *module);
void module_put(struct module *module);
void put_device(struct device *dev);
void netdev_put(struct net_device *dev, netdevice_tracker *tracker);

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long event,
			     void *ptr);
};

#define NETDEV_UNREGISTER		1
#define NOTIFY_DONE			0
#define netdev_notifier_info_to_dev(ptr)	((struct net_device *)(ptr))
int register_netdevice_notifier(struct notifier_block *nb);
void unregister_netdevice_notifier(struct notifier_block *nb);
void rtnl_lock(void);
void rtnl_unlock(void);
#define ASSERT_RTNL()			do { } while (0)

/* Of an skb, its frags and its control block what matters here. */
struct sk_buff {
	struct net_iov	*frags[4];
	u32		nr_frags, len, data_len;
	bool		unreadable, eor;
};

#undef skb_shinfo
#undef skb_frag_net_iov
#undef skb_frag_t
#define skb_frag_t		struct net_iov *
#define skb_shinfo(skb)		(skb)
#define skb_frag_net_iov(frag)	(*(frag))
#define TCP_SKB_CB(skb)		(skb)
#define tcp_skb_can_collapse_to(skb)	(!(skb)->eor)
struct ubuf_info;
#define skb_zcopy(skb)		((struct ubuf_info *)NULL)
#define skb_zcopy_set(skb, uarg, have_ref)	((void)(uarg))

/* socket.h, sock.h, tcp.h, sockptr.h, uio.h */
struct cmsghdr {
	int	cmsg_level, cmsg_type;
	size_t	cmsg_len;
	u32	data;
};

struct msghdr {
	struct cmsghdr	*cmsg;
	int		msg_flags;
	void		*msg_ubuf;
};

#define SOL_SOCKET		1
#define SCM_DEVMEM_DMABUF	79
#define MSG_ZEROCOPY		1
#define MSG_FASTOPEN		2
#define MSG_WAITALL		4
#define CMSG_LEN(len)		(len)
#define CMSG_DATA(cmsg)		(&(cmsg)->data)
#define CMSG_OK(msg, cmsg)	true
#define for_each_cmsghdr(cmsg, msg)	\
	for (cmsg = (msg)->cmsg; cmsg; cmsg = NULL)

struct sock;
struct iov_iter;
struct devmem_sock;
struct tcp_sock {
	struct devmem_sock	*devmem;
	bool			repair, defer_connect;
};

struct dmabuf_token { u32 token_start, token_count; };

#define inet_sk(sk)		tcp_sk(sk)
#define sock_flag(sk, flag)	true
#define sockptr_t		const void *
#define tcp_sk(sk)		((struct tcp_sock *)(sk))
#define sk_is_tcp(sk)		(!!(sk))
#define memdup_sockptr(ptr, size)	\
	memcpy(model_alloc(size, "tokens"), ptr, size)
#define IS_ERR(ptr)		(!(ptr))
#define PTR_ERR(ptr)		(-ENOMEM)
#define __rcu
/* as the kernel's */
#define rcu_assign_pointer(ptr, v)	smp_store_release(&(ptr), v)
#define rcu_dereference(ptr)	READ_ONCE(ptr)
#define rcu_dereference_protected(ptr, is)	READ_ONCE(ptr)
/* loads are never early */
#define smp_load_acquire(ptr)	READ_ONCE(*(ptr))

#endif /* _SHIM_H */
