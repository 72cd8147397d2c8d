# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: what comes behind a lost segment does not take the last buffers, of
# which the segment itself needs one when it is sent again: the stream goes on.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash
# shellcheck source=tests/vm/scenarios/hole.bash
. /stage/scenarios/hole.bash

# The sender has it all in flight at once, but in two bursts: of one the NIC loses
# what is more than a ring.
INITCWND=400
BURST=27000

# route [WORD]...: the receiver's, which the sender's MSS follows
route()
{
	ip -n rx route change "${IP4_RX%.*}.0/24" dev "$DEV_RX" src "$IP4_RX" "$@"
}

# hole TEXT RANGE MSS: more segments than RANGE has buffers behind a lost one; with
# an MSS below 256 they would be in host memory
hole()
{
	local text=$1 sender before

	rm -f "$GO"*
	before=$(dv_netstat rx TCPOFODrop)
	hole_begin 3 initcwnd $INITCWND
	route advmss "$3"
	dm_sock "$OUT" -m "$2" -d "$DEV_RX" -q 1 accept a=read:1000 \
		"touch:$GO.mid" end=eof
	tx timeout $((60 * STAGE_SLOW)) dmsend "$IP4_RX" $PORT send:1000 \
		"wait:$GO.b" "send:$3" "touch:$GO.c" "wait:$GO.d" \
		send:$BURST "touch:$GO.e" "wait:$GO.f" send:$BURST \
		"touch:$GO.g" >"$TMP/send" 2>&1 &
	sender=$!
	goes_on "$GO.mid"
	hole_lose "$GO.b"
	goes_on "$GO.c"
	hole_behind "$GO.d"
	goes_on "$GO.e"
	sleep 0.5
	touch "$GO.f"
	goes_on "$GO.g"
	sleep 0.5
	diag "$(rx ss -Htnmi "sport = :$PORT")"
	hole_heard
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: segments behind the hole were dropped" \
		"$(($(dv_netstat rx TCPOFODrop) > before))" 1
	dm_unbind "$OUT" "$text"
	hole_end
}

dm_stage 4
dm_steer 0 1 0 0
modprobe sch_netem || skip_all "no netem"
defer route

hole "fewer buffers than descriptors" "$PCI_MEM:0:65536" 1448

# A receive buffer that would let all of them wait.
rmem "4096 4194304 6291456"
dm_set_ring 80
hole "more buffers than descriptors" "$PCI_MEM:0:409600" 400
