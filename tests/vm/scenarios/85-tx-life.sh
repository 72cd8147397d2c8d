# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 400
# Proves: a binding may end while bytes from it are on their way. They are all
# sent, rmmod does not wait for that, new ones are refused, and the dma-buf is
# given back with the last acknowledgement, or when their socket dies. When the
# device or its memory goes, that is not waited for: nothing more is sent, and
# those connections time out.
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

GO=$TMP/go
FILL=$((2 << 20))

unbind_all()
{
	tx devmemctl unbind --all
}

unbind_id()
{
	tx devmemctl unbind "$(tx_value id)"
}

rmmod_control()
{
	rmmod devmem_tcp
}

rmmod_core()
{
	rmmod devmem_tcp_core
}

bar_is_free()
{
	[ "$(awk '$1 == "devmem_bar" { print $3 }' /proc/modules)" = 0 ]
}

# Off the list, and not free.
lingers()
{
	grep -q "^id=$(tx_value id) state=freeing" \
		/sys/kernel/debug/devmem_tcp/bindings
}

# A receiver that does not read, and a sender whose window it has closed.
# stuck [WORD]... -- STEP...: the steps come after that. GONE: the rest will not
# come, so the receiver takes what is there and resets the connection
GONE=
stuck()
{
	local options=() rest=()

	[ -z "$GONE" ] || rest=(drain:1000 rst)
	rm -f "$GO".*
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	tx_sink -r 65536 $PORT "wait:$GO.read" "${rest[@]}"
	tx_start "${options[@]}" -S 4194304 -- full=fill:$FILL \
		"touch:$GO.full" "wait:$GO.on" "$@"
	tx_goes_on "$GO.full"
	sleep 1
}

# HOW ends the binding; then the peer reads again.
outlive()
{
	local text=$1 how=$2 start
	shift 2

	stuck "$@" -- late=try:0:1000 before=pending "done" after=pending
	start=${EPOCHREALTIME/./}
	check "$text: it ends" "$how"
	diag "$text: took $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
	equal "$text: and does not wait" \
		"$((${EPOCHREALTIME/./} - start < 3000000 * ${STAGE_SLOW:-1}))" 1
	check "$text: it waits for the bytes" wait_for 5 lingers
	touch "$GO.on"
	sleep 0.5
	touch "$GO.read"
	tx_wait "$text"
	equal "$text: more is refused" "$(tx_value late.errno)" EINVAL
	equal "$text: before the window opened some was not completed" \
		"$(($(tx_value before.pending) > 0))" 1
	equal "$text: then all was" "$(tx_value after.pending)" 0
	tx_right "$text"
}

lists_binding()
{
	grep -q '^id=' "$OUT"
}

dm_stage 4
defer load_modules
defer unbind_all

outlive "unbind" unbind_id "${TX_BAR[@]}"
tx_gone "unbind"
check "unbind: the exporter is free" wait_for 5 bar_is_free

outlive "rmmod" rmmod_control "${TX_BAR[@]}"
check "rmmod: the exporter is free" wait_for 5 bar_is_free
check "rmmod of the core, when all is acknowledged" wait_for 5 rmmod_core
check "the modules come back" load_modules

# In the middle of a call that waits for room: it has sent a part, and then it ends.
text="in mid-call"
rm -f "$GO".*
tx_sink -r 65536 $PORT "wait:$GO.read"
tx_start "${TX_BAR[@]}" -S 300000 -- send:$FILL:$FILL
wait_for 20 lists_binding
sleep 1
check "$text: unbind" unbind_id
touch "$GO.read"
if wait $SENDER; then
	not_ok "$text: the rest is refused"
else
	ok "$text: the rest is refused"
fi
wait $SINK_PID || true
diag "$(cat "$OUT.err")"
equal "$text: what was sent came" "$(sink_value received)" \
	"$(sed -n 's/.*sendmsg after \([0-9]*\) bytes: Invalid argument/\1/p' "$OUT.err")"
equal "$text: and is right" "$(sink_value received)" "$(sink_value right)"
equal "$text: a part" "$(($(sink_value received) > 0))" 1
tx_gone "$text"

# The owner of a binding of the family netdev closes its socket.
stuck -n "${TX_BAR[@]}" -- unbind "done"
touch "$GO.on" "$GO.read"
tx_wait "netlink"
tx_right "netlink"
tx_gone "netlink"

# The core is in use as long as bytes are out.
stuck "${TX_BAR[@]}" -- sleep:0
check "in use: rmmod of the control module" rmmod_control
expect_error "in use" "in use: rmmod of the core" rmmod_core
touch "$GO.on" "$GO.read"
tx_wait "in use"
tx_right "in use"
check "in use: no longer" wait_for 5 rmmod_core
check "in use: the modules come back" load_modules

# Sockets that die
stuck "${TX_BAR[@]}" -- rst
touch "$GO.on"
check "reset by us: unbind" unbind_id
touch "$GO.read"
wait $SENDER || true
wait $SINK_PID || true
tx_gone "reset by us"

tx_sink -r 65536 $PORT "wait:$GO.rst" rst
rm -f "$GO".*
tx_start "${TX_BAR[@]}" -S 4194304 -- full=fill:$FILL "touch:$GO.full" \
	"wait:$GO.on" exit
tx_goes_on "$GO.full"
check "reset by the peer: unbind" unbind_id
touch "$GO.rst" "$GO.on"
wait $SENDER || true
wait $SINK_PID || true
tx_gone "reset by the peer"

# Killed; the orphan goes on sending what is queued.
stuck "${TX_BAR[@]}" -- sleep:100000
tx pkill -9 -x dmtx || true
wait $SENDER || true
check "killed: unbind" unbind_id
check_fails "killed: the orphan still has the dma-buf" bar_is_free
touch "$GO.read"
wait $SINK_PID || true
equal "killed: the orphan sends all" "$(sink_value received)" \
	"$(sink_value right)"
equal "killed: which is what was queued" "$(sink_value received)" \
	"$(tx_value full.bytes)"
tx_gone "killed"

# The memory goes: its driver is unbound with bytes out, listed or lingering.
memory_goes()
{
	echo "$PCI_MEM" >"/sys/bus/pci/devices/$PCI_MEM/driver/unbind"
}

GONE=1
for when in bound lingering; do
	stuck "${TX_BAR[@]}" -- exit
	[ $when = bound ] || check "memory, $when: unbind" unbind_id
	start=${EPOCHREALTIME/./}
	check "memory, $when: it goes" timeout $((30 * ${STAGE_SLOW:-1})) \
		bash -c "$(declare -f memory_goes); PCI_MEM=$PCI_MEM; memory_goes"
	diag "took $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
	touch "$GO.on" "$GO.read"
	sleep 1
	check "memory, $when: the network works" net_answers
	wait $SENDER || true
	wait $SINK_PID || true
	equal "memory, $when: no wrong byte came" "$(sink_value received)" \
		"$(sink_value right)"
	tx_gone "memory, $when"
done

# The memory goes while it is being bound: the exporter's fence is waited for.
text="memory, not bound yet"
dm_modules tbuf
tx timeout 60 withbuf tbuf:1M,dynamic,fence,fence_ms=3000 \
	dmtx -d "$DEV_TX" "$TO" $PORT sleep:0 >"$OUT" 2>&1 &
SENDER=$!
sleep 1
echo move >/dev/tbuf
if wait $SENDER; then
	not_ok "$text: the bind is refused" "$(cat "$OUT")"
else
	ok "$text: the bind is refused"
fi
equal "$text: because" "$(grep -c 'took the dma-buf back' "$OUT")" 1
tx_gone "$text"

# The NIC goes.
nic_back()
{
	echo 1 >/sys/bus/pci/rescan
	wait_for 20 net_up
}

defer nic_back
# Its orphans hear nothing any more.
tx sysctl -qw net.ipv4.tcp_orphan_retries=1
defer tx sysctl -qw net.ipv4.tcp_orphan_retries=0
for when in bound lingering control-gone; do
	stuck "${TX_BAR[@]}" -- exit
	[ $when != lingering ] || check "NIC, $when: unbind" unbind_id
	[ $when != control-gone ] || check "NIC, $when: rmmod" rmmod_control
	check "NIC, $when: it goes" timeout $((30 * ${STAGE_SLOW:-1})) \
		bash -c "echo 1 >/sys/bus/pci/devices/$PCI_TX/remove"
	touch "$GO.on" "$GO.read"
	wait $SENDER || true
	check "NIC, $when: the dma-buf is given back" wait_for 5 bar_is_free
	wait $SINK_PID || true
	equal "NIC, $when: no wrong byte came" "$(sink_value received)" \
		"$(sink_value right)"
	check "NIC, $when: it comes back" nic_back
	check "NIC, $when: modules" load_modules
	tx_gone "NIC, $when"
done
tx_talk "afterwards" "${TX_BAR[@]}" -- send:1000000
check "afterwards: unbind" unbind_all
tx_gone "afterwards"
