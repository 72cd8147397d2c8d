# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: what has left TCP and not the NIC when its memory goes is not sent any more,
# wherever it is: in a qdisc, in the NIC's ring, in the ring of a NIC that nobody can
# reach or that sleeps. What is in the ring of a NIC keeps the dma-buf, also if its
# socket is gone.
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

GO=$TMP/go
FIRST=20000
SYS=/sys/bus/pci/devices/$PCI_TX

unbind_all()
{
	tx devmemctl unbind --all
}

fault()
{
	echo "$1 $PCI_TX" >/sys/module/nicfault/parameters/run
}

memory_goes()
{
	check "$1: the memory goes" \
		timeout $((30 * STAGE_SLOW)) bash -c \
		"echo $PCI_MEM >/sys/bus/pci/devices/$PCI_MEM/driver/unbind"
}

# Of the PCI command register
is_master()
{
	[ $(($(od -An -tu1 -j4 -N1 "$SYS/config") & 4)) -ne 0 ]
}

dropped()
{
	tx ip -s -j link show "$DEV_TX" | jq '.[0].stats64.tx.dropped'
}

resets()
{
	dmesg | grep -c 'is not drained, resetting' || true
}

# begin [STEP]...: FIRST bytes come. The rest is for what stands in their way.
begin()
{
	rm -f "$GO"*
	tx_sink $PORT "read:$FIRST" "touch:$GO.first" "wait:$GO.read" drain:500 rst
	tx_start "${TX_BAR[@]}" -- "send:$FIRST" "wait:$GO.more" fill:100000 \
		"touch:$GO.sent" "wait:$GO.on" "$@"
	tx_goes_on "$GO.first"
	sleep 0.3	# for the acknowledgements
}

more()
{
	touch "$GO.more"
	tx_goes_on "$GO.sent"
}

# finish TEXT [MORE]: nothing more has come, or it is right
finish()
{
	touch "$GO.on" "$GO.read"
	wait "$SENDER" || true
	wait "$SINK_PID" || true
	if [ -n "${2:-}" ]; then
		equal "$1: what came is right" "$(sink_value received)" \
			"$(sink_value right)"
	else
		equal "$1: nothing more came" "$(sink_value received)" $FIRST
	fi
	unbind_all >/dev/null
	tx_gone "$1"
	check "$1: the network works" wait_for 20 net_answers
}

held_by_qdisc()
{
	tx tc -s qdisc show dev "$DEV_TX" | grep -q 'backlog [1-9]'
}

# They have passed everybody but the driver.
in_qdisc()
{
	local text="in a qdisc" before delay=$((5 * STAGE_SLOW))

	begin exit
	tx tc qdisc add dev "$DEV_TX" root netem delay ${delay}s limit 10000
	more
	check "$text: it holds some" held_by_qdisc
	memory_goes "$text"
	before=$(dropped)
	sleep $delay.5
	equal "$text: the driver drops them" "$(($(dropped) > before))" 1
	tx tc qdisc del dev "$DEV_TX" root
	finish "$text"
}

# They would be sent as soon as it goes on.
in_ring()
{
	local text="in the ring" before

	before=$(resets)
	begin exit
	fault tx_hold
	more
	memory_goes "$text"
	equal "$text: the NIC is reset" "$(($(resets) - before))" 1
	finish "$text"
}

lingers()
{
	grep -q "^id=$(tx_value id) state=freeing" \
		/sys/kernel/debug/devmem_tcp/bindings
}

dead_socket()
{
	local text="in the ring, of a socket that is gone"

	begin rst
	fault tx_hold
	more
	touch "$GO.on"
	wait "$SENDER" || true
	check "$text: unbind" tx devmemctl unbind "$(tx_value id)"
	sleep 0.5
	check "$text: they keep the dma-buf" lingers
	fault tx_go
	touch "$GO.read"
	check "$text: the NIC goes on" wait_for 20 net_answers
	wait "$SINK_PID" || true
	equal "$text: what came is right" "$(sink_value received)" \
		"$(sink_value right)"
	tx_gone "$text"
}

# lost TEXT MORE COMMAND...: it hears nothing, so it has not been stopped, and must be.
lost()
{
	local text=$1 more=$2
	shift 2

	begin exit
	fault tx_hold
	more
	check "$text: a bus master before" is_master
	fault offline
	"$@"
	check_fails "$text: it reads no memory any more" is_master
	check "$text: recovery" eval "fault frozen && fault slot_reset && fault resume"
	tx ip link set "$DEV_TX" up
	wait_for 20 net_up || true
	check "$text: a bus master again" is_master
	finish "$text" "$more"
}

link_down()
{
	check "the link goes down" tx ip link set "$DEV_TX" down
}

# A runtime resume looks like a device that is detached.
asleep()
{
	local text="a NIC that sleeps"

	dm_take_bar
	check "$text: bind" tx devmemctl bind --tx -d "$DEV_TX" bar "$PCI_MEM"
	tx ip link set "$DEV_TX" down
	echo auto >"$SYS/power/control"
	if wait_for 12 grep -q suspended "$SYS/power/runtime_status"; then
		memory_goes "$text"
	else
		skip "$text" "the device does not suspend"
	fi
	echo on >"$SYS/power/control"
	tx ip link set "$DEV_TX" up
	check "$text: it is a bus master" is_master
	check "$text: the network comes back" wait_for 20 net_up
	unbind_all >/dev/null
	tx_gone "$text"
}

# Frames that came before one that is refused wait for nobody.
doorbell()
{
	local text="before one that is refused" before

	before=$(dropped)
	rx tc qdisc add dev "$DEV_RX" clsact
	rx tc filter add dev "$DEV_RX" ingress protocol 0x88b5 flower action drop
	fault doorbell
	check "$text: it is sent" wait_for 1 seen
	equal "$text: that one is dropped" "$(($(dropped) - before))" 1
	rx tc qdisc del dev "$DEV_RX" clsact
}

seen()
{
	[ "$(rx tc -s -j filter show dev "$DEV_RX" ingress |
		jq '[.. | .packets? // empty] | add')" -gt 0 ]
}

dmesg_allow 'Tx Unit Hang'	# which it has
dm_stage 4
defer load_modules
defer unbind_all
dm_modules nicfault sch_netem sch_ingress cls_flower act_gact
in_qdisc
in_ring
dead_socket
lost "a NIC that is lost" "" memory_goes "a NIC that is lost"
lost "a NIC that is lost, and closed" more link_down
asleep
doorbell
