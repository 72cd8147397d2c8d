# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: SIGKILL in mid-transfer to whoever has part in it, the tool, receivers
# that hold tokens, senders, a program that binds, the owner of a binding, rmmod
# itself, one after the other and all at once: what is left is only what is meant
# to stay, and that is as good as before.
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

OUT=$TMP/out
PIDS=()

# flowing TEXT COUNTER COUNTER: until more came to both queues than there was
flowing()
{
	check "$1: a transfer runs" wait_for 30 ul_more_than \
		$(($2 + 300000)) $(($3 + 300000))
}

counters()
{
	dm_stat 1 bytes
	dm_stat 2 bytes
}

# kill_all PID...: and nobody is told before
kill_all()
{
	local pid

	kill -9 "$@" 2>/dev/null || true
	for pid in "$@"; do
		wait "$pid" 2>/dev/null || true
	done
}

senders_die()
{
	kill_all "${SENDERS[@]}"
	SENDERS=()
}

# It makes the binding for whoever comes after it: that one stays.
tool()
{
	local text="SIGKILL of devmemctl recv" i now

	for i in 1 2; do
		mapfile -t now < <(counters)
		ip netns exec rx devmemctl -j recv -d "$DEV_RX" -q 1,2 -l $PORT \
			--hash bar "$PCI_MEM" >"$OUT" 2>&1 &
		PIDS=($!)
		wait_for 20 dm_listens $PORT
		ip netns exec tx dmsend -b "${FROM1[0]}" "$IP4_RX" $PORT \
			"until:$TMP/never" >"$TMP/send" 2>&1 &
		SENDERS=($!)
		check "$text, $i: a transfer runs" wait_for 30 eval \
			"[ \"\$(dm_stat 1 bytes)\" -gt $((now[0] + 300000)) ]"
		sleep 0.$((RANDOM % 5))
		kill_all "${PIDS[@]}"
		senders_die
		ends_as_it_should "$text, $i"
	done
}

# What a binding of the family devmem_tcp is after the end of who made it.
ends_as_it_should()
{
	local id

	id=$(rx devmemctl -j show | jq -r '.[0].id // empty')
	if [ -n "$id" ]; then
		check "$1: all buffers come home" wait_for 5 dm_home "$id" 2
		check "$1: unbind" rx devmemctl unbind --all
	fi
	dm_nothing_left "$1"
}

# Eight that hold tokens, and have more in their queues.
receivers()
{
	local text="SIGKILL of receivers" i now

	for i in 1 2; do
		mapfile -t now < <(counters)
		dv_bind 1,2 4096 "$PCI_MEM" "$OUT" -p $PORT flow=many:8
		wait_for 20 dm_listens $PORT
		ul_flows
		flowing "$text, $i" "${now[@]}"
		sleep 0.$((RANDOM % 5))
		mapfile -t PIDS < <(descendants "$RECEIVER")
		kill_all "$RECEIVER" "${PIDS[@]}"
		senders_die
		ends_as_it_should "$text, $i"
	done
}

# descendants PID: the processes that it and its children have begun
descendants()
{
	ps -o pid,ppid | awk -v top="$1" '
		{ parent[$1] = $2 }
		END {
			for (pid in parent) {
				p = pid
				while (p in parent && p != top)
					p = parent[p]
				if (p == top && pid != top)
					print pid
			}
		}'
}

# A reader of whole streams is told, and has every byte until then.
senders()
{
	local text="SIGKILL of senders" now

	mapfile -t now < <(counters)
	dv_bind 1,2 4096 "$PCI_MEM" "$OUT" -p $PORT flow=many:8
	wait_for 20 dm_listens $PORT
	ul_flows
	flowing "$text" "${now[@]}"
	senders_die
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: streams that failed" "$(dm_value "$OUT" flow.failed)" 0
	dm_unbind "$OUT" "$text" 2
}

# owned TEXT: eight streams into a binding over "netdev", whose owner is in PIDS
owned()
{
	local now

	mapfile -t now < <(counters)
	dm_take_bar
	ip netns exec rx netdevbind -m "$PCI_MEM" -d "$DEV_RX" -q 1,2 bind=bind \
		run -- dmsock -p $PORT -f @ flow=many:8 >"$OUT" 2>"$OUT.err" &
	PIDS=($!)
	wait_for 20 dm_listens $PORT
	ul_flows
	flowing "$1" "${now[@]}"
}

# Its receivers are not its children.
owner()
{
	local text="SIGKILL of the owner"

	owned "$text"
	kill_all "${PIDS[@]}"
	equal "$text: no binding" "$(dm_bindings)" 0
	sleep 1
	ul_flows_end "$text"
	check "$text: the streams go on to their end" wait_for 30 \
		grep -q '^flow.failed=' "$OUT"
	ul_all_right "$text" "$OUT"
	equal "$text: wrong bytes" "$(grep -c wrong= "$OUT")" 0
	dm_nothing_left "$text"
}

# At any moment of bind and unbind, with traffic for the queue.
binder()
{
	local text="SIGKILL of devmemctl bind and unbind" i

	rx dmsock -n -p $PORT accept end=eof >"$OUT" 2>&1 &
	RECEIVER=$!
	wait_for 20 dm_listens $PORT
	rm -f "$TMP/stop"
	tx timeout 200 dmsend -b "${FROM1[0]}" "$IP4_RX" $PORT \
		"until:$TMP/stop" >"$TMP/send" 2>&1 &
	SENDERS=($!)
	for i in {0..9}; do
		ip netns exec rx devmemctl bind -d "$DEV_RX" -q 1,2 \
			bar "$PCI_MEM" >/dev/null 2>&1 &
		PIDS=($!)
		sleep "0.$(printf %02d $((i * 4 + RANDOM % 4)))"
		kill_all "${PIDS[@]}"
		ip netns exec rx devmemctl unbind --all >/dev/null 2>&1 &
		PIDS=($!)
		sleep "0.0$((RANDOM % 10))"
		kill_all "${PIDS[@]}"
		rx devmemctl unbind --all >/dev/null 2>&1 || true
	done
	equal "$text: bindings" "$(dm_bindings)" 0
	touch "$TMP/stop"
	wait "${SENDERS[0]}" || not_ok "$text: the sender" "$(cat "$TMP/send")"
	SENDERS=()
	# the memory was used again and again before it was read: not compared
	dm_wait "$text: the stream goes on to its end" $RECEIVER
	equal "$text: to its end" "$(dm_value "$OUT" end.end)" eof
	dm_nothing_left "$text"
}

# It waits for an exporter, and ends: the module is gone all the same.
unloader()
{
	local text="SIGKILL of rmmod" start pid

	rx withbuf tbuf:1M,dynamic,unmap_ms=6000 genlreq "$BIND" \
		"$A_IFINDEX=$DEV_RX" "$A_DMABUF_FD=20" "$A_QUEUE=1" >"$OUT"
	equal "$text: bind" "$(dm_value "$OUT" errno)" 0
	rmmod devmem_tcp &
	pid=$!
	sleep 1
	start=$(ul_now)
	kill_all $pid
	ul_took "$text: it ends at once" "$start" 3000
	check_fails "$text: the module is gone" test -e /sys/module/devmem_tcp
	expect_error "in use" "$text: core is in use while the exporter is not done" \
		rmmod devmem_tcp_core
	check "$text: modprobe" modprobe devmem_tcp
	check "$text: the queue can be bound" rx devmemctl bind -d "$DEV_RX" \
		-q 1 bar "$PCI_MEM"
	check "$text: unbind" rx devmemctl unbind --all
	db_balanced "$text" 15
	dm_nothing_left "$text"
}

# Owner, receivers and senders, in one go; and rmmod at the same time.
everybody()
{
	local text="SIGKILL of everybody, and rmmod" pid

	owned "$text"
	for pid in $(ps -o pid,args |
		awk '$2 == "dmsock" { print $1 }'); do
		PIDS+=("$pid")
	done
	rmmod devmem_tcp &
	kill_all "${PIDS[@]}" "${SENDERS[@]}"
	SENDERS=()
	dm_wait "$text: rmmod" $!
	check "$text: core goes" wait_for 5 rmmod devmem_tcp_core
	check "$text: the exporter goes" wait_for 5 rmmod devmem_bar
	check "$text: all come back" load_modules
}

dm_stage 4
defer load_modules
ul_ports
tool
receivers
senders
owner
binder
unloader
everybody
dm_steer 0 1 0 0
dv_transfer "in the end"
