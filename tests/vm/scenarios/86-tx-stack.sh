# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 400
# Proves: bytes from device memory come right through what TCP and the layers
# below do with an skb: segmentation by the NIC and by software, retransmission
# and SACK, TCP_CORK, TCP_NODELAY and SO_LINGER, MTU probing, timestamps, qdiscs that hold, drop, reorder and duplicate, a packet
# socket that listens, netfilter, a smaller MTU in mid-stream.
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

MIB=$((8 << 20))
# Small, so that what is sent again must not be written over yet.
TX_BAR=(-m "$PCI_MEM:0:0x100000" -d "$DEV_TX")

unbind_all()
{
	tx devmemctl unbind --all
}

retransmits()
{
	dm_mib snmp RetransSegs
}

through()
{
	local text=$1 step=${2:-send:$MIB}

	# shellcheck disable=SC2086  # several
	tx_talk "$text" "${TX_BAR[@]}" -- $step
	check "$text: unbind" unbind_all
	tx_gone "$text"
}

qdisc()
{
	local text=$1
	shift

	tx tc qdisc replace dev "$DEV_TX" root "$@"
	through "$text" "send:$((MIB / 2))"
	tx tc qdisc del dev "$DEV_TX" root
}

dm_stage 4
defer unbind_all

tx ethtool -K "$DEV_TX" tso off
defer tx ethtool -K "$DEV_TX" tso on gso on
through "segmented by software"
tx ethtool -K "$DEV_TX" gso off
through "no segmentation"
tx ethtool -K "$DEV_TX" tso on gso on

dm_modules sch_netem sch_tbf sch_fq nf_tables
before=$(retransmits)
qdisc "one frame of ten is lost" netem loss 10% limit 10000
equal "lost frames are sent again" "$(($(retransmits) > before))" 1
qdisc "out of order" netem delay 5ms reorder 30% 50% limit 10000
qdisc "duplicates" netem duplicate 5% limit 10000
qdisc "a slow qdisc" tbf rate 200mbit burst 64kb latency 50ms
qdisc "fq" fq
tx sysctl -qw net.ipv4.tcp_sack=0
defer tx sysctl -qw net.ipv4.tcp_sack=1
qdisc "loss without SACK" netem loss 2% limit 10000
tx sysctl -qw net.ipv4.tcp_sack=1

through "TCP_CORK" "cork:1 send:300000:1000 cork:0 send:1"
through "TCP_NODELAY" "nodelay:1 send:100000:100"
tx sysctl -qw net.ipv4.tcp_timestamps=0
defer tx sysctl -qw net.ipv4.tcp_timestamps=1
through "frames that are padded" "nodelay:1 send:300:1 send:300:3 send:300:5"
tx sysctl -qw net.ipv4.tcp_timestamps=1

# A timestamp would come with a copy of the frame. Nobody reads them.
through "timestamps" "stamps send:1000000 done"
equal "timestamps: none, for they would have the payload" "$(tx_value stamps)" 0

tx_sink $PORT sleep:500
tx_start "${TX_BAR[@]}" -- linger:20 send:1000000 end=close
tx_wait "SO_LINGER"
equal "SO_LINGER: all bytes are right" "$(sink_value right)" 1000000
check "SO_LINGER: unbind" unbind_all
tx_gone "SO_LINGER"

# The probe would be a copy.
tx sysctl -qw net.ipv4.tcp_mtu_probing=2 net.ipv4.tcp_base_mss=512
defer tx sysctl -qw net.ipv4.tcp_mtu_probing=0 net.ipv4.tcp_base_mss=1024
through "MTU probing" odd:$MIB
tx sysctl -qw net.ipv4.tcp_mtu_probing=0

# What listens gets no frame with device memory, or headers only.
dm_sniff tx "$DEV_TX" $PORT
through "a packet socket"
dm_sniff_none "a packet socket"

tx nft 'add table t; add chain t o { type filter hook output priority 0; };
	add rule t o tcp dport 5000 @th,160,32 0x12345678 counter drop'
defer tx nft flush ruleset
through "a netfilter rule that looks at payload"
tx nft flush ruleset

# What is sent would come in again: refused, and sent again when that has an end.
dm_modules cls_matchall act_mirred sch_ingress
tx tc qdisc add dev "$DEV_TX" clsact
defer tx tc qdisc del dev "$DEV_TX" clsact
tx_sink $PORT
tx_start "${TX_BAR[@]}" -- send:65536 touch:"$TMP/began" wait:"$TMP/loop" send:$MIB
tx_goes_on "$TMP/began"
tx tc filter add dev "$DEV_TX" egress matchall action mirred ingress redirect \
	dev "$DEV_TX"
touch "$TMP/loop"
sleep 1
tx tc filter del dev "$DEV_TX" egress
tx_wait "a loop"
tx_right "a loop"
check "a loop: unbind" unbind_all
tx_gone "a loop"

# Frames that were cut for a larger MTU are cut again.
tx_sink $PORT "read:$((MIB / 4))" "touch:$TMP/quarter"
tx_start "${TX_BAR[@]}" -- send:$MIB
wait_for 20 test -e "$TMP/quarter"
tx ip route replace 192.0.2.0/24 dev "$DEV_TX" src "$IP4_TX" mtu 600
tx_wait "a smaller path MTU"
tx_right "a smaller path MTU"
tx ip route replace 192.0.2.0/24 dev "$DEV_TX" src "$IP4_TX"
check "a smaller path MTU: unbind" unbind_all
tx_gone "a smaller path MTU"
