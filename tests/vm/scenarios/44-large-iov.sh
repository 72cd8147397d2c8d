# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: small frames in large net_iovs do not stall, with one connection or
# eight and with a reader that pauses; what TCP drops for want of receive buffer
# is shown, and with the net.ipv4.tcp_adv_win_scale that the documentation names
# it drops nothing.
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

each()
{
	flows "$1, 1 connection" "$2" 1 20000000 accept end=eof
	SUM=$PRUNES
	flows "$1, 8 connections" "$2" 8 4000000 flow=many:8
	SUM=$((SUM + PRUNES))
	flows "$1, a reader that pauses" "$2" 1 10000000 accept sleep:1000 \
		a=read:300000 sleep:500 b=read:3000000 sleep:500 end=eof
	SUM=$((SUM + PRUNES))
}

dm_stage 4
dm_steer 0 1 0 0
for size in 4096 16384 65536; do
	each default $size
done
SCALE=$(rx sysctl -n net.ipv4.tcp_adv_win_scale)
defer rx sysctl -qw "net.ipv4.tcp_adv_win_scale=$SCALE"
rx sysctl -qw net.ipv4.tcp_adv_win_scale=-6
each "tcp_adv_win_scale -6" 65536
equal "tcp_adv_win_scale -6: nothing was pruned" "$SUM" 0
