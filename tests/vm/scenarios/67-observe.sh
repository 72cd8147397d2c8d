# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: what support looks at: each tracepoint fires where it should and prints
# name=value; debugfs lists bindings, also one that waits for what a socket holds.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

TRACING=/sys/kernel/tracing
LIST=/sys/kernel/debug/devmem_tcp/bindings

# traced TEXT REGEX: such a line, the event and all it prints
traced()
{
	if grep -Eq ": $2\$" "$TMP/trace"; then
		ok "$1"
	else
		not_ok "$1" "no line with $2 in: $(head -n 20 "$TMP/trace")"
	fi
}

listed()
{
	grep -Eq "$1" "$LIST"
}

[ -e $TRACING/events ] || mount -t tracefs tracefs $TRACING
dm_stage 4
dm_steer 0 1 0 0
echo 1 >$TRACING/events/devmem_tcp/enable
defer eval "echo 0 >$TRACING/events/devmem_tcp/enable"

text="debugfs"
dm_sock "$OUT" "${BIND[@]}" accept a=hold:20000 "touch:$GO.a" "wait:$GO.go" \
	back=free end=eof
tx timeout $((60 * STAGE_SLOW)) dmsend "$IP4_RX" $PORT send:20000 \
	"wait:$GO.end" >"$TMP/send" 2>&1 &
sender=$!
goes_on "$GO.a"
id=$(dm_value "$OUT" id)
check "$text: a binding" listed "^id=$id state=bound net_iovs=[0-9]+ \
held=[0-9]+ ifname=$DEV_RX queues=1 size=[0-9]+ rx_page_size=4096 \
attach=pinned exporter=devmem_bar sock_limit=0 tx=0\$"
check "$text: only for root" test "$(stat -c %a $LIST)" = 400
check "$text: unbind" rx devmemctl unbind "$id"
check "$text: it waits for what the socket holds" wait_for 5 \
	listed "^id=$id state=freeing net_iovs=[0-9]+ held=[1-9][0-9]*\$"
touch "$GO.go" "$GO.end"
wait $sender || diag "$(cat "$TMP/send")"
dm_sock_wait "$text: all bytes are right" "$OUT"
check "$text: then it is gone" wait_for 5 eval "! listed ^id=$id"
dm_nothing_left "$text"

# Fewer buffers than the NIC has descriptors.
small=$(rx devmemctl -j bind -d "$DEV_RX" -q 1 bar "$PCI_MEM:2:0:64K" | jq .id)
check "a small dma-buf: unbind" rx devmemctl unbind "$small"

grep -v '^#' $TRACING/trace >"$TMP/trace"

traced "bind" "dmt_bind: id=$id ifname=$DEV_RX queues=\\{0x1\\} \
size=[0-9]+ rx_page_size=4096 net_iovs=[0-9]+"
traced "a token" "dmt_token: sport=$PORT dport=[0-9]+ token=1 id=$id \
offset=[0-9]+ size=[0-9]+"
traced "tokens given back" "dmt_dontneed: sport=$PORT dport=[0-9]+ \
token=[0-9]+ count=[0-9]+ freed=[1-9][0-9]*"
traced "unbind" "dmt_unbind: id=$id ifname=$DEV_RX reason=unbind"
traced "the last net_iov" "dmt_free: id=$id net_iovs=[0-9]+"
traced "no buffer" "dmt_alloc_fail: id=$small queue=1"
