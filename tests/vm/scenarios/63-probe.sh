# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: devmemctl check --probe finds memory that the NIC reaches, and finds
# out when what the NIC writes is lost, though each descriptor completes; tells
# that apart from frames that did not come or came elsewhere; leaves nothing.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

OUT=$TMP/out

# probe STATUS REGEX TEXT WORD...: the item "probe", and the exit status
probe()
{
	local status=$1 regex=$2 text=$3 rc=0
	shift 3

	rx "$@" >"$OUT" 2>"$OUT.err" || rc=$?
	equal "$text: exit status" $rc "$([ "$status" = OK ] && echo 0 || echo 1)"
	equal "$text: verdict" "$(jq -r \
		'.[] | select(.check == "probe") | .status' "$OUT")" "$status"
	if jq -r '.[] | select(.check == "probe") | .text' "$OUT" |
	   grep -qE -- "$regex"; then
		ok "$text: what it says"
	else
		not_ok "$text: what it says" "$(cat "$OUT" "$OUT.err")"
	fi
	dm_nothing_left "$text"
}

check_of()
{
	echo "devmemctl -j check -d $DEV_RX -q 1 --probe"
}

good()
{
	local words

	read -ra words <<<"$(check_of)"
	probe OK 'is in the memory, at offset' "a BAR" \
		"${words[@]}" "$IP4_TX" bar "$PCI_MEM"
	equal "a BAR: the offset is one of a buffer in it" \
		"$(jq -r '.[] | select(.check == "probe") | .text' "$OUT" |
			awk '{ o = $NF; print (o % 4096 == 0 && o < 67108864) }')" 1
	probe OK 'is in the memory' "a BAR, 64 KiB, over IPv6" \
		"${words[@]}" "$IP6_TX" bar "$PCI_MEM:2:1M:64K"
	probe OK 'is in the memory' "udmabuf" \
		"${words[@]}" "$IP4_TX" udmabuf 4M
	probe OK 'is in the memory' "the test exporter" withbuf \
		tbuf:1M,seg=2M "${words[@]}" "$IP4_TX" fd 20
	check "as text" rx devmemctl check -d "$DEV_RX" -q 1 \
		--probe "$IP4_TX" bar "$PCI_MEM:2:0:1M"
}

# The exporter gives the NIC addresses a MiB behind what it shows the CPU: what
# is written goes to memory of its own and is never seen. As on a PCIe fabric
# that does not forward, everything else goes as it should.
lost()
{
	local words drops

	read -ra words <<<"$(check_of)"
	drops=$(dm_stat 1 drop_not_tcp)
	probe FAIL '[48] frames, none is in the memory: .* lost' "lost writes" \
		withbuf tbuf:1M,seg=2M,bad=1,bad_addr=1M \
		"${words[@]}" "$IP4_TX" fd 20
	equal "lost writes: the driver saw the frames" \
		"$(($(dm_stat 1 drop_not_tcp) - drops))" 8
	db_balanced "lost writes"
}

# The peer answers to small frames. The stage loads no modules by itself.
small_only()
{
	modprobe -a iptable_filter xt_length
	tx iptables -A OUTPUT -p icmp -m length --length 1000: -j DROP
}

nothing_probed()
{
	local words

	read -ra words <<<"$(check_of)"
	probe FAIL "192.0.2.77 does not answer" "nobody there" \
		"${words[@]}" 192.0.2.77 bar "$PCI_MEM:2:0:1M"
	small_only
	probe FAIL 'small frames only' "no large answers" \
		"${words[@]}" "$IP4_TX" bar "$PCI_MEM:2:0:1M"
	tx iptables -F OUTPUT
	dm_steer 1 0 1 1
	probe FAIL 'through other queues' "not steered" \
		"${words[@]}" "$IP4_TX" bar "$PCI_MEM:2:0:1M"
	equal "not steered: what to do" "$(jq -r \
		'.[] | select(.check == "probe") | .fix' "$OUT")" \
		"devmemctl steer all -d $DEV_RX -q 1 -- devmemctl check ..."
	probe OK 'is in the memory' "under steer" \
		devmemctl steer all -d "$DEV_RX" -q 1 -- \
		"${words[@]}" "$IP4_TX" bar "$PCI_MEM:2:0:1M"
	dm_steer 0 1 0 0
	probe FAIL 'the error is printed' "a bind that is refused" \
		"${words[@]}" "$IP4_TX" bar "$PCI_MEM:2:1:4K"
	check "a bind that is refused: stderr" grep -q '^Error: ' "$OUT.err"
	rx ethtool -K "$DEV_RX" rx off
	probe FAIL 'mend the rest first' "another fault" \
		"${words[@]}" "$IP4_TX" bar "$PCI_MEM:2:0:1M"
	rx ethtool -K "$DEV_RX" rx on
	expect_error '[Nn]ot known|not supported' "a peer that is no address" \
		rx "${words[@]}" there bar "$PCI_MEM:2:0:1M"
}

# SIGTERM while it waits for a peer that is slow: the binding goes.
interrupted()
{
	local pid rc=0

	small_only
	ip netns exec rx devmemctl check -d "$DEV_RX" -q 1 --probe "$IP4_TX" \
		bar "$PCI_MEM:2:0:1M" >"$OUT" 2>"$OUT.err" &
	pid=$!
	check "a signal: it is bound" wait_for 10 one_binding
	kill -TERM $pid
	wait $pid || rc=$?
	tx iptables -F OUTPUT
	equal "a signal: exit status" $rc 1
	check "a signal: it says so" grep -q 'stopped by a signal' "$OUT.err"
	dm_nothing_left "a signal"
}

one_binding()
{
	[ "$(dm_bindings)" = 1 ]
}

defer modprobe -rq xt_length iptable_filter ip_tables
dm_stage 4
dm_take_bar
dm_steer 0 1 0 0
good
lost
nothing_probed
interrupted
