# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: a 32-bit program gets the same, in its own layout of control messages
# (36 bytes for one of ours).
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

command -v dmsock32 >/dev/null ||
	skip_all "no 32-bit programs: the compiler cannot build them"
dmsock32 sleep:0 || skip_all "this kernel runs no 32-bit programs"

# What runs dmsock gets this one.
rx()
{
	if [ "$1" = dmsock ]; then
		shift
		set -- dmsock32 "$@"
	fi
	ip netns exec rx "$@"
}

sizes()
{
	local text="32-bit control buffer" n steps=()

	for n in 0 11 35; do
		steps+=("s$n=ctl:9000:$n")
	done
	talk "$text" "send:60000 sleep:200 touch:$GO" set:inq:1 "wait:$GO" \
		"${steps[@]}" \
		s36=ctl:9000:36 s71=ctl:9000:71 s72=ctl:9000:72 \
		two=ctl:9000:88 bad=ctl:9000:360:20 bad1=ctl:9000:360:50 \
		m=mmsg:2000:3:8 p=recv:2000:8:p back=free end=eof
	for n in 0 11 35; do
		value "$text of $n bytes" "s$n.errno" EMSGSIZE
	done
	value "$text of 36 bytes" s36.frags 1
	value "$text of 71 bytes" s71.frags 1
	value "$text of 72 bytes" s72.frags 2
	value "$text of 72 bytes: no room for TCP_INQ" s72.ctrunc 1
	value "$text of 88 bytes: room for TCP_INQ" two.others 1
	value "$text that cannot be written" bad.errno EFAULT
	value "$text of which 50 bytes are there" bad1.frags 1
	value "$text: recvmmsg()" m.bytes 6000
	value "$text: the end of the stream" end.pos 60000
	talk_end "$text"
}

stream()
{
	local text="32-bit stream"

	talk "$text" "mix:6000000" a=hold:100000 some=freesome:7 all=free \
		ranges=dontneed:129:1:1 udp=udp end=eof
	value "$text: 129 ranges" ranges.errno EINVAL
	value "$text: the end of the stream" end.pos 6000000
	talk_end "$text"

	text="32-bit io_uring"
	talk "$text" "send:60000 sleep:200 touch:$GO" "wait:$GO" a=uring:20000 \
		b=uringplain:100 c=uring:10000 end=eof
	value "$text: IORING_OP_RECVMSG" a.device 20000
	value "$text: IORING_OP_RECV" b.errno EFAULT
	value "$text: the end of the stream" end.pos 60000
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
sizes
stream
dm_no_drops "all of it"
