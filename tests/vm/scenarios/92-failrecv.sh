# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: recvmsg() and DONTNEED, with their first, second, ... allocation or copy
# failing, say so and change nothing: no byte is lost, no token, and the next call
# goes on. A stream lives through allocations that fail at random in interrupt
# context, through a pool whose refills fail at random, and through one that has a
# buffer for every second request.
# shellcheck source=tests/vm/scenarios/failnth.bash
. /stage/scenarios/failnth.bash
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

# The first recvmsg() makes the ring of tokens, later ones make it larger.
calls()
{
	local text=calls

	talk "$text" "send:9000000" x=faults:on a=recv:20000:1024:b \
		pk=recv:9000:1024:p b=hold:5000000 ready:5000 \
		tr=recv:100:8:t some=freesome:1000 pl=plain:100 \
		back=free end=eof off=faults:off
	diag "$(grep '^off\.' "$OUT" | tr '\n' ' ')"
	above "$text: more than one failed in each" off.injected \
		"$(dm_value "$OUT" off.calls)"
	above "$text: ENOMEM" off.nomem 5
	above "$text: EFAULT" off.fault 20
	above "$text: the ring grew" back.held 2000
	value "$text: the end of the stream" end.pos 9000000
	talk_end "$text"
}

# random KIND PERCENT: a stream meanwhile, and its binding ends meanwhile.
random()
{
	local text="$1, $2 %" times=1000000 left sender

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept a=hold:300000 "touch:$GO" \
		b=read:3000000 "touch:$GO.2" end=eof
	tx timeout 150 dmsend "$IP4_RX" $PORT send:300000 "wait:$GO.on" \
		send:3700000 >"$TMP/send" 2>&1 &
	sender=$!
	goes_on "$GO"
	fn_random "$1" "$2" $times
	touch "$GO.on"
	if ! wait_for 100 test -e "$GO.2"; then
		not_ok "$text: the stream goes on" "$(tail -n 5 "$OUT")"
	fi
	left=$(fn_left "$1")
	fn_off
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	diag "$text: $((times - left)) failed"
	equal "$text: some failed" "$((left < times - 5))" 1
	value "$text: the end of the stream" end.pos 4000000
	talk_end "$text"
}

# Our own allocator's.
refills()
{
	fn_set devmem_tcp/fail_pool verbose 0
	FN_KINDS+=" devmem_tcp/fail_pool"
	random devmem_tcp/fail_pool 40
}

# Fewer buffers than the ring takes: nearly every refill finds nothing. Of the
# buffers that queues share half stay in the pool.
small()
{
	local text=$1 empty least=20

	[ "$3" = 1 ] || least=0
	empty=$(dm_stat 1 pool_empty)
	dm_exchange "$text: all bytes are right" "$OUT" send:3000000 \
		-m "$PCI_MEM:0:$2" -d "$DEV_RX" -q "$3" accept a=read:1000000 \
		end=eof
	diag "$text: $(($(dm_stat 1 pool_empty) - empty)) times empty"
	equal "$text: the pool was empty" \
		"$(($(dm_stat 1 pool_empty) > empty + least))" 1
	value "$text: the end of the stream" end.pos 3000000
	[ "$3" = 1 ] || rx devmemctl unbind --all
	[ "$3" = 1 ] && talk_end "$text"
	dm_nothing_left "$text"
}

fn_stage
dm_stage 4
dm_steer 0 1 0 0
calls
random failslab 3
random fail_page_alloc 3
refills
small "48 buffers" $((48 * 4096)) 1
small "128 buffers for two queues" $((128 * 4096)) 1,2
