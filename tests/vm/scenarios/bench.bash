# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios of tests/bench/net share. Not a scenario itself. QEMU counts the
# instructions of each stream, in the order of the results.
#
#   MIB                       of each stream
#   bench_begin               our own programs stay away from the receiver's CPU, 1
#   bench_stage QUEUES        dm_stage, BAR, bench_begin, and interrupts: the receiver
#                             has CPU 1, the sender CPU 0
#   bench_result FILE [OPTION]...   netbench's output is a result, with what jq's
#                             --arg and --argjson add
#   bench_stream NAME CONNECTIONS MODE [OPTION]...   netbench MODE takes MIB through
#                             these, with MTU; a result, with CONNECTIONS and MODE
#   bench_step NAME NETNS ADDRESS MODE [OPTION]...   netbench MODE sends it as well,
#                             from NETNS to ADDRESS; a result, with MODE
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

# The receiver and its NIC's interrupts have CPU 1, the sender and the other NIC's
# CPU 0.
bench_stage()
{
	dm_stage "$1"
	dm_take_bar
	bench_begin
	dm_affinity "$DEV_RX" 2
	dm_affinity "$DEV_TX" 1
}

bench_stream()
{
	local name="$1, MTU $MTU" conns=$2 mode=$3 got=$TMP/got each
	each=$((MIB / conns))
	shift 3

	rx taskset 2 netbench "$mode" -c "$conns" "$@" "$PORT" $each \
		>"$got" 2>"$got.err" &
	RECEIVER=$!
	if ! dm_comes_up 20 "$PORT" $RECEIVER; then
		not_ok "$name: the receiver listens" "$(cat "$got.err")"
		exit 1
	fi
	check "$name: the sender is done" \
		tx taskset 1 netbench send "$IP4_RX" "$PORT" $each "$conns"
	if wait $RECEIVER; then
		ok "$name: the receiver is done"
	else
		not_ok "$name: the receiver is done" "$(cat "$got.err")"
		exit 1
	fi
	rx devmemctl unbind --all
	bench_result "$got" --arg name "$name" --arg mode "$mode" \
		--argjson mtu "$MTU" --argjson conns "$conns" \
		--argjson scale "${SCALE:-false}"
}

bench_step()
{
	local name=$1 from=$2,$3 mode=$4
	shift 4

	check "$name: all bytes come" eval "rx netbench $mode -l $from $* \
		$PORT $MIB >$TMP/got"
	bench_result "$TMP/got" --arg name "$name" --arg mode "$mode"
}

bench_end()
{
	jq -s . "$TMP/net" >/host/streams.json
	cp /proc/kallsyms /host/kallsyms
	host_check
}
