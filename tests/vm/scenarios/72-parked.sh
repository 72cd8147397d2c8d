# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: frags that are parked where nobody looks when devmem_tcp goes are
# delivered afterwards, or freed, and the core goes when they are gone: a closed
# connection, one that nobody accepted, segments behind a hole, an nfqueue, the
# backlog of another CPU, GRO with a timeout.
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash
# shellcheck source=tests/vm/scenarios/hole.bash
. /stage/scenarios/hole.bash

need_module stall

# begin STEP...: dmsend in the background
begin()
{
	tx timeout 90 dmsend "$IP4_RX" $PORT "$@" >"$TMP/send.$#" 2>&1 &
	SENDERS+=($!)
}

# unload TEXT: frags are somewhere
unload()
{
	local start

	start=$(ul_now)
	check "$1: rmmod devmem_tcp" rmmod devmem_tcp
	ul_took "$1: rmmod is quick" "$start" 2000
	expect_error "in use" "$1: core is in use" rmmod devmem_tcp_core
}

# done_with TEXT: dmsock has closed the socket, or ended
done_with()
{
	local pid

	for pid in "${SENDERS[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	SENDERS=()
	check "$1: core goes" wait_for 5 rmmod devmem_tcp_core
	check "$1: modprobe" modprobe devmem_tcp
	rm -f "$GO"*
}

no_connection()
{
	! rx ss -Htan "sport = :$PORT" | grep -qv LISTEN
}

# The peer's reset unhashes the socket: no walk over connections finds it.
closed()
{
	local text="TCP_CLOSE, still open"

	dm_sock "$OUT" "${BIND[@]}" accept a=hold:20000 "touch:$GO.a" \
		"wait:$GO.go" b=recv:40000 c=recv:100 back=free "touch:$GO.b" \
		"wait:$GO.close" close "touch:$GO.closed" "wait:$GO.end"
	begin send:60000 "wait:$GO.a" sleep:300 rst
	ul_reaches "$GO.a"
	wait "${SENDERS[0]}" || true
	check "$text: it is not listed" wait_for 5 no_connection
	unload "$text"
	touch "$GO.go"
	ul_reaches "$GO.b"
	value "$text: what is queued is device memory" b.device 40000
	value "$text: all of it" b.pos 60000
	value "$text: then the error" c.errno ECONNRESET
	expect_error "in use" "$text: core is in use until it is closed" \
		rmmod devmem_tcp_core
	touch "$GO.close"
	ul_reaches "$GO.closed"
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	done_with "$text"
}

# Queued bytes of connections that nobody accepted.
waiting()
{
	[ "$(rx ss -Htn state established "sport = :$PORT" |
		awk '{ n += $1 } END { print n }')" = "$1" ]
}

unaccepted()
{
	local text="not accepted"

	dm_sock "$OUT" "${BIND[@]}" accept "wait:$GO.go" accept b=recv:50000 \
		b2=recv:100 back=free close "touch:$GO.b" "wait:$GO.end"
	begin "touch:$GO.first" "wait:$GO.go"
	wait_for 10 test -e "$GO.first"
	begin send:50000 "wait:$GO.go" sleep:300
	begin send:40000 "wait:$GO.end" sleep:300 sleep:1
	check "$text: two connections wait" wait_for 10 waiting 90000
	unload "$text"
	touch "$GO.go"
	ul_reaches "$GO.b"
	equal "$text: one is accepted, all of it is device memory, or of the other" \
		"$(($(dm_value "$OUT" b.device) >= 40000))" 1
	value "$text: tokens are good" back.held "$(dm_value "$OUT" b2.held)"
	expect_error "in use" "$text: core is in use for the other" \
		rmmod devmem_tcp_core
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	done_with "$text"
}

behind_a_hole()
{
	[[ "$(rx ss -Htin "sport = :$PORT")" == *rcv_ooopack:* ]]
}

# The segment before them is lost; it is sent again when the module is gone.
hole()
{
	local text="out of order"

	if ! modprobe sch_netem; then
		skip "$text" "no netem"
		return
	fi
	hole_begin 6
	dm_sock "$OUT" "${BIND[@]}" accept a=read:300000 "touch:$GO.a" \
		"wait:$GO.go" none=recv:100 b=read:2896 c=hold:28960 back=free \
		close "touch:$GO.b" "wait:$GO.end"
	begin send:300000 "wait:$GO.1" send:2896 "touch:$GO.lost" \
		"wait:$GO.2" send:28960 "wait:$GO.end" sleep:1
	ul_reaches "$GO.a"
	hole_lose "$GO.1"
	wait_for 10 test -e "$GO.lost"
	hole_behind "$GO.2"
	check "$text: segments are queued" wait_for 5 behind_a_hole
	unload "$text"
	hole_heard
	touch "$GO.go"
	ul_reaches "$GO.b"
	value "$text: they could not be read before" none.errno EAGAIN
	value "$text: what fills the hole is host memory" b.linear 2896
	equal "$text: what is behind it is device memory" \
		"$(($(dm_value "$OUT" c.device) > 20000))" 1
	value "$text: all of it" c.pos 331856
	hole_end
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	done_with "$text"
	wait_for 20 net_answers
}

NETFILTER=(ip_tables iptable_filter xt_tcpudp nfnetlink_queue xt_NFQUEUE)

netfilter_down()
{
	[ ! -e /sys/module/iptable_filter ] || rx iptables -F INPUT
	modprobe -rq xt_NFQUEUE nfnetlink_queue iptable_filter ip_tables \
		xt_tcpudp || true
}

# Packets that wait for a verdict.
queued()
{
	[ "$(rx cat /proc/net/netfilter/nfnetlink_queue |
		awk '$1 == 5 { print $3 }')" -ge 2 ]
}

# in_nfqueue TEXT VERDICT: a reader that does not read; then it accepts what
# waits (VERDICT), or is killed.
in_nfqueue()
{
	local text=$1 reader start

	rm -f "$TMP/nf"
	# not by rx: it would be a shell that is killed
	ip netns exec rx nfhold 5 "$GO.verdict" "$GO.enough" >"$TMP/nf" 2>&1 &
	reader=$!
	wait_for 30 grep -q ready "$TMP/nf"
	dm_sock "$OUT" "${BIND[@]}" accept a=read:300000 "touch:$GO.a" \
		"wait:$GO.go" b=hold:60000 back=free close "touch:$GO.b" \
		"wait:$GO.end"
	begin send:300000 "wait:$GO.1" send:60000 "touch:$GO.2" "wait:$GO.end"
	ul_reaches "$GO.a"
	rx iptables -A INPUT -p tcp --dport $PORT -j NFQUEUE --queue-num 5
	touch "$GO.1"
	check "$text: packets are queued" wait_for 10 queued
	check "$text: rmmod devmem_tcp" rmmod devmem_tcp
	check "$text: core is used by the socket, and by what is queued" \
		ul_users_are 2
	# What is sent again meanwhile waits behind it.
	if [ -n "$2" ]; then
		touch "$GO.verdict"
	else
		kill -9 $reader
		wait $reader 2>/dev/null || true
		check "$text: what was queued is freed" wait_for 5 ul_users_are 1
		rx iptables -F INPUT
	fi
	touch "$GO.go"
	ul_reaches "$GO.b"
	if [ -n "$2" ]; then
		rx iptables -F INPUT
		touch "$GO.enough"
		wait $reader || not_ok "$text: the reader" "$(cat "$TMP/nf")"
		diag "$text: $(tr '\n' ' ' <"$TMP/nf")"
		equal "$text: of device memory it sees headers only" \
			"$(($(dm_value "$TMP/nf" short) > 0 &&
				$(dm_value "$TMP/nf" most) <= 120))" 1
		equal "$text: what was queued is device memory" \
			"$(($(dm_value "$OUT" b.device) > 3000))" 1
	else
		value "$text: it is sent again, to host memory" b.device 0
	fi
	value "$text: no byte is lost" b.pos 360000
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	done_with "$text"
}

nfqueue()
{
	local name

	if ! command -v iptables >/dev/null; then
		skip "nfqueue" "no iptables"
		return
	fi
	for name in "${NETFILTER[@]}"; do
		if ! modprobe "$name"; then
			skip "nfqueue" "no module $name"
			return
		fi
	done
	defer netfilter_down
	in_nfqueue "nfqueue, accepted" accept
	in_nfqueue "nfqueue, its reader is killed" ''
	netfilter_down
}

rps()
{
	rx tee "/sys/class/net/$DEV_RX/queues/rx-1/rps_cpus" <<<"$1" >/dev/null
}

# Packets in the backlog of CPU 1.
backlog()
{
	local n

	# 6.1: the twelfth word, by CPU, in hex
	n=$(awk 'NR == 2 { print $12 }' /proc/net/softnet_stat)
	[ $((16#${n:-0})) -gt 0 ]
}

# CPU 1 handles nothing, and what comes is for it.
other_cpu()
{
	local text="backlog of another CPU" start pid

	defer dm_affinity "$DEV_RX" 3
	defer rps 0
	dm_affinity "$DEV_RX" 1
	rps 2
	dm_sock "$OUT" "${BIND[@]}" accept a=read:300000 "touch:$GO.a" \
		"wait:$GO.go" b=hold:30000 back=free close "touch:$GO.b" \
		"wait:$GO.end"
	begin send:300000 "wait:$GO.1" send:30000 "wait:$GO.end"
	taskset -p 1 "${SENDERS[0]}" >/dev/null
	ul_reaches "$GO.a"
	taskset -p 1 $$ >/dev/null
	echo "1 2000" >/sys/module/stall/parameters/run
	touch "$GO.1"
	if wait_for 2 backlog; then
		ok "$text: packets are parked"
	else
		not_ok "$text: packets are parked" \
			"$(cat /proc/net/softnet_stat)"
	fi
	start=$(ul_now)
	rmmod devmem_tcp &
	pid=$!
	dm_wait "$text: rmmod devmem_tcp" $pid
	diag "$text: rmmod took $(($(ul_now) - start)) ms of the 2000"
	taskset -p 3 $$ >/dev/null
	touch "$GO.go"
	ul_reaches "$GO.b"
	equal "$text: what was parked is device memory" \
		"$(($(dm_value "$OUT" b.device) > 3000))" 1
	value "$text: no byte is lost" b.pos 330000
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	done_with "$text"

	ul_ports
	rps 3
	echo 3 | rx tee "/sys/class/net/$DEV_RX/queues/rx-2/rps_cpus" >/dev/null
	ul_cycles "RPS to all CPUs" 2
	rps 0
	echo 0 | rx tee "/sys/class/net/$DEV_RX/queues/rx-2/rps_cpus" >/dev/null
}

# An ordinary skb waits for the CPU that it was allocated on, to be freed there.
deferred()
{
	local text="freed on another CPU" start

	rm -f "$GO"*
	defer dm_affinity "$DEV_RX" 3
	dm_affinity "$DEV_RX" 2
	taskset -p 1 $$ >/dev/null	# and who is started
	dm_sock "$OUT" "${BIND[@]}" accept "wait:$GO.go" a=hold:14000 \
		back=free "touch:$GO.b" "wait:$GO.end"
	begin send:14000 "touch:$GO.1" "wait:$GO.end"
	ul_reaches "$GO.1"
	sleep 0.3
	echo "1 4000" >/sys/module/stall/parameters/run
	start=$(ul_now)
	touch "$GO.go"
	ul_reaches "$GO.b"
	if wait_for 2 none_in_skbs; then
		ok "$text: its buffers are home at once"
	else
		not_ok "$text: its buffers are home at once" \
			"$(rx devmemctl show)"
	fi
	diag "$text: $(($(ul_now) - start)) ms of the 4000"
	taskset -p 3 $$ >/dev/null
	value "$text: it was device memory" a.device 14000
	check "$text: rmmod devmem_tcp" rmmod devmem_tcp
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	done_with "$text"
}

gro()
{
	local dir=/sys/class/net/$DEV_RX

	echo 500000000 | rx tee "$dir/gro_flush_timeout" >/dev/null
	echo 2 | rx tee "$dir/napi_defer_hard_irqs" >/dev/null
	ul_cycles "GRO that waits" 2
	echo 0 | rx tee "$dir/gro_flush_timeout" >/dev/null
	echo 0 | rx tee "$dir/napi_defer_hard_irqs" >/dev/null
}

dm_stage 4
defer load_modules
dm_steer 0 1 0 0
dm_take_bar
closed
unaccepted
hole
nfqueue
if [ "$(nproc)" -ge 2 ]; then
	modprobe stall
	defer rmmod stall
	deferred
	other_cpu
else
	skip "another CPU" "one CPU"
fi
gro
