// SPDX-License-Identifier: GPL-2.0-only
/* The kernel connection multiplexor, whose messages are of 100 bytes here:
 *
 *   plainkcm		the socket goes into a KCM socket
 *   plainkcmrecv	a message of that, if there is one
 *   plainkcmout	the socket comes out of it
 */
#include <errno.h>
#include <linux/kcm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "dmsock.h"
#include "ebpf.h"

#define MESSAGE		100

static int kcm = -1;

static int load_parser(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = MESSAGE },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, insns,
			sizeof(insns) / sizeof(*insns));
}

static void kcm_recv(void)
{
	ssize_t ret = recv(kcm, iov_buf, MESSAGE, MSG_DONTWAIT);

	say_errno(ret < 0 ? errno : 0);
	if (ret > 0) {
		check_bytes(conn.pos, iov_buf, ret, "a KCM message");
		conn.pos += ret;
	}
}

bool step_kcm(const char *s)
{
	struct kcm_attach in = { .fd = conn.fd };
	struct kcm_unattach out = { .fd = conn.fd };

	if (!strcmp(s, "plainkcm")) {
		kcm = socket(AF_KCM, SOCK_DGRAM | SOCK_CLOEXEC,
			     KCMPROTO_CONNECTED);
		in.bpf_fd = load_parser();
		say_errno(ioctl(kcm, SIOCKCMATTACH, &in) ? errno : 0);
	} else if (!strcmp(s, "plainkcmrecv")) {
		kcm_recv();
	} else if (!strcmp(s, "plainkcmout")) {
		say_errno(ioctl(kcm, SIOCKCMUNATTACH, &out) ? errno : 0);
	} else {
		return false;
	}
	return true;
}
