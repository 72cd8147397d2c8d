# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 900
# The sender of make demo-tx: what the host has put into its device memory.
# shellcheck source=tests/vm/scenarios/tx-demo.bash
. /stage/scenarios/tx-demo.bash

tx_demo_up 52:54:00:00:00:04 2
# No faster than the receiver reads, or its window fills and cuts segments.
modprobe sch_fq
tc qdisc replace dev "$LINK" root fq maxrate 200mbit
# Nor more at first than the window of a SYN, 65535, which 10 jumbo frames exceed.
ip route replace 198.51.100.0/24 dev "$LINK" src 198.51.100.2 initcwnd 4
ip -6 route replace 2001:db8:1::/64 dev "$LINK" metric 1 initcwnd 4
for run in $RUNS; do
	tx_demo_mtu "$run"
	to=$(tx_demo_address 1 "$run")
	check "$run: the receiver listens" \
		wait_for 100 test -e "$OUT/$run.ready"
	check "$run: it answers" wait_for 20 ping -c 1 -W 1 "$to"
	if timeout 300 devmemctl -j send -d "$LINK" -c "[$to]:5000" \
		"${MEMORY[@]}" >"$OUT/$run.send" 2>"$TMP/err"; then
		ok "$run: the sender is done"
	else
		not_ok "$run: the sender is done" "$(cat "$TMP/err")"
		exit 1
	fi
done
