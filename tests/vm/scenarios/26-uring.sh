# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: io_uring's recvmsg delivers device memory, at once, after waiting and
# in a multishot; its recv fails as recv() does, and loses nothing.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

# uring TEXT
uring()
{
	local text=$1 sends="send:60000 sleep:200 touch:$GO"

	sends+=" wait:$GO.2 send:60000 sleep:300 touch:$GO.3"
	sends+=" wait:$GO.4 send:20000"
	talk "$text" "$sends" "wait:$GO" plain=uringplain:5000 multi=uringmulti a=uring:20000 \
		b=recv:10000 c=uring:20000:d all=uring:10000:w none=uring:100:d \
		w=uringwait:30000:"$GO.2" "wait:$GO.3" sleep:200 \
		m=uringmultimsg:20000 r=uring:100:d back=free "touch:$GO.4" end=eof
	if [ "$(dm_value "$OUT" plain.errno)" = ENOSYS ]; then
		skip "$text" "no io_uring"
		return
	fi
	value "$text: IORING_OP_RECV" plain.errno EFAULT
	value "$text: IORING_OP_RECV, multishot" multi.errno EFAULT
	value "$text: it ends" multi.more 0
	value "$text: IORING_OP_RECVMSG" a.device 20000
	value "$text: goes with recvmsg()" b.device 10000
	value "$text: with MSG_DONTWAIT" c.device 20000
	value "$text: with MSG_WAITALL" all.device 10000
	value "$text: nothing is there" none.errno EAGAIN
	above "$text: it waited" w.device 0
	above "$text: multishot" m.device 19999
	value "$text: multishot gives all that there is" r.errno EAGAIN
	value "$text: the end of the stream" end.pos 140000
	talk_end "$text"
}

# The request has the last reference to the socket when the tokens come.
last_reference()
{
	local text="io_uring after close"

	talk "$text" "send:14000 wait:$GO send:60000" a=hold:14000 \
		b=uringleave:30000:"$GO" sleep:200
	above "$text: it is served" b.device 0
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
uring "io_uring"
last_reference
dm_no_drops "all of it"
