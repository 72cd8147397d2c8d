// SPDX-License-Identifier: GPL-2.0-only
/* xdppass PATH: loads an XDP program that lets everything pass and pins it at
 * PATH in a bpf file system, for "ip link set dev ... xdp pinned PATH".
 */
#include <err.h>

#include "ebpf.h"

int main(int argc, char **argv)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd;

	if (argc != 2)
		errx(2, "usage: xdppass PATH");
	fd = bpf_load(BPF_PROG_TYPE_XDP, insns, sizeof(insns) / sizeof(*insns));
	if (fd < 0)
		err(1, "BPF_PROG_LOAD");
	bpf_pin(fd, argv[1]);
	return 0;
}
