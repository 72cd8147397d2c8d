# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: what rewrites headers, copies frames or sends them elsewhere on their
# way up does so without payload, which goes on into device memory, all of it
# right: NAT and pedit with somebody listening, VLANs, mirrors to other devices, a
# bridge that floods, string matches, eBPF programs. What answers with a quote of a
# frame quotes no memory.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

# stream TEXT [ADDRESS PORT]: 2 MB into device memory.
stream()
{
	local text=$1
	shift

	dm_sock "$OUT" "${BIND[@]}" accept end=eof
	tx timeout 60 dmsend "${1:-$IP4_RX}" "${2:-$PORT}" send:2000000 \
		>"$TMP/send" 2>&1 || diag "dmsend: $(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: the end of the stream" end.pos 2000000
	above "$text: in device memory" end.device 1800000
	dm_unbind "$OUT" "$text"
}

# The tap's clone and the frame that is written to share all but the header.
rewritten()
{
	local text="ttl rewritten"

	rx tc qdisc add dev "$DEV_RX" clsact
	rx tc filter add dev "$DEV_RX" ingress protocol ip matchall action \
		pedit ex munge ip ttl set 9 pipe action csum ip4h
	dm_sniff rx "$DEV_RX" $PORT
	stream "$text"
	dm_sniff_end "$text"
	rx tc qdisc del dev "$DEV_RX" clsact

	text="hop limit rewritten"
	rx tc qdisc add dev "$DEV_RX" clsact
	rx tc filter add dev "$DEV_RX" ingress protocol ipv6 flower ip_proto tcp \
		action pedit ex munge ip6 hoplimit set 9
	dm_sniff rx "$DEV_RX" $PORT
	stream "$text" "$IP6_RX" $PORT
	dm_sniff_end "$text"
	rx tc qdisc del dev "$DEV_RX" clsact

	text="DNAT"
	rx iptables -t nat -A PREROUTING -p tcp --dport 5001 \
		-j DNAT --to-destination "$IP4_RX:$PORT"
	dm_sniff rx "$DEV_RX" 5001
	stream "$text" "$IP4_RX" 5001
	dm_sniff_end "$text"
	rx iptables -t nat -F PREROUTING
}

# A string that is not there is not found, and one that is in the payload is not
# looked for there. Frames of up to 256 bytes are in host memory.
string()
{
	local text="iptables string"

	rx iptables -A INPUT -p tcp --dport $PORT -m string --algo bm \
		--hex-string '|00|' --from 250 -j DROP
	stream "$text"
	rx iptables -F INPUT
}

# ends_before DEVICE TEXT FILTER...: copies of frames that FILTER makes for DEVICE end
# before it.
ends_before()
{
	local dev=$1 text=$2 sent refused
	shift 2

	sent=$(sent_by "$dev")
	refused=$(refused_by "$dev")
	rx tc qdisc add dev "$DEV_RX" clsact
	rx tc filter add dev "$DEV_RX" ingress "$@"
	stream "$text"
	rx tc qdisc del dev "$DEV_RX" clsact
	# what came without payload may go there
	equal "$text: no payload is sent" "$(($(sent_by "$dev") - sent < 20))" 1
	equal "$text: it was refused" \
		"$(($(refused_by "$dev") - refused > 20))" 1
}

TO_PORT=(protocol ip flower ip_proto tcp dst_port "$PORT")

mirrored()
{
	ends_before "$1" "mirrored to $1" "${TO_PORT[@]}" \
		action mirred egress mirror dev "$1"
}

# Copies that come in through one port of a bridge are for a machine that it does not
# know: they would leave through all others.
flooded()
{
	local text="flooded by a bridge" refused name

	ip -n rx link add br8 type bridge
	for name in in8 out8 out9; do
		ip -n rx link add $name type dummy
		ip -n rx link set $name master br8 up
	done
	ip -n rx link set br8 up
	refused=$(refused_by out9)
	ends_before out8 "$text" "${TO_PORT[@]}" \
		action mirred ingress mirror dev in8
	equal "$text: it was refused by the other port, too" \
		"$(($(refused_by out9) - refused > 20))" 1
	mirrored br8
	for name in br8 in8 out8 out9; do
		ip -n rx link del $name
	done
}

# Without a reader a tap would refuse everything.
tapped()
{
	local reader

	rx socat -u TUN,tun-type=tap,tun-name=tap8,iff-up "CREATE:$TMP/tap" &
	reader=$!
	wait_for 10 test -e "$TMP/tap"
	mirrored tap8
	kill $reader
	wait $reader || true
	diag "the reader of the tap got $(stat -c %s "$TMP/tap") bytes"
	equal "the reader of the tap gets no payload" \
		"$(($(stat -c %s "$TMP/tap") < 20000))" 1
}

cloned()
{
	local text=bpf_clone_redirect

	rx skbprog "$TMP/bpf/clone" clone:dummy8
	ends_before dummy8 "$text" bpf direct-action \
		object-pinned "$TMP/bpf/clone"
	rx skbprog "$TMP/bpf/clone" >"$TMP/clone"
	above "$text: the program is told" refused 20 "$TMP/clone"
}

# saw_nothing TEXT PATH: the program that is pinned there asked frames that do not fit
# into a header buffer, and got nothing.
saw_nothing()
{
	rx skbprog "$2" >"$TMP/saw"
	diag "$(tr '\n' ' ' <"$TMP/saw")"
	above "$1: it asks for payload" asked 20 "$TMP/saw"
	equal "$1: and gets none" "$(($(dm_value "$TMP/saw" loaded) < 5))" 1
	equal "$1: nor anything in its place" "$(dm_value "$TMP/saw" stale)" 0
}

programs()
{
	local text="a classifier that looks at payload" prog=$TMP/bpf/look

	rx skbprog "$prog" look:250
	rx tc qdisc add dev "$DEV_RX" clsact
	rx tc filter add dev "$DEV_RX" ingress bpf direct-action \
		object-pinned "$prog"
	stream "$text"
	rx tc qdisc del dev "$DEV_RX" clsact
	saw_nothing "$text" "$prog"
	equal "$text: nor makes it linear" \
		"$(($(dm_value "$TMP/saw" pulled) < 5))" 1
	equal "$text: nor finds it linear" \
		"$(($(dm_value "$TMP/saw" linear) < 5))" 1

	text="a socket's program that looks at payload"
	prog=$TMP/bpf/socklook
	rx skbprog "$prog" socklook:250
	talk "$text" "wait:$GO.1 send:1000000" "prog:$prog" "touch:$GO.1" end=eof
	value "$text: the end of the stream" end.pos 1000000
	above "$text: in device memory" end.device 900000
	talk_end "$text"
	saw_nothing "$text" "$prog"
}

# A qdisc keeps frames for as long as it likes, and buffers with them.
hoarded()
{
	rx tc qdisc add dev dummy8 root netem delay 60s limit 100000
	mirrored dummy8
	rx tc qdisc del dev dummy8 root
}

tee()
{
	local text="iptables TEE" refused

	refused=$(refused_by "toward")
	rx iptables -A INPUT -p tcp --dport $PORT -j TEE --gateway 198.51.100.2
	stream "$text"
	rx iptables -F INPUT
	equal "$text: copies were refused" \
		"$(($(refused_by "toward") - refused > 20))" 1
}

vlan()
{
	local text=VLAN

	ip -n rx link add link "$DEV_RX" name v5 type vlan id 5
	ip -n tx link add link "$DEV_TX" name v5 type vlan id 5
	ip -n rx addr add 198.51.101.1/24 dev v5
	ip -n tx addr add 198.51.101.2/24 dev v5
	ip -n rx link set v5 up
	ip -n tx link set v5 up
	stream "$text" 198.51.101.1 $PORT
	ip -n rx link del v5
	ip -n tx link del v5
}

# For each frame an ICMP error with the beginning of it.
quoted()
{
	local text="ICMP errors" pid sender

	rm -f "$TMP/stop" "$GO"
	tx icmpquote "$TMP/stop" >"$TMP/quote" 2>&1 &
	pid=$!
	wait_for 10 grep -q listening "$TMP/quote"
	rx sysctl -q net.ipv4.icmp_ratelimit=0
	dm_sock "$OUT" "${BIND[@]}" accept "wait:$GO" a=recv:10 "touch:$GO.2" \
		end=eof
	rx iptables -A INPUT -p tcp --dport $PORT -m length --length 500:65535 \
		-j REJECT --reject-with icmp-port-unreachable
	tx timeout 60 dmsend "$IP4_RX" $PORT send:100000 >"$TMP/send" 2>&1 &
	sender=$!
	sleep 1
	touch "$GO"
	wait_for 20 test -e "$GO.2"
	rx iptables -F INPUT
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	touch "$TMP/stop"
	wait $pid
	value "$text: nothing came through" a.errno EAGAIN
	value "$text: the end of the stream" end.pos 100000
	diag "$(tr '\n' ' ' <"$TMP/quote")"
	above "$text: they came" errors 0 "$TMP/quote"
	above "$text: and quote payload" most 100 "$TMP/quote"
	equal "$text: which is zeroes" "$(dm_value "$TMP/quote" bytes)" 0
	dm_unbind "$OUT" "$text"
	rx sysctl -q net.ipv4.icmp_ratelimit=1000
}

dm_stage 4
dm_steer 0 1 0 0
dm_modules sch_ingress cls_matchall cls_flower act_pedit act_csum act_mirred
dm_modules ip_tables iptable_filter iptable_nat nf_nat xt_nat xt_tcpudp xt_length \
	xt_string ts_bm xt_TEE ipt_REJECT
dm_modules dummy ifb veth 8021q sch_netem bridge tun cls_bpf
ip netns add far
defer ip netns del far
ip -n rx link add toward type veth peer name eth0 netns far
ip -n rx addr add 198.51.100.1/24 dev toward
ip -n rx link set toward up
ip -n far link set eth0 up
ip -n rx neigh replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev toward
for name in dummy ifb; do
	ip -n rx link add "${name}8" type $name
	defer ip -n rx link del "${name}8"
	ip -n rx link set "${name}8" up
done
mkdir "$TMP/bpf"
mount -t bpf bpf "$TMP/bpf"
defer umount "$TMP/bpf"

rewritten
string
for name in toward dummy8 ifb8; do
	mirrored $name
done
hoarded
flooded
tapped
cloned
programs
tee
vlan
quoted
dm_no_drops "all of it"
