// SPDX-License-Identifier: GPL-2.0-only
/* What is wrapped of igb's ethtool and netdev ops. All of it runs under rtnl. */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "igb.h"

/* An interface: stable, append only. With "rx_queue_N_" they fit
 * ETH_GSTRING_LEN.
 */
static const char * const igb_devmem_stat_names[] = {
	"devmem_packets",
	"devmem_bytes",
	"devmem_linear_pkts",
	"devmem_linear_bytes",
	"devmem_drop_nosplit",
	"devmem_drop_csum",
	"devmem_drop_not_tcp",
	"devmem_drop_alloc",
	"devmem_pool_empty",
	"devmem_merged",
};

#define IGB_DEVMEM_STATS	ARRAY_SIZE(igb_devmem_stat_names)
static_assert(sizeof(struct igb_devmem_stats) ==
	      IGB_DEVMEM_STATS * sizeof(u64));

static struct igb_devmem *igb_devmem_of(const struct net_device *netdev)
{
	struct igb_adapter *adapter = netdev_priv(netdev);

	return adapter->devmem;
}

static int igb_devmem_get_sset_count(struct net_device *netdev, int sset)
{
	const struct ethtool_ops *base = igb_devmem_of(netdev)->base_ethtool_ops;
	struct igb_adapter *adapter = netdev_priv(netdev);
	int n = base->get_sset_count(netdev, sset);

	if (n >= 0 && sset == ETH_SS_STATS)
		n += adapter->num_rx_queues * IGB_DEVMEM_STATS;
	return n;
}

static void igb_devmem_get_strings(struct net_device *netdev, u32 sset,
				   u8 *data)
{
	const struct ethtool_ops *base = igb_devmem_of(netdev)->base_ethtool_ops;
	struct igb_adapter *adapter = netdev_priv(netdev);
	int i, j;

	base->get_strings(netdev, sset, data);
	if (sset != ETH_SS_STATS)
		return;

	data += base->get_sset_count(netdev, sset) * ETH_GSTRING_LEN;
	for (i = 0; i < adapter->num_rx_queues; i++)
		for (j = 0; j < IGB_DEVMEM_STATS; j++)
			ethtool_sprintf(&data, "rx_queue_%d_%s", i,
					igb_devmem_stat_names[j]);
}

static void igb_devmem_get_ethtool_stats(struct net_device *netdev,
					 struct ethtool_stats *stats,
					 u64 *data)
{
	struct igb_devmem *dm = igb_devmem_of(netdev);
	struct igb_adapter *adapter = netdev_priv(netdev);
	const u64 *from;
	int i, j;

	dm->base_ethtool_ops->get_ethtool_stats(netdev, stats, data);
	data += dm->base_ethtool_ops->get_sset_count(netdev, ETH_SS_STATS);

	/* each counter has one writer, the queue's NAPI */
	for (i = 0; i < adapter->num_rx_queues; i++) {
		from = (const u64 *)&dm->queue[i].stats;
		for (j = 0; j < IGB_DEVMEM_STATS; j++)
			*data++ = READ_ONCE(from[j]);
	}
}

static void igb_devmem_get_ringparam(struct net_device *netdev,
				     struct ethtool_ringparam *ring,
				     struct kernel_ethtool_ringparam *kernel,
				     struct netlink_ext_ack *extack)
{
	struct igb_devmem *dm = igb_devmem_of(netdev);

	dm->base_ethtool_ops->get_ringparam(netdev, ring, kernel, extack);
	kernel->tcp_data_split = dm->tcp_data_split;
}

static int igb_devmem_set_ringparam(struct net_device *netdev,
				    struct ethtool_ringparam *ring,
				    struct kernel_ethtool_ringparam *kernel,
				    struct netlink_ext_ack *extack)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem *dm = igb_devmem_of(netdev);
	int err;

	if (igb_devmem_busy(netdev)) {
		if (kernel->tcp_data_split == ETHTOOL_TCP_DATA_SPLIT_DISABLED) {
			NL_SET_ERR_MSG_MOD(extack,
					   "unbind device memory before turning tcp-data-split off");
			return -EBUSY;
		}
		if (ring->rx_pending != adapter->rx_ring_count) {
			NL_SET_ERR_MSG_MOD(extack,
					   "unbind device memory before changing the rx ring size");
			return -EBUSY;
		}
	}

	err = dm->base_ethtool_ops->set_ringparam(netdev, ring, kernel, extack);
	if (!err)
		dm->tcp_data_split = kernel->tcp_data_split;
	return err;
}

/* igb closes and opens itself for what is below, and forgets it when that fails:
 * the stack takes it for running, its NAPI was never enabled, and the next
 * igb_down() would wait for that for ever, under rtnl. So it is closed, without
 * igb, which does nothing for a detached device. One without vectors stays
 * detached: to open it would be a NULL pointer.
 */
static void igb_devmem_reopened(struct net_device *netdev)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	bool lost = !adapter->num_q_vectors;

	if (!netif_device_present(netdev) ||
	    (!lost && !(netif_running(netdev) &&
			test_bit(__IGB_DOWN, &adapter->state))))
		return;
	netdev_err(netdev, "does not open again: %s\n",
		   lost ? "no interrupts, reload igb" : "is down now");
	netif_device_detach(netdev);
	dev_close(netdev);
	if (!lost)
		netif_device_attach(netdev);
}

/* There is no extack here in 6.1. A queue that stays is closed and opened
 * again. For another number of queues igb makes a new indirection table, even
 * if the user set one, and all traffic would hash onto bound queues. Then it is
 * kept; the ethtool core has checked that it fits.
 */
static int igb_devmem_set_channels(struct net_device *netdev,
				   struct ethtool_channels *ch)
{
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem *dm = igb_devmem_of(netdev);
	u32 init = adapter->rss_indir_tbl_init;
	int err;
	u32 i;

	for (i = ch->combined_count; i < IGB_MAX_RX_QUEUES; i++) {
		if (!dm->queue[i].pool)
			continue;
		netdev_info(netdev,
			    "unbind device memory of rx queue %u before removing it\n",
			    i);
		return -EBUSY;
	}
	if (netif_is_rxfh_configured(netdev) && igb_devmem_busy(netdev))
		adapter->rss_indir_tbl_init = ch->combined_count;
	err = dm->base_ethtool_ops->set_channels(netdev, ch);
	if (err == -EINVAL)
		adapter->rss_indir_tbl_init = init;
	igb_devmem_reopened(netdev);
	return err;
}

static void igb_devmem_self_test(struct net_device *netdev,
				 struct ethtool_test *test, u64 *data)
{
	igb_devmem_of(netdev)->base_ethtool_ops->self_test(netdev, test, data);
	igb_devmem_reopened(netdev);
}

/* The stack asks whether the device is bound. A bond that passes its program on
 * does not, and a bound queue would not run it.
 */
static int igb_devmem_xdp(struct net_device *netdev, struct netdev_bpf *xdp)
{
	int err;

	if (xdp->command == XDP_SETUP_PROG && xdp->prog &&
	    igb_devmem_busy(netdev)) {
		NL_SET_ERR_MSG_MOD(xdp->extack,
				   "unbind device memory before attaching an XDP program");
		return -EBUSY;
	}
	err = igb_devmem_of(netdev)->base_netdev_ops->ndo_bpf(netdev, xdp);
	igb_devmem_reopened(netdev);
	return err;
}

/* What bind insists on stays while bound; ethtool -K says "requested". */
static netdev_features_t
igb_devmem_fix_features(struct net_device *netdev, netdev_features_t features)
{
	struct igb_devmem *dm = igb_devmem_of(netdev);

	features = dm->base_netdev_ops->ndo_fix_features(netdev, features);
	if (!igb_devmem_busy(netdev))
		return features;

	if (!(features & NETIF_F_RXCSUM))
		netdev_info(netdev,
			    "unbind device memory before turning rx checksumming off\n");
	if (features & NETIF_F_RXALL)
		netdev_info(netdev,
			    "unbind device memory before turning rx-all on\n");
	return (features | NETIF_F_RXCSUM) & ~NETIF_F_RXALL;
}

/* With a gro_flush_timeout GRO could keep net_iovs all the time that the device
 * is closed. Without one each poll hands up everything when it ends.
 */
static int igb_devmem_close_flushed(struct net_device *netdev)
{
	unsigned long timeout = netdev->gro_flush_timeout;
	struct igb_adapter *adapter = netdev_priv(netdev);
	struct igb_devmem *dm = adapter->devmem;
	int err, i;

	if (!igb_devmem_busy(netdev) || !netif_device_present(netdev))
		return dm->base_netdev_ops->ndo_stop(netdev);

	WRITE_ONCE(netdev->gro_flush_timeout, 0);
	local_bh_disable();
	for (i = 0; i < adapter->num_q_vectors; i++)
		napi_schedule(&adapter->q_vector[i]->napi);
	local_bh_enable();
	err = dm->base_netdev_ops->ndo_stop(netdev);
	WRITE_ONCE(netdev->gro_flush_timeout, timeout);
	return err;
}

static int igb_devmem_close(struct net_device *netdev)
{
	struct igb_devmem *dm = igb_devmem_of(netdev);
	int err;

	if (!igb_devmem_undo_down(netdev_priv(netdev)))
		return igb_devmem_close_flushed(netdev);

	/* Not recovered yet, or never. igb would leave its rings and interrupts
	 * to a detached device that is not dismantled. The stack does not take
	 * it for running any more.
	 */
	netif_device_attach(netdev);
	err = dm->base_netdev_ops->ndo_stop(netdev);
	netif_device_detach(netdev);
	return err;
}

void igb_devmem_wrap_ops(struct igb_adapter *adapter)
{
	struct net_device *netdev = adapter->netdev;
	struct igb_devmem *dm = adapter->devmem;

	dm->base_netdev_ops = netdev->netdev_ops;
	dm->netdev_ops = *netdev->netdev_ops;
	dm->netdev_ops.ndo_stop = igb_devmem_close;
	dm->netdev_ops.ndo_start_xmit = igb_devmem_xmit_frame;
	dm->netdev_ops.ndo_fix_features = igb_devmem_fix_features;
	dm->netdev_ops.ndo_bpf = igb_devmem_xdp;
	netdev->netdev_ops = &dm->netdev_ops;

	dm->base_ethtool_ops = netdev->ethtool_ops;
	dm->ethtool_ops = *netdev->ethtool_ops;
	dm->ethtool_ops.supported_ring_params |=
		ETHTOOL_RING_USE_TCP_DATA_SPLIT;
	dm->ethtool_ops.get_sset_count = igb_devmem_get_sset_count;
	dm->ethtool_ops.get_strings = igb_devmem_get_strings;
	dm->ethtool_ops.get_ethtool_stats = igb_devmem_get_ethtool_stats;
	dm->ethtool_ops.get_ringparam = igb_devmem_get_ringparam;
	dm->ethtool_ops.set_ringparam = igb_devmem_set_ringparam;
	dm->ethtool_ops.set_channels = igb_devmem_set_channels;
	dm->ethtool_ops.self_test = igb_devmem_self_test;
	netdev->ethtool_ops = &dm->ethtool_ops;
}
