// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ebpf.h"

int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/**
 * bpf_load() - load a program
 * @type: BPF_PROG_TYPE_...
 * @insns: all of it
 * @num: instructions
 *
 * Return: its descriptor; -1 with errno.
 */
int bpf_load(uint32_t type, const struct bpf_insn *insns, size_t num)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = num;
	attr.license = (uintptr_t)"GPL";
	return bpf_call(BPF_PROG_LOAD, &attr);
}

/**
 * bpf_pinned() - open what is pinned
 * @path: in a bpf file system
 *
 * Return: its descriptor; -1 with errno.
 */
int bpf_pinned(const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	return bpf_call(BPF_OBJ_GET, &attr);
}

/**
 * bpf_pin() - pin a program or a map; no return if that fails
 * @fd: of it
 * @path: in a bpf file system
 */
void bpf_pin(int fd, const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	attr.bpf_fd = fd;
	if (bpf_call(BPF_OBJ_PIN, &attr))
		err(1, "pin at %s", path);
}
