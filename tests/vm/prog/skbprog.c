// SPDX-License-Identifier: GPL-2.0-only
/* skbprog PATH WHAT: loads an eBPF program for skbs and pins it at PATH in a bpf
 * file system. WHAT:
 *
 *   look:OFFSET	a classifier: asks frames that reach that far for 8 bytes
 *			there, then for all of the frame in linear memory
 *   socklook:OFFSET	a socket filter: asks for the 8 bytes only
 *   clone:IFNAME	a classifier: sends a copy of each frame there
 *   redirect:IFNAME	a classifier: sends each frame there
 *
 * skbprog PATH: what the program has counted: frames that it asked (asked=), those
 * whose bytes it got (loaded=), which it did not get but found others in their place
 * (stale=), frames that were made linear (pulled=), whose bytes were in linear memory
 * then (linear=), and calls to send one that failed (refused=).
 */
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf.h"

enum { ASKED, LOADED, STALE, PULLED, LINEAR, REFUSED, COUNTS };

/* Registers; those from R6 on outlive calls. */
enum { R0, R1, R2, R3, R4, CTX = 6, COUNTERS, LEN, ONE, FRAME };

#define INSN(c, d, s, o, i)						\
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s),	\
			    .off = (o), .imm = (i) })
#define MOV(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define SET(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define FIELD(d, f)	INSN(BPF_LDX | BPF_MEM | BPF_W, d, CTX,		\
			     offsetof(struct __sk_buff, f), 0)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##f)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define SKIP(n)		INSN(BPF_JMP | BPF_JA, 0, 0, n, 0)
/* Skip @n instructions if @d is, is not, is less than @i; is greater than @s. */
#define SKIP_EQ(d, i, n)	INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, n, i)
#define SKIP_NE(d, i, n)	INSN(BPF_JMP | BPF_JNE | BPF_K, d, 0, n, i)
#define SKIP_GE(d, i, n)	INSN(BPF_JMP | BPF_JGE | BPF_K, d, 0, n, i)
#define SKIP_GT(d, s, n)	INSN(BPF_JMP | BPF_JGT | BPF_X, d, s, n, 0)
#define COUNT(what)	INSN(BPF_STX | BPF_ATOMIC | BPF_DW, COUNTERS, ONE,	\
			     8 * (what), BPF_ADD)

/* Of a socket filter: the whole frame. Of a classifier: ask the next. */
#define NEXT		SET(R0, -1)

static struct bpf_insn prog[64];
static size_t prog_len;

static void add(const struct bpf_insn *insns, size_t size)
{
	memcpy(prog + prog_len, insns, size);
	prog_len += size / sizeof(*insns);
}

static void add_begin(int counters)
{
	const struct bpf_insn insns[] = {
		MOV(CTX, R1),
		INSN(BPF_LD | BPF_IMM | BPF_DW, COUNTERS, BPF_PSEUDO_MAP_VALUE,
		     0, counters),
		INSN(0, 0, 0, 0, 0),
		SET(ONE, 1),
	};

	add(insns, sizeof(insns));
}

static void add_end(void)
{
	const struct bpf_insn insns[] = { NEXT, EXIT };

	add(insns, sizeof(insns));
}

/* What was in the place before is not 0. */
static void add_load(int offset)
{
	const struct bpf_insn insns[] = {
		FIELD(LEN, len),
		SKIP_GE(LEN, offset + 8, 2),
		NEXT,
		EXIT,
		COUNT(ASKED),
		INSN(BPF_ST | BPF_MEM | BPF_DW, FRAME, 0, -8, -1),
		MOV(R1, CTX),
		SET(R2, offset),
		MOV(R3, FRAME),
		ADD(R3, -8),
		SET(R4, 8),
		CALL(skb_load_bytes),
		SKIP_NE(R0, 0, 2),
		COUNT(LOADED),
		SKIP(3),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, R1, FRAME, -8, 0),
		SKIP_EQ(R1, 0, 1),
		COUNT(STALE),
	};

	add(insns, sizeof(insns));
}

static void add_pull(int offset)
{
	const struct bpf_insn insns[] = {
		MOV(R1, CTX),
		MOV(R2, LEN),
		CALL(skb_pull_data),
		SKIP_NE(R0, 0, 1),
		COUNT(PULLED),
		FIELD(R1, data),
		FIELD(R2, data_end),
		ADD(R1, offset + 8),
		SKIP_GT(R1, R2, 1),
		COUNT(LINEAR),
	};

	add(insns, sizeof(insns));
}

static void add_clone(int ifindex)
{
	const struct bpf_insn insns[] = {
		MOV(R1, CTX),
		SET(R2, ifindex),
		SET(R3, 0),
		CALL(clone_redirect),
		SKIP_EQ(R0, 0, 1),
		COUNT(REFUSED),
	};

	add(insns, sizeof(insns));
}

static void add_redirect(int ifindex)
{
	const struct bpf_insn insns[] = {
		SET(R1, ifindex),
		SET(R2, 0),
		CALL(redirect),
		EXIT,
	};

	add(insns, sizeof(insns));
}

static int ifindex_of(const char *name)
{
	int ifindex = if_nametoindex(name);

	if (!ifindex)
		err(1, "%s", name);
	return ifindex;
}

static void load(const char *path, const char *what)
{
	uint32_t type = BPF_PROG_TYPE_SCHED_CLS;
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8 * COUNTS,
		.max_entries = 1,
	};
	char counters[256];
	int fd, offset;

	fd = bpf_call(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		err(1, "BPF_MAP_CREATE");
	snprintf(counters, sizeof(counters), "%s_counters", path);
	bpf_pin(fd, counters);
	add_begin(fd);
	if (sscanf(what, "look:%d", &offset) == 1) {
		add_load(offset);
		add_pull(offset);
		add_end();
	} else if (sscanf(what, "socklook:%d", &offset) == 1) {
		type = BPF_PROG_TYPE_SOCKET_FILTER;
		add_load(offset);
		add_end();
	} else if (!strncmp(what, "clone:", 6)) {
		add_clone(ifindex_of(what + 6));
		add_end();
	} else if (!strncmp(what, "redirect:", 9)) {
		add_redirect(ifindex_of(what + 9));
	} else {
		errx(2, "unknown program %s", what);
	}
	fd = bpf_load(type, prog, prog_len);
	if (fd < 0)
		err(1, "BPF_PROG_LOAD");
	bpf_pin(fd, path);
}

static void show(const char *path)
{
	static const char *const names[COUNTS] = {
		"asked", "loaded", "stale", "pulled", "linear", "refused",
	};
	uint64_t values[COUNTS];
	union bpf_attr attr = {};
	uint32_t key = 0;
	char counters[256];
	unsigned int i;

	snprintf(counters, sizeof(counters), "%s_counters", path);
	attr.map_fd = bpf_pinned(counters);
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)values;
	if (bpf_call(BPF_MAP_LOOKUP_ELEM, &attr))
		err(1, "%s", counters);
	for (i = 0; i < COUNTS; i++)
		printf("%s=%llu\n", names[i], (unsigned long long)values[i]);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		show(argv[1]);
	else if (argc == 3)
		load(argv[1], argv[2]);
	else
		errx(2, "usage: skbprog PATH [WHAT]");
	return 0;
}
