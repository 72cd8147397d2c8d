# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: an odd or hostile frame is dropped and counted under its name, or means to
# TCP what it means without device memory: wrong checksums and headers, padding,
# options, fragments, what is not TCP, what is larger than the MTU; segments ahead of
# their turn, again, overlapping, with other bytes. No byte that is read is wrong.
# shellcheck source=tests/vm/scenarios/fuzz.bash
. /stage/scenarios/fuzz.bash

OUT=$TMP/out

# What became of the frames of queues 0 and 1, and TCP's answers, which are resets
# where there is no connection. Small ones are not counted, for some come by themselves.
frame_counts()
{
	# shellcheck disable=SC2016  # awk's
	rx ethtool -S "$DEV_RX" | rx awk '
		/^ *rx_queue_[01]_devmem_(packets|drop)/ {
			gsub(/^rx_queue_|:$/, "", $1)
			sub("_devmem_", ".", $1)
			print $1, $2
		}
		/^Tcp: [0-9]/ { print "resets", $15 }' - /proc/net/snmp
}

# What was counted since $TMP/before.
counted()
{
	frame_counts >"$TMP/after"
	awk 'NR == FNR { before[$1] = $2; next }
		$2 != before[$1] {
			printf "%s%s=%d", sep, $1, $2 - before[$1]
			sep = " "
		}' "$TMP/before" "$TMP/after"
}

is_counted()
{
	[ "$(counted)" = "$1" ]
}

# frames TEXT IPV COUNTED STEP...: each large frame is in one of the counters.
frames()
{
	local text="IPv$2: $1" ipv=$2 want=$3
	shift 3

	tx rawpeer "$ipv" "$@"
	if wait_for 5 is_counted "$want"; then
		ok "$text"
	else
		not_ok "$text" "got '$(counted)', want '$want'"
	fi
	mv "$TMP/after" "$TMP/before"
}

# No connection is needed to drop them. What a driver of QEMU's NIC cannot send is
# not here: IP headers of another version, or of less than 20 bytes.
no_connection()
{
	local v

	frame_counts >"$TMP/before"
	for v in 4 6; do
		frames "nothing is odd" $v "1.packets=1 resets=1" 0+1000
		frames "TCP checksum" $v "1.drop_csum=1" 0+1000,csum
		frames "TCP data offset inside of its header" $v "1.packets=1" \
			0+1000,doff=4
		frames "TCP data offset behind the end" $v \
			"1.packets=1 resets=1" 0+20,doff=15 0+1000
		frames "IP longer than the frame" $v "1.drop_csum=1" \
			0+1000,total=100
		frames "IP shorter than the TCP header" $v "1.drop_csum=1" \
			0+1000,total=-1010
		frames "two fragments" $v "1.drop_not_tcp=2" 0+1000,frags=512
		frames "UDP" $v "1.drop_not_tcp=1" 0+1000,proto=17
		frames "ESP" $v "1.drop_not_tcp=1" 0+1000,proto=50
		frames "SCTP" $v "1.drop_not_tcp=1" 0+1000,proto=132
		frames "nothing behind IP" $v "1.drop_not_tcp=1" 0+1000,proto=59
		frames "not IP" $v "0.drop_nosplit=1" 0+1000,type=0x88b5
	done
	frames "IP checksum" 4 "1.drop_csum=1" 0+1000,ipcsum
	frames "ICMP" 4 "1.drop_not_tcp=1" 0+1000,proto=1
	frames "options that are payload" 4 "1.drop_csum=1" 0+1000,ihl=15
	frames "ICMPv6" 6 "1.drop_not_tcp=1" 0+1000,proto=58
	frames "headers larger than the buffer" 6 "1.drop_nosplit=1" \
		0+1000,dst=248
	# igb has the NIC drop frames of more than 1532 bytes
	frames "larger than the MTU" 4 "1.packets=1 resets=1" 0+1478 0+1479
	frames "larger than the MTU" 6 "1.packets=1 resets=1" 0+1458 0+1459
}

# Connections: IPV, bytes, how many of them in device memory, name, steps. As in
# TCP the bytes that came first win, but for a segment ahead of its turn which
# another covers, or begins before.
streams()
{
	local v

	for v in 4 6; do
		cat <<-END
			$v 3000 3000 in-order 0+1000 1000+1000 2000+1000
			$v 2000 2000 checksum 0+1000 1000+1000,wrong=1000,csum 1000+1000
			$v 2004 2000 padding 0+1000,pad=4 1004+1000 1000+4
			$v 2400 2400 padding-behind 0+1000 1000+900,pad=100 1900+500
			$v 1002 1000 short 0+1,pad=5 1+1000,pad=100 1001+1,pad=5
			$v 2000 2000 like-a-header 0+1000,like=0 0+1000,like=1000 1000+1000
			$v 1000 1000 fragments 0+1000,frags=512 0+1000
			$v 1600 1000 small-fragments 0+600,frags=160 600+1000
			$v 4000 4000 ahead 3000+1000 1000+1000 2000+1000 0+1000
			$v 2000 2000 again 0+1000 0+1000,wrong=1000 1000+1000 400+1000,wrong=1000
			$v 2000 2000 partly-again 0+1000 500+1000,wrong=500 1500+500
			$v 2000 2000 over-ahead 1000+1000,wrong=400 0+1400
			$v 2000 2000 ahead-again 1000+1000 1000+1000,wrong=1000 0+1000
			$v 2000 2000 ahead-inside 1000+1000 1200+500,wrong=500 0+1000
			$v 2000 2000 ahead-longer 1000+500,wrong=500 1000+1000 0+1000
			$v 2000 2000 ahead-covered 1200+500,wrong=500 1000+1000 0+1000
			$v 2500 2500 ahead-and-on 1000+1000 1500+1000,wrong=500 0+1000
			$v 2500 2500 ahead-before 1500+1000,wrong=500 1000+1000 0+1000
			$v 2000 2000 outside 0+1000 200000+1000,wrong=1000 1000+1000
			$v 2000 2000 too-large 0+1000 1000+1479,wrong=1479 1000+1000
		END
	done
	cat <<-END
		4 2000 2000 ip-checksum 0+1000 1000+1000,wrong=1000,ipcsum 1000+1000
		4 3000 3000 options 0+1000,nops=4 1000+1000,nops=40 2000+1000
		6 3000 3000 hop-by-hop 0+1000,hop=8 1000+1000,hop=8 2000+1000
		6 3000 3000 destination 0+1000,dst=8 1000+1000,dst=8 2000+1000
	END
}

# connections TEXT: the same whether in device memory or not; only where differs.
connections()
{
	local text=$1 ipv bytes device name steps got each=()
	shift

	while read -r ipv bytes device name steps; do
		each+=(accept "$name$ipv=eof" close)
	done < <(streams)
	dm_sock "$OUT" "$@" "${each[@]}"
	while read -r ipv bytes device name steps; do
		read -ra steps <<<"$steps"
		[ $# -gt 0 ] || device=0
		got=$(tx rawpeer "$ipv" open "${steps[@]}" "acked:$bytes" \
			"close:$bytes" 2>&1) || true
		got+=$(awk -F '[.=]' -v name="$name$ipv" '
			$1 == name { v[$2] = $3 }
			END { print v["end"], v["pos"], v["device"] }' "$OUT")
		equal "$text, IPv$ipv: $name" "$got" "eof $bytes $device"
	done < <(streams)
	dm_sock_wait "$text: all bytes are right" "$OUT"
}

dm_stage 4
defer ip -n tx link set "$DEV_TX" mtu 1500
ip -n tx link set "$DEV_TX" mtu 9000
fz_peer replace "$MAC_TX"
defer fz_peer del
dm_steer 0 1 0 0
wait_for 20 net_answers
dm_one_poll
dm_take_bar
ID=$(rx devmemctl -j bind -d "$DEV_RX" -q 0,1 bar "$PCI_MEM" | jq .id)
no_connection
check "unbind" rx devmemctl unbind "$ID"
dm_nothing_left "no connection"

merged=$(dm_stat 1 merged)
connections "device memory" -m "$PCI_MEM" -d "$DEV_RX" -q 1
diag "$(($(dm_stat 1 merged) - merged)) frames merged"
dm_unbind "$OUT" "connections"
connections "host memory"
