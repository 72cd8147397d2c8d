# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 360
# Proves: tokens live as long as their socket is open, wherever its last
# descriptor is, and end at close, whatever the connection is in then: reset,
# disconnected, waiting for a peer that does not answer, in TIME_WAIT.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash
# shellcheck source=tests/vm/scenarios/hole.bash
. /stage/scenarios/hole.bash

closed()
{
	local text="close with unread bytes"

	talk "$text" "send:1000000" ready:5000 sleep:300 a=recv:5000 close sleep:200
	value "$text: some were read" a.device 5000
	talk_end "$text"

	text="close with all unread"
	talk "$text" "send:1000000" ready:5000 sleep:300 close sleep:200
	talk_end "$text"
}

# many_hands TEXT STEP: other processes have the socket, by STEP
many_hands()
{
	local text=$1 step=$2 sender id
	shift 2

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=hold:3000000 "$step" "$@" \
		"touch:$GO.mid" "wait:$GO.go" "touch:$GO.end" sleep:200
	tx timeout 60 dmsend "$IP4_RX" $PORT send:3100000 >"$TMP/send" 2>&1 &
	sender=$!
	goes_on "$GO.mid"
	id=$(dm_value "$OUT" id)
	check "$text: buffers are held while it is open" not_home "$id"
	touch "$GO.go"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	wait $sender || diag "$(cat "$TMP/send")"
	talk_end "$text"
}

# The peer's address is gone, so nobody answers our FIN.
orphan()
{
	local text="an orphan in FIN_WAIT1" id

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=hold:3000000 "touch:$GO.mid" \
		"wait:$GO.go" close "touch:$GO.closed" "wait:$GO.end"
	tx timeout 60 dmsend "$IP4_RX" $PORT send:3000000 "wait:$GO.end" \
		>"$TMP/send" 2>&1 &
	goes_on "$GO.mid"
	id=$(dm_value "$OUT" id)
	check "$text: buffers are held" not_home "$id"
	ip -n tx addr del "$IP4_TX/24" dev "$DEV_TX"
	touch "$GO.go"
	goes_on "$GO.closed"
	check "$text: all are home while it waits" wait_for 2 dm_home "$id" 1
	equal "$text: it still waits" "$(rx ss -tnH state fin-wait-1 \
		"sport = :$PORT" | wc -l)" 1
	net_addr tx "$DEV_TX" "$IP4_TX" "$IP6_TX"
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	talk_end "$text"
	wait_for 20 net_answers
}

# Segments behind a hole, when the socket is closed: the one before them was
# lost, and neither side hears of the other again. The sender must not repeat it
# before its address is gone.
hole()
{
	local text="an orphan with a hole" id

	if ! modprobe sch_netem; then
		skip "$text" "no netem"
		return
	fi
	hole_begin 10
	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=read:300000 "touch:$GO.mid" \
		"wait:$GO.go" "touch:$GO.queued" none=recv:100 close \
		"touch:$GO.closed" "wait:$GO.end"
	tx timeout 60 dmsend "$IP4_RX" $PORT send:300000 "wait:$GO.b" \
		send:2896 "touch:$GO.c" "wait:$GO.d" send:28960 \
		"wait:$GO.end" >"$TMP/send" 2>&1 &
	goes_on "$GO.mid"
	id=$(dm_value "$OUT" id)
	hole_lose "$GO.b"
	goes_on "$GO.c"
	hole_behind "$GO.d"
	check "$text: segments are queued" wait_for 5 not_home "$id"
	ip -n tx addr del "$IP4_TX/24" dev "$DEV_TX"
	touch "$GO.go"
	goes_on "$GO.closed"
	value "$text: they cannot be read" none.errno EAGAIN
	check "$text: all are home while it waits" wait_for 2 dm_home "$id" 1
	equal "$text: it still waits" "$(rx ss -tnH state fin-wait-1 \
		"sport = :$PORT" | wc -l)" 1
	hole_end
	touch "$GO.end"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	talk_end "$text"
	wait_for 20 net_answers
}

# What was there before the reset can still be read; its tokens are good.
reset()
{
	local text="reset by the peer"

	talk "$text" "send:60000 sleep:300 touch:$GO rst" "wait:$GO" sleep:300 \
		a=recv:20000 b=recv:40000 c=recv:100 d=recv:100 e=free
	value "$text: queued bytes are delivered" a.device 20000
	value "$text: all of them" b.pos 60000
	value "$text: then the error" c.errno ECONNRESET
	value "$text: then the end" d.bytes 0
	above "$text: tokens are good" e.held 40
	talk_end "$text"
}

in_time_wait()
{
	rx ss -tanH state time-wait "sport = :$PORT" | grep -q .
}

shut()
{
	local text="shutdown(SHUT_RD)" PORT=$PORT

	talk "$text" "send:60000 sleep:300 touch:$GO" "wait:$GO" a=recv:1000 \
		s=shut:rd b=recv:59000 c=recv:100 e=free
	value "$text: what is queued is delivered" b.device 59000
	value "$text: then the end" c.bytes 0
	value "$text: the end is no error" c.errno 0
	talk_end "$text"

	# Its end comes first: who answers an end has no TIME_WAIT.
	text="TIME_WAIT"
	PORT=5010
	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=hold:500000 s=shut:wr \
		"touch:$GO.fin" end=eof b=recv:10 "touch:$GO.mid" "wait:$GO.go" \
		"touch:$GO.end"
	dm_send send:500000 "wait:$GO.fin"
	goes_on "$GO.mid"
	check "$text: the connection is there" wait_for 5 in_time_wait
	touch "$GO.go"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: the end of the stream" end.pos 500000
	talk_end "$text"
}

# The socket is used again for another connection, to the peer this time.
disconnect()
{
	local text=disconnect sender

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=hold:50000 off=disconnect \
		none=recv:100 none2=recv:100 sock=freesome:10 "touch:$GO.off" "wait:$GO.on" \
		"connect:$IP4_TX" b=hold:30000 back=free end=eof \
		off2=disconnect close sleep:100
	dm_send send:100000
	tx timeout 60 dmsend -l "$IP4_TX" $PORT send:60000 >"$TMP/send.2" 2>&1 &
	sender=$!
	goes_on "$GO.off"
	wait_for 10 eval "tx ss -Hltn 'sport = :$PORT' | grep -q ."
	touch "$GO.on"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	wait $sender || diag "$(cat "$TMP/send.2")"
	value "$text: it works" off.errno 0
	value "$text: unread bytes made it a reset" none.errno ECONNRESET
	value "$text: not connected any more" none2.errno ENOTCONN
	equal "$text: tokens stay valid" "$(dm_value "$OUT" sock.held)" \
		$(($(dm_value "$OUT" a.held) - 10))
	above "$text: the new connection adds its own" back.held \
		"$(dm_value "$OUT" a.held)"
	value "$text: the end of the new stream" end.pos 60000
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
closed
many_hands "a socket that a child inherited" "keep:$GO.end" close
many_hands "a socket sent to another process" "pass:$GO.end"
orphan
hole
reset
shut
disconnect
dm_no_drops "all of it"
