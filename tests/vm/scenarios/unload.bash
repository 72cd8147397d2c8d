# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about things that go away under load (70 to 79) share.
#
#   ul_ports                  source ports of four flows for queue 1 and four for
#                             queue 2, as the RETA is then: 0 1 1 0
#   ul_flows                  these eight flows, at full rate until $TMP/stop
#   ul_flows_end              they end
#   ul_cycles TEXT CYCLES     eight flows; so many times rmmod devmem_tcp under
#                             them, modprobe and bind, see prog/unload.c
#   ul_more_than A B          more bytes than these came to queue 1, to queue 2
#   ul_all_right TEXT OUT     its eight streams were right, each to its end
#   ul_core_users             references to devmem_tcp_core, one is devmem_tcp's
#   ul_users_are NUMBER       true if these are as many
#   ul_reaches FILE           dmsock, with its output in $OUT, gets to touch:FILE
#   ul_now                    milliseconds
#   ul_took TEXT START MOST   since ul_now was START; MOST for a quiet machine

# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

SENDERS=()

ul_ports()
{
	dm_steer 0 1 1 0
	dv_ports 4 $PORT
	diag "source ports: queue 1: ${FROM1[*]}, queue 2: ${FROM2[*]}"
}

ul_flows()
{
	local port

	rm -f "$TMP/stop"
	SENDERS=()
	# not by tx, nor timeout: it is their pid that somebody may kill
	for port in "${FROM1[@]}" "${FROM2[@]}"; do
		ip netns exec tx dmsend -b "$port" "$IP4_RX" $PORT \
			"until:$TMP/stop" >"$TMP/send.$port" 2>&1 &
		SENDERS+=($!)
	done
}

ul_flows_end()
{
	local i

	touch "$TMP/stop"
	for i in "${!SENDERS[@]}"; do
		wait "${SENDERS[i]}" || not_ok "$1: sender $i is done" \
			"$(cat "$TMP"/send.*)"
	done
}

ul_more_than()
{
	[ "$(dm_stat 1 bytes)" -gt "$1" ] && [ "$(dm_stat 2 bytes)" -gt "$2" ]
}

ul_all_right()
{
	equal "$1: streams that failed" "$(dm_value "$2" flow.failed)" 0
	equal "$1: streams to their end" \
		"$(grep -c '^flow[0-9]*.end=eof' "$2")" 8
}

ul_core_users()
{
	cat /sys/module/devmem_tcp_core/refcnt
}

ul_users_are()
{
	[ "$(ul_core_users)" = "$1" ]
}

ul_reaches()
{
	if ! wait_for 60 test -e "$1"; then
		not_ok "dmsock gets to ${1##*/}" "$(cat "$OUT" "$OUT.err")"
		exit 1
	fi
}

ul_now()
{
	date +%s%3N
}

ul_took()
{
	local ms=$(($(ul_now) - $2))

	if [ $ms -le $(($3 * STAGE_SLOW)) ]; then
		ok "$1 ($ms ms)"
	else
		not_ok "$1" "$ms ms, want $3 at most"
	fi
}

ul_cycles()
{
	local text=$1 cycles=$2 out=$TMP/unload pid packets=() most=2

	# On the debug kernel eight streams take all of both CPUs for themselves,
	# and each of rmmod's grace periods a second.
	[ "$STAGE_SLOW" -eq 1 ] || most=30
	dm_take_bar
	ip netns exec rx unload -m "$PCI_MEM" -d "$DEV_RX" -q 1,2 -p $PORT \
		-c "$cycles" "$TMP/stop" >"$out" 2>"$out.err" &
	pid=$!
	wait_for 20 dm_listens $PORT
	ul_flows
	if wait $pid; then
		ok "$text: all streams are right, to their end"
	else
		not_ok "$text: all streams are right, to their end" \
			"exit $?: $(cat "$out" "$out.err")"
	fi
	ul_flows_end "$text"
	equal "$text: cycles" "$(dm_value "$out" cycles)" "$cycles"
	equal "$text: streams" "$(dm_value "$out" ended)" 8
	if [ "$(dm_value "$out" max_us)" -le $((most * 1000000)) ]; then
		ok "$text: rmmod returns within $most s"
	else
		not_ok "$text: rmmod returns within $most s" "$(cat "$out")"
	fi
	equal "$text: tokens were returned after the end of their binding" \
		"$(($(dm_value "$out" tokens) > 0))" 1
	equal "$text: device memory was used" \
		"$(($(dm_value "$out" device) > cycles * 8 * 65536))" 1
	diag "$text: rmmod of devmem_tcp: median $(dm_value "$out" median_us)," \
		"maximum $(dm_value "$out" max_us) us of $cycles;" \
		"all streams went on after $(dm_value "$out" ready_ms) ms;" \
		"modprobe and bind $(dm_value "$out" again_ms) ms;" \
		"$(dm_value "$out" device) + $(dm_value "$out" linear) bytes," \
		"$(dm_value "$out" tokens) tokens returned late"
	for pid in 1 2; do
		packets[pid]=$(dm_stat $pid packets)
	done
	dm_nothing_left "$text"
	for pid in 1 2; do
		dm_plain $pid "$text"
		equal "$text: queue $pid is on host memory" \
			"$(dm_stat $pid packets)" "${packets[pid]}"
	done
	dm_steer 0 1 1 0
}
