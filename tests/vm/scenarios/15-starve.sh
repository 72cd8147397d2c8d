# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: a client that keeps all tokens makes its pool run dry, which is
# counted, and stops nobody else, neither an ordinary flow nor another binding;
# within 10 ms of the tokens' return the queue is at work again, by itself, and
# every byte arrives.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
LIMIT_US=10000

show_empty()
{
	rx devmemctl -j show "$1" | jq '[.[0].pools[].empty] | add'
}

# A transfer to another queue while the first one is dry.
others_go_on()
{
	local text=$1 out=$TMP/recv reader

	rx timeout 40 devmemctl -j recv -d "$DEV_RX" -l 5001 -q 2 --hash \
		bar "$PCI_MEM:2:32M" >"$out.json" 2>"$out.err" &
	reader=$!
	wait_for 20 dm_listens 5001
	check "$text: a flow into another binding" tx timeout 30 \
		socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:5001,bind=:$PORT2,reuseaddr"
	dm_wait "$text: it arrives" $reader
	equal "$text: its SHA-256" "$(dm_field "$out" sha256)" \
		"$(sum "$TMP/input")"

	rm -f "$TMP/got"
	rx timeout 40 socat -u TCP4-LISTEN:5002,reuseaddr "CREATE:$TMP/got" &
	reader=$!
	wait_for 20 dm_listens 5002
	check "$text: an ordinary flow" tx timeout 30 \
		socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:5002,bind=:$PORT0,reuseaddr"
	dm_wait "$text: it arrives" $reader
	equal "$text: its SHA-256" "$(sum "$TMP/got")" "$(sum "$TMP/input")"
}

# starve TEXT RANGE SENDER_PORT BYTES
starve()
{
	local text=$1 empty before id sender

	rm -f "$TMP/dry" "$TMP/go"
	before=$(dm_stat 1 pool_empty)
	dm_sock "$OUT" -m "$2" -d "$DEV_RX" -q 1 accept dry=dry:1500 \
		"touch:$TMP/dry" "wait:$TMP/go" back=freetimed end=eof
	id=$(dm_value "$OUT" id)
	tx timeout 100 dmsend -b "$3" "$IP4_RX" $PORT "send:$4" \
		>"$TMP/send" 2>&1 &
	sender=$!
	check "$text: the stream stops" wait_for 60 test -e "$TMP/dry"
	diag "$(tr '\n' ' ' <"$OUT")"
	equal "$text: it stopped for want of buffers" \
		"$(($(dm_value "$OUT" dry.pos) < $4))" 1
	empty=$(dm_stat 1 pool_empty)
	equal "$text: ethtool counts an empty pool" \
		"$((empty > before))" 1
	equal "$text: so does show" "$(($(show_empty "$id") > 0))" 1
	equal "$text: all buffers are held" "$(dm_held "$id")" \
		"$(rx devmemctl -j show "$id" | jq '.[0].niovs')"
	others_go_on "$text"
	equal "$text: it is still dry" "$(($(dm_held "$id") ==
		$(rx devmemctl -j show "$id" | jq '.[0].niovs')))" 1
	touch "$TMP/go"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	diag "buffers at the NIC again after $(dm_value "$OUT" back.us) us"
	equal "$text: the NIC has buffers again within $LIMIT_US us" \
		"$(($(dm_value "$OUT" back.us) <= LIMIT_US))" 1
	equal "$text: the end of the stream" "$(dm_value "$OUT" end.pos)" "$4"
	dm_unbind "$OUT" "$text"
}

dm_stage 4
dm_steer 1 1 1 0
random_file "$TMP/input" 4
PORT1=$(dm_port 1 $PORT)
PORT2=$(dm_port 2 5001)
PORT0=$(dm_port 0 5002)
diag "source ports $PORT1, $PORT2, $PORT0 for queues 1, 2, 0"

# More buffers than descriptors: the client holds most of them.
starve "2048 buffers" "$PCI_MEM:0:8388608" "$PORT1" 12000000
# Fewer: the ring is never full.
starve "256 buffers" "$PCI_MEM:0:1048576" "$PORT1" 3000000
