# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: what in the stack looks at payload does not get to see device memory
# and does not harm the stream: packet sockets, urgent data, netfilter,
# forwarding. Loss, reordering, duplication and a small receive buffer do not
# either.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
BIND=(-m "$PCI_MEM" -d "$DEV_RX" -q 1)

# stream TEXT STEPS TOTAL [DMSOCK_OPTION]...
stream()
{
	local text=$1 what=$2 total=$3
	shift 3

	dm_exchange "$text: all bytes are right" "$OUT" "$what" "$@" \
		"${BIND[@]}" accept end=eof
	equal "$text: the end of the stream" "$(dm_value "$OUT" end.pos)" \
		"$total"
	equal "$text: in device memory" \
		"$(($(dm_value "$OUT" end.device) * 10 > total * 9))" 1
	dm_unbind "$OUT" "$text"
}

# packet_socket TEXT [OPTION]
packet_socket()
{
	local text=$1
	shift

	dm_sniff rx "$@" "$DEV_RX" $PORT
	stream "$text" send:4000000 4000000
	dm_sniff_end "$text"
}

urgent()
{
	local text="urgent data"

	# The urgent byte is the last of a large write, so in device memory.
	dm_exchange "$text: all bytes are right" "$OUT" \
		"send:200000 oob:60000 send:200000 oob:1400 send:100000" \
		"${BIND[@]}" accept end=eof
	equal "$text: all bytes arrive" "$(dm_value "$OUT" end.pos)" 561400
	dm_unbind "$OUT" "$text"
}

# netfilter MODULE...: true if iptables and these are here. The stage loads no
# module by itself.
NETFILTER=(ip_tables iptable_filter xt_tcpudp)
netfilter()
{
	local name

	command -v iptables >/dev/null || return
	for name in "${NETFILTER[@]}" "$@"; do
		modprobe "$name" || return
	done
}

netfilter_down()
{
	[ ! -e /sys/module/iptable_filter ] || rx iptables -F INPUT
	modprobe -rq xt_u32 xt_NFLOG nfnetlink_log "${NETFILTER[@]}" || true
}

# u32 that looks behind the headers: its match is unknown, so the frame is
# dropped, for as long as the rule is there. One that stays in the headers
# works.
xt_u32()
{
	local text="iptables u32" sender

	if ! netfilter xt_u32; then
		skip "$text" "no iptables with u32 here"
		return
	fi
	check "$text: a rule about headers" rx iptables -A INPUT -p tcp \
		--dport $PORT -m u32 --u32 '0>>22&0x3C@0&0xFFFF=5001' -j DROP
	stream "$text, headers" send:1000000 1000000
	rx iptables -F INPUT

	rm -f "$TMP/go"
	dm_sock "$OUT" "${BIND[@]}" accept a=recv:10 "wait:$TMP/go" end=eof
	check "$text: a rule about payload" rx iptables -A INPUT -p tcp \
		--dport $PORT -m u32 --u32 '600=0x12345678' -j ACCEPT
	tx timeout 60 dmsend "$IP4_RX" $PORT send:300000 >"$TMP/send" 2>&1 &
	sender=$!
	sleep 2
	rx iptables -F INPUT
	touch "$TMP/go"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text, payload: all bytes are right" "$OUT"
	equal "$text, payload: nothing passed the rule" \
		"$(dm_value "$OUT" a.errno)" EAGAIN
	equal "$text, payload: the end of the stream" \
		"$(dm_value "$OUT" end.pos)" 300000
	dm_unbind "$OUT" "$text"
}

nflog()
{
	local text=NFLOG pid

	if ! netfilter nfnetlink_log xt_NFLOG; then
		skip "$text" "no iptables with NFLOG here"
		return
	fi
	check "$text: a rule" rx iptables -A INPUT -p tcp --dport $PORT \
		-j NFLOG --nflog-group 1
	rm -f "$TMP/stop"
	rx nflog 1 "$TMP/stop" >"$TMP/log" 2>&1 &
	pid=$!
	wait_for 10 grep -q listening "$TMP/log"
	stream "$text" send:1000000 1000000
	rx iptables -F INPUT
	touch "$TMP/stop"
	wait $pid
	diag "$(tr '\n' ' ' <"$TMP/log")"
	equal "$text: packets are logged" \
		"$(($(dm_value "$TMP/log" cut) > 10))" 1
	# IP and TCP with timestamps, or with SACK blocks
	equal "$text: of those in device memory the headers" \
		"$(($(dm_value "$TMP/log" most) <= 80))" 1
}

# What the IP layer counts as discarded.
discarded()
{
	case $1 in
	4) rx cat /proc/net/snmp | awk '/^Ip: [0-9]/ { print $9 }' ;;
	6) rx cat /proc/net/snmp6 | awk '$1 == "Ip6InDiscards" { print $2 }' ;;
	esac
}

# netns far is behind rx.
far_up()
{
	modprobe veth
	defer modprobe -r veth
	ip netns add far
	defer ip netns del far
	ip -n rx link add toward type veth peer name eth0 netns far
	ip -n rx addr add 198.51.100.1/24 dev toward
	ip -n rx addr add 2001:db8:1::1/64 dev toward nodad
	ip -n rx link set toward up
	ip -n far addr add 198.51.100.2/24 dev eth0
	ip -n far addr add 2001:db8:1::2/64 dev eth0 nodad
	ip -n far link set eth0 up
	ip -n far route add default via 198.51.100.1
	ip -n far route add default via 2001:db8:1::1
	ip -n tx route add 198.51.100.0/24 via "$IP4_RX"
	defer ip -n tx route del 198.51.100.0/24
	ip -n tx route add 2001:db8:1::/64 via "$IP6_RX"
	defer ip -n tx route del 2001:db8:1::/64
	rx sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	defer rx sysctl -q net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
}

# forwarding FAMILY ADDRESS: a stream for far that comes through queue 1.
forwarding()
{
	local text="forwarding of IPv$1" got=$TMP/far$1 reader before device

	check "$text: the way is good" tx ping -c 3 -W 2 "${2//[][]/}"
	ip netns exec far timeout 30 socat -u \
		"TCP$1-LISTEN:5100,reuseaddr" "CREATE:$got" &
	reader=$!
	wait_for 10 eval 'ip netns exec far ss -Hltn | grep -q :5100'
	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 \
		bar "$PCI_MEM"
	before=$(discarded "$1")
	device=$(dm_stat 1 packets)
	tx timeout 3 socat -u "OPEN:$TMP/input" "TCP$1:$2:5100" || true
	check "$text: the connection was made" test -e "$got"
	equal "$text: nothing of device memory got there" \
		"$(stat -c %s "$got")" 0
	equal "$text: frames came into device memory" \
		"$(($(dm_stat 1 packets) > device))" 1
	equal "$text: and were counted as discarded" \
		"$(($(discarded "$1") > before))" 1
	kill $reader 2>/dev/null || true
	wait $reader || true
	check "$text: all buffers are home" wait_for 5 dm_home \
		"$(rx devmemctl -j show | jq '.[0].id')" 1
	check "$text: unbind" rx devmemctl unbind --all
	dm_nothing_left "$text"
}

netem()
{
	local text="tc netem $*"

	tx tc qdisc replace dev "$DEV_TX" root netem limit 10000 "$@"
	stream "$text" send:3000000 3000000
	tx tc qdisc del dev "$DEV_TX" root
}

dm_stage 4
defer netfilter_down
dm_steer 0 1 0 0
packet_socket "packet socket"
packet_socket "packet socket with a ring" -r
urgent
stream "small SO_RCVBUF" send:2000000 2000000 -r 16384
xt_u32
nflog
random_file "$TMP/input" 1
far_up
forwarding 4 198.51.100.2
forwarding 6 '[2001:db8:1::2]'
if modprobe sch_netem; then
	defer modprobe -r sch_netem
	netem delay 1ms loss 2%
	netem delay 2ms reorder 20% 50%
	netem duplicate 5%
	netem delay 1ms loss 1% reorder 10% duplicate 3%
else
	skip "tc netem" "no module sch_netem"
fi
dm_no_drops "all of it"
