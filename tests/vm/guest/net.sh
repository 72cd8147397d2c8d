# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The network of the stage: modules, namespaces, addresses. Sourced by init, by
# lib.sh and by the shell, so that a scenario that unloads igb can set the
# stage up again with load_modules and net_up.

MAC_RX=52:54:00:00:00:01
MAC_TX=52:54:00:00:00:02
# shellcheck disable=SC2034  # used by scenarios
{
	IP4_RX=192.0.2.1
	IP4_TX=192.0.2.2
	IP6_RX=2001:db8::1
	IP6_TX=2001:db8::2
	DEV_RX=eth0
	DEV_TX=eth1
	PCI_RX=0000:00:03.0
	PCI_TX=0000:00:05.0
	PCI_MEM=0000:00:07.0
}

rx()
{
	nsenter --net=/run/netns/rx --mount=/run/mntns/rx "$@"
}

tx()
{
	nsenter --net=/run/netns/tx --mount=/run/mntns/tx "$@"
}

# A network namespace, and one of mounts in which /sys shows it. "ip netns exec"
# makes one of those for each command, which costs more than most commands do.
net_namespace()
{
	[ ! -e "/run/netns/$1" ] || return 0
	ip netns add "$1" && touch "/run/mntns/$1" &&
		unshare --mount="/run/mntns/$1" --propagation slave \
			nsenter --net="/run/netns/$1" mount -t sysfs "$1" /sys
}

has_module()
{
	modinfo -n "$1" >/dev/null 2>&1
}

# updates/ wins over the kernel's own igb. Ours are optional: with the stock
# kernel there are none.
load_modules()
{
	local name

	modprobe igb || return
	for name in devmem_tcp_core devmem_tcp devmem_bar; do
		has_module "$name" || continue
		modprobe "$name" || return
	done
}

# nap SECONDS: as sleep, but no program runs
exec {NAP}<> <(:)
nap()
{
	read -rt "$1" -u "$NAP" || true
}

# wait_for SECONDS COMMAND...: polls until it succeeds. SECONDS are ample for a quiet
# machine; others get three times as much, and the debug kernel has its own time.
wait_for()
{
	local deadline=$((SECONDS + 3 * $1 * ${STAGE_SLOW:-1}))
	local pause=0.05
	shift

	# there a look takes longer than that
	[ "${STAGE_SLOW:-1}" -eq 1 ] || pause=0.5

	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		nap $pause
	done
}

# The interface with this address, in the namespace that init lives in.
dev_by_mac()
{
	local dev

	for dev in /sys/class/net/*; do
		[ "$(cat "$dev/address")" = "$1" ] || continue
		printf '%s\n' "${dev##*/}"
		return
	done
	return 1
}

# Names by address and not by probe order: after a rescan or a reload of the
# driver the second may come first.
net_up()
{
	local end mac name dev

	for end in rx tx; do
		net_namespace "$end" || return
		ip -n "$end" link set lo up || return
	done
	for end in rx tx; do
		if [ $end = rx ]; then
			mac=$MAC_RX name=$DEV_RX
		else
			mac=$MAC_TX name=$DEV_TX
		fi
		if dev=$(dev_by_mac "$mac"); then
			ip link set "$dev" down
			ip link set "$dev" netns "$end" name "$name" || return
		fi
	done
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX" || return
	net_addr tx "$DEV_TX" "$IP4_TX" "$IP6_TX" || return
	wait_for 20 net_answers
}

net_addr()
{
	ip -n "$1" addr replace "$3/24" dev "$2" &&
	ip -n "$1" addr replace "$4/64" dev "$2" nodad &&
	ip -n "$1" link set "$2" up
}

net_answers()
{
	tx ping -c 1 -W 1 "$IP4_RX" && tx ping -6 -c 1 -W 1 "$IP6_RX"
}

# net_mtu MTU: on both ends; the link goes down and up, so wait for it.
net_mtu()
{
	ip -n rx link set "$DEV_RX" mtu "$1" &&
	ip -n tx link set "$DEV_TX" mtu "$1" &&
	wait_for 20 net_answers
}
