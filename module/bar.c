// SPDX-License-Identifier: GPL-2.0-only
/* devmem_bar: ranges of a PCI memory BAR as dma-bufs.
 *
 * There is no id table: a device comes here by its driver_override. It is
 * never programmed; it only has to decode its memory and stay in D0.
 */

#include <linux/capability.h>
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/pm_runtime.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/devmem_bar.h>
#include <net/devmem_version.h>
#include "bar.h"

#define DBAR_WARN_EVERY	(10 * HZ)

static void dbar_free(struct kref *ref)
{
	kfree(container_of(ref, struct dbar_dev, ref));
}

void dbar_put(struct dbar_dev *dbar)
{
	kref_put(&dbar->ref, dbar_free);
}

static long dbar_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *ureq = (void __user *)arg;
	struct devmem_bar_export req;
	struct dma_buf *dmabuf;
	int err;

	if (cmd != DEVMEM_BAR_EXPORT)
		return -ENOTTY;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	err = security_locked_down(LOCKDOWN_PCI_ACCESS);
	if (err)
		return err;
	if (copy_from_user(&req, ureq, sizeof(req)))
		return -EFAULT;
	if (req.reserved || req.flags & ~O_CLOEXEC ||
	    req.bar >= PCI_STD_NUM_BARS)
		return -EINVAL;
	req.bar = array_index_nospec(req.bar, PCI_STD_NUM_BARS);

	req.fd = get_unused_fd_flags(req.flags);
	if (req.fd < 0)
		return req.fd;
	dmabuf = dbar_export(file->private_data, &req);
	if (IS_ERR(dmabuf)) {
		err = PTR_ERR(dmabuf);
		goto put_fd;
	}
	if (copy_to_user(ureq, &req, sizeof(req))) {
		err = -EFAULT;
		goto put_dmabuf;
	}
	fd_install(req.fd, dmabuf->file);
	return 0;

put_dmabuf:
	dma_buf_put(dmabuf);
put_fd:
	put_unused_fd(req.fd);
	return err;
}

/* Called under the mutex that misc_deregister() takes, so the bound driver's
 * reference is still there.
 */
static int dbar_open(struct inode *inode, struct file *file)
{
	struct dbar_dev *dbar = container_of(file->private_data,
					     struct dbar_dev, misc);

	kref_get(&dbar->ref);
	file->private_data = dbar;
	return 0;
}

static int dbar_close(struct inode *inode, struct file *file)
{
	dbar_put(file->private_data);
	return 0;
}

static const struct file_operations dbar_fops = {
	.owner		= THIS_MODULE,
	.open		= dbar_open,
	.release	= dbar_close,
	.unlocked_ioctl	= dbar_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static int dbar_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct dbar_dev *dbar;
	int err;

	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL)
		return -EINVAL;
	dbar = kzalloc(sizeof(*dbar), GFP_KERNEL);
	if (!dbar)
		return -ENOMEM;
	kref_init(&dbar->ref);
	dbar->pdev = pdev;
	mutex_init(&dbar->lock);
	INIT_LIST_HEAD(&dbar->exports);
	init_waitqueue_head(&dbar->unmapped);
	dbar->misc.minor = MISC_DYNAMIC_MINOR;
	dbar->misc.mode = 0600;
	dbar->misc.fops = &dbar_fops;
	dbar->misc.parent = &pdev->dev;
	dbar->misc.name = devm_kasprintf(&pdev->dev, GFP_KERNEL,
					 KBUILD_MODNAME "!%s", pci_name(pdev));
	err = -ENOMEM;
	if (!dbar->misc.name)
		goto put_dbar;
	err = pm_runtime_resume_and_get(&pdev->dev);
	if (err)
		goto put_dbar;
	err = pci_enable_device_mem(pdev);
	if (err)
		goto put_pm;
	pci_set_drvdata(pdev, dbar);
	err = misc_register(&dbar->misc);
	if (err)
		goto disable;
	return 0;

disable:
	pci_disable_device(pdev);
put_pm:
	pm_runtime_put(&pdev->dev);
put_dbar:
	dbar_put(dbar);
	return err;
}

/* Does not return before the last importer has unmapped: after a rescan the
 * address can belong to another device.
 */
static void dbar_remove(struct pci_dev *pdev)
{
	struct dbar_dev *dbar = pci_get_drvdata(pdev);

	misc_deregister(&dbar->misc);
	dbar_revoke(dbar);
	while (!wait_event_timeout(dbar->unmapped, !atomic_read(&dbar->mapped),
				   DBAR_WARN_EVERY))
		dbar_warn_mapped(dbar);

	dbar_disclaim_all(dbar);
	pci_disable_device(pdev);
	pm_runtime_put(&pdev->dev);
	dbar_put(dbar);
}

/* One driver without this would keep all devices below the same bridge, the NIC
 * too, from recovery. After a reset the BARs decode nothing and what was in them
 * is lost: that is the end of the exports, as in remove.
 */
static pci_ers_result_t dbar_error_detected(struct pci_dev *pdev,
					    pci_channel_state_t state)
{
	if (state == pci_channel_io_normal)
		return PCI_ERS_RESULT_CAN_RECOVER;

	dbar_revoke(pci_get_drvdata(pdev));
	return PCI_ERS_RESULT_DISCONNECT;
}

static const struct pci_error_handlers dbar_err_handler = {
	.error_detected = dbar_error_detected,
};

static struct pci_driver dbar_driver = {
	.name	= KBUILD_MODNAME,
	.probe	= dbar_probe,
	.remove	= dbar_remove,
	.err_handler = &dbar_err_handler,
};

static int __init dbar_init(void)
{
	int err;

	err = pci_register_driver(&dbar_driver);
	if (!err)
		pr_info("devmem_bar: version %s\n", DEVMEM_VERSION);
	return err;
}

static void __exit dbar_exit(void)
{
	pci_unregister_driver(&dbar_driver);
}

module_init(dbar_init);
module_exit(dbar_exit);

MODULE_DESCRIPTION("dma-buf exporter for PCI memory BARs");
MODULE_AUTHOR("devmem-tcp developers");
MODULE_VERSION(DEVMEM_VERSION);
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(DMA_BUF);
