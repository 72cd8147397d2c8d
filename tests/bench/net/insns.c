// SPDX-License-Identifier: GPL-2.0-only
/* A TCG plugin of QEMU that counts guest instructions:
 *
 *	qemu-system-x86_64 -plugin insns.so,out=PREFIX
 *
 * It counts, for each translated block and CPU, how often it runs, from the time
 * the guest executes mark_begin() of mark.h to mark_end(). The Nth such window is
 * then written to PREFIX.N:
 *
 *	block ADDRESS INSTRUCTIONS_OF_IT RUNS_ON_CPU_0 RUNS_ON_CPU_1...
 *	cpu CPU INSTRUCTIONS
 *
 * the blocks by address. A CPU that is idle executes nothing. A block that an
 * exception cuts short counts as a whole. Host time plays no part.
 */
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu_plugin.h"

#define MAX_CPUS	8

struct block {
	uint64_t	vaddr;
	uint32_t	insns;
	uint64_t	runs[MAX_CPUS];
};

/* A tree of blocks by address and length, for a block may be translated again. They
 * live as long as QEMU. The lock is for the tree; each CPU has counters of its own.
 */
static void *blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *prefix;
static unsigned int windows;

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static int block_compare(const void *x, const void *y)
{
	const struct block *a = x, *b = y;

	if (a->vaddr != b->vaddr)
		return a->vaddr < b->vaddr ? -1 : 1;
	return a->insns < b->insns ? -1 : a->insns > b->insns;
}

static struct block *block_get(uint64_t vaddr, uint32_t insns)
{
	struct block *b = calloc(1, sizeof(*b)), **found;

	if (!b)
		abort();
	b->vaddr = vaddr;
	b->insns = insns;
	pthread_mutex_lock(&lock);
	found = tsearch(b, &blocks, block_compare);
	if (!found)
		abort();
	if (*found != b)
		free(b);
	b = *found;
	pthread_mutex_unlock(&lock);
	return b;
}

static void block_runs(unsigned int cpu, void *arg)
{
	struct block *b = arg;

	b->runs[cpu % MAX_CPUS]++;
}

static void block_clear(const void *node, VISIT which, void *arg)
{
	struct block *b = *(struct block **)node;

	(void)arg;
	if (which == preorder || which == leaf)
		memset(b->runs, 0, sizeof(b->runs));
}

static void begin(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	pthread_mutex_lock(&lock);
	twalk_r(blocks, block_clear, NULL);
	pthread_mutex_unlock(&lock);
}

struct report {
	FILE		*file;
	uint64_t	totals[MAX_CPUS];
};

static void block_write(const void *node, VISIT which, void *arg)
{
	const struct block *b = *(const struct block **)node;
	struct report *report = arg;
	bool any = false;
	int i;

	if (which != postorder && which != leaf)
		return;
	for (i = 0; i < MAX_CPUS; i++) {
		report->totals[i] += b->insns * b->runs[i];
		any |= b->runs[i];
	}
	if (!any)
		return;
	fprintf(report->file, "block %016" PRIx64 " %u", b->vaddr, b->insns);
	for (i = 0; i < MAX_CPUS; i++)
		fprintf(report->file, " %" PRIu64, b->runs[i]);
	fputc('\n', report->file);
}

static void end(unsigned int cpu, void *arg)
{
	struct report report = {};
	char name[4096];
	int i;

	(void)cpu;
	(void)arg;
	pthread_mutex_lock(&lock);
	snprintf(name, sizeof(name), "%s.%u", prefix, ++windows);
	report.file = fopen(name, "w");
	if (!report.file) {
		perror(name);
		exit(1);
	}
	twalk_r(blocks, block_write, &report);
	for (i = 0; i < MAX_CPUS; i++)
		fprintf(report.file, "cpu %d %" PRIu64 "\n", i,
			report.totals[i]);
	fclose(report.file);
	pthread_mutex_unlock(&lock);
}

/* Calls @fn when @insn runs, if that is the mark @bytes. */
static void look_for(struct qemu_plugin_insn *insn, const uint8_t *bytes,
		     qemu_plugin_exec_fn fn)
{
	uint8_t got[MARK_LEN];

	if (qemu_plugin_insn_size(insn) == MARK_LEN &&
	    qemu_plugin_insn_data(insn, got, MARK_LEN) == MARK_LEN &&
	    !memcmp(got, bytes, MARK_LEN))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, fn, NO_REGS, NULL);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct block *b = block_get(qemu_plugin_tb_vaddr(tb), n);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, NO_REGS, b);
	for (i = 0; i < n; i++) {
		look_for(qemu_plugin_tb_get_insn(tb, i), mark_bytes[0], begin);
		look_for(qemu_plugin_tb_get_insn(tb, i), mark_bytes[1], end);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
			char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "insns.so,out=PREFIX\n");
		return -1;
	}
	prefix = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
