# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: the metadata of a binding is charged to the memory cgroup of who binds,
# 24 bytes for a net_iov, and is given back; a bind over the limit fails with
# ENOMEM, kills nobody and leaves nothing; large bindings work.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

CG=/sys/fs/cgroup
OUT=$TMP/bind

# in_cgroup NAME COMMAND...
in_cgroup()
{
	local group=$CG/$1
	shift

	(echo "$BASHPID" >"$group/cgroup.procs" && "$@")
}

value()
{
	awk -v n="$2" '$1 == n { print $2 }' "$CG/$1"
}

# SOURCE and page size; the bytes that the binding costs, in BYTES. Not of
# memory.current: each CPU has up to 256 KiB of that in stock.
cost()
{
	mkdir "$CG/cost"
	in_cgroup cost db_bind "$OUT" "$1" "$A_RX_PAGE_SIZE=$2" || true
	BYTES=$(value cost/memory.stat vmalloc)
	diag "$1: vmalloc $BYTES, current $(cat $CG/cost/memory.current)"
}

cost_end()
{
	rx devmemctl unbind --all >/dev/null
	db_balanced "$1"
	check "$1: nothing is charged any more" wait_for 10 rmdir $CG/cost
}

# large TEXT SOURCE PAGE_SIZE: 262144 buffers. What is allowed above 24 bytes
# for each: 64 KiB for binding, pool, areas.
large()
{
	local text=$1 least=$((262144 * 24)) id

	cost "$2" "$3"
	equal "$text: errno" "$(dm_value "$OUT" errno)" 0
	id=$(db_id)
	equal "$text: number of buffers" \
		"$(rx devmemctl -j show "$id" | jq '.[0].niovs')" 262144
	if [ "$BYTES" -ge $least ] &&
	   [ "$BYTES" -le $((least + $4)) ]; then
		ok "$text: 24 bytes for a buffer are charged ($BYTES)"
	else
		not_ok "$text: 24 bytes for a buffer are charged" \
			"charged $BYTES, want $least and up to $4 more"
	fi
	cost_end "$text"
}

grep -qw memory $CG/cgroup.controllers || skip_all "no memory cgroups"
echo +memory >$CG/cgroup.subtree_control
defer eval "echo -memory >$CG/cgroup.subtree_control"
dm_stage 4
dm_steer 1 0 0 0

large "1 GiB in 4 KiB" tbuf:1G,sparse,dynamic 4096 131072
# Every segment is an area: the memory is the same for all.
large "16 GiB in 64 KiB" tbuf:16G,sparse,dynamic,seg=4M 65536 393216
# kvcalloc() would take 512 KiB.
cost tbuf:44M,sparse,dynamic,seg=4M 4096
equal "44 MiB in 4 KiB: errno" "$(dm_value "$OUT" errno)" 0
equal "44 MiB in 4 KiB: 24 bytes for a buffer" "$BYTES" $((11264 * 24))
cost_end "44 MiB in 4 KiB"

mkdir $CG/limit
defer rmdir $CG/limit
in_cgroup limit true
echo $((4 << 20)) >$CG/limit/memory.max
in_cgroup limit db_bind "$OUT" tbuf:1G,sparse,dynamic || true
equal "over the limit: errno" "$(dm_value "$OUT" errno)" ENOMEM
equal "over the limit: the text" "$(dm_value "$OUT" text)" \
	"no memory for so many buffers, use a larger rx-page-size"
equal "over the limit: nobody was killed" \
	"$(value limit/memory.events oom_kill)" 0
dm_nothing_left "over the limit"
db_balanced "over the limit"
in_cgroup limit db_bind "$OUT" tbuf:1G,sparse,dynamic \
	"$A_RX_PAGE_SIZE=65536" || true
equal "with larger buffers it fits" "$(dm_value "$OUT" errno)" 0
rx devmemctl unbind --all >/dev/null
db_balanced "with larger buffers"
dm_plain 1 "in the end"
