# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: devmemctl monitor tells of each binding that comes or goes and why,
# and when one has no free buffer, as text and as JSON; says when events were
# lost; outlives a reload of the module.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/events

# monitor FILE OPTION...: not through rx, which would leave a shell to kill
monitor()
{
	local out=$1
	shift

	ip netns exec rx devmemctl "$@" >"$out" 2>"$out.err" &
	PID=$!
	defer kill $PID
	wait_for 10 listens $PID
}

# libnl puts the pid into the low 22 bits of its port. The group of nlctrl,
# always number 16, is the last that it joins.
# shellcheck disable=SC2016  # awk's
listens()
{
	rx awk -v pid="$1" '$3 % 4194304 == pid && $4 ~ /[89a-f]...$/ { n++ }
		END { exit !n }' /proc/net/netlink
}

lines()
{
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# The last event of the JSON monitor, as far as JQ goes
last()
{
	tail -n 1 "$OUT" | jq -rc "$1"
}

bind()
{
	rx devmemctl -j bind -d "$DEV_RX" -q "$1" bar "$PCI_MEM:2:0:$2" |
		jq .id
}

events()
{
	local id n

	id=$(bind 1,2 8M)
	check "bound: an event comes" wait_for 5 lines "$OUT" 1
	equal "bound: what it says" "$(last '[.event, .id, .ifname, .queues,
		.size, .niovs, .page_size, .exporter, (.pools | length)]')" \
		"[\"bound\",$id,\"$DEV_RX\",[1,2],8388608,2048,4096,\"devmem_bar\",2]"
	check "unbind" rx devmemctl unbind "$id"
	check "unbound: an event comes" wait_for 5 lines "$OUT" 2
	equal "unbound: what it says" "$(last '[.event, .id, .reason]')" \
		"[\"unbound\",$id,\"unbind\"]"
	check "text: bound" grep -qE \
		"^bound id $id: $DEV_RX queues 1,2, 8 MiB in 2048 buffers" \
		"$OUT.text"
	check "text: unbound" grep -qE \
		"^unbound id $id: $DEV_RX queues 1,2, .*reason: unbind$" \
		"$OUT.text"
	equal "text: a line for each event" "$(wc -l <"$OUT.text")" 2
	equal "a monitor of lo says nothing" "$(wc -c <"$OUT.lo")" 0

	n=$(wc -l <"$OUT")
	check_fails "a bind that is refused" rx devmemctl bind -d "$DEV_RX" \
		-q 1 bar "$PCI_MEM:2:1"
	sleep 1
	equal "a bind that is refused is no event" "$(wc -l <"$OUT")" "$n"
}

exhausted_events()
{
	grep -c '"event":"exhausted"' "$OUT"
}

# A reader that keeps everything: its queue runs dry, and only that one.
exhausted()
{
	local id sender start n

	dm_steer 0 1 0 0
	rm -f "$TMP/dry" "$TMP/go"
	start=$SECONDS
	dm_sock "$TMP/sock" -m "$PCI_MEM:0:8388608" -d "$DEV_RX" -q 1,2 \
		accept dry=dry:1500 "touch:$TMP/dry" "wait:$TMP/go" \
		back=freetimed end=eof
	id=$(dm_value "$TMP/sock" id)
	equal "exhausted: not yet" "$(exhausted_events)" 0
	tx timeout 100 dmsend "$IP4_RX" $PORT send:12000000 >"$TMP/send" 2>&1 &
	sender=$!
	check "exhausted: the stream stops" wait_for 60 test -e "$TMP/dry"
	check "exhausted: an event comes" wait_for 5 grep -q exhausted "$OUT"
	equal "exhausted: what it says" "$(grep -m 1 exhausted "$OUT" | jq -c \
		'[.event, .id, .ifname, .queues, (.pools | map(.queue)),
		.niovs, .reason, .pools[0].empty > 0]')" \
		"[\"exhausted\",$id,\"$DEV_RX\",[1],[1],2048,null,true]"
	check "exhausted: as text, on one line" grep -qE \
		"^exhausted id $id: $DEV_RX queue 1, 8 MiB in 2048 buffers" \
		"$OUT.text"
	sleep 3
	n=$(exhausted_events)
	touch "$TMP/go"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "exhausted: all bytes are right" "$TMP/sock"
	equal "exhausted: once a second at most, got $n" \
		"$((n <= SECONDS - start + 1))" 1
	check "exhausted: unbind" rx devmemctl unbind "$id"
	dm_nothing_left "exhausted"
	n=$(exhausted_events)
	sleep 2
	equal "exhausted: not without a binding" "$(exhausted_events)" "$n"
	rx ethtool -X "$DEV_RX" default
}

# It reads nothing while more comes than its socket holds.
overrun()
{
	local id i

	kill -STOP "$PID_JSON"
	for ((i = 0; i < 60; i++)); do
		id=$(bind 1 64K)
		rx devmemctl unbind "$id" >/dev/null
	done
	kill -CONT "$PID_JSON"
	check "overrun: it says that events were lost" wait_for 10 \
		grep -q '^{"event":"lost"' "$OUT"
	equal "overrun: it says so once" "$(grep -c '"lost"' "$OUT")" 1
	id=$(bind 1 64K)
	check "overrun: it goes on" wait_for 10 \
		grep -q "^{\"event\":\"bound\",\"id\":$id," "$OUT"
	check "overrun: unbind" rx devmemctl unbind "$id"
	check "overrun: that, too" wait_for 10 \
		grep -q "^{\"event\":\"unbound\",\"id\":$id," "$OUT"
}

reload()
{
	local id

	id=$(bind 3 1M)
	modprobe -r devmem_tcp
	check "rmmod: it is told" wait_for 10 grep -q '"unloaded"' "$OUT"
	equal "rmmod: first of the binding" "$(grep -v exhausted "$OUT" |
		tail -n 2 |
		jq -rc '[.event, .id, .reason]' | tr '\n' ' ')" \
		"[\"unbound\",$id,\"module\"] [\"unloaded\",null,null] "
	modprobe devmem_tcp
	check "modprobe: it is told" wait_for 10 grep -q '"event":"loaded"' \
		"$OUT"
	id=$(bind 3 1M)
	check "modprobe: events come again" wait_for 10 \
		grep -q "^{\"event\":\"bound\",\"id\":$id," "$OUT"
	check "modprobe: unbind" rx devmemctl unbind "$id"
}

# The device leaves the namespace, as if it was removed, and comes back.
gone()
{
	local id

	id=$(bind 3 1M)
	ip -n rx link set "$DEV_RX" netns 1
	# that id was there before the modules were loaded again
	check "device gone: an event comes" wait_for 10 \
		grep -q "^{\"event\":\"unbound\",\"id\":$id,.*\"device\"" "$OUT"
	equal "device gone: what it says" "$(grep \
		"^{\"event\":\"unbound\",\"id\":$id," "$OUT" | tail -n 1 |
		jq -c '[.ifname, .reason]')" "[\"$DEV_RX\",\"device\"]"
	check "device gone: it is back" net_up
}

dm_stage 4
dm_take_bar
monitor "$OUT.text" monitor
PID_TEXT=$PID
monitor "$OUT.lo" monitor -d lo
monitor "$OUT" -j monitor
PID_JSON=$PID
events
exhausted
overrun
reload
gone
equal "each line is one JSON object" "$(jq -c type <"$OUT" | sort -u)" \
	'"object"'
equal "as many objects as lines" "$(jq -c type <"$OUT" | wc -l)" \
	"$(wc -l <"$OUT")"
check "the others live" kill -0 "$PID_TEXT"
equal "stderr stays empty" "$(cat "$OUT".*err)" ""
expect_errno ENODEV "no such interface" rx devmemctl monitor -d none0
dm_nothing_left "in the end"
