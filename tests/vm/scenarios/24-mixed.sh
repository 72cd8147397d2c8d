# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: one stream through two bindings and host memory: a recvmsg() delivers
# frags of both bindings, each with its id, stops where device and host memory
# meet, and tells host bytes by SCM_DEVMEM_LINEAR; plain readers get just these.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

# The peer sends 20000 bytes at a time, through the queue given; nothing is read
# before all are here.
PARTS=(1 2 1 0 0 2 0)

# mixed TEXT DMSOCK_STEP...
mixed()
{
	local text=$1 steps=() n sender
	shift

	rm -f "$GO"*
	for n in "${!PARTS[@]}"; do
		steps+=("wait:$GO.s$n" send:20000 sleep:150 "touch:$GO.t$n")
	done
	dm_steer 0 1 0 0
	dm_sock "$OUT" -m "$PCI_MEM:0:33554432" -m "$PCI_MEM:33554432" \
		-d "$DEV_RX" -q 1 -q 2 -r 1000000 accept "wait:$GO" "$@" end=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT "${steps[@]}" >"$TMP/send" 2>&1 &
	sender=$!
	for n in "${!PARTS[@]}"; do
		case ${PARTS[n]} in
		0) dm_steer 1 0 0 0 ;;
		1) dm_steer 0 1 0 0 ;;
		2) dm_steer 0 0 1 0 ;;
		esac
		touch "$GO.s$n"
		goes_on "$GO.t$n"
	done
	touch "$GO"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: the end of the stream" end.pos 140000
}

cmsgs()
{
	local text="two bindings and host memory"

	mixed "$text" peek=recv:140000:1024:p a=recv:140000 \
		b=recv:140000 c=recv:140000 d=recv:140000
	value "$text: a look at it stops at host memory" peek.device 60000
	value "$text: device memory" a.device 60000
	value "$text: no host memory in the same call" a.linear 0
	value "$text: of two bindings, there and back" a.switches 2
	value "$text: host memory" b.linear 40000
	value "$text: no device memory in the same call" b.device 0
	above "$text: told by control messages" b.linears 0
	value "$text: device memory again" c.device 20000
	value "$text: host memory again" d.linear 20000
	talk_end "$text"

	text="MSG_WAITALL over the boundary"
	mixed "$text" a=recv:100000:1024:w b=recv:100:1024:w
	value "$text: is short" a.bytes 60000
	value "$text: goes on behind it" b.linear 100
	talk_end "$text"
}

plain()
{
	local text="plain readers at the boundary"

	mixed "$text" a=plain:100 b=read:59000 c=plainv:100 d=read:1000 \
		e=plain:5000 f=plainpipe:5000 g=plainv:1000 h=plain:100000 \
		i=plain:100 j=plainpipe:100 k=read:20000 l=plainread:20000
	value "$text: recv() in device memory" a.errno EFAULT
	value "$text: readv() in device memory" c.errno EFAULT
	value "$text: recv() in host memory" e.bytes 5000
	above "$text: splice() in host memory" f.bytes 0
	value "$text: readv() in host memory" g.bytes 1000
	above "$text: recv() up to the boundary" h.bytes 20000
	value "$text: recv() behind it" i.errno EFAULT
	value "$text: splice() behind it" j.errno EFAULT
	value "$text: recv() of the rest" l.bytes 20000
	talk_end "$text"
}

dm_stage 4
cmsgs
plain
dm_no_drops "all of it"
