// SPDX-License-Identifier: GPL-2.0-only
/* A dma-buf exporter that does on request what others do by accident; what it
 * can do is in tbuf.h.
 */

#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "tbuf.h"

#define TBUF_POISON_BYTE	0x5a

enum {
	TBUF_ATTACH, TBUF_DETACH, TBUF_PIN, TBUF_UNPIN, TBUF_MAP, TBUF_UNMAP,
	TBUF_VMAP, TBUF_LIVE, TBUF_LATE, TBUF_COUNTS
};

static const char * const tbuf_names[] = {
	"attach", "detach", "pin", "unpin", "map", "unmap",
	"vmap", "live", "late",
};

static atomic_t tbuf_counts[TBUF_COUNTS];

static DEFINE_MUTEX(tbuf_lock);		/* protects the list */
static LIST_HEAD(tbuf_list);

/* A fence can outlive its dma-buf. */
struct tbuf_fence {
	struct dma_fence	base;	/* first, it is freed by this */
	spinlock_t		lock;
};

/* One chunk of memory for each segment, or one for all. */
struct tbuf {
	struct tbuf_create	how;
	struct list_head	node;
	struct dma_buf		*dmabuf;
	struct page		**chunks;
	u32			nr_segs;
	u32			nr_chunks;
	u32			order;
	bool			poisoned;
	struct tbuf_fence	*fence;
	struct delayed_work	signal;
};

static void tbuf_count(int what)
{
	atomic_inc(&tbuf_counts[what]);
}

static void tbuf_pause(u32 ms)
{
	if (ms)
		msleep(ms);
}

static size_t tbuf_chunk_size(const struct tbuf *tb)
{
	return PAGE_SIZE << tb->order;
}

static struct page *tbuf_chunk(const struct tbuf *tb, u32 i)
{
	return tb->chunks[tb->how.flags & TBUF_SPARSE ? 0 : i];
}

/* Fences */

static const char *tbuf_fence_name(struct dma_fence *fence)
{
	return "tbuf";
}

static const struct dma_fence_ops tbuf_fence_ops = {
	.get_driver_name	= tbuf_fence_name,
	.get_timeline_name	= tbuf_fence_name,
};

static void tbuf_signal(struct work_struct *work)
{
	struct tbuf *tb = container_of(to_delayed_work(work), struct tbuf,
				       signal);

	dma_fence_signal(&tb->fence->base);
}

static int tbuf_fence_add(struct tbuf *tb)
{
	struct dma_resv *resv = tb->dmabuf->resv;
	int err;

	tb->fence = kzalloc(sizeof(*tb->fence), GFP_KERNEL);
	if (!tb->fence)
		return -ENOMEM;
	spin_lock_init(&tb->fence->lock);
	dma_fence_init(&tb->fence->base, &tbuf_fence_ops, &tb->fence->lock,
		       dma_fence_context_alloc(1), 1);
	dma_resv_lock(resv, NULL);
	err = dma_resv_reserve_fences(resv, 1);
	if (!err)
		dma_resv_add_fence(resv, &tb->fence->base,
				   DMA_RESV_USAGE_KERNEL);
	dma_resv_unlock(resv);
	return err;
}

/* Poison: what is given back must not be written any more. */

static void tbuf_poison(struct tbuf *tb)
{
	u32 i;

	if (!(tb->how.flags & TBUF_POISON))
		return;
	for (i = 0; i < tb->nr_chunks; i++)
		memset(page_address(tb->chunks[i]), TBUF_POISON_BYTE,
		       tbuf_chunk_size(tb));
	tb->poisoned = true;
}

static void tbuf_poison_check(struct tbuf *tb)
{
	u32 i;

	if (!tb->poisoned)
		return;
	tb->poisoned = false;
	for (i = 0; i < tb->nr_chunks; i++) {
		if (!memchr_inv(page_address(tb->chunks[i]), TBUF_POISON_BYTE,
				tbuf_chunk_size(tb)))
			continue;
		tbuf_count(TBUF_LATE);
		return;
	}
}

/* The exporter's functions */

static int tbuf_attach(struct dma_buf *dmabuf,
		       struct dma_buf_attachment *attach)
{
	struct tbuf *tb = dmabuf->priv;

	tbuf_pause(tb->how.attach_ms);
	if (tb->how.attach_err)
		return -(int)tb->how.attach_err;
	tbuf_count(TBUF_ATTACH);
	return 0;
}

static void tbuf_detach(struct dma_buf *dmabuf,
			struct dma_buf_attachment *attach)
{
	tbuf_count(TBUF_DETACH);
}

static int tbuf_pin(struct dma_buf_attachment *attach)
{
	struct tbuf *tb = attach->dmabuf->priv;

	dma_resv_assert_held(attach->dmabuf->resv);
	tbuf_pause(tb->how.pin_ms);
	if (tb->how.pin_err)
		return -(int)tb->how.pin_err;
	if (tb->how.flags & TBUF_NOTIFY_PIN)
		dma_buf_move_notify(attach->dmabuf);
	tbuf_count(TBUF_PIN);
	return 0;
}

static void tbuf_unpin(struct dma_buf_attachment *attach)
{
	dma_resv_assert_held(attach->dmabuf->resv);
	tbuf_count(TBUF_UNPIN);
}

/* Of the first @num segments. */
static void tbuf_sgt_free(struct tbuf *tb, struct device *dev,
			  struct sg_table *sgt, u32 num,
			  enum dma_data_direction dir)
{
	struct scatterlist *sg;
	dma_addr_t addr;
	u32 i;

	for_each_sg(sgt->sgl, sg, num, i) {
		addr = sg_dma_address(sg);
		if (i + 1 == tb->how.bad)
			addr -= tb->how.bad_addr;
		if (i < tb->nr_chunks)
			dma_unmap_page_attrs(dev, addr, tbuf_chunk_size(tb),
					     dir, DMA_ATTR_SKIP_CPU_SYNC);
	}
	sg_free_table(sgt);
	kfree(sgt);
}

static struct sg_table *tbuf_sgt_make(struct tbuf *tb, struct device *dev,
				      enum dma_data_direction dir)
{
	u64 left = tb->how.total;
	struct scatterlist *sg;
	struct sg_table *sgt;
	dma_addr_t addr = 0;
	u32 i, len;

	sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	if (!sgt)
		return ERR_PTR(-ENOMEM);
	if (sg_alloc_table(sgt, tb->nr_segs, GFP_KERNEL)) {
		kfree(sgt);
		return ERR_PTR(-ENOMEM);
	}
	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (i < tb->nr_chunks)
			addr = dma_map_page_attrs(dev, tbuf_chunk(tb, i), 0,
						  tbuf_chunk_size(tb), dir,
						  DMA_ATTR_SKIP_CPU_SYNC);
		if (dma_mapping_error(dev, addr)) {
			tbuf_sgt_free(tb, dev, sgt, i, dir);
			return ERR_PTR(-EIO);
		}
		len = min_t(u64, left, tb->how.seg);
		left -= len;
		sg_set_page(sg, tbuf_chunk(tb, i), len, 0);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = len;
		if (i + 1 == tb->how.bad) {
			sg_dma_address(sg) += tb->how.bad_addr;
			sg_dma_len(sg) += tb->how.bad_len;
		}
	}
	return sgt;
}

static struct sg_table *tbuf_map(struct dma_buf_attachment *attach,
				 enum dma_data_direction dir)
{
	struct dma_buf *dmabuf = attach->dmabuf;
	struct tbuf *tb = dmabuf->priv;
	struct sg_table *sgt;

	if (tb->how.flags & TBUF_DYNAMIC)
		dma_resv_assert_held(dmabuf->resv);
	tbuf_pause(tb->how.map_ms);
	if (tb->how.map_err)
		return ERR_PTR(-(int)tb->how.map_err);
	tbuf_poison_check(tb);
	sgt = tbuf_sgt_make(tb, attach->dev, dir);
	if (IS_ERR(sgt))
		return sgt;
	if (tb->how.flags & TBUF_NOTIFY_MAP) {
		if (!(tb->how.flags & TBUF_DYNAMIC))
			dma_resv_lock(dmabuf->resv, NULL);
		dma_buf_move_notify(dmabuf);
		if (!(tb->how.flags & TBUF_DYNAMIC))
			dma_resv_unlock(dmabuf->resv);
	}
	if (tb->how.fence_ms)
		schedule_delayed_work(&tb->signal,
				      msecs_to_jiffies(tb->how.fence_ms));
	tbuf_count(TBUF_MAP);
	return sgt;
}

static void tbuf_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		       enum dma_data_direction dir)
{
	struct tbuf *tb = attach->dmabuf->priv;

	if (tb->how.flags & TBUF_DYNAMIC)
		dma_resv_assert_held(attach->dmabuf->resv);
	tbuf_pause(tb->how.unmap_ms);
	tbuf_sgt_free(tb, attach->dev, sgt, tb->nr_segs, dir);
	tbuf_poison(tb);
	tbuf_count(TBUF_UNMAP);
}

static int tbuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	tbuf_count(TBUF_VMAP);
	return -EOPNOTSUPP;
}

/* From the beginning on, as far as there is memory. */
static int tbuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, len;
	struct tbuf *tb = dmabuf->priv;
	int err = 0;
	u32 i;

	if (vma->vm_pgoff)
		return -EINVAL;
	for (i = 0; i < tb->nr_chunks && addr < vma->vm_end && !err; i++) {
		len = min_t(unsigned long, tb->how.seg, vma->vm_end - addr);
		err = remap_pfn_range(vma, addr, page_to_pfn(tb->chunks[i]),
				      len, vma->vm_page_prot);
		addr += len;
	}
	return err;
}

static void tbuf_free(struct tbuf *tb)
{
	u32 i;

	for (i = 0; i < tb->nr_chunks && tb->chunks[i]; i++)
		__free_pages(tb->chunks[i], tb->order);
	kvfree(tb->chunks);
	kfree(tb);
}

static void tbuf_release(struct dma_buf *dmabuf)
{
	struct tbuf *tb = dmabuf->priv;

	mutex_lock(&tbuf_lock);
	list_del(&tb->node);
	mutex_unlock(&tbuf_lock);
	if (tb->fence) {
		cancel_delayed_work_sync(&tb->signal);
		dma_fence_signal(&tb->fence->base);
		dma_fence_put(&tb->fence->base);
	}
	tbuf_poison_check(tb);
	tbuf_free(tb);
	atomic_dec(&tbuf_counts[TBUF_LIVE]);
}

static const struct dma_buf_ops tbuf_static_ops = {
	.attach		= tbuf_attach,
	.detach		= tbuf_detach,
	.map_dma_buf	= tbuf_map,
	.unmap_dma_buf	= tbuf_unmap,
	.vmap		= tbuf_vmap,
	.mmap		= tbuf_mmap,
	.release	= tbuf_release,
};

static const struct dma_buf_ops tbuf_dynamic_ops = {
	.attach		= tbuf_attach,
	.detach		= tbuf_detach,
	.pin		= tbuf_pin,
	.unpin		= tbuf_unpin,
	.map_dma_buf	= tbuf_map,
	.unmap_dma_buf	= tbuf_unmap,
	.vmap		= tbuf_vmap,
	.mmap		= tbuf_mmap,
	.release	= tbuf_release,
};

/* /dev/tbuf */

static struct tbuf *tbuf_alloc(const struct tbuf_create *how)
{
	struct tbuf *tb = kzalloc(sizeof(*tb), GFP_KERNEL);
	u32 i;

	if (!tb)
		return ERR_PTR(-ENOMEM);
	tb->how = *how;
	tb->order = get_order(how->seg);
	tb->nr_segs = DIV_ROUND_UP_ULL(how->total, how->seg);
	tb->nr_chunks = how->flags & TBUF_SPARSE ? 1 : tb->nr_segs;
	INIT_DELAYED_WORK(&tb->signal, tbuf_signal);
	tb->chunks = kvcalloc(tb->nr_chunks, sizeof(*tb->chunks), GFP_KERNEL);
	if (!tb->chunks) {
		kfree(tb);
		return ERR_PTR(-ENOMEM);
	}
	for (i = 0; i < tb->nr_chunks; i++) {
		tb->chunks[i] = alloc_pages(GFP_KERNEL | __GFP_ZERO, tb->order);
		if (!tb->chunks[i]) {
			tbuf_free(tb);
			return ERR_PTR(-ENOMEM);
		}
	}
	return tb;
}

static int tbuf_create(struct tbuf_create *how)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	struct tbuf *tb;
	int err = 0;

	how->total = how->total ?: how->size;
	how->seg = how->seg ?: SZ_2M;
	if (!how->size || how->seg > SZ_4M || how->total > SZ_1T)
		return -EINVAL;
	tb = tbuf_alloc(how);
	if (IS_ERR(tb))
		return PTR_ERR(tb);
	info.ops = how->flags & TBUF_DYNAMIC ? &tbuf_dynamic_ops :
					       &tbuf_static_ops;
	info.size = how->size;
	info.flags = O_RDWR;
	info.priv = tb;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		tbuf_free(tb);
		return PTR_ERR(dmabuf);
	}
	tb->dmabuf = dmabuf;
	tbuf_count(TBUF_LIVE);
	mutex_lock(&tbuf_lock);
	list_add(&tb->node, &tbuf_list);
	mutex_unlock(&tbuf_lock);

	if (how->flags & TBUF_FENCE)
		err = tbuf_fence_add(tb);
	if (!err)
		err = dma_buf_fd(dmabuf, 0);
	if (err < 0) {
		dma_buf_put(dmabuf);
		return err;
	}
	how->fd = err;
	return 0;
}

static long tbuf_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tbuf_create how;
	int err;

	if (cmd != TBUF_CREATE)
		return -ENOTTY;
	if (copy_from_user(&how, (void __user *)arg, sizeof(how)))
		return -EFAULT;
	err = tbuf_create(&how);
	if (!err && copy_to_user((void __user *)arg, &how, sizeof(how)))
		err = -EFAULT;
	return err;
}

static ssize_t tbuf_read(struct file *file, char __user *ubuf, size_t len,
			 loff_t *pos)
{
	char buf[256];
	int i, n = 0;

	for (i = 0; i < TBUF_COUNTS; i++)
		n += scnprintf(buf + n, sizeof(buf) - n, "%s %d\n",
			       tbuf_names[i], atomic_read(&tbuf_counts[i]));
	return simple_read_from_buffer(ubuf, len, pos, buf, n);
}

static ssize_t tbuf_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *pos)
{
	char word[16] = "";
	struct tbuf *tb;

	if (len >= sizeof(word) || copy_from_user(word, ubuf, len))
		return -EFAULT;
	mutex_lock(&tbuf_lock);
	list_for_each_entry(tb, &tbuf_list, node) {
		if (sysfs_streq(word, "move")) {
			dma_resv_lock(tb->dmabuf->resv, NULL);
			dma_buf_move_notify(tb->dmabuf);
			dma_resv_unlock(tb->dmabuf->resv);
		} else if (sysfs_streq(word, "signal") && tb->fence) {
			dma_fence_signal(&tb->fence->base);
		}
	}
	mutex_unlock(&tbuf_lock);
	return len;
}

static const struct file_operations tbuf_fops = {
	.owner		= THIS_MODULE,
	.read		= tbuf_read,
	.write		= tbuf_write,
	.unlocked_ioctl	= tbuf_ioctl,
};

static struct miscdevice tbuf_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "tbuf",
	.mode	= 0600,
	.fops	= &tbuf_fops,
};

module_misc_device(tbuf_misc);

MODULE_DESCRIPTION("dma-bufs with faults, for tests");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(DMA_BUF);
