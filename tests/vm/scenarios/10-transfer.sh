# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: a file from an ordinary sender arrives in device memory, whole and at
# the places that the control messages name, over IPv4 and IPv6, MTU 1500 and
# 9000, in buffers of 4 and 16 KiB, and all buffers come home. While a client
# holds them the host compares the BAR's backing file with what was sent.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

MIB=24
HELD=8
# On the debug kernel a MiB takes two seconds.
[ "$STAGE_SLOW" -eq 1 ] || MIB=6 HELD=4

# transfer FAMILY ADDRESS MTU BUFFER
transfer()
{
	local text="IPv$1, MTU $3, buffers of $4" out=$TMP/recv
	local bytes_device bytes_linear binding total=$((MIB << 20))

	dm_recv "$out" -q 1 --page-size "$4" --hash --no-unbind bar "$PCI_MEM"
	check "$text: the sender is done" tx timeout 120 \
		socat -u "OPEN:$TMP/input" "TCP$1:$2:$PORT"
	dm_recv_wait "$text: the receiver is done" "$out"
	diag "$(tr -d '\n' <"$out.json")"

	dm_numbers "$(<"$out.json")" bytes_device bytes_linear binding
	equal "$text: SHA-256 of what was read from device memory" \
		"$(dm_field "$out" sha256)" "$SUM"
	equal "$text: number of bytes" \
		"$((bytes_device + bytes_linear))" $total
	equal "$text: at least 99 % in device memory" \
		"$((bytes_device * 100 >= total * 99))" 1
	dm_no_drops "$text"
	if wait_for 5 dm_home "$binding" 1; then
		ok "$text: all buffers are home"
	else
		not_ok "$text: all buffers are home" \
			"$(rx devmemctl show "$binding")"
	fi
	check "$text: unbind" rx devmemctl unbind "$binding"
	dm_nothing_left "$text"
}

# Only held buffers: into one that was returned the NIC may have put a segment
# that the sender sent twice.
held()
{
	local text="IPv$1, MTU $3, held" out=$TMP/out total=$((HELD << 20))
	local sender

	rm -f /host/map "$TMP/there" "$TMP/go"
	dm_sock "$out" -w /host/map -m "$PCI_MEM" -d "$DEV_RX" -q 1 accept \
		all=hold:$total "touch:$TMP/there" "wait:$TMP/go" back=free \
		end=eof
	tx timeout 60 socat -u "OPEN:$TMP/input,readbytes=$total" \
		"TCP$1:$2:$PORT" &
	sender=$!
	check "$text: all is there" wait_for 40 test -e "$TMP/there"
	equal "$text: at least 99 % in device memory" \
		"$(($(dm_value "$out" all.device) * 100 >= total * 99))" 1
	host_check "$(dm_value "$out" all.device)" "${text// /_}"
	touch "$TMP/go"
	dm_wait "$text: the sender is done" $sender
	dm_sock_wait "$text: the receiver is done" "$out"
	equal "$text: all tokens go back" "$(dm_value "$out" back.held)" \
		"$(dm_value "$out" all.frags)"
	dm_unbind "$out" "$text"
}

dm_stage 4
dm_steer 0 1 0 0
random_file "$TMP/input" $MIB
cp "$TMP/input" /host/input
defer rm -f /host/input /host/map
SUM=$(sum "$TMP/input")

transfer 4 "$IP4_RX" 1500 4K
held 4 "$IP4_RX" 1500
transfer 6 "[$IP6_RX]" 1500 4K
held 6 "[$IP6_RX]" 1500
defer net_mtu 1500
net_mtu 9000
transfer 4 "$IP4_RX" 9000 4K
held 4 "$IP4_RX" 9000
transfer 6 "[$IP6_RX]" 9000 4K
held 6 "[$IP6_RX]" 9000
transfer 4 "$IP4_RX" 9000 16K
