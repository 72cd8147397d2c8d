// SPDX-License-Identifier: GPL-2.0-only
/* barcheck PCI STEP...: what devmem_bar does with a request, and what its
 * dma-bufs do.
 *
 *   export:BAR:OFFSET:SIZE[:FLAGS[:RESERVED]]	numbers as in C; flags are
 *				those of the ioctl. The dma-buf is kept
 *   drop			close the dma-bufs
 *   map			mmap the last dma-buf
 *   write:OFFSET:VALUE, read:OFFSET	a 32 bit word, through the mapping
 *   private			mmap it MAP_PRIVATE
 *   beyond			mmap one page more than there is
 *   sync			DMA_BUF_IOCTL_SYNC, start and end
 *   ioctl:NUMBER		an ioctl that is none
 *   nocap			drop CAP_SYS_RAWIO
 *   wait:FILE, touch:FILE
 *   fault:OFFSET		read, expecting SIGBUS
 *
 * A step can have a name: NAME=STEP. Results: NAME.errno=, NAME.size=,
 * NAME.value=, NAME.signal=.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/devmem_bar.h>
#include <linux/dma-buf.h>

#include "bar.h"
#include "step.h"

#define MAX_EXPORTS	16

static int node, exports[MAX_EXPORTS], nr_exports;
static uint64_t size;
static volatile uint32_t *map;
static const char *name;
static sigjmp_buf on_sigbus;

static void say_errno(bool failed)
{
	printf("%s.errno=%s\n", name,
	       failed ? strerrorname_np(errno) ?: "unknown" : "0");
	fflush(stdout);
}

static void do_export(struct devmem_bar_export *req)
{
	int ret = ioctl(node, DEVMEM_BAR_EXPORT, req);

	say_errno(ret);
	if (ret)
		return;
	if (nr_exports == MAX_EXPORTS)
		errx(2, "too many exports");
	exports[nr_exports++] = req->fd;
	size = req->size;
	printf("%s.size=%llu\n", name, (unsigned long long)size);
	printf("%s.cloexec=%d\n", name,
	       !!(fcntl(req->fd, F_GETFD) & FD_CLOEXEC));
}

static void *do_map(uint64_t bytes, int flags)
{
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags,
			  exports[nr_exports - 1], 0);

	say_errno(addr == MAP_FAILED);
	return addr == MAP_FAILED ? NULL : addr;
}

static void do_sync(void)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_RW };
	int ret;

	ret = ioctl(exports[nr_exports - 1], DMA_BUF_IOCTL_SYNC, &sync);
	if (!ret) {
		sync.flags |= DMA_BUF_SYNC_END;
		ret = ioctl(exports[nr_exports - 1], DMA_BUF_IOCTL_SYNC,
			    &sync);
	}
	say_errno(ret);
}

static void do_nocap(void)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data))
		err(1, "capget");
	data[0].effective &= ~(1U << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1U << CAP_SYS_RAWIO);
	if (syscall(SYS_capset, &hdr, data))
		err(1, "capset");
}

static void sigbus(int sig)
{
	siglongjmp(on_sigbus, sig);
}

static void do_fault(unsigned long offset)
{
	int sig = sigsetjmp(on_sigbus, 1);

	if (!sig)
		(void)map[offset / 4];
	printf("%s.signal=%s\n", name, sig ? sigabbrev_np(sig) : "none");
	fflush(stdout);
}

static void drop(void)
{
	while (nr_exports)
		close(exports[--nr_exports]);
}

static void run_step(char *s)
{
	struct devmem_bar_export req = {};
	char *equals = strchr(s, '=');
	long long a = 0, b = 0, c = 0, d = 0, e = 0;

	name = s;
	if (equals) {
		*equals = '\0';
		s = equals + 1;
	}
	if (sscanf(s, "export:%lli:%lli:%lli:%lli:%lli", &a, &b, &c, &d,
		   &e) >= 3) {
		req.bar = a;
		req.offset = b;
		req.size = c;
		req.flags = d;
		req.reserved = e;
		do_export(&req);
	} else if (!strcmp(s, "drop")) {
		drop();
	} else if (!strcmp(s, "map")) {
		map = do_map(size, MAP_SHARED);
	} else if (!strcmp(s, "private")) {
		do_map(size, MAP_PRIVATE);
	} else if (!strcmp(s, "beyond")) {
		do_map(size + getpagesize(), MAP_SHARED);
	} else if (sscanf(s, "write:%lli:%lli", &a, &b) == 2 && map) {
		map[a / 4] = b;
	} else if (sscanf(s, "read:%lli", &a) == 1 && map) {
		printf("%s.value=%#x\n", name, map[a / 4]);
	} else if (sscanf(s, "fault:%lli", &a) == 1 && map) {
		do_fault(a);
	} else if (!strcmp(s, "sync")) {
		do_sync();
	} else if (sscanf(s, "ioctl:%lli", &a) == 1) {
		say_errno(ioctl(node, a, &req));
	} else if (!strcmp(s, "nocap")) {
		do_nocap();
	} else if (!step_common(s)) {
		errx(2, "unknown step, or no mapping: %s", s);
	}
}

int main(int argc, char **argv)
{
	uint64_t unused;

	if (argc < 3)
		errx(2, "usage: barcheck PCI STEP...");
	signal(SIGBUS, sigbus);
	node = bar_open(argv[1], &unused, &unused);
	for (argv += 2; *argv; argv++)
		run_step(*argv);
	return 0;
}
