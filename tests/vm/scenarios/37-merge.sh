# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: frames that follow each other in a stream become one skb in the driver, and
# nothing else does: each field that a reader, TCP or a router could miss keeps them
# apart. What comes out is right for IP and for TCP, which count the frames.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

merged()
{
	dm_stat 1 merged
}

# like IPV FIELD: number of frames that were merged, of 20 * 32
like()
{
	local before from to

	from=$IP4_TX to=$IP4_RX
	[ "$1" = 4 ] || from=$IP6_TX to=$IP6_RX
	before=$(($(dm_stat 1 packets) + $(dm_drops 1)))
	MERGED=$(merged)
	tx likeframes "$DEV_TX" "$from" "$to" "$2" 20
	wait_for 10 arrived $((before + 640)) ||
		not_ok "IPv$1, $2: all frames come" \
			"$(($(dm_stat 1 packets) + $(dm_drops 1) - before))"
	MERGED=$(($(merged) - MERGED))
}

# What the NIC takes for no TCP, or what does not go to this queue, is not here.
arrived()
{
	[ $(($(dm_stat 1 packets) + $(dm_drops 1))) -ge "$1" ]
}

never()
{
	like "$1" "$2"
	equal "IPv$1: none is merged: $2" "$MERGED" 0
}

sometimes()
{
	like "$1" "$2"
	equal "IPv$1: if they differ in $2" "$((MERGED > 0))" 1
	diag "$MERGED of 640"
}

ip_errors()
{
	rx cat /proc/net/snmp /proc/net/snmp6 /proc/net/netstat | awk '
		/^(Ip|IpExt):/ { if (!($1 in names)) { names[$1] = $0; next }
			split(names[$1], name)
			for (i = 2; i <= NF; i++)
				if (name[i] ~ /^(InHdrErrors|InCsumErrors|InTruncatedPkts)$/)
					n += $i }
		/^Ip6(InHdrErrors|InTruncatedPkts)/ { n += $2 }
		END { print n + 0 }'
}

# at_most N IPV FIELD TEXT
at_most()
{
	like "$2" "$3"
	equal "IPv$2: $4" "$((MERGED > 0 && MERGED <= $1))" 1
	diag "$MERGED of 640"
}

# stream TEXT ADDRESS: 8 MiB; sets MERGED and PACKETS
stream()
{

	PACKETS=$(dm_stat 1 packets)
	MERGED=$(merged)
	dm_sock "$TMP/out" -d "$DEV_RX" -m "$PCI_MEM" -q 1 accept end=eof
	tx timeout 120 dmsend "$2" $PORT send:$((8 << 20)) >"$TMP/send" 2>&1 ||
		diag "dmsend: exit $?: $(cat "$TMP/send")"
	dm_sock_wait "$1: all bytes are right" "$TMP/out"
	equal "$1: all of them" "$(dm_value "$TMP/out" end.pos)" $((8 << 20))
	dm_unbind "$TMP/out" "$1"
	MERGED=$(($(merged) - MERGED))
	PACKETS=$(($(dm_stat 1 packets) - PACKETS))
	diag "$1: $MERGED of $PACKETS frames"
}

dm_stage 4
dm_steer 0 1 0 0
errors=$(ip_errors)
for ip in "$IP4_RX" "$IP6_RX"; do
	stream "$ip" "$ip"
	equal "$ip: at least half is merged" "$((MERGED * 2 >= PACKETS))" 1
done
rx ip link set "$DEV_RX" gro_max_size 4000
defer rx ip link set "$DEV_RX" gro_max_size 65536
stream "skbs of 4000 bytes" "$IP4_RX"
equal "skbs of 4000 bytes: at most two frames" "$((MERGED * 2 <= PACKETS))" 1
rx ip link set "$DEV_RX" gro_max_size 65536
rx ethtool -K "$DEV_RX" gro off
defer rx ethtool -K "$DEV_RX" gro on
stream "without GRO" "$IP4_RX"
equal "without GRO: nothing is merged" "$MERGED" 0
rx ethtool -K "$DEV_RX" gro on
equal "IP finds nothing wrong with them" "$(($(ip_errors) - errors))" 0

# Frames of nobody's connection, which the driver does not know.
dm_take_bar
ID=$(rx devmemctl -j bind -d "$DEV_RX" -q 1 bar "$PCI_MEM" | jq .id)
dm_one_poll
for ipv in 4 6; do
	# of 32 that follow each other 17 and 15
	at_most 600 $ipv none "an skb has 17 frags"
	at_most 320 $ipv long "what follows is not longer"
	for field in psh short; do
		sometimes $ipv $field
	done
	for field in tos ttl ack window cwr ece urg fin opts src sport gap pad \
		csum all:cwr all:urg all:fin; do
		never $ipv $field
	done
done
sometimes 4 id
dm_modules 8021q
for id in 5 6; do	# or they are filtered
	rx ip link add link "$DEV_RX" name tagged$id type vlan id $id
	defer rx ip link del tagged$id
	rx ip link set tagged$id up
done
for field in df frag ipopt vlan prio all:tag; do
	never 4 $field
done
check "unbind" rx devmemctl unbind "$ID"
dm_nothing_left "all of them"
