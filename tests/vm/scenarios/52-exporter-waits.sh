# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: bind waits for an exporter that copies or that is slow, but not for
# ever, ends at once for a signal that kills, not at all for another, never
# holds anybody else up, and leaves nothing behind when the exporter returns.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

OUT=$TMP/bind

# between TEXT LEAST MOST: the milliseconds of the last bind.
between()
{
	local ms

	ms=$(dm_value "$OUT" ms)
	if [ "$ms" -ge "$2" ] && [ "$ms" -le $(($3 * STAGE_SLOW)) ]; then
		ok "$1 ($ms ms)"
	else
		not_ok "$1" "$ms ms, want $2 to $3; $(cat "$OUT")"
	fi
}

settles()
{
	local text=$1
	shift

	db_bind "$OUT" "$@" || true
	equal "$text: errno" "$(dm_value "$OUT" errno)" 0
	between "$text: bind waits for it" 1500 15000
	rx devmemctl unbind --all >/dev/null
	dm_nothing_left "$text"
	db_balanced "$text"
}

# A handler runs, and the answer still comes: netlink acknowledges no EINTR.
handled()
{
	local text=$1

	timeout 60 ip netns exec rx withbuf "$2" dbreq alarm 500 "$DEV_RX" 1 \
		>"$OUT" 2>&1 || true
	equal "$text: the answer comes" "$(dm_value "$OUT" errno)" 0
	rx devmemctl unbind --all >/dev/null
	db_balanced "$text"
}

# Ctrl-C. GONE: seconds until the exporter has let go.
killed()
{
	local text=$1 gone=$3 start pid ms

	ip netns exec rx withbuf "$2" genlreq "$BIND" \
		"$A_IFINDEX=$DEV_RX" "$A_DMABUF_FD=20" "$A_QUEUE=1" >"$OUT" 2>&1 &
	pid=$!
	check "$text: it is with the exporter" wait_for 10 db_exists
	sleep 1
	start=$(db_now)
	kill -TERM $pid
	wait $pid || true
	ms=$(($(db_now) - start))
	if [ $ms -lt $((1500 * STAGE_SLOW)) ]; then
		ok "$text: killed, it ends at once"
	else
		not_ok "$text: killed, it ends at once" "after $ms ms"
	fi
	db_balanced "$text" "$gone"
	dm_nothing_left "$text"
}

dm_stage 4
dm_take_bar

settles "static, a fence" tbuf:1M,fence,fence_ms=1500
settles "dynamic, a fence" tbuf:1M,dynamic,fence,fence_ms=1500
settles "slow attach" tbuf:1M,dynamic,attach_ms=1500
settles "slow pin" tbuf:1M,dynamic,pin_ms=1500
settles "slow map" tbuf:1M,dynamic,map_ms=1500
settles "static, slow map" tbuf:1M,map_ms=1500
handled "a signal while it waits for a fence" \
	tbuf:1M,dynamic,fence,fence_ms=2000
handled "a signal while it maps" tbuf:1M,dynamic,map_ms=2000
killed "a fence that never signals" tbuf:1M,dynamic,fence 5
killed "a map of 6 s" tbuf:1M,dynamic,map_ms=6000 15
killed "static, a map of 6 s" tbuf:1M,map_ms=6000 15
killed "an attach of 6 s" tbuf:1M,dynamic,attach_ms=6000 15

# Unbind waits for the exporter too, and nobody waits for unbind.
db_bind "$OUT" tbuf:1M,dynamic,unmap_ms=3000 || true
equal "slow unmap: bind" "$(dm_value "$OUT" errno)" 0
start=$(db_now)
rx devmemctl unbind --all >/dev/null &
pid=$!
sleep 0.5
check "slow unmap: the network can be configured" timeout 5 \
	ip -n rx link set "$DEV_RX" txqueuelen 950
check "slow unmap: the queue can be bound" timeout 10 \
	ip netns exec rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
check "slow unmap: all that before it is done" test $(($(db_now) - start)) \
	-lt $((3000 * STAGE_SLOW))
wait $pid || true
equal "slow unmap: unbind waited for it" $(($(db_now) - start >= 3000)) 1
db_balanced "slow unmap"
rx devmemctl unbind --all >/dev/null
dm_nothing_left "slow unmap"

# All take 30 s, so at the same time; and meanwhile life goes on.
db_bind "$OUT.fence" tbuf:1M,dynamic,fence || true &
fence=$!
db_bind "$OUT.map" tbuf:1M,dynamic,map_ms=38000 || true &
map=$!
db_bind "$OUT.both" tbuf:1M,dynamic,map_ms=20000,fence || true &
both=$!
sleep 1
check "meanwhile: the network can be configured" timeout 5 \
	ip -n rx link set "$DEV_RX" txqueuelen 900
check "meanwhile: another bind" timeout 10 ip netns exec rx devmemctl bind \
	-d "$DEV_RX" -q 2 bar "$PCI_MEM"
check "meanwhile: show" timeout 5 ip netns exec rx devmemctl show
check "meanwhile: unbind" timeout 10 ip netns exec rx devmemctl unbind --all
wait $fence || true
wait $map || true
wait $both || true
equal "a fence that never signals" "$(dm_value "$OUT.fence" errno)" ETIMEDOUT
equal "a fence that never signals: the text" \
	"$(dm_value "$OUT.fence" text)" \
	"exporter did not finish moving the dma-buf"
equal "a map of 38 s" "$(dm_value "$OUT.map" errno)" ETIMEDOUT
equal "a map of 38 s: the text" "$(dm_value "$OUT.map" text)" \
	"exporter did not map the dma-buf in time"
equal "a map of 38 s: it points at the descriptor" \
	"$(dm_value "$OUT.map" bad)" "$A_DMABUF_FD"
equal "a map of 20 s and a fence" "$(dm_value "$OUT.both" errno)" ETIMEDOUT
ms=$(dm_value "$OUT.both" ms)
equal "a map of 20 s and a fence: 30 s for both, not $ms ms" \
	$((ms >= 29500 && ms < 36000)) 1
db_balanced "when the exporter is done" 30
dm_nothing_left "when the exporter is done"
dm_plain 1 "in the end"
