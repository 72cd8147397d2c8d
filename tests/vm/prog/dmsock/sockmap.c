// SPDX-License-Identifier: GPL-2.0-only
/* plainmap: the socket goes into a BPF sockmap whose verdict is to pass. */
#include <errno.h>
#include <string.h>

#include "dmsock.h"
#include "ebpf.h"

static int load_verdict(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_SK_SKB, insns,
			sizeof(insns) / sizeof(*insns));
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return bpf_call(BPF_MAP_CREATE, &attr);
}

static int attach(int map, int prog)
{
	union bpf_attr attr = {
		.target_fd = map,
		.attach_bpf_fd = prog,
		.attach_type = BPF_SK_SKB_VERDICT,
	};

	return bpf_call(BPF_PROG_ATTACH, &attr);
}

static int insert(int map, int fd)
{
	uint32_t key = 0, value = fd;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf_call(BPF_MAP_UPDATE_ELEM, &attr);
}

bool step_sockmap(const char *s)
{
	int map, prog;

	if (strcmp(s, "plainmap"))
		return false;
	map = make_map();
	prog = load_verdict();
	if (map < 0 || prog < 0 || attach(map, prog) || insert(map, conn.fd))
		say_errno(errno);
	else
		say_errno(0);
	return true;
}
