# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: an XDP program and a binding do not meet on a device below a bond, which
# passes programs on without asking the stack; a bound queue would not run it.
# Below a bond payload arrives in device memory as without.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

PROG=$TMP/bpf/pass

bond_xdp()
{
	rx ip link set dev bond9 xdpdrv "$@"
}

enslave()
{
	rx ip link set "$DEV_RX" down
	rx ip link set "$DEV_RX" master bond9
}

bind_it()
{
	rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
}

# Can be done twice.
alone_again()
{
	rx ip link del bond9 2>/dev/null || true
	net_up
}

dm_stage 4
modprobe bonding || skip_all "no bonding"
defer modprobe -rq bonding
defer alone_again
mkdir -p "$TMP/bpf"
mount -t bpf bpf "$TMP/bpf"
defer umount "$TMP/bpf"
xdppass "$PROG"
rx ip link add bond9 type bond mode active-backup

text="bound, then a program for the bond"
enslave
check "$text: bind" bind_it
expect_error '.' "$text: refused" bond_xdp pinned "$PROG"
check "$text: unbind" rx devmemctl unbind --all

text="a program for the bond, then bind"
check "$text: attach" bond_xdp pinned "$PROG"
expect_error 'XDP program' "$text: refused" bind_it
check "$text: the program goes" bond_xdp off
check "$text: bind" bind_it
check "$text: unbind" rx devmemctl unbind --all

text="a program for the bond, bound, then below it"
rx ip link set "$DEV_RX" nomaster
check "$text: attach" bond_xdp pinned "$PROG"
check "$text: bind" bind_it
expect_error '.' "$text: refused" enslave
check "$text: unbind" rx devmemctl unbind --all
bond_xdp off

text="below a bond"
enslave
rx ip link set bond9 up
rx ip addr flush dev "$DEV_RX"
rx ip addr add "$IP4_RX/24" dev bond9
rx ip addr add "$IP6_RX/64" dev bond9 nodad
tx ip neigh flush all
check "$text: it answers" wait_for 20 net_answers
dm_steer 0 1 0 0
dv_transfer "$text"
alone_again
dm_nothing_left "in the end"
