# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: from device memory to device memory: one NIC reads it, the other writes
# it, and no CPU touches a byte between. 100 times rmmod while bytes are on their
# way, without a leak.
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

BYTES=$((64 << 20))
CYCLES=${CYCLES:-100}
BINDINGS=/sys/kernel/debug/devmem_tcp/bindings

unbind_all()
{
	tx devmemctl unbind --all
	rx devmemctl unbind --all
}

device_to_device()
{
	local text=$1 out=$TMP/recv

	dm_take_bar
	rx dmsock -p $PORT -m "$PCI_MEM:0:0x1000000" -d "$DEV_RX" -q 1 accept \
		all=read:$BYTES end=eof >"$out" 2>"$out.err" &
	RECEIVER=$!
	dm_comes_up 20 $PORT $RECEIVER
	tx_start -m "$PCI_MEM:0x1000000:0x1000000" -d "$DEV_TX" -- send:$BYTES
	SINK_PID=$RECEIVER
	tx_wait "$text"
	equal "$text: all bytes are sent" "$(tx_value sent)" $BYTES
	equal "$text: nothing was copied" "$(tx_value copied)" 0
	equal "$text: at least 99.9 % in device memory" \
		"$(($(dm_value "$out" all.device) * 1000 >= BYTES * 999))" 1
	diag "$text: $(dm_value "$out" all.device) of $BYTES"
	dm_no_drops "$text"
	check "$text: unbind" unbind_all
	tx_gone "$text"
}

dm_stage 4
defer load_modules
defer unbind_all
dm_steer 0 1 0 0
device_to_device "IPv4"
TO=$IP6_RX
device_to_device "IPv6"
TO=$IP4_RX
defer net_mtu 1500
net_mtu 9000
device_to_device "IPv4, MTU 9000"
TO=$IP6_RX
device_to_device "IPv6, MTU 9000"
TO=$IP4_RX
net_mtu 1500

dm_steer 1 0 0 0
[ -z "${STAGE_SLOW:-}" ] || [ "$STAGE_SLOW" -eq 1 ] || CYCLES=20
bad=0
for ((i = 0; i < CYCLES; i++)); do
	tx_sink -r 65536 $PORT "wait:$TMP/on.$i"
	tx_start "${TX_BAR[@]}" -S 4194304 -- full=fill:$((2 << 20)) \
		"touch:$TMP/go.$i" "wait:$TMP/on.$i"
	wait_for 20 test -e "$TMP/go.$i" || bad=$((bad + 1))
	rmmod devmem_tcp || bad=$((bad + 1))
	grep -q "^id=$(tx_value id) state=freeing" $BINDINGS || bad=$((bad + 1))
	touch "$TMP/on.$i"
	wait $SENDER || bad=$((bad + 1))
	wait $SINK_PID || bad=$((bad + 1))
	[ "$(sink_value right)" = "$(tx_value sent)" ] || bad=$((bad + 1))
	modprobe devmem_tcp
done
equal "$CYCLES times rmmod with bytes on their way: what went wrong" $bad 0
tx_gone "rmmod"
