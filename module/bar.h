/* SPDX-License-Identifier: GPL-2.0-only */
/* devmem_bar: a bound device, and a range of its BARs as a dma-buf. */
#ifndef _DBAR_H
#define _DBAR_H

#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/wait.h>

struct devmem_bar_export;
struct dma_buf;

/* A BAR is ours alone from its first export to its last. The kernel's mapping
 * also fixes the memory type that user space gets for the same pages.
 */
struct dbar_claim {
	void __iomem	*io;
	unsigned int	users;
};

/**
 * struct dbar_dev - a bound device
 * @ref: held by the bound driver, open files of the node and exports
 * @pdev: valid for the bound driver, and under @lock while @gone is not set
 * @misc: the node; registered while bound
 * @lock: protects @exports, @claims and the user mappings' existence
 * @gone: set once, under @lock, by remove or by a fatal PCI error. map_dma_buf
 *	reads it under the reservation lock of its export alone: who sets it
 *	passes through that lock afterwards, so every mapping is either counted
 *	by then or refused
 * @exports: live dma-bufs. One whose last reference is gone stays until its
 *	release gets @lock, so a listed dma-buf is memory, but perhaps without
 *	a file: a path walk in /proc can keep the dentry longer than the file
 * @claims: per BAR
 * @mapped: device mappings of all exports; does not grow once remove has
 *	passed through the reservation locks
 * @unmapped: woken when @mapped drops to 0
 *
 * Lock order: mmap_lock (fault), @lock, the dma-buf core's list lock, an
 * export's reservation lock. So user memory is not touched under @lock, and
 * the dma_buf_ops called under the reservation lock do not take it.
 */
struct dbar_dev {
	struct kref		ref;
	struct pci_dev		*pdev;
	struct miscdevice	misc;
	struct mutex		lock; /* taken inside mmap_lock */
	bool			gone;
	struct list_head	exports;
	struct dbar_claim	claims[PCI_STD_NUM_BARS];
	atomic_t		mapped;
	wait_queue_head_t	unmapped;
};

/**
 * struct dbar_export - a range as a dma-buf; lives as long as the dma-buf
 * @node: in the device's list, under its lock
 * @dbar: a reference is held
 * @dmabuf: not referenced: it owns this; has the size
 * @inode: of the dma-buf, a reference is held: finds the user mappings
 * @bar: number of the BAR
 * @offset: in the BAR, bytes
 * @phys: CPU physical address of the first byte
 * @mapped: device mappings, under the reservation lock
 */
struct dbar_export {
	struct list_head	node;
	struct dbar_dev		*dbar;
	struct dma_buf		*dmabuf;
	struct inode		*inode;
	unsigned int		bar;
	u64			offset;
	phys_addr_t		phys;
	unsigned int		mapped;
};

/* bar.c */
void dbar_put(struct dbar_dev *dbar);

/* bar_dmabuf.c */
struct dma_buf *dbar_export(struct dbar_dev *dbar,
			    struct devmem_bar_export *req);
void dbar_revoke(struct dbar_dev *dbar);
void dbar_disclaim_all(struct dbar_dev *dbar);
void dbar_warn_mapped(struct dbar_dev *dbar);

#endif /* _DBAR_H */
