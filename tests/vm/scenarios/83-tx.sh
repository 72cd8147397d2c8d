# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: sendmsg() with SCM_DEVMEM_DMABUF sends what stands in device memory,
# over IPv4 and IPv6, MTU 1500 and 9000, from any offset and in any number of
# iovecs, mixed with ordinary sends, blocking or not, with a small send buffer;
# every call is completed once and nothing is copied; what came is what was
# written. From memory of other exporters as well, and over the family netdev.
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

MIB=$((16 << 20))

unbind_all()
{
	tx devmemctl unbind --all
}

# A binding made by dmtx over devmem_tcp stays when it ends.
both()
{
	local text=$1
	shift

	tx_talk "$text" "${TX_BAR[@]}" "$@"
	equal "$text: the binding stays" "$(tx_bindings)" 1
	check "$text: unbind" unbind_all
	tx_gone "$text"
}

dm_stage 4
defer unbind_all

both "IPv4" -- send:$MIB
both "iovecs" -- send:$MIB:300000:7
both "odd offsets and sizes" -- odd:$((MIB / 2))
both "small calls" -- send:200000:100
both "not blocking" -- nowait:$MIB
both "a small send buffer" -S 20000 -- send:$((MIB / 4))
both "corked" -- more:3000000:1000 send:1
both "mixed" -- send:100000 host:50000 send:1 host:1 send:500000:20000:3 \
	host:300000 odd:200000
TO=$IP6_RX
both "IPv6" -- send:$MIB
TO=$IP4_RX
defer net_mtu 1500
net_mtu 9000
both "MTU 9000" -- send:$MIB
TO=$IP6_RX
both "IPv6, MTU 9000" -- odd:$MIB
TO=$IP4_RX
net_mtu 1500

# The binding of a netlink socket ends with it.
tx_talk "family netdev" -n "${TX_BAR[@]}" -- send:$MIB
tx_gone "family netdev"

# An id can be handed on; without CAP_NET_ADMIN, but to the user who is named. What
# they send is not memory that they lock.
as()
{
	# shellcheck disable=SC2016  # that shell's
	TX_BY=(bash -c 'ulimit -l 0 && exec "$@"' -
		setpriv --reuid "$1" --clear-groups)
	tx_sink $PORT
	tx_start -i "$id" -- mine=try:0:1000
	TX_BY=()
	tx_wait "as user $1"
	equal "as user $1: $2" "$(tx_value mine.errno)" "$2"
}

tx_talk "bound for a user" "${TX_BAR[@]}" -u 12345 -- sleep:0
id=$(tx_value id)
as 12345 0
as 12346 EACCES
as 0 EACCES
check "bound for a user: unbind" unbind_all
tx_talk "bound for anybody" "${TX_BAR[@]}" -u -1 -- sleep:0
id=$(tx_value id)
as 12346 0
check "bound for anybody: unbind" unbind_all
tx_gone "bound for users"

dm_modules udmabuf
for kind in udmabuf heap; do
	# QEMU's igb wants what a descriptor points to in one piece of memory:
	# these pages are in one piece for the IOMMU only.
	if [ $kind = udmabuf ] && [ -n "$(ls /sys/class/iommu)" ]; then
		skip "$kind" "QEMU's NIC drops frames of scattered pages"
		continue
	fi
	TX_BY=(withbuf "$kind:4M")
	tx_talk "$kind" -d "$DEV_TX" -- odd:$MIB
	TX_BY=()
	check "$kind: unbind" unbind_all
	tx_gone "$kind"
done
