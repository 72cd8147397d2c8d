# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios of tests/bench/net share. Not a scenario itself. QEMU counts the
# instructions of each stream, in the order of the results.
#
#   MIB                       of each stream
#   bench_begin               our own programs stay away from the receiver's CPU, 1
#   bench_result FILE [OPTION]...   netbench's output is a result, with what jq's
#                             --arg and --argjson add
#   bench_end                 hands them to the host

MIB=$(sed -n 's/.*bench\.mib=\([0-9]*\).*/\1/p' /proc/cmdline)
# shellcheck disable=SC2034  # used by scenarios
MIB=${MIB:-33}

# run-one sleeps by a program.
bench_begin()
{
	taskset -p 1 $PPID >/dev/null
	taskset -p 1 $$ >/dev/null
}

bench_result()
{
	local file=$1
	shift

	jq -Rnc "$@" '$ARGS.named +
		([inputs | split("=") | { (.[0]): (.[1] | tonumber) }] | add)' \
		"$file" >>"$TMP/net"
}

bench_end()
{
	jq -s . "$TMP/net" >/host/net.json
	cp /proc/kallsyms /host/kallsyms
	host_check
}
