/* SPDX-License-Identifier: GPL-2.0-only */
/* devmem_tcp_core: its objects, and what the control module calls. */
#ifndef _DMT_CORE_H
#define _DMT_CORE_H

#include <linux/dma-buf.h>
#include <linux/netdevice.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/devmem_driver.h>
#include <net/devmem_version.h>

struct iov_iter;
struct seq_file;
struct sk_buff;
struct sock;

#define DMT_MAX_QUEUES		64
#define DMT_MIN_SHIFT		PAGE_SHIFT
#define DMT_MAX_SHIFT		16

/* Loops over net_iovs let others run after so many. */
#define DMT_RESCHED		65536

/* enum devmem_tcp_attach, under core's names */
#define DMT_ATTACH_STATIC	1
#define DMT_ATTACH_PINNED	2

/**
 * struct dmt_binding - a dma-buf bound to RX queues of one device, or to send
 *	from through one
 * @node: in dmt_bindings while its queues run on it; rtnl, or RCU to look at
 *	what is const
 * @listed: is it? rtnl
 * @id: as told to user space; const. Reserved until the binding is freed
 * @dev: held until the dma-buf is unmapped, so that the device cannot go first
 * @dev_tracker: for @dev
 * @dma_dev: held as long as @dev
 * @ops: the driver's; valid while @node is listed; rtnl
 * @shift: log2 of the net_iov size; const
 * @nr_started: queues that run on it, the first of @queues; rtnl
 * @nr_queues: number of @queues, 0 if to send; const
 * @queues: RX queue of each pool; const
 * @tx: to send: it has one home and no queue, see tx.c; const
 * @tx_based: the net_iovs that are not in use have one reference, by tx.c; const
 *	once it has an id
 * @tx_user: whose sockets may send; const
 * @tx_lingers: it was on the list, so its dma-buf waits for the net_iovs; set
 *	before it is ended
 * @tx_linger: in dmt_tx_lingering; rtnl
 * @tx_lets_go: work that gives the dma-buf back although net_iovs are out
 * @tx_frees: work that ends it when all are home
 * @owner: socket that it ends with, or NULL; held while @listed, then gone
 * @owner_portid: netlink address of @owner; const
 * @sock_limit: net_iovs that the tokens of one socket may hold, 0: any; const
 * @empty_seen: of each pool, its @empty when the listener looked last; rtnl
 * @dmabuf: NULL once unmapped
 * @attach: dynamic attachment to @dmabuf, pinned
 * @sgt: its mapping for @dma_dev
 * @attach_kind: DMT_ATTACH_*; const once mapped
 * @size: bytes of the dma-buf; const
 * @map: work that attaches, pins and maps
 * @map_state: DMT_MAP_* of dmabuf.c: how far it is
 * @map_end: jiffies when who binds gives up on the exporter; const
 * @memcg: who binds, for the work to charge; it drops the reference
 * @map_err: 0, or why it failed; valid when the work is over, as @map_text
 * @map_text: the same in words
 * @revoked: set by move_notify: the exporter wants the memory back
 * @revoke: work queued by it
 * @end: work that gives the dma-buf back
 * @end_node: in the list of those that @end is queued for
 * @end_ticket: who waits for @end; const while in that list
 * @niovs: all net_iovs, area after area
 * @areas: the contiguous segments
 * @nr_areas: their number
 * @reserve_lock: protects @reserve and @nr_reserve
 * @reserve: net_iovs that no pool ever had
 * @nr_reserve: their number
 * @surplus: what each pool can spare for the others. Filled by its consumer
 *	alone, and only when empty; emptied by anybody, as a whole
 * @rcu: for the kfree_rcu() of this struct
 * @hot: what the built-in part knows; last, it ends in the pool pointers
 *
 * Life: dmt_bind() makes it; whoever takes it off dmt_bindings (unbind, device
 * removal, revocation, module exit) stops the queues and then has it ended: a
 * work gives the dma-buf back, the memory goes with the last net_iov that comes
 * home. To send is different: net_iovs come home first, then a work gives the
 * dma-buf back, see tx.c.
 */
struct dmt_binding {
	struct list_head		node;
	bool				listed;
	u32				id;
	struct net_device		*dev;
	netdevice_tracker		dev_tracker;
	struct device			*dma_dev;
	const struct devmem_driver_ops	*ops;
	u32				shift;
	u32				nr_started;
	u32				nr_queues;
	u32				queues[DMT_MAX_QUEUES];
	bool				tx;
	bool				tx_based;
	bool				tx_lingers;
	kuid_t				tx_user;
	struct list_head		tx_linger;
	struct work_struct		tx_lets_go;
	struct work_struct		tx_frees;
	struct sock			*owner;
	u32				owner_portid;
	u32				sock_limit;
	u64				empty_seen[DMT_MAX_QUEUES];

	struct dma_buf			*dmabuf;
	struct dma_buf_attachment	*attach;
	struct sg_table			*sgt;
	u32				attach_kind;
	u64				size;
	struct work_struct		map;
	atomic_t			map_state;
	unsigned long			map_end;
	struct mem_cgroup		*memcg;
	int				map_err;
	const char			*map_text;
	bool				revoked;
	struct work_struct		revoke;
	struct work_struct		end;
	struct list_head		end_node;
	u64				end_ticket;

	struct net_iov			*niovs;
	struct net_iov_area		*areas;
	u32				nr_areas;

	spinlock_t			reserve_lock ____cacheline_aligned_in_smp;
	struct llist_node		*reserve;
	u32				nr_reserve;
	struct llist_head		surplus[DMT_MAX_QUEUES];
	struct rcu_head			rcu;

	struct net_iov_binding		hot ____cacheline_aligned_in_smp;
};

static inline struct dmt_binding *
dmt_binding_of(const struct net_iov_binding *hot)
{
	return container_of(hot, struct dmt_binding, hot);
}

/* The pool at @i of a binding. */
static inline struct net_iov_pool *dmt_pool(const struct dmt_binding *binding,
					    u32 i)
{
	return container_of(binding->hot.pools[i], struct net_iov_pool, home);
}

/* core.c */
extern struct workqueue_struct *dmt_map_wq;
extern struct workqueue_struct *dmt_wq;

/* end.c */
extern wait_queue_head_t dmt_wait;

int dmt_id_alloc(struct dmt_binding *binding);
struct dmt_binding *dmt_id_find(u32 id);
void dmt_ids_walk(void (*show)(struct seq_file *s,
			       const struct dmt_binding *binding),
		  struct seq_file *s);
void dmt_binding_init(struct dmt_binding *binding);
u64 dmt_end_ticket(void);
void dmt_binding_end(struct dmt_binding *binding, u64 ticket);
void dmt_binding_let_go(struct dmt_binding *binding);
void dmt_binding_free(struct net_iov_binding *hot);
bool dmt_is_ending(u64 ticket);
bool dmt_any_alive(void);

/* debugfs.c */
void dmt_debugfs_init(void);
void dmt_debugfs_exit(void);
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
bool dmt_pool_should_fail(void);
#else
static inline bool dmt_pool_should_fail(void)
{
	return false;
}
#endif

/* dmabuf.c */
int dmt_dmabuf_map(struct dmt_binding *binding, struct dma_buf *dmabuf,
		   struct netlink_ext_ack *extack);
long dmt_dmabuf_time_left(const struct dmt_binding *binding);
bool dmt_dmabuf_leave(struct dmt_binding *binding);
void dmt_dmabuf_unmap(struct dmt_binding *binding);

/* area.c */
int dmt_areas_build(struct dmt_binding *binding, struct sg_table *sgt,
		    u64 size, struct netlink_ext_ack *extack);
void dmt_areas_free(struct dmt_binding *binding);
u32 dmt_areas_held(const struct dmt_binding *binding);

/* count.c */

/**
 * struct dmt_counts - where the buffers of a binding are
 * @held: not free
 * @pool: the same for each pool, by the one that took them; their sum is @held
 */
struct dmt_counts {
	u32 held;
	struct {
		u32 posted;
		u32 queued;
		u32 users;
	} pool[DMT_MAX_QUEUES];
};

int dmt_count(const struct dmt_binding *binding, struct dmt_counts *counts);

/* pool.c */
int dmt_pools_build(struct dmt_binding *binding, u32 num);
void dmt_pools_free(struct dmt_binding *binding);
u32 dmt_pools_count_free(const struct dmt_binding *binding);
void dmt_put_bulk(struct net_iov **niovs, u32 num);

/* tx.c */
void dmt_tx_binding_init(struct dmt_binding *binding);
u32 dmt_tx_shift(struct sg_table *sgt);
int dmt_tx_build(struct dmt_binding *binding);
void dmt_tx_end(struct dmt_binding *binding, u64 ticket, bool wait);
void dmt_tx_revoke(struct dmt_binding *binding);
void dmt_tx_put_all(struct net_iov *niovs, u32 num);
int dmt_tx_init(void);
void dmt_tx_exit(void);

/* tx_send.c */
int dmt_tx_get(struct sock *sk, u32 id, struct net_iov **tx);
int dmt_tx_fill(struct net_iov *tx, struct sock *sk, struct sk_buff *skb,
		struct iov_iter *from, u32 len);

/* binding.c */
extern struct list_head dmt_bindings;	/* rtnl */
extern u32 dmt_bindings_seq;		/* rtnl */
extern bool dmt_accepting;

/* Why a binding ended; the numbers of enum devmem_tcp_reason. */
enum dmt_end {
	DMT_END_UNBIND = 1,
	DMT_END_OWNER,
	DMT_END_DEVICE,
	DMT_END_EXPORTER,
	DMT_END_MODULE,
};

/**
 * struct dmt_listener - who is told about bindings: the control module
 * @added: it runs now
 * @ended: its queues are stopped and it is on no list any more; the dma-buf is
 *	still there
 *
 * Both under rtnl.
 */
struct dmt_listener {
	void	(*added)(struct dmt_binding *binding);
	void	(*ended)(const struct dmt_binding *binding, enum dmt_end why);
};

/**
 * struct dmt_bind_params - a bind request, already checked for its form
 * @ifindex: of the device
 * @dmabuf: stays the caller's
 * @tx: to send from; then there is no queue
 * @tx_user: whose sockets may, if @tx
 * @shift: log2 of the net_iov size, if not @tx
 * @nr_queues: number of queues, 1 to DMT_MAX_QUEUES
 * @queues: RX queues, no duplicates
 * @owner: socket of the request if the binding shall end with it, or NULL
 * @owner_portid: netlink address of @owner
 * @sock_limit: net_iovs that the tokens of one socket may hold, 0: any
 * @bad: out: what an error is about: an index in @queues, or DMT_BAD_*
 */
struct dmt_bind_params {
	int		ifindex;
	struct dma_buf	*dmabuf;
	bool		tx;
	kuid_t		tx_user;
	u32		shift;
	u32		nr_queues;
	const u32	*queues;
	struct sock	*owner;
	u32		owner_portid;
	u32		sock_limit;
	int		bad;
};

enum {
	DMT_BAD_NONE	= -1,
	DMT_BAD_DEVICE	= -2,
	DMT_BAD_DMABUF	= -3,
};

void dmt_open(const struct dmt_listener *listener);
void dmt_close(void);
int dmt_bind(struct net *net, struct dmt_bind_params *params,
	     struct netlink_ext_ack *extack);
int dmt_unbind(struct net *net, u32 id);
void dmt_unbind_dev(struct net_device *dev);
void dmt_unbind_owner(u32 portid);
struct dmt_binding *dmt_binding_find(struct net *net, u32 id);
struct dmt_binding *dmt_binding_on(const struct net_device *dev, u32 queue);
void dmt_binding_revoke(struct work_struct *work);

#endif /* _DMT_CORE_H */
