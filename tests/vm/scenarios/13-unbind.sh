# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: unbind and rmmod devmem_tcp return a queue to normal while sockets
# live: what is queued is still delivered from device memory, what comes later
# is plain bytes, tokens stay valid, no byte is lost, and bind works again at
# once. devmem_tcp_core is in use until the last such socket is closed.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
NUMBER=0

unbind_id()
{
	rx devmemctl unbind "$(dm_value "$OUT" id)"
}

# A connection that sees the end of its binding. HOW ends it. What stands
# around HOW: 1000000 bytes read with tokens kept, 14000 not yet read.
survive()
{
	local text=$1 how=$2 go sender

	NUMBER=$((NUMBER + 1))
	go=$TMP/go$NUMBER
	dm_sock "$OUT" -m "$PCI_MEM" -d "$DEV_RX" -q 1 accept \
		keep=hold:1000000 "touch:$go.read" "wait:$go.after" \
		queued=recv:14000 back=free twice=dontneed:1:1:100 \
		later=read:1000000 plain=plainread:100000 end=eof \
		"touch:$go.end" \
		"wait:$go.close"
	tx timeout 60 dmsend "$IP4_RX" $PORT send:1000000 "wait:$go.read" \
		send:14000 "touch:$go.queued" "wait:$go.after" \
		send:1200000 >"$TMP/send" 2>&1 &
	sender=$!
	check "$text: data before" wait_for 20 test -e "$go.queued"
	sleep 0.2
	check "$text: $how" "$how"
	touch "$go.after"
	check "$text: the stream goes on" wait_for 30 test -e "$go.end"
	"after_$how" "$text"
	touch "$go.close"
	wait $sender || true
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: before it is device memory" \
		"$(($(dm_value "$OUT" keep.device) > 990000))" 1
	equal "$text: what is queued is device memory" \
		"$(dm_value "$OUT" queued.device)" 14000
	equal "$text: later it is not" "$(dm_value "$OUT" later.device)" 0
	equal "$text: a plain recv() works" \
		"$(dm_value "$OUT" plain.bytes)" 100000
	equal "$text: tokens were valid until returned" \
		"$(dm_value "$OUT" back.held)" \
		"$(dm_value "$OUT" queued.held)"
	equal "$text: and not longer" "$(dm_value "$OUT" twice.freed)" 0
	equal "$text: the end of the stream" "$(dm_value "$OUT" end.pos)" \
		2214000
}

after_unbind_id()
{
	equal "$1: the binding is not listed" "$(dm_bindings)" 0
}

rmmod_control()
{
	rmmod devmem_tcp
}

# The socket is still open.
after_rmmod_control()
{
	expect_error "in use" "$1: rmmod devmem_tcp_core while a socket has it" \
		rmmod devmem_tcp_core
}

# A whole transfer by the tool.
again()
{
	local out=$TMP/recv

	dm_recv "$out" -q 1 --hash bar "$PCI_MEM"
	check "$1: bind and send again" tx timeout 60 \
		socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:$PORT"
	dm_recv_wait "$1: received again" "$out"
	equal "$1: SHA-256, again" "$(dm_field "$out" sha256)" \
		"$(sum "$TMP/input")"
	equal "$1: in device memory, again" \
		"$(($(dm_field "$out" bytes_device) > 4000000))" 1
}

core_gone()
{
	rmmod devmem_tcp_core
}

dm_stage 4
defer load_modules
dm_steer 0 1 0 0
random_file "$TMP/input" 4

survive "unbind" unbind_id
again "unbind"
dm_nothing_left "unbind"
dm_plain 1 "after unbind"
dm_steer 0 1 0 0
expect_error 'no binding with this id.*ENOENT' "unbind of what is not there" \
	rx devmemctl unbind "$(dm_value "$OUT" id)"

survive "rmmod" rmmod_control
dm_plain 1 "after rmmod devmem_tcp"
dm_steer 0 1 0 0
check "rmmod devmem_tcp_core works when the socket is closed" \
	wait_for 5 core_gone
dm_plain 1 "after rmmod devmem_tcp_core"
dm_steer 0 1 0 0
check "modprobe devmem_tcp" modprobe devmem_tcp
again "modprobe"
dm_nothing_left "modprobe"

# With nothing else going on: bind, rmmod, and all is gone at once.
check "bind" rx devmemctl bind -d "$DEV_RX" -q 1,2 bar "$PCI_MEM"
check "rmmod of both modules, one after the other, with a binding" \
	rmmod devmem_tcp devmem_tcp_core
check "the exporter is not in use" wait_for 5 rmmod devmem_bar
check "all modules come back" load_modules
again "reload"
dm_nothing_left "reload"
