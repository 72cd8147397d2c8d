# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 400
# Proves: 1000 times bind and unbind of a queue, with traffic on it and on its
# neighbours. No byte is lost, no vector is left dead, all buffers come home,
# nothing is in use afterwards.
#
# Each binding is of the same memory, so the NIC may write over what the last
# one received before it is read: of the flow of queue 1 bytes in device memory
# are counted, not compared.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
CYCLES=1000
SENDERS=()

# A flow through QUEUE that lasts until the cycles are done. It starts once its
# receiver listens.
flow()
{
	local to=$1 from=$2

	tx timeout 380 dmsend -b "$from" "$IP4_RX" "$to" \
		"until:$TMP/done" >"$TMP/send.$to" 2>&1 &
	SENDERS+=($!)
}

dm_stage 4
dm_take_bar
dm_steer 1 1 1 0
FROM0=$(dm_port 0 5010)
FROM1=$(dm_port 1 5011)
FROM2=$(dm_port 2 5012)
diag "source ports $FROM0, $FROM1, $FROM2 for queues 0, 1, 2"

before=()
for queue in 0 1 2; do
	before[queue]=$(dm_packets $queue)
done
rx dmsock -p 5010 accept end=eof >"$OUT.0" 2>&1 &
READERS=($!)
rx dmsock -p 5012 accept end=eof >"$OUT.2" 2>&1 &
READERS+=($!)
rx churn "$PCI_MEM:0:16777216" "$DEV_RX" 1 $CYCLES "$TMP/done" \
	dmsock -p 5011 -f 20 -n accept end=eof >"$OUT.1" 2>&1 &
READERS+=($!)
for port in 5010 5011 5012; do
	check "port $port is there" wait_for 20 dm_listens $port
done
flow 5010 "$FROM0"
flow 5012 "$FROM2"
flow 5011 "$FROM1"

check "$CYCLES times bind and unbind" wait_for 360 test -e "$TMP/done"
touch "$TMP/done"
for i in "${!SENDERS[@]}"; do
	dm_wait "sender $i is done" "${SENDERS[i]}"
done
for i in "${!READERS[@]}"; do
	dm_wait "reader $i is done" "${READERS[i]}"
done
diag "$(tr '\n' ' ' <"$OUT.1")"
equal "cycles" "$(dm_value "$OUT.1" cycles)" $CYCLES
for queue in 0 1 2; do
	equal "the flow of queue $queue arrived, every byte right" \
		"$(dm_value "$OUT.$queue" end.end)" eof
	diag "queue $queue: $(dm_value "$OUT.$queue" end.pos) bytes, of these" \
		"$(dm_value "$OUT.$queue" end.device) in device memory"
	equal "queue $queue has seen traffic" \
		"$(($(dm_packets $queue) - before[queue] > 1000))" 1
done
equal "the flow of queue 1 was in device memory at times" \
	"$(($(dm_value "$OUT.1" end.device) > 0))" 1
dm_nothing_left "after the cycles"
for queue in 0 1 2 3; do
	dm_plain $queue "after the cycles"
done

dm_steer 0 1 0 0
dm_exchange "bound once more: all bytes are right" "$OUT" send:4000000 \
	-m "$PCI_MEM" -d "$DEV_RX" -q 1 accept end=eof
equal "bound once more: in device memory" \
	"$(($(dm_value "$OUT" end.device) > 3900000))" 1
dm_unbind "$OUT" "bound once more"
