# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 400
# Proves: whatever an administrator does to an interface with a binding, a
# stream that is under way goes on in device memory afterwards, every byte right,
# with the same binding; what would take the ground from under it is refused,
# with a reason.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

down_up()
{
	rx ip link set "$DEV_RX" down && sleep 0.3 && dv_up
}

rename()
{
	rx ip link set "$DEV_RX" down &&
	rx ip link set "$DEV_RX" name other &&
	rx ip link set other name "$DEV_RX" &&
	dv_up
}

# queues that the RETA has
hashed_onto()
{
	# shellcheck disable=SC2016  # awk's
	rx ethtool -x "$DEV_RX" | awk '
		$1 ~ /^[0-9]+:$/ { for (i = 2; i <= NF; i++) seen[$i] }
		END { for (queue in seen) printf " %s", queue }'
}

# While bound the RETA stays as the user set it.
channels()
{
	rx ethtool -L "$DEV_RX" combined "$1" && [ "$(hashed_onto)" = " 1" ]
}

# Away from the bound queue and back: the stream is in host memory meanwhile.
steer_away()
{
	dm_steer 1 0 1 0 && sleep 0.5 && dm_steer 0 1 0 0
}

off_and_on()
{
	rx ethtool -K "$DEV_RX" "$1" off && sleep 0.2 &&
	rx ethtool -K "$DEV_RX" "$1" on
}

flag_on_and_off()
{
	rx ip link set "$DEV_RX" "$1" on && sleep 0.2 &&
	rx ip link set "$DEV_RX" "$1" off
}

legacy()
{
	rx ethtool --set-priv-flags "$DEV_RX" legacy-rx "$1"
}

mac()
{
	rx ip link set "$DEV_RX" address 52:54:00:00:00:11 &&
	tx ip neigh flush all && sleep 0.3 &&
	rx ip link set "$DEV_RX" address "$MAC_RX" &&
	tx ip neigh flush all
}

vlan_add_remove()
{
	rx ip link add link "$DEV_RX" name vlan5 type vlan id 5 &&
	rx ip link set vlan5 up && sleep 0.2 &&
	rx ip link del vlan5
}

look()
{
	local dev=$DEV_RX

	rx ethtool -d "$dev" && rx ethtool -S "$dev" && rx ethtool -i "$dev" &&
	rx ethtool -k "$dev" && rx ethtool -g "$dev" && rx ethtool -l "$dev" &&
	rx ethtool -x "$dev" && rx ethtool -c "$dev" && rx ethtool -T "$dev"
}

link_settings()
{
	rx ethtool -s "$DEV_RX" autoneg on advertise 0x020 && sleep 0.3 &&
	rx ethtool -s "$DEV_RX" autoneg on advertise 0x02f
}

coalesce()
{
	rx ethtool -C "$DEV_RX" rx-usecs 200 && sleep 0.2 &&
	rx ethtool -C "$DEV_RX" rx-usecs 3
}

survives_ip()
{
	dv_survives "down and up" down_up
	dv_survives "rename" rename
	dv_survives "MTU 9000" net_mtu 9000
	dv_survives "MTU 1500" net_mtu 1500
	dv_survives "promisc" flag_on_and_off promisc
	dv_survives "allmulticast" flag_on_and_off allmulticast
	dv_survives "another MAC address and back" mac
	dv_survives "VLAN added and removed" vlan_add_remove
}

survives_ethtool()
{
	dv_survives "ethtool -G tx 512" rx ethtool -G "$DEV_RX" tx 512
	dv_survives "ethtool -G tx 256" rx ethtool -G "$DEV_RX" tx 256
	dv_survives "ethtool -L 8" channels 8
	dv_survives "ethtool -L 2" channels 2
	dv_survives "ethtool -L 4" channels 4
	dv_survives "ethtool -X" steer_away
	dv_survives "ethtool -K gro" off_and_on gro
	dv_survives "ethtool -K rxvlan" off_and_on rxvlan
	dv_survives "ethtool -K rxhash" off_and_on rxhash
	dv_survives "ethtool -C" coalesce
	dv_survives "ethtool -A off" rx ethtool -A "$DEV_RX" autoneg off \
		rx off tx off
	dv_survives "ethtool -A on" rx ethtool -A "$DEV_RX" autoneg on
	dv_survives "ethtool -s" link_settings
	dv_survives "ethtool -r" rx ethtool -r "$DEV_RX"
	dv_survives "ethtool -t online" rx ethtool -t "$DEV_RX" online
	# no stream meanwhile: for each frame that igb's loopback test finds it
	# frees one that it has sent, also when it comes from somebody else
	check "ethtool -t offline" rx ethtool -t "$DEV_RX" offline
	dv_survives "after ethtool -t offline" true
	dv_survives "legacy-rx on" legacy on
	dv_survives "legacy-rx off" legacy off
	dv_survives "ethtool -d, -S, ..." look
}

says()
{
	check "$1: the reason is in dmesg" grep -q "$2" <(dmesg | tail -n 15)
}

# Nothing of it may disturb the stream.
refuses()
{
	expect_errno EBUSY "ethtool -G rx" rx ethtool -G "$DEV_RX" rx 2048
	rx ethtool -X "$DEV_RX" default
	expect_errno EBUSY "ethtool -L 1" rx ethtool -L "$DEV_RX" combined 1
	says "ethtool -L 1" 'unbind device memory of rx queue 1 before'
	dm_steer 0 1 0 0
	rx ethtool -K "$DEV_RX" rx off >/dev/null 2>&1 || true
	says "ethtool -K rx off" 'before turning rx checksumming off'
	check "ethtool -K rx off: it is on" grep -q '^rx-checksumming: on' \
		<(rx ethtool -k "$DEV_RX")
	rx ethtool -K "$DEV_RX" rx on rx-all on >/dev/null 2>&1 || true
	says "ethtool -K rx-all on" 'before turning rx-all on'
	check "ethtool -K rx-all on: it is off" grep -q '^rx-all: off' \
		<(rx ethtool -k "$DEV_RX")
	rx ethtool -K "$DEV_RX" rx-all off >/dev/null 2>&1 || true
	expect_errno EOPNOTSUPP "ethtool --reset" \
		rx ethtool --reset "$DEV_RX" all
}

# split VALUE: ethtool -G tcp-data-split, which Debian 12's ethtool cannot set.
split()
{
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" "u8:11=$1" >"$TMP/split"
	equal "tcp-data-split $1${3:+, $3}" "$(dm_value "$TMP/split" errno)" "$2"
}

shown_split()
{
	rx ethtool -g "$DEV_RX" | awk '/TCP data split/ { print $NF }' |
		tail -n 1
}

# 0 auto, 1 off, 2 on
data_split()
{
	split 2 0
	equal "ethtool -g says on" "$(shown_split)" on
	split 1 0
	equal "ethtool -g says off" "$(shown_split)" off
	expect_error 'tcp-data-split is disabled' "bind with tcp-data-split off" \
		rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	split 0 0
	check "bind with tcp-data-split auto" \
		rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	split 2 0 "while bound"
	split 0 0 "while bound"
	split 1 EBUSY "while bound"
	check "tcp-data-split off while bound: the reason" \
		grep -q 'unbind device memory before' "$TMP/split"
	check "unbind" rx devmemctl unbind --all
}

# Frames with a tag, taken off by the NIC or not.
vlan_transfer()
{
	local ns dev

	for ns in rx tx; do
		dev=$DEV_RX
		[ $ns = rx ] || dev=$DEV_TX
		ip -n $ns link add link "$dev" name vlan7 type vlan id 7
		ip -n $ns link set vlan7 up
	done
	ip -n rx addr add 198.51.100.1/24 dev vlan7
	ip -n tx addr add 198.51.100.2/24 dev vlan7
	wait_for 10 tx ping -c 1 -W 1 198.51.100.1 || true
	dm_sock "$TMP/out" -m "$PCI_MEM" -d "$DEV_RX" -q 1 accept end=eof
	tx timeout 60 dmsend 198.51.100.1 $PORT send:1500000 \
		>"$TMP/send" 2>&1 || diag "$(cat "$TMP/send")"
	dm_sock_wait "$1: all bytes are right" "$TMP/out"
	equal "$1: in device memory" \
		"$(($(dm_value "$TMP/out" end.device) > 1400000))" 1
	dm_unbind "$TMP/out" "$1"
	ip -n rx link del vlan7
	ip -n tx link del vlan7
}

dm_stage 4
modprobe 8021q
dm_steer 0 1 0 0
data_split
vlan_transfer "VLAN"
rx ethtool -K "$DEV_RX" rxvlan off >/dev/null
vlan_transfer "VLAN, rxvlan off"
rx ethtool -K "$DEV_RX" rxvlan on >/dev/null
dv_series 28
survives_ip
survives_ethtool
refuses
dv_survives "after all that was refused" true
dv_series_end "administration"
