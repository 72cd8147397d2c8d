# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: devmemctl steer brings flows to the queues that it says and keeps
# others away, and puts the table back: on request, at the end of a command,
# after a signal; never over a table that somebody else has made.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
SINK=5900
STATE=/run/devmemctl/steer-$PCI_RX

steer()
{
	rx devmemctl steer "$@"
}

# The device's own view of its table
table()
{
	rx ethtool -x "$DEV_RX" | grep -E '^ *[0-9]+:'
}

entries()
{
	table | cut -d: -f 2- | grep -ow "$1" | wc -l
}

# send ADDRESS SOURCE_PORT: 300 KB, more than 200 segments
send()
{
	tx timeout 30 dmsend -b "$2" "$1" $SINK send:300000 >"$TMP/send" 2>&1 ||
		diag "dmsend: $(cat "$TMP/send")"
}

flow4()
{
	echo "$IP4_TX:$1-$IP4_RX:$SINK"
}

flow6()
{
	echo "[$IP6_TX]:$1-[$IP6_RX]:$SINK"
}

counters()
{
	local queue

	for queue in 0 1 2 3; do
		dm_packets $queue
	done
}

# Which queue got the segments, if nearly all of them came through one.
queue_of()
{
	local before after i best=none

	mapfile -t before < <(counters)
	send "$@"
	mapfile -t after < <(counters)
	for i in 0 1 2 3; do
		[ $((after[i] - before[i])) -lt 200 ] || best=$i
	done
	echo "$best"
}

sink()
{
	rx socat -u "TCP6-LISTEN:$SINK,fork,reuseaddr,ipv6only=0" \
		OPEN:/dev/null 2>/dev/null &
	defer kill $!
	wait_for 5 dm_listens $SINK
}

restored()
{
	equal "$1: the table is as before" "$(table)" "$TABLE"
	check_fails "$1: nothing is left to restore" test -e "$STATE"
}

# The hash is right: show names the queue that the flow comes through.
predict()
{
	local port said

	for port in 41001 41002 41003 41004; do
		said=$(steer show -d "$DEV_RX" "$(flow4 $port)" |
			sed -n 's/^flow.*, queue //p')
		equal "IPv4 flow from port $port comes where show says" \
			"$(queue_of "$IP4_RX" $port)" "$said"
	done
	for port in 41001 41002 41003; do
		said=$(rx devmemctl -j steer show -d "$DEV_RX" \
			"$(flow6 $port)" | jq '.flows[0].queue')
		equal "IPv6 flow from port $port comes where show says" \
			"$(queue_of "$IP6_RX" $port)" "$said"
	done
}

away()
{
	local before port

	check "away: a dry run" steer away -d "$DEV_RX" -q 1,2 -n
	restored "away: a dry run"
	check "away" steer away -d "$DEV_RX" -q 1,2
	equal "away: entries of queues 1 and 2" \
		$(($(entries 1) + $(entries 2))) 0
	equal "away: entries of queues 0 and 3" "$(entries 0) $(entries 3)" \
		"64 64"
	before=$(dm_packets 1):$(dm_packets 2)
	for port in 41011 41012 41013; do
		send "$IP4_RX" $port
		send "$IP6_RX" $port
	done
	equal "away: frames on queues 1 and 2" \
		"$(dm_packets 1):$(dm_packets 2)" "$before"
	check "away: restore" steer restore -d "$DEV_RX"
	restored "away: restore"
	check "away: restore again is no error" steer restore -d "$DEV_RX"
}

# Entry of the table that a flow hashes to; the key is another one at each boot.
entry_of()
{
	rx devmemctl -j steer show -d "$DEV_RX" "$1" | jq '.flows[0].entry'
}

# Two flows to two queues; all others, but for shared entries, elsewhere.
flows()
{
	local a b port other=0 entry six=41021 third=41031

	a=$(entry_of "$(flow4 41021)")
	while b=$(entry_of "$(flow6 $six)"); [ "$b" = "$a" ]; do
		six=$((six + 1))
	done
	while [[ " $a $b " == *" $(entry_of "$(flow4 $third)") "* ]]; do
		third=$((third + 1))
	done
	check "flow" steer flow -d "$DEV_RX" -q 1,2 "$(flow4 41021)" \
		"$(flow6 $six)"
	a=$(queue_of "$IP4_RX" 41021)
	b=$(queue_of "$IP6_RX" $six)
	equal "flow: the first comes through queue 1" "$a" 1
	equal "flow: the second comes through queue 2" "$b" 2
	equal "flow: entries of queues 1 and 2" \
		"$(entries 1) $(entries 2)" "1 1"
	for port in 41022 41023 41024; do
		entry=$(rx devmemctl -j steer show -d "$DEV_RX" \
			"$(flow4 $port)" | jq '.flows[0].queue')
		[ "$(queue_of "$IP4_RX" $port)" = "$entry" ] || other=1
		case $entry in
		1|2) diag "port $port shares an entry" ;;
		esac
	done
	equal "flow: others come where show says" $other 0

	# A second call adds queue 3, and leaves what the first made.
	check "flow: one more" steer flow -d "$DEV_RX" -q 3 "$(flow4 $third)"
	equal "flow: one more comes through queue 3" \
		"$(queue_of "$IP4_RX" $third)" 3
	equal "flow: entries of queues 1 to 3" \
		"$(entries 1) $(entries 2) $(entries 3)" "1 1 1"
	equal "flow: show lists what is steered" "$(rx devmemctl -j steer \
		show -d "$DEV_RX" | jq -c '[.steered, .changed_since]')" \
		'[[1,2,3],false]'
	check "flow: restore" steer restore -d "$DEV_RX"
	restored "flow: restore"

	check "flow: a range of 16 ports" steer flow -d "$DEV_RX" -q 1,3 \
		"$IP4_TX:42000-42015-$IP4_RX:$SINK"
	for port in 42000 42007 42015; do
		a=$(queue_of "$IP4_RX" $port)
		equal "flow: port $port of it comes through queue 1 or 3" \
			$((a & 1)) 1
	done
	check "flow: restore the range" steer restore -d "$DEV_RX"
}

# With a command: the table is changed while it runs. Its status is ours.
command_runs()
{
	local rc=0

	steer all -d "$DEV_RX" -q 3 -- sh -c \
		"ethtool -x $DEV_RX; exit 7" >"$OUT" 2>"$OUT.err" || rc=$?
	equal "command: its exit status" $rc 7
	equal "command: meanwhile all entries point to queue 3" \
		"$(grep -E '^ *[0-9]+:' "$OUT" | cut -d: -f 2- | tr -s ' \n' \
		'\n' | sort -u | tr -d '\n')" 3
	check "command: the report is on stderr" grep -q "queue 3: 128" \
		"$OUT.err"
	restored "command"
	rc=0
	steer away -d "$DEV_RX" -q 1 -- /nonexistent >/dev/null 2>&1 || rc=$?
	equal "command: that does not exist" $rc 127
	restored "command: that does not exist"
}

# A command that stays until it is killed; its pid is in $TMP/pid. Not through
# rx: the signal would be for the shell in between.
# shellcheck disable=SC2016  # $$ of that shell
STAYS=(sh -c 'echo $$ >"$1"; exec sleep 1000' - "$TMP/pid")

# killed SIGNAL STATUS
killed()
{
	local pid rc=0

	rm -f "$TMP/pid"
	ip netns exec rx devmemctl steer away -d "$DEV_RX" -q 1,2 -- \
		"${STAYS[@]}" >/dev/null 2>&1 &
	pid=$!
	wait_for 10 test -s "$TMP/pid"
	equal "$1: the table is changed" $(($(entries 1) + $(entries 2))) 0
	kill -"$1" $pid
	wait $pid || rc=$?
	equal "$1: exit status" $rc "$2"
	check "$1: the command is gone" dm_not_running "$(cat "$TMP/pid")"
	restored "$1"
}

# SIGKILL cannot be caught; what is to be restored is written down.
killed_hard()
{
	local pid

	rm -f "$TMP/pid"
	ip netns exec rx devmemctl steer all -d "$DEV_RX" -q 2 -- \
		"${STAYS[@]}" >/dev/null 2>&1 &
	pid=$!
	wait_for 10 test -s "$TMP/pid"
	kill -KILL $pid
	wait $pid || true
	kill "$(cat "$TMP/pid")"
	equal "SIGKILL: the table stays" "$(entries 2)" 128
	check "SIGKILL: restore" steer restore -d "$DEV_RX"
	restored "SIGKILL: restore"
}

# Somebody else writes the table while it is ours.
changed()
{
	local other rc=0

	check "changed: steer" steer away -d "$DEV_RX" -q 1
	dm_steer 1 1 0 0
	other=$(table)
	expect_error 'somebody else has changed' "changed: restore is refused" \
		steer restore -d "$DEV_RX"
	equal "changed: their table stays" "$(table)" "$other"
	equal "changed: show says so" "$(rx devmemctl -j steer show \
		-d "$DEV_RX" | jq .changed_since)" true
	check "changed: restore --force" steer restore -d "$DEV_RX" --force
	restored "changed: restore --force"

	steer away -d "$DEV_RX" -q 1 -- ip netns exec rx ethtool -X "$DEV_RX" \
		weight 1 1 0 0 >/dev/null 2>"$OUT.err" || rc=$?
	equal "changed by the command: exit status" $rc 1
	check "changed by the command: it says so" \
		grep -q 'somebody else has changed' "$OUT.err"
	equal "changed by the command: its table stays" "$(table)" "$other"

	# A steer after that takes their table for the one to restore.
	check "changed: steer once more" steer away -d "$DEV_RX" -q 0
	check "changed: restore" steer restore -d "$DEV_RX"
	equal "changed: their table is back" "$(table)" "$other"

	# From here on the table is the kernel's default, not the driver's.
	rx ethtool -X "$DEV_RX" default
	TABLE=$(table)
}

down()
{
	ip -n rx link set "$DEV_RX" down
}

# IPv6 addresses go when the link does.
up()
{
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	wait_for 20 net_answers
}

# What the driver does not forget.
survives()
{
	local set

	check "survives: steer" steer away -d "$DEV_RX" -q 1,2
	set=$(table)
	down
	up
	equal "survives: down and up" "$(table)" "$set"
	dm_set_ring 512
	equal "survives: ethtool -G" "$(table)" "$set"
	dm_set_ring $DM_RING
	wait_for 20 net_answers
	send "$IP4_RX" 41041
	equal "survives: and the hardware has it" \
		"$(steer show -d "$DEV_RX" "$(flow4 41041)" |
			sed -n 's/^flow.*, queue //p')" \
		"$(queue_of "$IP4_RX" 41041)"
	down
	ip -n rx link set "$DEV_RX" name other0
	check "survives: a new name; restore" steer restore -d other0
	ip -n rx link set other0 name "$DEV_RX"
	up
	restored "survives"
}

refused()
{
	expect_error 'Error: .*no queue 4' "a queue that is not there" \
		steer away -d "$DEV_RX" -q 4
	expect_error 'no RX queue is left' "all queues" \
		steer away -d "$DEV_RX" -q 0-3
	expect_error 'no RSS redirection table' "no table" steer away -d lo -q 0
	expect_error 'no wildcards' "a wildcard" \
		steer flow -d "$DEV_RX" -q 1 "*:1-$IP4_RX:1"
	expect_errno ENODEV "no such interface" steer away -d none0 -q 1
	expect_error 'EPERM|EACCES' "by nobody" rx setpriv --reuid 65534 \
		--regid 65534 --clear-groups devmemctl steer away \
		-d "$DEV_RX" -q 1
	restored "refused"
}

# With what it is for: recv, and what recv says when nothing is steered.
receives()
{
	local fix

	rx devmemctl -j steer flow -d "$DEV_RX" -q 1 \
		"$IP4_TX:41051-$IP4_RX:$PORT" -- devmemctl -j recv \
		-d "$DEV_RX" -q 1 -l $PORT bar "$PCI_MEM" \
		>"$OUT.json" 2>"$OUT.err" &
	RECEIVER=$!
	wait_for 20 dm_listens $PORT
	tx timeout 30 dmsend -b 41051 "$IP4_RX" $PORT send:300000 >/dev/null
	dm_recv_wait "recv under steer" "$OUT"
	equal "recv under steer: bytes in device memory" \
		"$(($(dm_field "$OUT" bytes_device) > 290000))" 1
	equal "recv under steer: the report is JSON, too" \
		"$(jq -c .flows[].queue <"$OUT.err")" 1
	restored "recv under steer"

	check "recv without: away" steer away -d "$DEV_RX" -q 1
	dm_recv "$OUT" -q 1 bar "$PCI_MEM"
	tx timeout 30 dmsend "$IP4_RX" $PORT send:300000 >/dev/null
	wait $RECEIVER || true
	fix=$(sed -n 's/^Fix: devmemctl //p' "$OUT.err")
	equal "recv without: what it advises" "$fix" \
		"steer all -d $DEV_RX -q 1"
	# shellcheck disable=SC2086  # several words
	check "recv without: that is a command" rx devmemctl $fix
	equal "recv without: all entries point to queue 1" "$(entries 1)" 128
	check "recv without: restore" steer restore -d "$DEV_RX"
	restored "recv without"
}

dm_stage 4
defer rm -f "$STATE"
TABLE=$(table)
sink
predict
away
flows
command_runs
killed TERM 143
killed HUP 129
killed_hard
changed
survives
refused
receives
dm_nothing_left "in the end"
