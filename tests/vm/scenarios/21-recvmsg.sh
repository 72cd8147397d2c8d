# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: recvmsg() with any flags and any control buffer neither loses a byte
# nor a token: lengths of 0, control buffers of every size, at NULL, and in
# memory that is not there, other control messages behind ours, MSG_TRUNC,
# MSG_WAITALL, recvmmsg(), urgent data.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

flags()
{
	local text=flags

	talk "$text" \
		"sleep:300 send:14000 sleep:200 touch:$GO sleep:300 send:300000" \
		none=recv:100:8 block=recv:100:8:b "wait:$GO" \
		zero=recv:0 zero0=recv:0:0 zerop=recv:0:4:p \
		pt=recv:5000:1024:pt oob=recv:1:0:o errq=recv:1:8:e \
		trunc=recv:900:1024:t part=recv:100 back=free \
		all=recv:200000:1024:wb few=recv:50000:5:wb \
		off=set:peekoff:10 end=eof
	value "$text: nothing is there yet" none.errno EAGAIN
	value "$text: it waits for some" block.bytes 100
	value "$text: length 0" zero.errno 0
	value "$text: length 0 takes nothing" zero.pos 100
	value "$text: length 0 gives no token" zerop.held 1
	value "$text: length 0 and no control buffer" zero0.errno 0
	value "$text: peek length 0" zerop.errno 0
	value "$text: MSG_PEEK and MSG_TRUNC tell of bytes" pt.bytes 5000
	value "$text: and take none" pt.pos 100
	value "$text: and give no token" pt.held 1
	value "$text: no urgent data" oob.errno EINVAL
	value "$text: no errors queued" errq.errno EAGAIN
	value "$text: MSG_TRUNC takes bytes" trunc.pos 1000
	value "$text: and gives no token" trunc.held 1
	value "$text: the next bytes are right" part.pos 1100
	value "$text: MSG_WAITALL waits for all" all.bytes 200000
	value "$text: all of them in device memory" all.device 200000
	value "$text: MSG_WAITALL with few control messages" few.frags 5
	value "$text: there is no SO_PEEK_OFF" off.errno EOPNOTSUPP
	value "$text: the end of the stream" end.pos 314000
	talk_end "$text"
}

# One control message of ours needs 40 bytes.
control_sizes()
{
	local text="control buffer" n steps=()

	for n in 0 1 15 16 39; do
		steps+=("s$n=ctl:9000:$n")
	done
	talk "$text" "send:60000 sleep:200 touch:$GO" "wait:$GO" "${steps[@]}" \
		null=nullctl:9000:4096 s40=ctl:9000:40 s41=ctl:9000:41 \
		s79=ctl:9000:79 s80=ctl:9000:80 s135=ctl:9000:135 \
		p39=recv:9000:0:p bad0=ctl:9000:400:20 bad1=ctl:9000:400:60 \
		bad3=ctl:9000:400:120 badno=ctl:9000:400:0 back=free end=eof
	for n in 0 1 15 16 39; do
		value "$text of $n bytes" "s$n.errno" EMSGSIZE
		value "$text of $n bytes takes nothing" "s$n.pos" 0
	done
	value "$text at NULL" null.errno EMSGSIZE
	value "$text at NULL gives no token" null.held 0
	value "$text of 40 bytes" s40.frags 1
	value "$text of 41 bytes" s41.frags 1
	value "$text of 79 bytes" s79.frags 1
	value "$text of 80 bytes" s80.frags 2
	value "$text of 135 bytes" s135.frags 3
	value "$text that cannot be written" bad0.errno EFAULT
	value "$text that cannot be written takes nothing" bad0.pos \
		"$(dm_value "$OUT" s135.pos)"
	value "$text that cannot be written gives no token" bad0.held 8
	value "$text of which 60 bytes are there" bad1.frags 1
	value "$text of which 120 bytes are there" bad3.frags 3
	value "$text of which nothing is there" badno.errno EFAULT
	value "$text: tokens that were not told are taken back" back.held 12
	value "$text: the end of the stream" end.pos 60000
	talk_end "$text"
}

# Behind ours, so these get what room is left.
others()
{
	local text="other control messages"

	talk "$text" "wait:$GO.1 send:60000 sleep:200 touch:$GO" set:timestamp:1 \
		sleep:200 "touch:$GO.1" "wait:$GO" exact=ctl:9000:120 \
		little=ctl:9000:135 room=ctl:9000:152 set:inq:1 \
		two=recv:3000:1024 min=ctl:9000:40 end=eof
	value "$text: ours fill the buffer" exact.frags 3
	value "$text: then MSG_CTRUNC tells" exact.ctrunc 1
	value "$text: that the time is missing" exact.others 0
	value "$text: 15 bytes left are too few" little.ctrunc 1
	value "$text: ours are whole" little.frags 3
	value "$text: 32 bytes left are enough" room.others 1
	value "$text: nothing is truncated then" room.ctrunc 0
	value "$text: time and TCP_INQ" two.others 2
	value "$text: no room for them" min.frags 1
	value "$text: the end of the stream" end.pos 60000
	talk_end "$text"
}

mmsg()
{
	local text=recvmmsg

	talk "$text" "send:60000 sleep:200 touch:$GO" "wait:$GO" \
		none=mmsg:2000:3:0 a=mmsg:2000:4:8 one=mmsg:4000:3:1 back=free end=eof
	value "$text without control buffer" none.errno EMSGSIZE
	value "$text: four messages" a.msgs 4
	value "$text: all bytes" a.bytes 8000
	value "$text with room for one frag each" one.frags 3
	above "$text: tokens go back" back.held 8
	value "$text: the end of the stream" end.pos 60000
	talk_end "$text"
}

# More small messages than one skb holds, and a control buffer that is full
# after the first: bytes that no control message tells of must stay.
linear()
{
	local text="linear bytes"

	talk "$text" \
		"send:14000 wait:$GO each:100:250:1000 sleep:100 touch:$GO.2" \
		a=read:14000 "touch:$GO" "wait:$GO.2" sleep:200 \
		one=ctl:25000:40 two=ctl:25000:80 little=ctl:8000:16 \
		null=nullctl:100:400 zero=recv:100:0 bad=ctl:8000:400:20 \
		end=eof
	value "$text: room for one" one.linears 1
	diag "one skb held $(dm_value "$OUT" one.bytes) bytes"
	equal "$text: these are not all" \
		"$(($(dm_value "$OUT" one.bytes) < 10000))" 1
	value "$text: room for two" two.linears 2
	value "$text: no room" little.errno EMSGSIZE
	value "$text: a control buffer at NULL" null.linear 100
	value "$text: a control buffer at NULL gets nothing" null.linears 0
	value "$text: no control buffer" zero.linear 100
	value "$text: a control buffer that cannot be written" bad.errno EFAULT
	value "$text: it takes nothing" bad.pos "$(dm_value "$OUT" zero.pos)"
	value "$text: the end of the stream" end.pos 39000
	talk_end "$text"
}

# The urgent byte of a small segment can be read, that of a large one not: it
# stays in the stream.
urgent()
{
	local text="urgent byte in host memory"
	local sends="send:14000 sleep:200 oob:50 sleep:200 send:14000"

	sends+=" sleep:200 touch:$GO"
	talk "$text" "$sends" "wait:$GO" a=read:14000 b=recv:100 \
		mark=atmark oob=recv:1:0:o end=eof
	value "$text: the bytes before it" b.linear 49
	value "$text: the mark" mark.value 1
	value "$text: it comes out of band" oob.bytes 1
	value "$text: the end of the stream" end.pos 28050
	talk_end "$text"

	text="urgent byte in line"
	talk "$text" "$sends" set:oobinline:1 "wait:$GO" a=read:14000 \
		b=recv:100 mark=atmark c=recv:100 end=eof
	value "$text: the bytes before it" b.linear 49
	value "$text: the mark" mark.value 1
	value "$text: the byte" c.linear 1
	value "$text: the end of the stream" end.pos 28050
	talk_end "$text"

	text="urgent byte in device memory"
	talk "$text" "send:14000 oob:1400 send:14000 sleep:200 touch:$GO" \
		"wait:$GO" oob=recv:1:0:o a=read:15399 mark=atmark b=recv:100:8:p end=eof
	value "$text: not to be had out of band" oob.errno EINVAL
	value "$text: no mark" mark.value 0
	value "$text: the stream goes on" b.device 100
	value "$text: the end of the stream" end.pos 29400
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
flags
control_sizes
others
mmsg
linear
urgent
dm_no_drops "all of it"
