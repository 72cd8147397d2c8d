# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: a socket with device memory in it is ready when others would be
# (poll, epoll by level and edge, SO_RCVLOWAT, SIOCINQ), what is queued is
# charged to its receive buffer at its real size and tokens are not, and neither
# a small receive buffer nor large net_iovs stall a stream.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

ready()
{
	local text=epoll

	talk "$text" \
		"wait:$GO send:14000 sleep:200 touch:$GO.1 wait:$GO.2 send:14000" \
		lt0=epoll:lt none=epwait:100 et0=epoll:et "touch:$GO" \
		"wait:$GO.1" e1=epwait:2000 e2=epwait:100 inq=inq \
		a=recv:1000 e3=epwait:100 "touch:$GO.2" e4=epwait:2000 \
		lt1=epoll:lt l1=epwait:100 b=read:20000 l2=epwait:100 \
		no=recv:100:0 l3=epwait:100 c=read:7000 p=ready:1000 \
		end=eof p2=ready:100
	value "$text: nothing at first" none.ready 0
	value "$text: an edge" e1.ready 1
	value "$text: it is there once" e2.ready 0
	value "$text: SIOCINQ" inq.value 14000
	value "$text: reading makes no edge" e3.ready 0
	value "$text: more data does" e4.in 1
	value "$text: level: ready" l1.ready 1
	value "$text: level: still ready" l2.ready 1
	value "$text: level: ready after an error" l3.ready 1
	value "$text: the end of the stream" end.pos 28000
	value "$text: the end is ready too" p2.ready 1
	talk_end "$text"

	text=SO_RCVLOWAT
	talk "$text" \
		"wait:$GO send:14000 sleep:200 touch:$GO.1 wait:$GO.2 send:14000" \
		set:rcvlowat:20000 "touch:$GO" "wait:$GO.1" no=ready:300 \
		a=recv:5000 "touch:$GO.2" yes=ready:2000 b=read:23000 end=eof
	value "$text: 14000 bytes are too few" no.ready 0
	value "$text: but can be read" a.device 5000
	value "$text: 23000 are enough" yes.ready 1
	value "$text: the end of the stream" end.pos 28000
	talk_end "$text"
}

skmem()
{
	rx ss -tmnH state established "sport = :$PORT" |
		sed -n 's/.*skmem:(r\([0-9]*\),.*/\1/p'
}

# A frag of up to 1448 bytes pins 4096; all of it is charged while queued.
charged()
{
	local text="receive buffer" full

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept "wait:$GO.1" peek=recv:14480:1024:p \
		"touch:$GO.2" "wait:$GO.3" a=hold:14480 "touch:$GO.4" \
		"wait:$GO.5" back=free end=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:14480 sleep:300 \
		"touch:$GO.1" "wait:$GO.6" send:1000 >"$TMP/send" 2>&1 &
	goes_on "$GO.2"
	full=$(skmem)
	diag "10 frags, $full bytes charged"
	equal "$text: charged at its real size" \
		"$((full >= 10 * 4096 && full < 10 * 4096 * 2))" 1
	touch "$GO.3"
	goes_on "$GO.4"
	equal "$text: tokens are not charged" "$(skmem)" 0
	touch "$GO.5" "$GO.6"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: the end of the stream" end.pos 15480
	talk_end "$text"
}

# stream TEXT MIB OPTION...
stream()
{
	local text=$1 size=$(($2 << 20)) start=$SECONDS before after
	shift 2

	before=$(dv_netstat rx TCPRcvQDrop TCPOFODrop)
	dm_exchange "$text: all bytes are right" "$OUT" "send:$size" \
		"$@" "${BIND[@]}" accept end=eof
	after=$(dv_netstat rx TCPRcvQDrop TCPOFODrop)
	value "$text: the end of the stream" end.pos $size
	PRUNED=$((after - before))
	diag "$text: $((SECONDS - start)) s, $PRUNED segments dropped" \
		"by a full receive buffer, of $((size / 1448))"
	equal "$text: it does not stall" "$((SECONDS - start < 40 * STAGE_SLOW))" 1
	PERCENT=$((PRUNED * 144800 / size))
	talk_end "$text"
}

# The reader comes when the buffer is full.
slow_reader()
{
	local text="a slow reader"

	talk "$text" "send:3000000" sleep:1000 a=read:100000 sleep:500 \
		b=read:100000 sleep:500 end=eof
	value "$text: the end of the stream" end.pos 3000000
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
ready
charged
slow_reader
stream "default receive buffer" 8
stream "receive buffer of 32 KiB" 2 -r 32768
stream "receive buffer of 8 KiB" 1 -r 8192
dm_set_ring 256
stream "net_iovs of 64 KiB" 8 -z 65536
equal "net_iovs of 64 KiB: percent dropped" $PERCENT 0
stream "net_iovs of 64 KiB, receive buffer of 8 MiB" 8 -z 65536 -r 4194304
equal "net_iovs of 64 KiB, receive buffer of 8 MiB: percent dropped" $PERCENT 0
stream "net_iovs of 64 KiB, receive buffer of 64 KiB" 1 -z 65536 -r 65536

# What the user guide says: the first window is 64 KiB, 45 segments.
rmem "4096 4194304 16777216"
stream "net_iovs of 64 KiB, tcp_rmem for it" 8 -z 65536
equal "net_iovs of 64 KiB, tcp_rmem for it: percent dropped" $PERCENT 0
dm_no_drops "all of it"
