# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# What a binding costs in time and memory, for make bench: /host/bench.json is an
# array of results. The NIC is emulated and so is the CPU: compare with another
# run on the same machine, not with hardware.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

need_module tbuf
modprobe tbuf
defer rmmod tbuf
# ip netns hides what is in /sys.
CG=$TMP/cgroup
mkdir "$CG"
mount -t cgroup2 cgroup2 "$CG"
defer umount "$CG"
OUT=$TMP/bench
: >"$OUT"

# bench NAME SOURCE PAGE_SIZE
bench()
{
	mkdir "$CG/bench"
	if (echo "$BASHPID" >"$CG/bench/cgroup.procs" && rx withbuf "$2" \
		bindbench "$DEV_RX" 1 "$3" 15 "$CG/bench/memory.stat") \
		>"$OUT.one" 2>"$OUT.err"; then
		ok "$1"
		jq -c --arg name "$1" '{name: $name} + .' "$OUT.one" >>"$OUT"
	else
		not_ok "$1" "$(cat "$OUT.err")"
	fi
	wait_for 10 rmdir "$CG/bench"
}

echo +memory >"$CG/cgroup.subtree_control"
defer eval "echo -memory >$CG/cgroup.subtree_control"
dm_stage 4
dm_steer 1 0 0 0
bench "bind 4 MiB in 4 KiB" tbuf:4M,sparse,dynamic 4096
bench "bind 64 MiB in 4 KiB" tbuf:64M,sparse,dynamic 4096
bench "bind 1 GiB in 4 KiB" tbuf:1G,sparse,dynamic 4096
bench "bind 16 GiB in 64 KiB" tbuf:16G,sparse,dynamic,seg=4M 65536
jq -s . "$OUT" >/host/bench.json
host_check
