# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: an exporter that takes long to give back holds nobody up for more than
# a few seconds: unbind, a bind that fails, close, rmmod; who ends another binding
# meanwhile does not wait at all. A device that leaves the network namespace
# while the exporter maps is not bound, one that is gone is told once.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

OUT=$TMP/bind
HALF=$PCI_MEM:0:33554432

# took START LEAST MOST TEXT: milliseconds since START
took()
{
	local ms=$(($(db_now) - $1))

	if [ $ms -ge "$2" ] && [ $ms -le "$3" ]; then
		ok "$4 ($ms ms)"
	else
		not_ok "$4" "$ms ms, want $2 to $3"
	fi
}

# bind_queue QUEUE SOURCE: output to OUT.QUEUE
bind_queue()
{
	rx withbuf "$2" genlreq "$BIND" "$A_IFINDEX=$DEV_RX" \
		"$A_DMABUF_FD=20" "$A_QUEUE=$1" >"$OUT.$1" 2>&1 || true
	equal "queue $1, $2: bind" "$(dm_value "$OUT.$1" errno)" 0
}

moved()
{
	local text="the device leaves during the map" pid

	db_bind "$OUT" tbuf:1M,dynamic,map_ms=5000 &
	pid=$!
	check "$text: it is with the exporter" wait_for 10 db_exists
	sleep 1
	ip -n rx link set "$DEV_RX" netns tx name away0
	wait $pid || true
	equal "$text: errno" "$(dm_value "$OUT" errno)" ENODEV
	equal "$text: the text" "$(dm_value "$OUT" text)" "no such device"
	equal "$text: the attribute" "$(dm_value "$OUT" bad)" "$A_IFINDEX"
	equal "$text: no binding" "$(tx devmemctl -j show | jq length)" 0
	ip -n tx link set away0 netns rx name "$DEV_RX"
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	check "$text: the network is back" wait_for 20 net_answers
	db_balanced "$text" 15
	dm_nothing_left "$text"
}

# 10 sockets that own a binding and close
closes()
{
	rx netdevbind -m "$HALF" -d "$DEV_RX" -q 2 again=again:10 >"$OUT" 2>&1
	equal "closes: failed" "$(dm_value "$OUT" again.failed)" 0
}

unbind()
{
	local text="unbind, an unmap of 20 s" start alone pid

	start=$(db_now)
	closes
	alone=$(($(db_now) - start))

	bind_queue 1 tbuf:1M,dynamic,unmap_ms=20000
	start=$(db_now)
	check "$text: it works" rx devmemctl unbind --all
	took "$start" 5000 $((8000 * STAGE_SLOW)) "$text: it waits 5 s"
	equal "$text: the binding is gone" "$(dm_bindings)" 0
	# Each would wait for a second.
	start=$(db_now)
	closes
	took "$start" 0 $((alone + 6000)) \
		"$text: 10 others close meanwhile, alone in $alone ms"
	db_balanced "$text" 30
	dm_nothing_left "$text"

	text="unbind is killed"
	bind_queue 1 tbuf:1M,dynamic,unmap_ms=4500
	ip netns exec rx devmemctl unbind --all >/dev/null &
	pid=$!
	sleep 1
	start=$(db_now)
	kill -TERM $pid
	wait $pid || true
	took "$start" 0 2500 "$text: it ends at once"
	db_balanced "$text" 15
	dm_nothing_left "$text"
}

fails()
{
	local text="a bind that fails, an unmap of 12 s"

	check "$text: another has the queue" rx devmemctl bind -d "$DEV_RX" \
		-q 1 bar "$PCI_MEM"
	db_bind "$OUT" tbuf:1M,dynamic,unmap_ms=12000 || true
	equal "$text: errno" "$(dm_value "$OUT" errno)" EEXIST
	equal "$text: it waits 5 s" "$(($(dm_value "$OUT" ms) >= 5000 &&
		$(dm_value "$OUT" ms) < 10000))" 1
	db_balanced "$text" 20
	check "$text: unbind" rx devmemctl unbind --all
	dm_nothing_left "$text"
}

# gives_up TEXT SOURCE GONE: the module goes during a bind; GONE seconds until
# the exporter has let go
gives_up()
{
	local text=$1 pid start

	db_bind "$OUT" "$2" &
	pid=$!
	check "$text: it is with the exporter" wait_for 10 db_exists
	sleep 1
	start=$(db_now)
	check "$text: rmmod" rmmod devmem_tcp
	took "$start" 0 5000 "$text: rmmod does not wait for it"
	wait $pid || true
	equal "$text: errno" "$(dm_value "$OUT" errno)" ENODEV
	equal "$text: the text" "$(dm_value "$OUT" text)" \
		"devmem_tcp is being loaded or unloaded"
	modprobe devmem_tcp
	db_balanced "$text" "$3"
	dm_nothing_left "$text"
}

exits()
{
	local text="rmmod, two unmaps of 5 s" start

	bind_queue 1 tbuf:1M,dynamic,unmap_ms=5000
	bind_queue 2 tbuf:1M,unmap_ms=5000
	start=$(db_now)
	check "$text: rmmod" rmmod devmem_tcp
	took "$start" 5000 9500 "$text: both at the same time"
	modprobe devmem_tcp
	db_balanced "$text" 1
	dm_nothing_left "$text"
}

# The kernel says each second that a device is gone which somebody still holds.
gone()
{
	local text="the driver goes, an unmap of 6 s" start index monitor

	index=$(rx cat "/sys/class/net/$DEV_RX/ifindex")
	ip netns exec rx genlmon netdev mgmt >"$OUT.mgmt" 2>&1 &
	monitor=$!
	wait_for 5 grep -q joined "$OUT.mgmt" || true
	bind_queue 1 tbuf:1M,dynamic,unmap_ms=6000
	start=$(db_now)
	check "$text: rmmod igb" rmmod igb
	took "$start" 5500 30000 "$text: it waits for the exporter"
	kill $monitor
	wait $monitor 2>/dev/null || true
	equal "$text: told once" "$(grep -c "^cmd=3 1=$index " "$OUT.mgmt")" 1
	db_balanced "$text"
	check "$text: it comes back" load_modules
	check "$text: the network comes back" net_up
	dm_stage 4
	dm_nothing_left "$text"
}

dm_stage 4
defer load_modules
dm_take_bar
moved
unbind
fails
gives_up "rmmod during a map of 15 s" tbuf:1M,dynamic,map_ms=15000 25
gives_up "rmmod during a fence" tbuf:1M,dynamic,fence 5
exits
gone
dm_plain 1 "in the end"
