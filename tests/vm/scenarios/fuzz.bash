# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios that run a fuzzer of tests/fuzz share. Not a scenario itself.
#
#   fz_stage                  channels, ring, neighbours, what the fuzzers use
#   fz_param NAME DEFAULT     from the kernel's command line: fuzz.NAME=VALUE
#   fz_run NAME [OPTION]...   runs it for fuzz.seconds from fuzz.seed
#   fz_end NAME               nothing is left of it, and all works
#   fz_stream, fz_stream_end TEXT   a plain connection beside it, all the time
#   fz_netlink, fz_socket, fz_packet   the three of them
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

fz_param()
{
	local value

	value=$(sed -n "s/.*\\bfuzz\\.$1=\\([0-9]*\\).*/\\1/p" /proc/cmdline)
	printf '%s\n' "${value:-$2}"
}

FZ_SECONDS=$(fz_param seconds 60)
FZ_SEED=$(fz_param seed "$(date +%s)")

fz_stage()
{
	dm_stage 4
	dm_take_bar
}

fz_run()
{
	local name=$1 out=$TMP/$1
	shift

	diag "$name --seed $FZ_SEED --seconds $FZ_SECONDS $*"
	if "$name" --bar "$PCI_MEM" --dev "$DEV_RX" --seed "$FZ_SEED" \
		--patience $((60 * STAGE_SLOW)) \
		--seconds "$FZ_SECONDS" "$@" >"$out" 2>"$out.err"; then
		ok "$name: its checks hold"
	else
		not_ok "$name: its checks hold" \
			"exit $?: $(head -n 60 "$out" "$out.err")"
	fi
	diag "$(tr '\n' ' ' <"$out")"
	[ ! -s "$out.err" ] || diag "$(head -n 20 "$out.err")"
}


fz_end()
{
	local left

	rx devmemctl unbind --all >/dev/null 2>&1 || true
	dm_nothing_left "$1"
	dm_release_bar
	check "$1: devmem_bar can go" modprobe -r devmem_bar
	modprobe devmem_bar
	# igb holds what it shares with the core, so the core stays
	check "$1: devmem_tcp can go" modprobe -r devmem_tcp
	left=$(awk '$1 == "devmem_tcp_core" { print $3 }' /proc/modules)
	equal "$1: nobody uses devmem_tcp_core" "${left:-0}" 0
	modprobe -r devmem_tcp_core || true
	load_modules
	dm_steer 0 1 0 0
	dv_transfer "$1"
}

fz_stream()
{
	rm -f "$TMP/enough"
	rx dmsock -p 5020 accept end=eof >"$TMP/reader" 2>&1 &
	FZ_READER=$!
	wait_for 20 dm_listens 5020
	tx dmsend "$IP4_RX" 5020 "until:$TMP/enough" >"$TMP/stream" 2>&1 &
	FZ_SENDER=$!
}

fz_stream_end()
{
	touch "$TMP/enough"
	check "$1: the stream beside it ends" wait_for 150 \
		dm_not_running "$FZ_SENDER"
	wait "$FZ_SENDER" || diag "$(cat "$TMP/stream")"
	dm_wait "$1: its reader is done" "$FZ_READER"
	equal "$1: the end of the stream" \
		"$(dm_value "$TMP/reader" end.end)" eof
	equal "$1: all of it" "$(dm_value "$TMP/reader" end.pos)" \
		"$(dm_value "$TMP/stream" sent)"
}

# How many errors DMA API debugging will still tell of.
fz_dma_errors()
{
	local file=/sys/kernel/debug/dma-api/num_errors

	[ ! -e $file ] || echo "$1" >$file
}

fz_netlink()
{
	# It binds host memory twice at a time, for which its exporter maps it twice.
	fz_dma_errors 0
	defer fz_dma_errors 1
	dm_steer 1 1 1 1
	fz_stream
	fz_run nlfuzz
	equal "nlfuzz: something was bound" \
		"$(($(dm_value "$TMP/nlfuzz" bound) > 0))" 1
	rx devmemctl unbind --all >/dev/null 2>&1 || true
	fz_dma_errors 1
	fz_stream_end nlfuzz
}

# The peer's frames go to tx, whose kernel does not know its address.
fz_peer()
{
	local ip

	for ip in "${IP4_TX%.*}.77" "${IP6_TX%::*}::4d"; do
		ip -n rx neigh "$1" "$ip" ${2:+lladdr "$2" nud permanent} \
			dev "$DEV_RX"
	done
}

# Connections that nobody has any more, but the kernel: MPTCP keeps them, and what
# they have not delivered, for a minute; TCP until what was sent is acknowledged.
fz_no_orphans()
{
	! rx ss -Hta state connected exclude time-wait | grep -q .
}

fz_packet()
{
	fz_peer replace "$MAC_TX"
	dm_steer 0 1 0 0
	fz_run pktfuzz --mtu "$1"
	fz_peer del
	dm_unbind "$TMP/pktfuzz" "pktfuzz, MTU $1" 2
}

fz_socket()
{
	if modprobe -q tls; then
		defer modprobe -rq tls
	fi
	dm_steer 0 1 1 0
	# of those below
	rx sysctl -qw net.ipv4.tcp_orphan_retries=1
	fz_run sockfuzz
	wait_for 90 fz_no_orphans ||
		not_ok "sockfuzz: the orphans end" "$(rx ss -tanoi)"
	# what is left of queue 2 is of bindings that are gone
	dm_unbind "$TMP/sockfuzz" sockfuzz
}
