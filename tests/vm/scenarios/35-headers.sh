# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: what TCP keeps of a segment for its headers keeps no device memory: the
# IPv6 options of the last one, a SYN with payload whose handshake does not end,
# which anybody can send. And that a close() still finds out about Fast Open what
# it found out before the patch.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

# Everything is read and returned, and the connection stays.
options()
{
	local text="IPv6 options of a connection" sender

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept flow=set:flowinfo:1 "touch:$GO.set" \
		a=read:304000 "touch:$GO.read" "wait:$GO.go" end=eof
	tx timeout 60 dmsend "$IP6_RX" $PORT "wait:$GO.set" send:300000 \
		sleep:200 send:4000 "wait:$GO.go" >"$TMP/send" 2>&1 &
	sender=$!
	goes_on "$GO.read"
	value "$text: they are asked for" flow.errno 0
	above "$text: in device memory" a.device 250000
	if wait_for 5 none_in_skbs; then
		ok "$text: they keep no buffer"
	else
		not_ok "$text: they keep no buffer" "$(rx devmemctl show)"
	fi
	touch "$GO.go"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	talk_end "$text"
}

# Who asks for the flow label keeps the SYN until the handshake is over.
syn()
{
	local text="SYN with payload" before sender

	rx sysctl -qw net.ipv6.flowlabel_reflect=1
	defer rx sysctl -qw net.ipv6.flowlabel_reflect=0
	tx sysctl -qw net.ipv4.tcp_fastopen=5	# without a cookie
	defer tx sysctl -qw net.ipv4.tcp_fastopen=1
	dm_sock "$OUT" "${BIND[@]}" accept end=eof
	tx nft -f - <<-END
		table ip6 half {
			chain in {
				type filter hook input priority filter;
				tcp sport $PORT tcp flags & (syn | ack) == syn | ack drop
			}
		}
	END
	before=$(dm_stat 1 packets)
	tx timeout 30 dmsend -F 1000 "$IP6_RX" $PORT send:1000 \
		>"$TMP/send" 2>&1 &
	sender=$!
	check "$text: it waits for the end of the handshake" wait_for 10 \
		half_open
	above_zero "$text: its payload came in device memory" \
		$(($(dm_stat 1 packets) - before))
	sleep 0.5
	check "$text: it is not kept" none_in_skbs
	check "$text: the handshake still waits" half_open
	tx nft delete table ip6 half
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: the end of the stream" end.pos 2000
	talk_end "$text"
}

half_open()
{
	rx ss -Htn state syn-recv "sport = :$PORT" | grep -q .
}

above_zero()
{
	equal "$1" "$(($2 > 0))" 1
}

blackholes()
{
	dm_mib netstat TCPFastOpenBlackhole
}

# A middlebox that lets SYN, SYN-ACK and FIN pass and no data. The first connection
# gets the cookie.
fast_open()
{
	local text="Fast Open through a black hole" server before

	tx sysctl -qw net.ipv4.tcp_fastopen=1
	tx sysctl -qw net.ipv4.tcp_fastopen_blackhole_timeout_sec=3600
	defer tx sysctl -qw net.ipv4.tcp_fastopen_blackhole_timeout_sec=0
	rx sysctl -qw net.ipv4.tcp_fastopen=1027 # 3, and any listener
	defer rx sysctl -qw net.ipv4.tcp_fastopen=1
	rx timeout 60 dmsend -l "$IP4_RX" 5900 sleep:0 >/dev/null &
	server=$!
	wait_for 10 dm_listens 5900
	tx timeout 30 dmsend -F 100 "$IP4_RX" 5900 sleep:0 >/dev/null
	wait $server
	tx nft -f - <<-END
		table ip hole {
			chain in {
				type filter hook input priority filter;
				tcp sport 5900 meta length > 200 drop
			}
		}
	END
	rx timeout 60 dmsend -l "$IP4_RX" 5900 send:1000 >/dev/null &
	server=$!
	wait_for 10 dm_listens 5900
	before=$(blackholes)
	tx timeout 30 dmsend -F 100 "$IP4_RX" 5900 sleep:3000 close
	if wait_for 2 noticed "$before"; then
		ok "$text: close() notices"
	else
		not_ok "$text: close() notices" "$(blackholes), $before before"
	fi
	tx nft delete table ip hole
	kill $server || true
	wait $server || true
}

noticed()
{
	[ "$(blackholes)" -gt "$1" ]
}

dm_stage 4
dm_steer 0 1 0 0
dm_modules nf_tables
options
syn
dm_steer 1 0 0 0
fast_open
