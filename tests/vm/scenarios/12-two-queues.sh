# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: two queues share one dma-buf, two bindings work side by side, and a
# flow that moves from one to the other mid-stream stays whole.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
FLOWS=12

flows()
{
	local i pids=()

	for ((i = 0; i < FLOWS; i++)); do
		# far apart: the key is random, and for one in sixteen neighbours
		# are all the same queue's
		tx timeout 100 dmsend -b $((42000 + 1021 * i)) "$IP4_RX" $PORT \
			send:1500000 >"$TMP/send.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || diag "flow $i: $(cat "$TMP/send.$i")"
	done
}

# many TEXT QUEUES_PER_BINDING DMSOCK_OPTION...
many()
{
	local text=$1 queues=$2 one two both sum
	shift 2

	one=$(dm_stat 1 bytes)
	two=$(dm_stat 2 bytes)
	dm_sock "$OUT" "$@" "flow=many:$FLOWS"
	flows
	dm_sock_wait "$text: all bytes of $FLOWS flows are right" "$OUT"
	equal "$text: flows that failed" "$(dm_value "$OUT" flow.failed)" 0
	equal "$text: queue 1 received into device memory" \
		"$(($(dm_stat 1 bytes) - one > 1000000))" 1
	equal "$text: queue 2 received into device memory" \
		"$(($(dm_stat 2 bytes) - two > 1000000))" 1
	# A segment that is sent twice counts at the queue only.
	sum=$(awk -F = '/^flow[0-9]*.device=/ { n += $2 } END { print n }' \
		"$OUT")
	both=$(($(dm_stat 1 bytes) - one + $(dm_stat 2 bytes) - two))
	equal "$text: device bytes of queues ($both) and of flows ($sum)" \
		"$((both >= sum && both < sum + sum / 50))" 1
	equal "$text: bindings" "$(dm_bindings)" $((3 - queues))
	dm_unbind "$OUT" "$text" "$queues"
}

# The peer's segments come through queue 1, then 2, then 1.
moving_flow()
{
	local text="a flow that moves" step

	for step in 1 2 3; do
		rm -f "$TMP/there$step" "$TMP/go$step"
	done
	dm_steer 0 1 0 0
	dm_sock "$OUT" -m "$PCI_MEM:0:33554432" -m "$PCI_MEM:33554432" \
		-d "$DEV_RX" -q 1 -q 2 accept \
		a=read:1000000 "touch:$TMP/there1" b=read:1000000 \
		"touch:$TMP/there2" c=read:1000000 end=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:1000000 "wait:$TMP/go1" \
		send:1000000 "wait:$TMP/go2" send:1000000 >"$TMP/send" 2>&1 &
	step=$!
	check "$text: first part" wait_for 20 test -e "$TMP/there1"
	dm_steer 0 0 1 0
	touch "$TMP/go1"
	check "$text: second part" wait_for 20 test -e "$TMP/there2"
	dm_steer 0 1 0 0
	touch "$TMP/go2"
	wait $step || true
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: the end of the stream" "$(dm_value "$OUT" end.pos)" \
		3000000
	dm_unbind "$OUT" "$text"
}

dm_stage 4
dm_steer 0 1 1 0
many "one dma-buf" 2 -m "$PCI_MEM" -d "$DEV_RX" -q 1,2
many "two bindings" 1 -m "$PCI_MEM:0:33554432" -m "$PCI_MEM:33554432" \
	-d "$DEV_RX" -q 1 -q 2
moving_flow
dm_no_drops "all of it"

# The same by the tool, with its own way to name a range.
for range in 0:32M 32M; do
	check "devmemctl bind bar $PCI_MEM:2:$range" rx devmemctl bind \
		-d "$DEV_RX" -q "$([ $range = 32M ] && echo 2 || echo 1)" \
		bar "$PCI_MEM:2:$range"
done
equal "both are listed" "$(rx devmemctl -j show | jq -c 'map(.size)')" \
	'[33554432,33554432]'
check "unbind --all" rx devmemctl unbind --all
dm_nothing_left "in the end"
