# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: the socket interface. Plain recv() of device memory is EFAULT and
# loses nothing; control buffers of any size, MSG_PEEK, short reads and limits
# of SO_DEVMEM_DONTNEED behave as documented; small messages stay readable;
# sockets elsewhere are not touched. Every byte is compared.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
GO=$TMP/go
BIND=(-m "$PCI_MEM" -d "$DEV_RX" -q 1)

value()
{
	equal "$1" "$(dm_value "$OUT" "$2")" "$3"
}

above()
{
	equal "$1" "$(($(dm_value "$OUT" "$2") > $3))" 1
}

plain_recv()
{
	local text="plain recv()"

	rm -f "$GO"
	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:14000 touch:$GO send:1000000" "${BIND[@]}" accept \
		"wait:$GO" ready:5000 a=plain:1 b=plain:100000 \
		c=recv:500 d=plain:100 e=read:1013500 f=eof
	value "$text of device memory" a.errno EFAULT
	value "$text of device memory, again" b.errno EFAULT
	value "$text: nothing is lost" c.pos 500
	value "$text: it is device memory" c.device 500
	value "$text in the middle of a frag" d.errno EFAULT
	value "$text: the rest arrives" e.pos 1014000
	value "$text: the end of the stream" f.end eof
	dm_unbind "$OUT" "$text"
}

control_buffer()
{
	local text="control buffer"

	rm -f "$GO"
	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:14000 touch:$GO send:300000" "${BIND[@]}" accept \
		"wait:$GO" set:rcvlowat:9000 ready:5000 none=recv:14000:0 \
		one=recv:14000:1 three=recv:9000:3 none2=recv:100:0 rest=read:200000 end=eof
	value "$text: none is EMSGSIZE" none.errno EMSGSIZE
	value "$text: none takes nothing" none.pos 0
	value "$text: none gives no token" none.held 0
	value "$text: room for 1" one.frags 1
	value "$text: room for 3" three.frags 3
	value "$text: none, later" none2.errno EMSGSIZE
	value "$text: none, later, takes nothing" none2.pos \
		"$(dm_value "$OUT" three.pos)"
	value "$text: the end of the stream" end.pos 314000
	value "$text: the end of the stream" end.end eof
	dm_unbind "$OUT" "$text"
}

peek()
{
	local text=MSG_PEEK

	rm -f "$GO"
	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:14000 touch:$GO send:300000" "${BIND[@]}" accept \
		"wait:$GO" set:rcvlowat:3000 ready:5000 a=recv:3000:1024:p \
		b=recv:3000:1024:p none=recv:3000:0:p c=recv:3000 back=free \
		read:200000 end=eof
	value "$text sees device memory" a.device 3000
	value "$text takes nothing" a.pos 0
	above "$text gives tokens" a.held 1
	value "$text, again, sees the same" b.device 3000
	above "$text, again, gives more tokens" b.held \
		"$(dm_value "$OUT" a.held)"
	value "$text without control buffer" none.errno EMSGSIZE
	value "$text: the read after it" c.pos 3000
	value "$text: all tokens go back" back.held \
		"$(dm_value "$OUT" c.held)"
	value "$text: the end of the stream" end.pos 314000
	dm_unbind "$OUT" "$text"
}

dontneed()
{
	local text=DONTNEED

	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:3000000" "${BIND[@]}" accept \
		early=dontneed:1:1:1 ready:5000 part=recv:100 \
		ranges=dontneed:129:100000:1 most=dontneed:128:100000:1 \
		odd=optlen:7 odd12=optlen:12 long=optlen:1032 empty=optlen:0 \
		unknown=dontneed:1:123456:100 zero=dontneed:1:0:1 \
		high=dontneed:1:2147483648:4294967295 udp \
		free twice read:100000 \
		hold:2600000 end=eof
	value "$text before any frag" early.freed 0
	value "$text of 129 ranges" ranges.errno EINVAL
	value "$text of 128 ranges" most.errno 0
	value "$text of 128 ranges of unknown tokens" most.freed 0
	value "$text of 7 bytes" odd.errno EINVAL
	value "$text of 12 bytes" odd12.errno EINVAL
	value "$text of 1032 bytes" long.errno EINVAL
	value "$text of nothing" empty.freed 0
	value "$text of unknown tokens" unknown.freed 0
	value "$text of token 0" zero.freed 0
	value "$text of tokens above 2^31" high.freed 0
	value "$text of a token twice" twice.freed 0
	value "$text on a UDP socket" udp.errno EBADF
	value "$text: the end of the stream" end.pos 3000000
	dm_unbind "$OUT" "$text"

	text="DONTNEED limit"
	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:3000000" "${BIND[@]}" accept \
		hold=hold:2900000 some=dontneed:1:1:1000000 \
		more=dontneed:2:1:600 none=dontneed:2:1:500
	above "$text: more than 1024 frags are held" hold.held 1200
	value "$text: 1024 of a large range are freed" some.freed 1024
	value "$text: numbers that are free count for it" more.freed 0
	value "$text: freed ones are not freed again" none.freed 0
	dm_unbind "$OUT" "$text"
}

short_reads()
{
	local text="short reads"

	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:300000" "${BIND[@]}" accept ready:5000 \
		a=recv:1 b=recv:7 c=recv:1000 d=recv:1 e=recv:3000:1 \
		back=free twice=dontneed:1:1:100 f=read:100001 end=eof
	value "$text: 1 byte" a.pos 1
	value "$text: 7 bytes" b.pos 8
	value "$text: 1000 bytes of the same frag" c.pos 1008
	value "$text: each has its token" d.held 4
	value "$text: to the end of a frag" e.frags 1
	value "$text: a frag's tokens are freed one by one" twice.freed 0
	value "$text: the end of the stream" end.pos 300000
	dm_unbind "$OUT" "$text"
}

close_with_tokens()
{
	local text="close with tokens"

	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:3000000" "${BIND[@]}" accept hold=hold:1500000 close \
		sleep:100
	above "$text: many are held" hold.held 500
	dm_unbind "$OUT" "$text"

	text="exit with tokens"
	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:3000000" "${BIND[@]}" accept hold=hold:1500000
	above "$text: many are held" hold.held 500
	dm_unbind "$OUT" "$text"
}

# The second socket is in a queue that is not bound.
others()
{
	local text="a socket in an unbound queue"

	dm_exchange "$text: a binding first" "$OUT" send:100000 \
		"${BIND[@]}" accept eof
	mv "$OUT" "$OUT.bound"
	dm_steer 1 0 0 0
	dm_exchange "$text: all bytes are right" "$OUT" send:3000000 \
		accept set:rcvlowat:3000 ready:5000 a=recv:1000 b=recv:1000:0 \
		c=plain:1000 early=dontneed:1:1:1 d=read:1000000 \
		e=plainread:100000 end=eof
	value "$text: MSG_SOCK_DEVMEM reads plain bytes" a.linear 1000
	value "$text: without a control message" a.linears 0
	value "$text: and needs no control buffer" b.errno 0
	value "$text: plain recv()" c.bytes 1000
	value "$text: DONTNEED frees nothing" early.freed 0
	value "$text: nothing of it is device memory" end.device 0
	value "$text: plain recv() of a lot" e.bytes 100000
	value "$text: the end of the stream" end.pos 3000000
	dm_steer 0 1 0 0
	mv "$OUT.bound" "$OUT"
	dm_unbind "$OUT" "$text"
}

small_messages()
{
	local text="small messages"

	dm_exchange "$text: all bytes are right" "$OUT" \
		"each:100:50:1000" "${BIND[@]}" accept a=plainread:5000
	value "$text are for plain recv()" a.bytes 5000
	dm_unbind "$OUT" "$text"

	text="small and large messages"
	dm_exchange "$text: all bytes are right, in order" "$OUT" \
		"mix:6000000" "${BIND[@]}" accept a=read:3000000 b=eof
	above "$text: device memory" a.device 1000000
	above "$text: linear bytes, told by control messages" a.linears 10
	value "$text: the end of the stream" b.pos 6000000
	dm_unbind "$OUT" "$text"

	text="a small message, then large ones"
	rm -f "$GO"
	dm_exchange "$text: all bytes are right, in order" "$OUT" \
		"each:100:1:300000 send:14000 touch:$GO" "${BIND[@]}" \
		accept "wait:$GO" ready:5000 sleep:300 a=plain:20000 \
		b=plain:20000 c=eof
	value "$text: plain recv() ends where device memory begins" a.bytes 100
	value "$text: and fails there" b.errno EFAULT
	value "$text: the rest" c.device 14000
	dm_unbind "$OUT" "$text"

	text="a small message after large ones"
	rm -f "$GO"
	dm_exchange "$text: all bytes are right, in order" "$OUT" \
		"each:14000:1:300000 each:100:1:300000 touch:$GO" "${BIND[@]}" \
		accept a=read:14000 "wait:$GO" ready:5000 b=recv:100:0 c=eof
	value "$text: the large ones" a.device 14000
	value "$text needs no control buffer" b.errno 0
	value "$text is plain bytes then" b.linear 100
	dm_unbind "$OUT" "$text"
}

dm_stage 4
dm_steer 0 1 0 0
plain_recv
control_buffer
peek
dontneed
short_reads
close_with_tokens
others
small_messages
dm_no_drops "all of it"
