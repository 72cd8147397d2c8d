# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: a netlink dump that nobody reads makes rmmod devmem_tcp say "in use",
# and nothing else, until it is read or its reader is killed; a dump of somebody
# else's family does not. A socket at the netlink address of one that is being
# closed keeps its binding. An id of which frags are left is not given out again
# by the next devmem_tcp. An owner that dies while somebody loads a module under
# rtnl holds nobody up. (A bind that is stuck in an exporter: 56.)
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash

OUT=$TMP/out
GO=$TMP/go
# Commands: of devmem_tcp, of netdev, of nlctrl
GET=3 DEV_GET=1 QUEUE_GET=10 GETFAMILY=3

# hold FAMILY CMD: a dump, in the background
hold()
{
	# of the one before, which would tell that this one holds
	rm -f "$GO.dump" "$TMP/dump"
	ip netns exec rx holddump "$1" "$2" "$GO.dump" >"$TMP/dump" 2>&1 &
	HOLDER=$!
	wait_for 30 grep -q "^held" "$TMP/dump"
}

# held TEXT FAMILY CMD LEAST: so many messages at least
held()
{
	local text=$1

	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	hold "$2" "$3"
	expect_error "in use" "$text: rmmod" timeout 10 rmmod devmem_tcp
	check "$text: show works" rx timeout 10 devmemctl show
	check "$text: unbind --all works" rx timeout 10 devmemctl unbind --all
	check "$text: the dma-buf is free" wait_for 5 rmmod devmem_bar
	modprobe devmem_bar
	touch "$GO.dump"
	dm_wait "$text: it is read to its end" $HOLDER
	equal "$text: no error" "$(dm_value "$TMP/dump" errno)" 0
	equal "$text: messages" "$(($(dm_value "$TMP/dump" messages) >= $4))" 1
	check "$text: rmmod when it is read" rmmod devmem_tcp
	modprobe devmem_tcp

	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	hold "$2" "$3"
	expect_error "in use" "$text, another: rmmod" rmmod devmem_tcp
	kill -9 $HOLDER
	wait $HOLDER 2>/dev/null || true
	check "$text: rmmod when its reader is killed" rmmod devmem_tcp
	modprobe devmem_tcp
	dm_nothing_left "$text"
}

# Of all families, ours among them: it holds none.
families()
{
	local text="dump of all families"

	hold nlctrl $GETFAMILY
	check "$text: rmmod works" timeout 10 rmmod devmem_tcp
	touch "$GO.dump"
	dm_wait "$text: it is read to its end" $HOLDER
	equal "$text: no error" "$(dm_value "$TMP/dump" errno)" 0
	modprobe devmem_tcp
}

addresses()
{
	local text="a netlink address that is used again"

	dm_take_bar
	rx timeout $((60 * STAGE_SLOW)) portid "$PCI_MEM" "$DEV_RX" 1 2 30 \
		>"$OUT" 2>&1 || not_ok "$text: portid" "exit $?"
	diag "$text: $(tr '\n' ' ' <"$OUT")"
	equal "$text: binds that failed" "$(dm_value "$OUT" failed)" 0
	equal "$text: the address was taken before close() was done" \
		"$(($(dm_value "$OUT" early) > 0))" 1
	equal "$text: bindings of the closed socket that were left" \
		"$(dm_value "$OUT" first)" 0
	equal "$text: bindings of the other that were gone" \
		"$(dm_value "$OUT" second)" 0
	dm_nothing_left "$text"
}

# A rule of tc can make who has rtnl wait for the notifiers' lock; a socket that
# is being closed has that one.
loads_under_rtnl()
{
	local text="a module that is loaded under rtnl" client

	dm_modules nicfault
	# not by rx: see 31-netdev-life
	ip netns exec rx netdevbind -m "$PCI_MEM:0:33554432" -d "$DEV_RX" -q 1 \
		bind=bind pause >"$OUT" 2>&1 &
	client=$!
	check "$text: bound" wait_for 10 grep -q '^bind.errno=0$' "$OUT"
	echo "rtnl_notifier $PCI_RX" >/sys/module/nicfault/parameters/run
	sleep 0.5
	kill -9 $client
	wait $client 2>/dev/null || true
	if wait_for 5 no_bindings; then
		ok "$text: rtnl is free again, and the binding has ended"
	else
		not_ok "$text: rtnl is free again, and the binding has ended"
		# nothing else would end
		echo b >/proc/sysrq-trigger
	fi
	dm_nothing_left "$text"
}

no_bindings()
{
	[ "$(timeout 10 nsenter --net=/run/netns/rx devmemctl -j show |
		jq length)" = 0 ]
}

ids()
{
	local text="an id of which frags are left" id sender i ids=()

	rm -f "$GO"*
	dm_sock "$OUT" -m "$PCI_MEM:0:0x2000000" -d "$DEV_RX" -q 1 accept \
		a=hold:20000 "touch:$GO.a" "wait:$GO.go" b=recv:20000 \
		back=free end=eof
	id=$(dm_value "$OUT" id)
	tx timeout 60 dmsend "$IP4_RX" $PORT send:40000 "wait:$GO.go" \
		>"$TMP/send" 2>&1 &
	sender=$!
	wait_for 20 test -e "$GO.a"
	sleep 0.3
	for i in 1 2 3; do
		check "$text: rmmod $i" rmmod devmem_tcp
		check "$text: modprobe $i" modprobe devmem_tcp
		ids+=("$(rx devmemctl -j bind -d "$DEV_RX" -q 1 \
			bar "$PCI_MEM:2:32M:32M" | jq .id)")
	done
	equal "$text: another each time" \
		"$(printf '%s\n' "$id" "${ids[@]}" | sort -u | wc -l)" 4
	equal "$text: the last is bound" "$(rx devmemctl -j show |
		jq -c 'map(.id)')" "[${ids[2]}]"
	touch "$GO.go"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: what was queued came with the old one" \
		"$(dm_value "$OUT" b.device)" 20000
	rx devmemctl unbind --all >/dev/null
	dm_nothing_left "$text"
}

dm_stage 4
defer load_modules
dm_steer 0 1 0 0
dm_take_bar
held "dump of bindings" devmem_tcp $GET 1
held "dump of devices" netdev $DEV_GET 2
held "dump of queues" netdev $QUEUE_GET 8
families
addresses
loads_under_rtnl
ids
dm_plain 1 "in the end"
