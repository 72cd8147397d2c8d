# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: what devmemctl shows of bindings is what was asked for and what
# happened; it sends what it is told to; check finds fault with what is wrong, and
# only with that.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out

shown()
{
	rx devmemctl -j show "$1" | jq -c "$2"
}

show()
{
	local id

	check "bind with a limit" rx devmemctl bind -d "$DEV_RX" -q 1 \
		--sock-limit 100 bar "$PCI_MEM:2:0:8M"
	id=$(rx devmemctl -j show | jq '.[0].id')
	equal "show: the limit" "$(shown "$id" '.[0].sock_limit')" 100
	equal "show: the attachment" "$(shown "$id" '.[0].attach')" '"pinned"'
	equal "show: who owns it" "$(shown "$id" '.[0].netlink_owned')" false
	equal "show: as text" "$(rx devmemctl show "$id" | sed -n 2p)" \
		"    memory of devmem_bar, attachment pinned, at most 100 buffers for a socket"
	check "unbind" rx devmemctl unbind "$id"
}

# The counters after 1 MB: the driver's and the module's
stats()
{
	local id

	check "bind" rx devmemctl bind -d "$DEV_RX" -q 2,3 bar "$PCI_MEM"
	id=$(rx devmemctl -j show | jq '.[0].id')
	check "steer" rx devmemctl steer all -d "$DEV_RX" -q 2
	rx devmemctl -j recv -l $PORT --binding "$id" >"$OUT.json" \
		2>"$OUT.err" &
	RECEIVER=$!
	wait_for 10 dm_listens $PORT
	tx timeout 30 dmsend "$IP4_RX" $PORT send:1000000 >/dev/null
	dm_recv_wait "recv on that binding" "$OUT"
	equal "stats: queues" "$(rx devmemctl -j stats |
		jq -c 'map([.ifname, .queue, .binding])')" \
		"[[\"$DEV_RX\",2,$id],[\"$DEV_RX\",3,$id]]"
	equal "stats: bytes, as in ethtool -S" "$(rx devmemctl -j stats \
		-d "$DEV_RX" | jq -c 'map(.bytes)')" \
		"[$(dm_stat 2 bytes),$(dm_stat 3 bytes)]"
	equal "stats: allocs, as in show" "$(rx devmemctl -j stats |
		jq -c 'map(.allocs)')" "$(shown "$id" '.[0].pools |
		map(.allocs)')"
	equal "stats: another interface has none" \
		"$(rx devmemctl -j stats -d lo)" '[]'
	check "stats: as text" grep -qE '^    bytes +[0-9]+$' \
		<(rx devmemctl stats)
	rx timeout 3 devmemctl -j stats -i 1 >"$OUT" || true
	equal "stats: every second" \
		"$(($(wc -l <"$OUT") >= 2 && $(wc -l <"$OUT") <= 4))" 1
	check "unbind" rx devmemctl unbind "$id"
	check "restore" rx devmemctl steer restore -d "$DEV_RX"
}

# tool_send TEXT SHA256 OPTION...: BIND goes before
BIND=()
tool_send()
{
	local text=$1 want=$2 sink
	shift 2

	rx socat -u TCP4-LISTEN:$PORT,reuseaddr "CREATE:$TMP/got" &
	sink=$!
	wait_for 10 dm_listens $PORT
	if tx timeout 60 "${BIND[@]}" devmemctl -j send -c "$IP4_RX:$PORT" "$@" \
		>"$OUT.json" 2>"$OUT.err"; then
		ok "$text: send"
	else
		not_ok "$text: send" "$(cat "$OUT.err")"
		kill $sink
	fi
	wait $sink || true
	equal "$text: all bytes are right" "$(sum "$TMP/got")" "$want"
	equal "$text: number of bytes" "$(jq .bytes "$OUT.json")" \
		"$(stat -c %s "$TMP/got")"
}

sending()
{
	local id

	random_file "$TMP/file" 3
	tool_send "a file" "$(sum "$TMP/file")" -d "$DEV_TX" -i "$TMP/file" \
		--hash bar "$PCI_MEM:2:0:1M"
	equal "a file: its hash" "$(jq -r .sha256 "$OUT.json")" \
		"$(sum "$TMP/file")"
	check "bind --tx" tx devmemctl bind --tx -d "$DEV_TX" --user 12345 \
		bar "$PCI_MEM:2:0:4M"
	equal "show: to send from, and by whom" "$(tx devmemctl -j show |
		jq -c '.[0] | [.tx, .tx_user]')" '[true,"12345"]'
	id=$(tx devmemctl -j show | jq '.[0].id')
	rx timeout 20 socat -u TCP4-LISTEN:$PORT,reuseaddr OPEN:/dev/null &
	wait_for 10 dm_listens $PORT
	expect_error 'EACCES|Permission denied' "a binding of another user" \
		tx timeout 20 devmemctl send -c "$IP4_RX:$PORT" --binding "$id"
	wait $! || true
	check "unbind" tx devmemctl unbind "$id"
	# shellcheck disable=SC2016  # that shell's
	BIND=(devmemctl bind --tx -d "$DEV_TX" bar "$PCI_MEM:2:0:4M" -- bash -c
		'exec "$@" --binding "$DEVMEM_BINDING" fd "$DEVMEM_DMABUF_FD"' -)
	tool_send "a file, from a binding" "$(sum "$TMP/file")" -i "$TMP/file"
	BIND=()
	check "bind --tx" tx devmemctl bind --tx -d "$DEV_TX" bar "$PCI_MEM:2:0:4M"
	id=$(tx devmemctl -j show | jq '.[0].id')
	head -c 1M "$TMP/file" >"$TMP/part"
	tool_send "what is there" "$(sum "$TMP/part")" --binding "$id" \
		--length 1M
	check "unbind" tx devmemctl unbind "$id"
}

faults()
{
	rx devmemctl -j check -d "$DEV_RX" | jq -c \
		'map(select(.status != "OK") | .check)'
}

checks()
{
	check "check: nothing is wrong" rx devmemctl check -d "$DEV_RX"
	equal "check: no fault found" "$(faults)" '[]'
	rx ethtool -K "$DEV_RX" rx off
	equal "check: checksums off" "$(faults || true)" '["rx checksumming"]'
	rx ethtool -K "$DEV_RX" rx on
	equal "check of lo: one fault" "$(rx devmemctl -j check -d lo |
		jq -c 'map(select(.status == "FAIL") | [.ifname, .check])')" \
		'[["lo","driver"]]'
}

dm_stage 4
dm_take_bar
show
stats
sending
checks
dm_nothing_left "in the end"
