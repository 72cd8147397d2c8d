# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: readers that know nothing of device memory, or a layer between them
# and TCP, get host bytes or an error, never wrong bytes, and lose nothing:
# read, splice, sendfile, TCP_ZEROCOPY_RECEIVE, kernel TLS, MPTCP, sockmap, KCM.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

copiers()
{
	local text="other readers"

	talk "$text" \
		"send:60000 sleep:200 touch:$GO each:100:20:1000 touch:$GO.2" \
		"wait:$GO" a=plain:100 v=plainv:5000 p=plainpipe:5000 \
		f=plainfile:5000 z=plainzc:65536 z2=plainzc:4096 zero=plain:0 \
		first=recv:1000 a2=plain:100 p2=plainpipe:5000 z3=plainzc:65536 \
		b=read:59000 "wait:$GO.2" sleep:100 p3=plainpipe:100 \
		v2=plainv:10 z4=plainzc:65536 end=eof
	value "$text: recv()" a.errno EFAULT
	value "$text: readv()" v.errno EFAULT
	value "$text: splice()" p.errno EFAULT
	equal "$text: sendfile() gets nothing" "$(dm_value "$OUT" f.bytes)" 0
	value "$text: TCP_ZEROCOPY_RECEIVE maps nothing" z.mapped 0
	value "$text: and copies nothing" z.copied 0
	value "$text: nor with a short mapping" z2.mapped 0
	value "$text: nothing is lost" first.pos 1000
	value "$text: recv() in the middle" a2.errno EFAULT
	value "$text: splice() in the middle" p2.errno EFAULT
	value "$text: TCP_ZEROCOPY_RECEIVE in the middle" z3.copied 0
	value "$text: splice() of host memory" p3.bytes 100
	above "$text: TCP_ZEROCOPY_RECEIVE of host memory" z4.copied 100
	value "$text: readv() of host memory" v2.bytes 10
	value "$text: the end of the stream" end.pos 62000
	talk_end "$text"
}

# Frags that are whole pages, as if they could be mapped.
pages()
{
	local text="TCP_ZEROCOPY_RECEIVE of whole pages"
	local BIND=("${BIND[@]}" -r 200000)

	net_mtu 9000
	# more has to be there than it would copy without mapping any
	talk "$text" "send:100000 sleep:200 touch:$GO sleep:500" "wait:$GO" \
		z=plainzc:65536 b=read:100000 end=eof
	value "$text: maps nothing" z.mapped 0
	value "$text: copies nothing" z.copied 0
	value "$text: nothing is lost" end.pos 100000
	talk_end "$text"
	net_mtu 1500
}

# The stream is no TLS: in device memory or not, it is an error. What counts is
# that nobody gets bytes.
tls()
{
	local text="kernel TLS"

	if ! modprobe tls; then
		skip "$text" "no module tls"
		return
	fi
	defer modprobe -r tls
	talk "$text" "send:60000 sleep:300 touch:$GO sleep:1000" "wait:$GO" \
		a=hold:1000 tls=plaintls b=plain:5000 c=recv:5000 d=plainpipe:100 \
		back=free e=close sleep:200
	value "$text: the socket takes it" tls.errno 0
	value "$text: recv() gets nothing" b.bytes 0
	value "$text: recvmsg() gets nothing" c.bytes 0
	value "$text: splice() gets nothing" d.bytes 0
	value "$text: tokens are good" back.held "$(dm_value "$OUT" a.held)"
	talk_end "$text"

	text="kernel TLS before the first byte"
	talk "$text" "wait:$GO send:60000 sleep:300 touch:$GO.2" \
		tls=plaintls "touch:$GO" "wait:$GO.2" sleep:300 b=plain:5000 \
		c=recv:5000 e=close sleep:200
	value "$text: recv() gets nothing" b.bytes 0
	value "$text: recvmsg() gets nothing" c.bytes 0
	talk_end "$text"
}

mptcp()
{
	local text=MPTCP sender

	rm -f "$GO"*
	if [ "$(rx cat /proc/sys/net/mptcp/enabled)" != 1 ]; then
		skip "$text" "switched off here"
		return
	fi
	dm_sock "$OUT" "${BIND[@]}" -M accept "wait:$GO" one=plain:100 \
		a=plain:5000 b=recv:5000 c=dontneed:1:1:10 close sleep:100
	tx timeout 20 dmsend -M "$IP4_RX" $PORT each:100:1:300000 send:60000 \
		sleep:300 "touch:$GO" sleep:1000 >"$TMP/send" 2>&1 &
	sender=$!
	dm_sock_wait "$text: no wrong byte" "$OUT"
	wait $sender || diag "$(cat "$TMP/send")"
	diag "$(tr '\n' ' ' <"$OUT")"
	value "$text: recv() of host memory" one.bytes 100
	value "$text: recv() gets nothing else" a.bytes 0
	value "$text: nor does recvmsg()" b.bytes 0
	value "$text: DONTNEED frees nothing" c.freed 0
	talk_end "$text"
}

# What is in device memory cannot go through the map, and stays where it is: the
# kernel's reader of the map gives nothing while something is left behind.
sockmap()
{
	local text=sockmap sends="wait:$GO each:100:1:300000 touch:$GO.2"

	sends+=" wait:$GO.3 send:60000 sleep:300 touch:$GO.4"
	talk "$text" "$sends" map=plainmap "touch:$GO" "wait:$GO.2" sleep:200 a=plain:60 \
		"touch:$GO.3" "wait:$GO.4" b=plain:5000 c=recv:5000 inq=inq \
		close sleep:200
	value "$text: the socket is in it" map.errno 0
	value "$text: recv() of host memory" a.bytes 60
	value "$text: recv() gets nothing else" b.errno EAGAIN
	value "$text: nor does recvmsg()" c.errno EAGAIN
	value "$text: it is still there" inq.value 60040
	talk_end "$text"
}

# The same there, and the socket is as good as before when it comes out.
kcm()
{
	local text=KCM sends="wait:$GO each:100:1:300000 touch:$GO.2"

	dm_modules kcm
	sends+=" wait:$GO.3 send:60000 sleep:300 touch:$GO.4"
	talk "$text" "$sends" kcm=plainkcm "touch:$GO" "wait:$GO.2" sleep:200 \
		a=plainkcmrecv "touch:$GO.3" "wait:$GO.4" b=plainkcmrecv inq=inq \
		out=plainkcmout end=eof
	value "$text: the socket is in it" kcm.errno 0
	value "$text: a message of host memory" a.errno 0
	value "$text: none of device memory" b.errno EAGAIN
	value "$text: it is still there" inq.value 60000
	value "$text: the socket comes out" out.errno 0
	value "$text: the end of the stream" end.pos 60100
	above "$text: the rest is in device memory" end.device 50000
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
copiers
defer net_mtu 1500
pages
tls
mptcp
sockmap
kcm
