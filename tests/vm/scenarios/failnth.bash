# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about injected faults share. Not a scenario itself.
#
#   fn_stage                  skip_all without fault injection; all kinds of
#                             memory count, nothing is logged
#   fn_run TEXT OP... -- OPTION...   failnth, each OP must be right
#   fn_random KIND PERCENT TIMES   it fails at random, allocations only in
#                             interrupt context
#   fn_left KIND              how many of these TIMES are left
#   fn_off                    no more
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

FN_KINDS="failslab fail_page_alloc fail_usercopy"

fn_set()
{
	echo "$3" >"/sys/kernel/debug/$1/$2"
}

fn_stage()
{
	local kind

	[ -e /proc/self/fail-nth ] ||
		skip_all "this kernel has no fault injection"
	for kind in $FN_KINDS; do
		fn_set "$kind" verbose 0
	done
	# Those who may sleep count too.
	fn_set failslab ignore-gfp-wait N
	fn_set fail_page_alloc ignore-gfp-wait N
	fn_set fail_page_alloc ignore-gfp-highmem N
	fn_set fail_page_alloc min-order 0
	defer fn_off
	# What the kernel says when it has no memory, with where it was.
	dmesg_allow 'vmalloc error|page allocation failure|Call Trace'
	dmesg_allow 'Unable to allocate memory on node|Huh VM_FAULT_OOM'
	dmesg_allow '\? lockdep_hardirqs_on|kmemleak: Cannot allocate a scan area'
}

fn_off()
{
	local kind

	for kind in $FN_KINDS; do
		fn_set "$kind" probability 0
		fn_set "$kind" times 1
		fn_set "$kind" task-filter N
	done
	fn_set failslab ignore-gfp-wait Y
	fn_set fail_page_alloc ignore-gfp-wait Y
}

fn_run()
{
	local text=$1 ops=() op rc=0 out=$TMP/failnth
	shift

	while [ "$1" != -- ]; do
		ops+=("$1")
		shift
	done
	shift
	rx "$@" "${ops[@]}" >"$out" 2>&1 || rc=$?
	for op in "${ops[@]}"; do
		if [[ $op = *:* ]]; then
			op=${op##*/}
			op=${op%.ko}
		fi
		if grep -q "^$op.untold=" "$out"; then
			ok "$text: $op fails cleanly wherever it does"
		else
			not_ok "$text: $op fails cleanly wherever it does" \
				"exit $rc: $(tail -n 8 "$out")"
			continue
		fi
		diag "$(grep "^$op\\." "$out" | sed "s/^$op\\.//" | tr '\n' ' ')"
		equal "$text: $op was made to fail" \
			"$(($(dm_value "$out" "$op.injected") > 0))" 1
	done
}

# Only those who may not wait, whoever they are.
fn_random()
{
	case $1 in
	failslab | fail_page_alloc) fn_set "$1" ignore-gfp-wait Y ;;
	esac
	fn_set "$1" task-filter N
	fn_set "$1" interval 1
	fn_set "$1" space 0
	fn_set "$1" times "$3"
	fn_set "$1" probability "$2"
}

fn_left()
{
	cat "/sys/kernel/debug/$1/times"
}
