# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: the per-socket limit of a binding. The tokens of one socket hold at
# most that many buffers of it: then recvmsg() gives what fits and fails with
# ENOMEM, the data stays, and the next DONTNEED lets it go on. With the limit a
# client that keeps all tokens does not stop others in its queue; without it
# does.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

limit()
{
	local text="limit of 20"

	BIND+=(-l 20)
	talk "$text" "send:80000 sleep:300 touch:$GO send:120000" \
		ready:5000 "wait:$GO" \
		a=recv:5000 b=recv:100000 c=recv:100 p=ready:100 \
		peek=recv:100:8:p trunc=recv:1000:8:t plain=plain:100 \
		some=freesome:5 d=recv:100000 e=recv:100 some2=freesome:19 \
		pk1=recv:9000:1024:p pk2=recv:9000:5:p pk3=recv:90000:1024:p \
		pk4=recv:100:8:p all=free f=recv:100:0 g=recv:100000:7 \
		end=read:80000 eof=eof
	value "$text: no more than that" b.held 20
	value "$text: what fits is delivered" b.errno 0
	value "$text: then it fails" c.errno ENOMEM
	value "$text: and takes nothing" c.pos "$(dm_value "$OUT" b.pos)"
	value "$text: poll() says that there is data" p.ready 1
	value "$text: MSG_PEEK fails too" peek.errno ENOMEM
	value "$text: MSG_TRUNC needs no token" trunc.bytes 1000
	value "$text: recv() fails as ever" plain.errno EFAULT
	value "$text: 5 returned, 5 more" d.frags 5
	value "$text: then it fails again" e.errno ENOMEM
	value "$text: peeks count" pk4.errno ENOMEM
	value "$text: no more than that, by peeks" pk4.held 20
	value "$text: no control buffer is still EMSGSIZE" f.errno EMSGSIZE
	value "$text: few control messages" g.frags 7
	value "$text: the end of the stream" eof.pos 200000
	talk_end "$text"

	text="limit of 1"
	BIND[-1]=1
	talk "$text" "send:60000" set:rcvlowat:5000 ready:5000 a=recv:5000 \
		b=recv:100 back=free c=recv:100 d=recv:100 back2=free end=eof
	value "$text: one frag" a.frags 1
	value "$text: then it fails" b.errno ENOMEM
	value "$text: one more after DONTNEED" c.frags 1
	value "$text: then it fails again" d.errno ENOMEM
	talk_end "$text"
	BIND=(-m "$PCI_MEM" -d "$DEV_RX" -q 1)
}

# Two sockets: each has the whole limit.
two_sockets()
{
	local text="limit of 20, two sockets" sender

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" -l 20 accept ready:5000 sleep:300 \
		a=recv:100000 an=recv:100 swap accept ready:5000 sleep:300 \
		b=recv:100000 bn=recv:100 back=free end=eof swap other=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:60000 >"$TMP/send.1" 2>&1 &
	sender=$!
	wait_for 20 grep -q an.errno "$OUT"
	dm_send send:60000
	diag "$(cat "$OUT.err")"
	value "$text: one" a.frags 20
	value "$text: has no more" an.errno ENOMEM
	value "$text: the other" b.frags 20
	value "$text: has no more" bn.errno ENOMEM
	value "$text: goes on" end.pos 60000
	wait $sender || true
	dm_sock_wait "$text: all bytes are right" "$OUT" || true
	talk_end "$text"
}

# Two bindings on one socket count for themselves.
two_bindings()
{
	local text="limit of 20, two bindings" sender

	rm -f "$GO"*
	dm_steer 0 1 0 0
	dm_sock "$OUT" -m "$PCI_MEM:0:33554432" -m "$PCI_MEM:33554432" \
		-d "$DEV_RX" -q 1 -q 2 -l 20 -r 1000000 accept "wait:$GO" \
		a=recv:20000 b=recv:100000 c=recv:100 some=freesome:10 \
		d=recv:100000 back=free end=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:20000 sleep:300 \
		"touch:$GO.1" "wait:$GO.2" send:60000 sleep:300 "touch:$GO" \
		>"$TMP/send" 2>&1 &
	sender=$!
	goes_on "$GO.1"
	dm_steer 0 0 1 0
	touch "$GO.2"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: all of the first" a.bytes 20000
	value "$text: 20 of the second" b.frags 20
	value "$text: then it fails" c.errno ENOMEM
	equal "$text: tokens of the first do not help the second" \
		"$(($(dm_value "$OUT" some.held) +
		    $(dm_value "$OUT" d.frags) <= 40))" 1
	value "$text: the end of the stream" end.pos 80000
	talk_end "$text"
	dm_steer 0 1 0 0
}

# starve LIMIT: 512 buffers, of which the ring has 256. One client keeps all
# tokens that it gets, then another connection comes through the same queue.
starve()
{
	local limit=$1 other=$TMP/other hog sender

	rm -f "$GO"*
	dm_sock "$OUT" -m "$PCI_MEM:0:2097152" -d "$DEV_RX" -q 1 -l "$limit" \
		accept dry=dry:1000 "touch:$GO" "wait:$GO.2" back=free end=eof
	hog=$RECEIVER
	tx timeout 150 dmsend "$IP4_RX" $PORT send:3000000 >"$TMP/send" 2>&1 &
	sender=$!
	goes_on "$GO"
	diag "limit $limit: held $(dm_value "$OUT" dry.held)," \
		"then $(dm_value "$OUT" dry.end)"
	rx timeout 60 dmsock -p 5001 accept a=read:200000 end=eof >"$other" \
		2>&1 &
	RECEIVER=$!
	wait_for 20 dm_listens 5001
	STARVED=
	if ! tx timeout $((limit ? 40 : 6)) dmsend "$IP4_RX" 5001 send:200000 \
		>"$TMP/send.2" 2>&1; then
		STARVED=1
	fi
	touch "$GO.2"
	wait $sender || diag "$(cat "$TMP/send")"
	wait $RECEIVER || true
	RECEIVER=$hog
}

starving()
{
	local text="a client that keeps all, no limit"

	dm_set_ring 256
	starve 0
	dm_sock_wait "$text: it gets all in the end" "$OUT"
	equal "$text: another one in its queue stands still" "$STARVED" 1
	value "$text: the end of the stream" end.pos 3000000
	talk_end "$text"

	text="a client that keeps all, limit of 100"
	starve 100
	dm_sock_wait "$text: it gets all in the end" "$OUT"
	equal "$text: another one in its queue works" "$STARVED" ""
	equal "$text: all of its bytes" "$(dm_value "$TMP/other" end.pos)" \
		200000
	value "$text: it had its limit" dry.held 100
	value "$text: and was told" dry.end ENOMEM
	value "$text: the end of the stream" end.pos 3000000
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
limit
two_sockets
two_bindings
starving
dm_no_drops "all of it"
