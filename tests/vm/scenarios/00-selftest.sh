# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The stage itself, with nothing of ours: both NICs, both protocols, the
# device memory, the ways to the host. If this fails, look no further.

driver_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

listening()
{
	rx ss -Hltn "sport = :$1" | grep -q .
}

transfer()
{
	local family=$1 address=$2 got=$TMP/got

	rm -f "$got"
	rx socat -u "TCP$family-LISTEN:5000,reuseaddr" "CREATE:$got" &
	wait_for 5 listening 5000
	tx socat -u "OPEN:$TMP/input" "TCP$family:$address:5000"
	wait $!
	equal "16 MiB over IPv$family arrive unharmed" "$(sum "$got")" \
		"$(sum "$TMP/input")"
}

rx_packets()
{
	rx cat "/sys/class/net/$DEV_RX/statistics/rx_packets"
}

equal "igb drives the receiver" "$(driver_of "$PCI_RX")" igb
equal "igb drives the sender" "$(driver_of "$PCI_TX")" igb
check "ping over IPv4" tx ping -c 1 -W 5 "$IP4_RX"
check "ping over IPv6" tx ping -6 -c 1 -W 5 "$IP6_RX"

before=$(rx_packets)
random_file "$TMP/input" 16
transfer 4 "$IP4_RX"
transfer 6 "[$IP6_RX]"
equal "the bytes crossed the wire" \
	"$(($(rx_packets) - before > 32 * 1024 * 1024 / 65536))" 1

# Resource 2 of ivshmem-plain: start, end, flags.
read -r start end _ < <(sed -n 3p "/sys/bus/pci/devices/$PCI_MEM/resource")
equal "the device memory is a 64 MiB BAR 2" $((end - start + 1)) \
	$((64 << 20))
equal "busybox does not hide the real ip" "$(ip -V | cut -d , -f 1)" \
	"ip utility"

# A word in the BAR, a file in the shared directory: the host must see both.
cp "$TMP/input" /host/selftest.input
echo 1 >"/sys/bus/pci/devices/$PCI_MEM/enable"
busybox devmem $((start + 0x123458)) 32 0x64766d65
host_check "$(sum "$TMP/input")" $((0x123458))
echo 0 >"/sys/bus/pci/devices/$PCI_MEM/enable"
