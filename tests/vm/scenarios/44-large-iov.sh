# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: small frames in large net_iovs neither stall nor lose in-order data,
# with one connection or eight and with a reader that pauses, at the default
# tcp_rmem. With net_iovs of a page TCP drops a few when the reader pauses, as
# its window takes no account of them; that is shown.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

OUT=$TMP/out
PRUNED="TCPRcvQDrop RcvPruned OfoPruned TCPOFODrop TCPBacklogDrop"

# flows TEXT SIZE CONNECTIONS BYTES STEP...
flows()
{
	local text="$1, net_iovs of $2" n=$3 amount=$4 i pids=() pruned retrans
	local begin
	shift 4

	# shellcheck disable=SC2086  # names
	pruned=$(dv_netstat rx $PRUNED)
	retrans=$(dv_retrans)
	dv_bind 1 "${text##* }" "$PCI_MEM" "$OUT" -p $PORT "$@"
	wait_for 20 dm_listens $PORT
	begin=$(date +%s%N)
	for ((i = 0; i < n; i++)); do
		tx timeout 60 dmsend "$IP4_RX" $PORT "send:$amount" \
			>"$TMP/send.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || not_ok "$text: a sender is done" \
			"$(cat "$TMP"/send.*)"
	done
	dm_sock_wait "$text: all bytes are right" "$OUT"
	# shellcheck disable=SC2086  # names
	PRUNES=$(($(dv_netstat rx $PRUNED) - pruned))
	diag "$text: $((n * amount * 8000 / ($(date +%s%N) - begin))) Mbit/s," \
		"pruned $PRUNES, retransmits $(($(dv_retrans) - retrans))"
	dm_unbind "$OUT" "$text"
}

# each SIZE: sets SUM
each()
{
	flows "1 connection" "$1" 1 20000000 accept end=eof
	SUM=$PRUNES
	flows "8 connections" "$1" 8 4000000 flow=many:8
	SUM=$((SUM + PRUNES))
	flows "a reader that pauses" "$1" 1 10000000 accept sleep:1000 \
		a=read:300000 sleep:500 b=read:3000000 sleep:500 end=eof
	SUM=$((SUM + PRUNES))
}

dm_stage 4
dm_steer 0 1 0 0
each 4096
for size in 16384 65536; do
	each $size
	equal "net_iovs of $size: segments dropped for want of buffer" "$SUM" 0
done
