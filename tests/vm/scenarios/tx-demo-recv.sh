# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 900
# The receiver of make demo-tx: holds all that comes, for the host to compare.
# shellcheck source=tests/vm/scenarios/tx-demo.bash
. /stage/scenarios/tx-demo.bash

listening()
{
	ss -Hltn "sport = :5000" | grep -q .
}

tx_demo_up 52:54:00:00:00:03 1
ethtool -L "$LINK" combined 4
ethtool -G "$LINK" rx 4096
ethtool -X "$LINK" weight 0 1 0 0
# What fits the NIC's header buffer goes to host memory, so no segment may be small.
# A full receive window cuts them anywhere, so it is larger than what the sender can
# have in the air; with timestamps the last one of 256 MiB over IPv6 has 16 bytes.
echo 4096 67108864 67108864 >/proc/sys/net/ipv4/tcp_rmem
echo 0 >/proc/sys/net/ipv4/tcp_timestamps

for run in $RUNS; do
	tx_demo_mtu "$run"
	timeout 300 devmemctl -j recv -d "$LINK" -q 1 -l 5000 --hold \
		--map "$TMP/map" "${MEMORY[@]}" \
		>"$OUT/$run.recv" 2>"$TMP/err" &
	receiver=$!
	wait_for 20 listening || true
	touch "$OUT/$run.ready"
	if wait $receiver; then
		ok "$run: the receiver is done"
	else
		not_ok "$run: the receiver is done" "$(cat "$TMP/err")"
		exit 1
	fi
	mv "$TMP/map" "$OUT/$run.map"
	equal "$run: frames dropped by the driver" "$(ethtool -S "$LINK" |
		awk '/_devmem_drop_/ { n += $2 } END { print n }')" 0
	host_check "$run"
done
