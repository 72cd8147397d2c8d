/* SPDX-License-Identifier: GPL-2.0-only */
/* eBPF by its system call, programs instruction by instruction. */
#ifndef EBPF_H
#define EBPF_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

int bpf_call(int cmd, union bpf_attr *attr);
int bpf_load(uint32_t type, const struct bpf_insn *insns, size_t num);
int bpf_pinned(const char *path);
void bpf_pin(int fd, const char *path);

#endif /* EBPF_H */
