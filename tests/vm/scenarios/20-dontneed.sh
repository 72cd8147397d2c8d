# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: SO_DEVMEM_DONTNEED gives back what is this socket's, once, whatever
# it is asked for: ranges that overlap, wrap or are empty, memory that is not
# there, numbers of another socket, several threads at the same time.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

ranges()
{
	local text=ranges

	talk "$text" "send:200000" a=hold:100000 bad=fault badall=faultall \
		over=overlap again=dontneed:1:1:1000 \
		b=hold:50000 neg=optlen:4294967295 unix=unix udp=udp back=free \
		end=eof
	value "$text: memory that ends half way" bad.errno EFAULT
	value "$text: memory that is not there" badall.errno EFAULT
	value "$text: overlapping ranges free all, once" over.freed \
		"$(dm_value "$OUT" a.held)"
	value "$text: nothing is left to free" again.freed 0
	value "$text: a UNIX socket" unix.errno EBADF
	value "$text: a UDP socket" udp.errno EBADF
	above "$text: tokens are still good" back.held 30
	talk_end "$text"
}

# Both sockets have tokens 1, 2, ...
foreign()
{
	local text="two sockets" sender

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=hold:60000 swap accept \
		b=hold:20000 mine=dontneed:1:1:1000 twice=dontneed:1:1:1000 \
		forget swap back=free end=eof swap other=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:100000 >"$TMP/send.1" 2>&1 &
	sender=$!
	wait_for 20 grep -q a.held "$OUT"
	dm_send send:30000
	wait $sender || diag "$(cat "$TMP/send.1")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	above "$text: one holds more than the other" a.held \
		"$(dm_value "$OUT" b.held)"
	value "$text: numbers of both free one's only" mine.freed \
		"$(dm_value "$OUT" b.held)"
	value "$text: and only once" twice.freed 0
	value "$text: the other's are untouched" back.held \
		"$(dm_value "$OUT" a.held)"
	value "$text: the end of the stream" end.pos 100000
	value "$text: the end of the other" other.pos 30000
	talk_end "$text"
}

threads()
{
	local text="threads"

	talk "$text" "send:8000000" race=race:8000000:4 end=eof
	value "$text: all bytes" race.bytes 8000000
	above "$text: many tokens" race.handed 4000
	value "$text: each is freed once" race.freed \
		"$(dm_value "$OUT" race.handed)"
	value "$text: nothing else is" race.stray 0
	talk_end "$text"
}

dm_stage 4
dm_steer 0 1 0 0
ranges
foreign
threads
dm_no_drops "all of it"
