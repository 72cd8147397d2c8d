# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about the device (40 to 49) share.
#
#   dv_bind QUEUES SIZE RANGE OUT WORD...   binds RANGE of the BAR in net_iovs of
#                       SIZE and starts dmsock with it, in the background
#   dv_series N         one binding of queue 1 and a receiver for N streams, one
#                       after the other
#   dv_survives TEXT COMMAND...   one of these streams runs while COMMAND does;
#                       it must go on in device memory, every byte right
#   dv_series_end TEXT  the rest of the series is not needed; unbinds
#   dv_transfer TEXT    a binding, a stream, all home, unbind
#   dv_up               interface up, with its IPv6 address
#   dv_fault WHAT       see kmod/nicfault.c
#   dv_netstat NETNS NAME...   sum of these counters of TcpExt
#   dv_retrans          segments that netns tx sent again
#   dv_ports N PORT     source ports for both queues
#   dv_soak MTU SECONDS  two queues, eight connections each

# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

# shellcheck disable=SC2034  # used by scenarios
SYS_RX=/sys/bus/pci/devices/$PCI_RX
STREAM=0

dv_bind()
{
	local queues=$1 size=$2 range=$3 out=$4
	shift 4

	dm_take_bar
	rx bindrun -d "$DEV_RX" -q "$queues" -s "$size" "$range" \
		dmsock -f 20 "$@" >"$out" 2>"$out.err" &
	RECEIVER=$!
}

dv_series()
{
	local i steps=()

	rm -f "$TMP"/go.* "$TMP"/done.*
	STREAM=0
	SERIES=$1
	for ((i = 1; i <= SERIES; i++)); do
		steps+=("wait:$TMP/go.$i" accept "r$i=eof" close \
			"touch:$TMP/done.$i")
	done
	dv_bind 1 4096 "$PCI_MEM" "$TMP/series" -p $PORT "${steps[@]}"
	wait_for 10 grep -q '^id=' "$TMP/series"
}

dv_more_than()
{
	[ "$(dm_stat 1 bytes)" -gt "$1" ]
}

dv_survives()
{
	local text=$1 sender bytes i
	shift

	i=$((++STREAM))
	touch "$TMP/go.$i"
	wait_for 10 dm_listens $PORT || true
	bytes=$(dm_stat 1 bytes)
	tx timeout 120 dmsend "$IP4_RX" $PORT "until:$TMP/stop.$i" \
		>"$TMP/send" 2>&1 &
	sender=$!
	wait_for 20 dv_more_than $((bytes + 200000)) ||
		not_ok "$text: a stream runs" "$(cat "$TMP/send")"
	check "$text" "$@"
	wait_for 30 net_answers || not_ok "$text: the link is back"
	bytes=$(dm_stat 1 bytes)
	check "$text: the stream goes on in device memory" \
		wait_for 30 dv_more_than $((bytes + 200000))
	touch "$TMP/stop.$i"
	wait $sender || diag "$(cat "$TMP/send")"
	if wait_for 30 test -e "$TMP/done.$i" &&
	   [ "$(dm_value "$TMP/series" "r$i.end")" = eof ]; then
		ok "$text: all $(dm_value "$TMP/series" "r$i.pos") bytes are right"
	else
		not_ok "$text: all bytes are right" \
			"$(tail -n 8 "$TMP/series" "$TMP/series.err")"
		exit 1
	fi
}

dv_series_end()
{
	equal "$1: the binding is the one it was" \
		"$(rx devmemctl -j show | jq -c 'map(.id)')" \
		"[$(dm_value "$TMP/series" id)]"
	equal "$1: streams" "$STREAM" "$SERIES"
	dm_sock_wait "$1: the receiver is done" "$TMP/series"
	dm_unbind "$TMP/series" "$1"
}

dv_transfer()
{
	dm_exchange "$1: all bytes are right" "$TMP/transfer" send:1500000 \
		-m "$PCI_MEM" -d "$DEV_RX" -q 1 accept end=eof
	equal "$1: in device memory" \
		"$(($(dm_value "$TMP/transfer" end.device) > 1400000))" 1
	dm_unbind "$TMP/transfer" "$1"
}

dv_up()
{
	rx ip link set "$DEV_RX" up &&
	rx ip addr replace "$IP6_RX/64" dev "$DEV_RX" nodad
}

dv_fault()
{
	echo "$1 $PCI_RX" >/sys/module/nicfault/parameters/run
}

# dv_netstat NETNS NAME...
dv_netstat()
{
	local ns=$1
	shift

	# shellcheck disable=SC2016  # awk's
	ip netns exec "$ns" awk -v names="$*" '
		/^TcpExt:/ && !n { n = split($0, name); next }
		/^TcpExt:/ { for (i = 2; i <= n; i++) value[name[i]] = $i }
		END {
			n = split(names, name)
			for (i = 1; i <= n; i++)
				sum += value[name[i]]
			print sum + 0
		}' /proc/net/netstat
}

# dv_ports N PORT: N source ports each whose flow to PORT comes through queue 1 and
# queue 2 as the RETA is now, into the arrays FROM1 and FROM2.
#
# Far apart, as in dm_port().
dv_ports()
{
	local port one two one_after

	FROM1=()
	FROM2=()
	for ((port = 10000; ${#FROM1[@]} < $1 || ${#FROM2[@]} < $1; port += 61)); do
		[ $port -lt 30000 ]
		one=$(dm_packets 1)
		two=$(dm_packets 2)
		tx timeout 5 dmsend -b $port "$IP4_RX" "$2" sleep:0 \
			>/dev/null 2>&1 || true
		one_after=$(dm_packets 1)
		if [ "$one_after" -gt "$one" ]; then
			# other packets come as well
			dm_port_is 1 "$2" $port && FROM1+=("$port")
		elif [ "$(dm_packets 2)" -gt "$two" ]; then
			dm_port_is 2 "$2" $port && FROM2+=("$port")
		fi
	done
	FROM1=("${FROM1[@]:0:$1}")
	FROM2=("${FROM2[@]:0:$1}")
}

# dv_soak MTU SECONDS: two queues, eight connections each, all the time.
dv_soak()
{
	local text="MTU $1, $2 s" out=$TMP/soak pids=() port bytes=()
	local alloc pruned retrans start end

	net_mtu "$1"
	dm_steer 0 1 1 0
	dv_ports 8 $PORT
	bytes=("$(dm_stat 1 bytes)" "$(dm_stat 2 bytes)")
	alloc=$(($(dm_stat 1 pool_empty) + $(dm_stat 2 pool_empty)))
	pruned=$(dv_netstat rx TCPRcvQDrop RcvPruned OfoPruned TCPOFODrop)
	retrans=$(dv_retrans)
	rm -f "$TMP/stop"
	dv_bind 1,2 4096 "$PCI_MEM" "$out" -p $PORT flow=many:16
	wait_for 20 dm_listens $PORT

	start=$SECONDS
	for port in "${FROM1[@]}" "${FROM2[@]}"; do
		tx dmsend -b "$port" "$IP4_RX" $PORT "until:$TMP/stop" \
			>"$TMP/send.$port" 2>&1 &
		pids+=($!)
	done
	sleep "$2"
	touch "$TMP/stop"
	for port in "${pids[@]}"; do
		wait "$port" || not_ok "$text: a sender is done" \
			"$(cat "$TMP"/send.*)"
	done
	dm_sock_wait "$text: the receiver is done" "$out"
	end=$SECONDS
	equal "$text: streams with a wrong byte" \
		"$(dm_value "$out" flow.failed)" 0
	equal "$text: streams to their end" \
		"$(grep -c '^flow[0-9]*.end=eof' "$out")" 16
	equal "$text: 99 % in device memory" "$(awk -F = '
		/^flow[0-9]*.device=/ { d += $2 }
		/^flow[0-9]*.pos=/ { p += $2 }
		END { print (p > 0 && d > p * .99) }' "$out")" 1
	for port in 1 2; do
		equal "$text: queue $port received into device memory" \
			"$(($(dm_stat $port bytes) > bytes[port - 1]))" 1
	done
	dm_no_drops "$text"
	diag "$text: $(awk -F = -v s=$((end - start)) '
		/^flow[0-9]*.pos=/ { p += $2; n++ }
		END { printf "%d streams, %.1f MB, %.1f Mbit/s", n, p / 1e6,
			p * 8 / s / 1e6 }' "$out")," \
		"pruned $(($(dv_netstat rx TCPRcvQDrop RcvPruned OfoPruned \
			TCPOFODrop) - pruned))," \
		"retransmits $(($(dv_retrans) - retrans))," \
		"pool empty $(($(dm_stat 1 pool_empty) +
			$(dm_stat 2 pool_empty) - alloc))"
	dm_unbind "$out" "$text" 2
}

dv_retrans()
{
	# shellcheck disable=SC2016  # awk's
	tx awk '/^Tcp: [0-9]/ { print $13 }' /proc/net/snmp
}
