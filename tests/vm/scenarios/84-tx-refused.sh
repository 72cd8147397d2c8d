# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: what cannot be sent from device memory is refused with an errno of its
# own, the connection goes on, and nothing is sent that was not asked for: ids
# that are unknown, of receiving bindings or of other devices, offsets beyond the
# dma-buf, sockets and flags that would take an offset for an address. A frame
# whose route changes to a device that cannot is dropped and counted.
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

ZC=0x4000000		# MSG_ZEROCOPY
FASTOPEN=0x20000000
WAITALL=0x100

unbind_all()
{
	tx devmemctl unbind --all
	rx devmemctl unbind --all
}

# tried NAME ERRNO TEXT
tried()
{
	equal "$3: $2" "$(tx_value "$1.errno")" "$2"
}

dm_stage 4
dm_steer 1 0 0 0	# not to the queue that is bound
defer unbind_all
dm_take_bar
RX_ID=$(rx devmemctl -j bind -d "$DEV_RX" -q 3 bar "$PCI_MEM:2:0:1M" | jq .id)

tx_sink $PORT
tx_start -m "$PCI_MEM:0x100000:0x400000" -d "$DEV_TX" -- \
	send:100000 \
	unknown=try:0:1000:$ZC:123456 \
	zero=try:0:1000:$ZC:0 \
	negative=try:0:1000:$ZC:-1 \
	receives=try:0:1000:$ZC:"$RX_ID" \
	copy=try:0:1000:0 \
	fastopen=try:0:1000:$((ZC | FASTOPEN)) \
	waitall=try:0:1000:$((ZC | WAITALL)) \
	behind=try:$((4 << 20)):1 \
	far=try:0x7fff00000000:1 \
	huge=try:0xffff800000000000:1 \
	empty=try:0:0 \
	send:100000 odd:200000
tx_wait "refused"
tried unknown EINVAL "an id that nobody has"
tried zero EINVAL "id 0"
tried negative EINVAL "id -1"
tried receives EINVAL "the id of a binding that receives"
tried copy EINVAL "without MSG_ZEROCOPY"
tried fastopen EINVAL "with MSG_FASTOPEN"
tried waitall EINVAL "with MSG_WAITALL"
tried behind EFAULT "an offset just behind the end"
tried far EFAULT "an offset far behind the end"
tried huge EFAULT "an offset that is no user address"
tried empty EINVAL "no bytes"
tx_right "refused"

# Whose call it is counts, too, not only whose socket. io_uring asks again for the
# rest of a MSG_WAITALL, and has completions of its own for SENDMSG_ZC.
check "refused: unbind" tx devmemctl unbind --all
tx_sink $PORT
tx_start -m "$PCI_MEM:0x100000:0x400000" -d "$DEV_TX" -- user:12345 other=try:0:1000 user:0 \
	waitall=uring:waitall zc=uring:zc ring=uring:sendmsg own=try:0:1000
tx_wait "who asks"
tried other EACCES "another user with the socket of the right one"
tried waitall EINVAL "io_uring with MSG_WAITALL"
tried zc EINVAL "IORING_OP_SENDMSG_ZC"
tried ring 0 "IORING_OP_SENDMSG"
tried own 0 "the right user"
equal "who asks: what was not refused is sent" "$(sink_value received)" 2000
equal "who asks: completions" "$(tx_value completed)" 2

# What reaches over the end is sent up to there.
check "refused: unbind" tx devmemctl unbind --all
tx_sink $PORT
tx_start -m "$PCI_MEM:0x100000:0x400000" -d "$DEV_TX" -- over=try:$(((4 << 20) - 10)):30
tx_wait "over the end"
check "over the end: unbind" tx devmemctl unbind --all
equal "over the end: what is there is sent" "$(tx_value over.ret)" 10
equal "over the end: and no more" "$(sink_value received)" 10

# Sockets in states of their own. A cookie is not needed, so the first call of one
# that opens fast connects it.
one_refused()
{
	local text=$1
	shift

	unbind_all
	tx_sink $PORT
	tx_start -m "$PCI_MEM:0x100000:0x400000" -d "$DEV_TX" "$@"
	tx_wait "$text"
	tried it EINVAL "$text"
	equal "$text: nothing of it is sent" "$(sink_value received)" 1000
}

one_refused "without SO_ZEROCOPY" -z -- it=try:0:1000 host:1000
one_refused "with TCP_REPAIR" -- repair:1 it=try:0:1000 repair:0 host:1000
tx sysctl -qw net.ipv4.tcp_fastopen=5
defer tx sysctl -qw net.ipv4.tcp_fastopen=1
one_refused "with TCP_FASTOPEN_CONNECT" -F -- it=try:0:1000 host:1000
tx sysctl -qw net.ipv4.tcp_fastopen=1
unbind_all

# The route goes through lo.
tx_sink $PORT
TO=127.0.0.1
TX_BY=(nsenter --net=/run/netns/rx)
tx_start -m "$PCI_MEM:0x600000:0x100000" -d "$DEV_RX" -- lo=try:0:1000
tx_wait "loopback"
TX_BY=()
tried lo ENODEV "a route through lo"
equal "loopback: nothing is sent" "$(sink_value received)" 0
TO=$IP4_RX
unbind_all

# There is none.
tx_sink $PORT
rm -f "$TMP/moved" "$TMP/none"
tx_start "${TX_BAR[@]}" -- send:1000 "done" touch:"$TMP/full" wait:"$TMP/moved" \
	none=try:0:1000 touch:"$TMP/none" wait:"$TMP/back" send:1000
tx_goes_on "$TMP/full"
tx ip route add unreachable "$IP4_RX/32"
touch "$TMP/moved"
tx_goes_on "$TMP/none"
tx ip route del unreachable "$IP4_RX/32"
touch "$TMP/back"
tx_wait "no route"
tried none EHOSTUNREACH "no route"
tx_right "no route"
unbind_all
rm -f "$TMP/moved" "$TMP/full" "$TMP/back"

# Another device takes the route over while bytes are queued.
dm_modules dummy
tx ip link add dum0 type dummy
defer tx ip link del dum0
tx ip link set dum0 up
before=$(tx ip -s -j link show dum0 | jq '.[0].stats64.tx.dropped')
tx_sink -r 65536 $PORT wait:"$TMP/read"
tx_start "${TX_BAR[@]}" -S 4194304 -- full=fill:1000000 touch:"$TMP/full" \
	wait:"$TMP/moved" late=try:0:1000 touch:"$TMP/late" \
	wait:"$TMP/back" send:100000
tx_goes_on "$TMP/full"
tx ip route add "$IP4_RX/32" dev dum0
touch "$TMP/moved"
tx_goes_on "$TMP/late"
touch "$TMP/read"
dropped()
{
	[ "$(tx ip -s -j link show dum0 |
		jq '.[0].stats64.tx.dropped')" -gt "$before" ]
}
check "route: frames are refused, and counted" wait_for 10 dropped
tx ip route del "$IP4_RX/32" dev dum0
touch "$TMP/back"
tx_wait "route"
tried late ENODEV "the route is through another device now"
tx_right "route"

# The device does not gather or checksum, so the CPU would have to.
unbind_all
defer tx ethtool -K "$DEV_TX" tx on sg on tso on
for what in sg tx; do
	tx ethtool -K "$DEV_TX" $what off
	tx_sink $PORT
	tx_start "${TX_BAR[@]}" -- off=try:0:1000 host:1000
	tx_wait "$what off"
	tried off EINVAL "a device with $what off"
	tx ethtool -K "$DEV_TX" tx on sg on tso on
	unbind_all
done
tx_gone "refused"

# Binding
expect_error 'EOPNOTSUPP|does not support' "a device without device memory" \
	rx withbuf heap:1M dmtx -d lo 127.0.0.1 1 sleep:0
TX_BY=(setpriv --reuid 12345 --clear-groups)
expect_error EPERM "bind without CAP_NET_ADMIN" \
	tx withbuf heap:1M "${TX_BY[@]}" dmtx -d "$DEV_TX" "$TO" 1 sleep:0
TX_BY=()
tx_gone "bind"
