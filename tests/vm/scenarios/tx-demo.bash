# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the two machines of make demo-tx share. Not a scenario itself. On top of
# what each stage has:
#
#	+-------- sender --------+              +------- receiver -------+
#	|    198.51.100.2/24     |              |     198.51.100.1/24    |
#	|    2001:db8:1::2/64    |              |     2001:db8:1::1/64   |
#	|    igb 0000:00:09.0    +--- socket ---+    igb 0000:00:09.0    |
#	| ivshmem 0000:00:0c.0   |              |   ivshmem 0000:00:0c.0 |
#	+------------------------+              +------------------------+
#
#   tx_demo_up MAC HOST       the NIC is $LINK, with the addresses of HOST (1, 2)
#   tx_demo_mtu RUN           its MTU becomes that of the run
#   tx_demo_address HOST RUN  the address of HOST, of the run's family

[ -e /sys/bus/pci/devices/0000:00:0c.0 ] ||
	skip_all "no second machine: run it through make demo-tx"
# shellcheck disable=SC2034  # used by scenarios
{
	RUNS="v4-1500 v6-1500 v4-9000 v6-9000"
	MEMORY=(bar 0000:00:0c.0)
}
# A directory of the host that both see: results, and who is ready.
OUT=/mnt
mkdir -p $OUT
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 demo-tx $OUT

tx_demo_up()
{
	LINK=$(dev_by_mac "$1")
	ip addr add "198.51.100.$2/24" dev "$LINK"
	ip addr add "2001:db8:1::$2/64" dev "$LINK" nodad
	ip link set "$LINK" up
}

tx_demo_mtu()
{
	ip link set "$LINK" mtu "${1#*-}"
}

tx_demo_address()
{
	case $2 in
	v4-*) echo "198.51.100.$1" ;;
	v6-*) echo "2001:db8:1::$1" ;;
	esac
}
