// SPDX-License-Identifier: GPL-2.0-only
/* A range of a BAR as a dma-buf. It can outlive the driver's remove, and is
 * inert from then on.
 */

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/devmem_bar.h>
#include "bar.h"

#define DBAR_SEG_SIZE	SZ_1G	/* the length of a segment is 32 bits wide */

/* Write combining is only legal where the device says "prefetchable". */
static bool dbar_is_wc(struct pci_dev *pdev, unsigned int bar)
{
	return pci_resource_flags(pdev, bar) & IORESOURCE_PREFETCH;
}

static int dbar_claim(struct dbar_dev *dbar, unsigned int bar)
{
	struct dbar_claim *claim = &dbar->claims[bar];
	struct pci_dev *pdev = dbar->pdev;
	int err;

	lockdep_assert_held(&dbar->lock);
	if (claim->users)
		goto claimed;
	err = pci_request_selected_regions_exclusive(pdev, BIT(bar),
						     KBUILD_MODNAME);
	if (err)
		return err;
	claim->io = dbar_is_wc(pdev, bar) ? pci_iomap_wc(pdev, bar, 0) :
					    pci_iomap(pdev, bar, 0);
	if (!claim->io) {
		pci_release_selected_regions(pdev, BIT(bar));
		return -ENOMEM;
	}
claimed:
	claim->users++;
	return 0;
}

/* Remove does this for all BARs; later calls find nothing left to do and do
 * not look at the PCI device.
 */
static void dbar_disclaim(struct dbar_dev *dbar, unsigned int bar)
{
	struct dbar_claim *claim = &dbar->claims[bar];

	lockdep_assert_held(&dbar->lock);
	if (!claim->io)
		return;
	pci_iounmap(dbar->pdev, claim->io);
	claim->io = NULL;
	pci_release_selected_regions(dbar->pdev, BIT(bar));
}

static void dbar_unclaim(struct dbar_dev *dbar, unsigned int bar)
{
	if (!--dbar->claims[bar].users)
		dbar_disclaim(dbar, bar);
}

/* The sg table has no struct pages and so suits importers with allow_peer2peer
 * only. Without translation the device must be able to address the BAR.
 */
static int dbar_attach(struct dma_buf *dmabuf,
		       struct dma_buf_attachment *attach)
{
	struct dbar_export *exp = dmabuf->priv;
	struct device *dev = attach->dev;
	struct iommu_domain *domain;

	if (READ_ONCE(exp->dbar->gone))
		return -ENODEV;
	if (!attach->peer2peer || !dev->dma_mask)
		return -EOPNOTSUPP;
	domain = iommu_get_domain_for_dev(dev);
	if ((!domain || domain->type == IOMMU_DOMAIN_IDENTITY) &&
	    exp->phys + dmabuf->size - 1 >
	    min_not_zero(dma_get_mask(dev), dev->bus_dma_limit))
		return -ERANGE;
	return 0;
}

/* A BAR does not move, so there is nothing to hold. */
static int dbar_pin(struct dma_buf_attachment *attach)
{
	struct dbar_export *exp = attach->dmabuf->priv;

	return READ_ONCE(exp->dbar->gone) ? -ENODEV : 0;
}

static void dbar_unpin(struct dma_buf_attachment *attach)
{
}

static void dbar_sgt_free(struct device *dev, struct sg_table *sgt,
			  unsigned int nmapped, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg(sgt->sgl, sg, nmapped, i)
		dma_unmap_resource(dev, sg_dma_address(sg), sg_dma_len(sg), dir,
				   DMA_ATTR_SKIP_CPU_SYNC);
	sg_free_table(sgt);
	kfree(sgt);
}

/**
 * dbar_map - map the range for the attached device
 * @attach: of a peer-to-peer importer
 * @dir: of the transfers
 *
 * Context: process, under the reservation lock.
 * Return: a table of segments of 1 GiB and the rest, with DMA addresses and
 *	no pages; or -ENODEV if the BAR's device is gone, -ENOMEM, -EIO.
 */
static struct sg_table *dbar_map(struct dma_buf_attachment *attach,
				 enum dma_data_direction dir)
{
	struct dbar_export *exp = attach->dmabuf->priv;
	size_t left = attach->dmabuf->size;
	struct device *dev = attach->dev;
	phys_addr_t phys = exp->phys;
	struct scatterlist *sg;
	struct sg_table *sgt;
	unsigned int i;
	int err;

	dma_resv_assert_held(attach->dmabuf->resv);
	if (READ_ONCE(exp->dbar->gone))
		return ERR_PTR(-ENODEV);
	sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	if (!sgt)
		return ERR_PTR(-ENOMEM);
	err = sg_alloc_table(sgt, DIV_ROUND_UP(left, DBAR_SEG_SIZE),
			     GFP_KERNEL);
	if (err) {
		kfree(sgt);
		return ERR_PTR(err);
	}
	for_each_sgtable_dma_sg(sgt, sg, i) {
		size_t len = min_t(size_t, left, DBAR_SEG_SIZE);
		dma_addr_t addr;

		addr = dma_map_resource(dev, phys, len, dir,
					DMA_ATTR_SKIP_CPU_SYNC);
		if (dma_mapping_error(dev, addr)) {
			dbar_sgt_free(dev, sgt, i, dir);
			return ERR_PTR(-EIO);
		}
		sg_set_page(sg, NULL, len, 0);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = len;
		phys += len;
		left -= len;
	}
	exp->mapped++;
	atomic_inc(&exp->dbar->mapped);
	return sgt;
}

static void dbar_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		       enum dma_data_direction dir)
{
	struct dbar_export *exp = attach->dmabuf->priv;

	dma_resv_assert_held(attach->dmabuf->resv);
	dbar_sgt_free(attach->dev, sgt, sgt->nents, dir);
	exp->mapped--;
	if (atomic_dec_and_test(&exp->dbar->mapped))
		wake_up(&exp->dbar->unmapped);
}

static void dbar_release(struct dma_buf *dmabuf)
{
	struct dbar_export *exp = dmabuf->priv;
	struct dbar_dev *dbar = exp->dbar;

	mutex_lock(&dbar->lock);
	list_del(&exp->node);
	dbar_unclaim(dbar, exp->bar);
	mutex_unlock(&dbar->lock);
	iput(exp->inode);
	kfree(exp);
	dbar_put(dbar);
}

/* Drain this CPU's write combining, then read the first word back. The read
 * pushes what was written before it on the path to the BAR: all CPU writes, and
 * those of another device that already share the path.
 */
static int dbar_flush(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	struct dbar_export *exp = dmabuf->priv;
	struct dbar_dev *dbar = exp->dbar;
	int err = -ENODEV;

	mutex_lock(&dbar->lock);
	if (!dbar->gone) {
		wmb(); /* drains write combining */
		ioread32(dbar->claims[exp->bar].io + exp->offset);
		err = 0;
	}
	mutex_unlock(&dbar->lock);
	return err;
}

/* The rest of the page table page is filled as well: a fault per 4 KiB would
 * make the first pass over a large BAR slow.
 */
static vm_fault_t dbar_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct dbar_export *exp = vma->vm_private_data;
	unsigned long pfn = PHYS_PFN(exp->phys) + vmf->pgoff;
	unsigned long addr = vmf->address;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned long end;

	mutex_lock(&exp->dbar->lock);
	if (exp->dbar->gone)
		goto unlock;
	ret = vmf_insert_pfn(vma, addr, pfn);
	end = min(vma->vm_end, ALIGN(addr + 1, PMD_SIZE));
	while (ret == VM_FAULT_NOPAGE && (addr += PAGE_SIZE) < end)
		if (vmf_insert_pfn(vma, addr, ++pfn) != VM_FAULT_NOPAGE)
			break;
unlock:
	mutex_unlock(&exp->dbar->lock);
	return ret;
}

static const struct vm_operations_struct dbar_vm_ops = {
	.fault	= dbar_fault,
};

/* The caller has checked the range against the dma-buf's size. Pages are only
 * inserted by faults, which remove can stop.
 */
static int dbar_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct dbar_export *exp = dmabuf->priv;
	struct dbar_dev *dbar = exp->dbar;
	pgprot_t prot;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&dbar->lock);
	if (dbar->gone) {
		mutex_unlock(&dbar->lock);
		return -ENODEV;
	}
	prot = dbar_is_wc(dbar->pdev, exp->bar) ?
	       pgprot_writecombine(vma->vm_page_prot) :
	       pgprot_noncached(vma->vm_page_prot);
	mutex_unlock(&dbar->lock);

	vma->vm_page_prot = pgprot_decrypted(prot);
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_private_data = exp;
	vma->vm_ops = &dbar_vm_ops;
	return 0;
}

static const struct dma_buf_ops dbar_dmabuf_ops = {
	.attach			= dbar_attach,
	.pin			= dbar_pin,
	.unpin			= dbar_unpin,
	.map_dma_buf		= dbar_map,
	.unmap_dma_buf		= dbar_unmap,
	.release		= dbar_release,
	.begin_cpu_access	= dbar_flush,
	.end_cpu_access		= dbar_flush,
	.mmap			= dbar_mmap,
};

/* Also replaces a size of 0. The upper half of a 64 bit BAR has no flags. */
static int dbar_check_range(struct dbar_dev *dbar,
			    struct devmem_bar_export *req)
{
	struct resource *res = &dbar->pdev->resource[req->bar];
	struct dbar_export *exp;
	u64 len;

	if (!(res->flags & IORESOURCE_MEM) || res->flags & IORESOURCE_UNSET)
		return -EINVAL;
	len = pci_resource_len(dbar->pdev, req->bar);
	if (req->offset >= len)
		return -EINVAL;
	if (!req->size)
		req->size = len - req->offset;
	if (req->size > len - req->offset || req->size > LONG_MAX ||
	    !PAGE_ALIGNED(res->start | req->offset | req->size))
		return -EINVAL;
	list_for_each_entry(exp, &dbar->exports, node)
		if (exp->bar == req->bar &&
		    exp->offset < req->offset + req->size &&
		    req->offset < exp->offset + exp->dmabuf->size)
			return -EBUSY;
	return 0;
}

/**
 * dbar_export - make a dma-buf of a range
 * @dbar: the device
 * @req: bar and flags are checked; on success the size is final
 *
 * Context: process.
 * Return: the dma-buf, -ENODEV if the device is gone, -EINVAL for a range that
 *	is not aligned or not there, -EBUSY if it overlaps or the BAR belongs
 *	to somebody else, -ENOMEM, -ENFILE.
 */
struct dma_buf *dbar_export(struct dbar_dev *dbar,
			    struct devmem_bar_export *req)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dbar_export *exp;
	int err;

	exp = kzalloc(sizeof(*exp), GFP_KERNEL);
	if (!exp)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&dbar->lock);
	err = dbar->gone ? -ENODEV : dbar_check_range(dbar, req);
	if (err)
		goto unlock;
	err = dbar_claim(dbar, req->bar);
	if (err)
		goto unlock;
	exp->dbar = dbar;
	exp->bar = req->bar;
	exp->offset = req->offset;
	exp->phys = pci_resource_start(dbar->pdev, req->bar) + req->offset;
	info.ops = &dbar_dmabuf_ops;
	info.size = req->size;
	info.flags = O_RDWR;
	info.priv = exp;
	exp->dmabuf = dma_buf_export(&info);
	if (IS_ERR(exp->dmabuf)) {
		err = PTR_ERR(exp->dmabuf);
		goto unclaim;
	}
	exp->inode = file_inode(exp->dmabuf->file);
	ihold(exp->inode);
	kref_get(&dbar->ref);
	list_add(&exp->node, &dbar->exports);
	mutex_unlock(&dbar->lock);
	return exp->dmabuf;

unclaim:
	dbar_unclaim(dbar, req->bar);
unlock:
	mutex_unlock(&dbar->lock);
	kfree(exp);
	return ERR_PTR(err);
}

/**
 * dbar_revoke - take every export back
 * @dbar: the device; from now on it makes no exports and no mappings
 *
 * User mappings are gone when it returns. Device mappings go when their
 * importers, which are told, let go of them.
 *
 * Context: process.
 */
void dbar_revoke(struct dbar_dev *dbar)
{
	struct dbar_export *exp;

	mutex_lock(&dbar->lock);
	WRITE_ONCE(dbar->gone, true);
	list_for_each_entry(exp, &dbar->exports, node) {
		unmap_mapping_range(exp->inode->i_mapping, 0, 0, 1);
		dma_resv_lock(exp->dmabuf->resv, NULL);
		dma_buf_move_notify(exp->dmabuf);
		dma_resv_unlock(exp->dmabuf->resv);
	}
	mutex_unlock(&dbar->lock);
}

/* Tell whom remove waits for. */
void dbar_warn_mapped(struct dbar_dev *dbar)
{
	struct dma_buf_attachment *attach;
	struct dbar_export *exp;

	mutex_lock(&dbar->lock);
	list_for_each_entry(exp, &dbar->exports, node) {
		dma_resv_lock(exp->dmabuf->resv, NULL);
		list_for_each_entry(attach, &exp->dmabuf->attachments, node)
			if (exp->mapped)
				pci_warn(dbar->pdev,
					 "remove waits for %s to unmap BAR %u at %#llx\n",
					 dev_name(attach->dev), exp->bar,
					 exp->offset);
		dma_resv_unlock(exp->dmabuf->resv);
	}
	mutex_unlock(&dbar->lock);
}

/* Remove gives the BARs back, whoever still has a dma-buf of them. */
void dbar_disclaim_all(struct dbar_dev *dbar)
{
	unsigned int bar;

	mutex_lock(&dbar->lock);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		dbar_disclaim(dbar, bar);
	mutex_unlock(&dbar->lock);
}
