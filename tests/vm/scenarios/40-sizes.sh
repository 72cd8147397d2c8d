# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: two queues share a dma-buf in net_iovs of any size from 4 to 64 KiB,
# with small and with jumbo frames, which then fill several net_iovs; and three
# dma-bufs in net_iovs of different sizes on one device, at the same time. Every
# byte right and inside of its dma-buf, nothing dropped by the driver, all
# net_iovs home.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

OUT=$TMP/out
BYTES=3000000
ROUND=0

sum_of()
{
	awk -F = -v key="$1" '$1 ~ "^flow[0-9]+[.]" key "$" { n += $2 }
		END { print n + 0 }' "$OUT"
}

# home ID SIZE MTU: of net_iovs that are shared each of two queues posts a
# quarter, if its ring has room for them; those larger than a page in slices that
# take a frame each.
home()
{
	local held niovs most cut=1 slice=2048

	while [ "$slice" -lt "$3" ] && [ "$slice" -lt "$2" ]; do
		slice=$((2 * slice))
	done
	[ "$2" -le 4096 ] || cut=$(($2 / slice))
	dm_numbers "$(rx devmemctl -j show "$1")" held niovs || return
	most=$((niovs * cut / 4))
	most=$((most < DM_RING - 1 ? most : DM_RING - 1))
	[ "$held" -le $((2 * most)) ] &&
		[ "$held" -ge $((2 * (most - 16) / cut)) ]
}

# shared SIZE MTU FRAGS_PER_FRAME: one flow for each queue. A port of its own, for
# the pair of ports that was used last waits for its end.
shared()
{
	local text="net_iovs of $1, MTU $2" port=$((5100 + ROUND++)) q
	local from=() pids=() before=() frags frames

	for q in 1 2; do
		from[q]=$(dm_port $q $port)
		before[q]=$(dm_stat $q packets)
	done
	dv_bind 1,2 "$1" "$PCI_MEM" "$OUT" -p $port flow=many:2
	wait_for 20 dm_listens $port
	for q in 1 2; do
		tx timeout 100 dmsend -b "${from[q]}" "$IP4_RX" $port \
			send:$BYTES >"$TMP/send.$q" 2>&1 &
		pids[q]=$!
	done
	for q in 1 2; do
		wait "${pids[q]}" || diag "flow $q: $(cat "$TMP/send.$q")"
	done
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: in device memory" \
		"$(($(sum_of device) > 2 * BYTES * 95 / 100))" 1
	frames=0
	for q in 1 2; do
		before[q]=$(($(dm_stat $q packets) - before[q]))
		frames=$((frames + before[q]))
		equal "$text: queue $q took part" "$((before[q] > 200))" 1
	done
	# A frame that came twice counts at the queue only; the last one of a
	# write is short.
	frags=$(sum_of frags)
	diag "$text: $frames frames, $frags frags"
	equal "$text: frags of a frame" \
		$(((frags * 10 / frames + 4) / 10)) "$3"
	dm_no_drops "$text"
	if wait_for 5 home "$(dm_value "$OUT" id)" "$1" "$2"; then
		ok "$text: all buffers are home"
	else
		not_ok "$text: all buffers are home" "$(rx devmemctl show)"
	fi
	check "$text: unbind" rx devmemctl unbind --all
	dm_nothing_left "$text"
}

# Queue 1: 4 KiB, queue 2: 64 KiB, queue 3: 16 KiB.
side_by_side()
{
	local text="three bindings, MTU $1" size=(0 4096 65536 16384) q
	local from=() pids=() readers=()

	for q in 1 2 3; do
		from[q]=$(dm_port $q 520$q)
	done
	for q in 1 2 3; do
		dv_bind $q "${size[q]}" "$PCI_MEM:$(((q - 1) << 24)):$((1 << 24))" \
			"$OUT.$q" -p 520$q accept end=eof
		readers[q]=$RECEIVER
		wait_for 20 dm_listens 520$q
	done
	equal "$text: bindings" "$(dm_bindings)" 3
	for q in 1 2 3; do
		tx timeout 100 dmsend -b "${from[q]}" "$IP4_RX" 520$q \
			send:3000000 >"$TMP/send.$q" 2>&1 &
		pids+=($!)
	done
	for q in "${!pids[@]}"; do
		wait "${pids[q]}" || diag "$(cat "$TMP/send.$((q + 1))")"
	done
	for q in 1 2 3; do
		RECEIVER=${readers[q]}
		dm_sock_wait "$text: queue $q, all bytes are right" "$OUT.$q"
		equal "$text: queue $q, in device memory" \
			"$(($(dm_value "$OUT.$q" end.device) > 2900000))" 1
		wait_for 5 dm_home "$(dm_value "$OUT.$q" id)" 1 ||
			not_ok "$text: queue $q, all buffers are home" \
				"$(rx devmemctl show)"
	done
	check "$text: unbind" rx devmemctl unbind --all
	dm_nothing_left "$text"
}

# frags SIZE MTU
frags()
{
	local payload=$(($2 - 52))

	echo $(((payload + $1 - 1) / $1))
}

dm_stage 4
defer net_mtu 1500
for mtu in 1500 9000; do
	net_mtu $mtu
	dm_steer 0 1 1 0
	for size in 4096 8192 16384 32768 65536; do
		shared $size $mtu "$(frags $size $mtu)"
	done
	dm_steer 0 1 1 1
	side_by_side $mtu
done
