// SPDX-License-Identifier: GPL-2.0-only
/* fake0, a NIC that can be bound and gets no frame, and memory for it, for a
 * kernel without hardware.
 *
 * Reading /dev/fakebuf makes a dma-buf of 4 MiB, in the descriptors of who
 * reads, and tells its number. Parameters that can be written:
 *   drain=QUEUE	take buffers until none is free; -1: give them back
 *   gone=1		unregister fake0
 */

#include <linux/dma-buf.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/rtnetlink.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/devmem_driver.h>

#define FAKE_QUEUES	4
#define FAKE_POSTED	16		/* buffers in a ring */
#define FAKE_SIZE	SZ_4M
#define FAKE_BUFFERS	(FAKE_SIZE / SZ_4K)
#define FAKE_DMA	0x100001000ull	/* aligned to 4 KiB and no more */

struct fake_queue {
	struct net_iov_pool	*pool;
	struct net_iov		*niovs[FAKE_BUFFERS];
	u32			num;
};

static struct fake_queue fake_queues[FAKE_QUEUES];	/* rtnl */
static struct platform_device *fake_pdev;
static struct net_device *fake_netdev;
static struct devmem_dev fake_ddev;
static bool fake_gone;					/* kernel_param_lock */

/* Under rtnl, which makes us the consumer. */
static void fake_take(struct fake_queue *q, u32 num)
{
	local_bh_disable();
	while (q->num < num) {
		q->niovs[q->num] = net_iov_alloc(q->pool);
		if (!q->niovs[q->num])
			break;
		q->num++;
	}
	local_bh_enable();
}

static void fake_give(struct fake_queue *q, u32 num)
{
	while (q->num > num)
		net_iov_put(q->niovs[--q->num]);
}

static int fake_bind(struct net_device *dev, u32 queue,
		     struct net_iov_pool *pool, struct netlink_ext_ack *extack)
{
	fake_queues[queue].pool = pool;
	fake_take(&fake_queues[queue], FAKE_POSTED);
	return 0;
}

static void fake_unbind(struct net_device *dev, u32 queue)
{
	fake_give(&fake_queues[queue], 0);
	fake_queues[queue].pool = NULL;
}

static u32 fake_napi_id(struct net_device *dev, u32 queue)
{
	return netif_running(dev) ? 100 + queue : 0;
}

/* What was drained waits in no skb, but is not in the ring either. */
static void fake_posted(struct net_device *dev, u32 queue, net_iov_fn mark,
			void *arg)
{
	u32 i;

	for (i = 0; i < min_t(u32, fake_queues[queue].num, FAKE_POSTED); i++)
		mark(arg, fake_queues[queue].niovs[i]);
}

static const struct devmem_driver_ops fake_ops = {
	.abi		= DEVMEM_DRIVER_ABI,
	.bind		= fake_bind,
	.unbind		= fake_unbind,
	.napi_id	= fake_napi_id,
	.posted		= fake_posted,
};

static int fake_drain_set(const char *val, const struct kernel_param *kp)
{
	int i, queue, err;

	err = kstrtoint(val, 0, &queue);
	if (err || queue >= FAKE_QUEUES)
		return -EINVAL;
	rtnl_lock();
	for (i = 0; i < FAKE_QUEUES; i++) {
		if (queue < 0)
			fake_give(&fake_queues[i], FAKE_POSTED);
		else if (i == queue && fake_queues[i].pool)
			fake_take(&fake_queues[i], FAKE_BUFFERS + 1);
	}
	rtnl_unlock();
	return 0;
}

static const struct kernel_param_ops fake_drain_ops = {
	.set = fake_drain_set,
};
module_param_cb(drain, &fake_drain_ops, NULL, 0200);

static int fake_gone_set(const char *val, const struct kernel_param *kp)
{
	if (!fake_gone)
		unregister_netdev(fake_netdev);
	fake_gone = true;
	return 0;
}

static const struct kernel_param_ops fake_gone_ops = {
	.set = fake_gone_set,
};
module_param_cb(gone, &fake_gone_ops, NULL, 0200);

static void fake_get_drvinfo(struct net_device *dev,
			     struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "fakenic", sizeof(info->driver));
}

static const struct ethtool_ops fake_ethtool_ops = {
	.get_drvinfo = fake_get_drvinfo,
};

static netdev_tx_t fake_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops fake_netdev_ops = {
	.ndo_start_xmit = fake_xmit,
};

/* An address that nobody uses. */
static struct sg_table *fake_map(struct dma_buf_attachment *attach,
				 enum dma_data_direction dir)
{
	struct sg_table *sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);

	if (!sgt || sg_alloc_table(sgt, 1, GFP_KERNEL)) {
		kfree(sgt);
		return ERR_PTR(-ENOMEM);
	}
	sg_dma_address(sgt->sgl) = FAKE_DMA;
	sg_dma_len(sgt->sgl) = attach->dmabuf->size;
	return sgt;
}

static void fake_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		       enum dma_data_direction dir)
{
	sg_free_table(sgt);
	kfree(sgt);
}

static void fake_release(struct dma_buf *dmabuf)
{
}

static const struct dma_buf_ops fake_dma_buf_ops = {
	.map_dma_buf	= fake_map,
	.unmap_dma_buf	= fake_unmap,
	.release	= fake_release,
};

static int fake_export(void)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	int fd;

	info.ops = &fake_dma_buf_ops;
	info.exp_name = "fakebuf";
	info.size = FAKE_SIZE;
	info.flags = O_RDWR;
	info.priv = &fake_queues;	/* must not be NULL */
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = dma_buf_fd(dmabuf, 0);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

/* A shell reads byte by byte: the number is made once for each open file. */
static ssize_t fakebuf_read(struct file *file, char __user *to, size_t len,
			    loff_t *pos)
{
	char text[16];
	long fd = (long)file->private_data;

	if (!*pos) {
		fd = fake_export();
		if (fd < 0)
			return fd;
		file->private_data = (void *)fd;
	}
	return simple_read_from_buffer(to, len, pos, text,
				       scnprintf(text, sizeof(text), "%ld\n",
						 fd));
}

static const struct file_operations fakebuf_fops = {
	.owner	= THIS_MODULE,
	.open	= nonseekable_open,
	.read	= fakebuf_read,
};

static struct miscdevice fakebuf = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "fakebuf",
	.fops	= &fakebuf_fops,
};

static int __init fake_init(void)
{
	int err;

	fake_pdev = platform_device_register_simple("fakenic", -1, NULL, 0);
	if (IS_ERR(fake_pdev))
		return PTR_ERR(fake_pdev);
	err = -ENOMEM;
	fake_netdev = alloc_netdev_mqs(0, "fake0", NET_NAME_USER, ether_setup,
				       FAKE_QUEUES, FAKE_QUEUES);
	if (!fake_netdev)
		goto pdev;
	fake_netdev->netdev_ops = &fake_netdev_ops;
	fake_netdev->ethtool_ops = &fake_ethtool_ops;
	eth_hw_addr_random(fake_netdev);
	fake_ddev.dev = fake_netdev;
	fake_ddev.dma_dev = &fake_pdev->dev;
	fake_ddev.ops = &fake_ops;
	devmem_register_dev(&fake_ddev);
	err = register_netdev(fake_netdev);
	if (err)
		goto ddev;
	err = misc_register(&fakebuf);
	if (!err)
		return 0;

	unregister_netdev(fake_netdev);
ddev:
	devmem_unregister_dev(&fake_ddev);
	free_netdev(fake_netdev);
pdev:
	platform_device_unregister(fake_pdev);
	return err;
}

static void __exit fake_exit(void)
{
	misc_deregister(&fakebuf);
	if (!fake_gone)
		unregister_netdev(fake_netdev);
	devmem_unregister_dev(&fake_ddev);
	free_netdev(fake_netdev);
	platform_device_unregister(fake_pdev);
}

module_init(fake_init);
module_exit(fake_exit);

MODULE_DESCRIPTION("Test: a NIC without hardware that can be bound");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(DMA_BUF);
