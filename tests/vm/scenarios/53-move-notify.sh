# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: an exporter that takes its memory back gets it, at any time: the queue
# is stopped first, so nothing is written into memory that was given back, the
# binding ends, and the stream goes on in host memory. A pin that moves the
# memory is none of that.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

MIB=2
TAKEN='the exporter took the dma-buf back'

no_binding()
{
	[ "$(dm_bindings)" = 0 ]
}

# The memory is overwritten when it is given back, so what was read is not
# compared; what came later is.
under_traffic()
{
	local text=$1 out=$TMP/sock sender go=$TMP/go

	rm -f "$go" "$go.half"
	# shellcheck disable=SC2016
	rx withbuf "$2" bash -c '
		devmemctl bind -d "$1" -q 1 fd 20 >&2 &&
		exec dmsock -n -p "$2" accept half=recv:300000 \
			"touch:$3.half" all=read:6000000 later=plainread:100000 \
			end=eof' - "$DEV_RX" "$PORT" "$go" >"$out" 2>"$out.err" &
	RECEIVER=$!
	if ! dm_comes_up 20 $PORT $RECEIVER; then
		not_ok "$text: dmsock listens" "$(cat "$out" "$out.err")"
		exit 1
	fi
	tx timeout 60 dmsend "$IP4_RX" $PORT send:8000000 >"$TMP/send" 2>&1 &
	sender=$!
	check "$text: data before" wait_for 20 test -e "$go.half"
	check "$text: the exporter takes the memory back" db_move
	check "$text: the binding is gone" wait_for 5 no_binding
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: the stream goes on" "$out"
	equal "$text: to its end" "$(dm_value "$out" end.pos)" 8000000
	db_balanced "$text"
	dm_nothing_left "$text"
}

dm_stage 4
dm_steer 0 1 0 0
random_file "$TMP/input" $MIB
SUM=$(sum "$TMP/input")

db_transfer "a pin that moves" tbuf:8M,dynamic,notify_pin
db_transfer "a map that moves" tbuf:8M,dynamic,notify_map
db_transfer "both" tbuf:8M,dynamic,notify_pin,notify_map
# Static: it is mapped for good, so this takes the memory away.
db_refused ENODEV "$TAKEN" "static, taken back while it is mapped" \
	tbuf:8M,notify_map

for kind in '' ,dynamic; do
	text=${kind:-,static}
	text=${text#,}
	# Between map and the start of the queue.
	db_bind "$TMP/bind" "tbuf:8M$kind,fence,fence_ms=2000" &
	pid=$!
	check "$text: it is mapped" wait_for 10 db_mapped
	db_move
	wait $pid || true
	equal "$text, taken back before the queue starts: errno" \
		"$(dm_value "$TMP/bind" errno)" ENODEV
	equal "$text, taken back before the queue starts: the text" \
		"$(dm_value "$TMP/bind" text)" "$TAKEN"
	db_balanced "$text, taken back before the queue starts"

	db_bind "$TMP/bind" "tbuf:8M$kind,poison" || true
	equal "$text, idle: bind" "$(dm_value "$TMP/bind" errno)" 0
	db_move
	check "$text, idle: the binding ends" wait_for 5 no_binding
	db_balanced "$text, idle"
	dm_nothing_left "$text, idle"

	under_traffic "$text, under traffic" "tbuf:8M$kind,poison"
done

# Both want to end it.
for ((i = 0; i < 20; i++)); do
	db_bind "$TMP/bind" tbuf:2M,dynamic,poison || true
	db_move &
	rx devmemctl unbind --all >/dev/null 2>&1 || true
	wait $!
done
db_balanced "taken back and unbound at once, 20 times"
dm_nothing_left "taken back and unbound at once, 20 times"
for ((i = 0; i < 5; i++)); do
	db_bind "$TMP/bind" tbuf:2M,poison || true
	db_move &
	rmmod devmem_tcp
	wait $!
	modprobe devmem_tcp
done
db_balanced "taken back and rmmod at once, 5 times"
dm_nothing_left "taken back and rmmod at once, 5 times"
dm_plain 1 "in the end"
