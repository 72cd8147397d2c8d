# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: what cannot work without payload stops a stream and harms it in no
# other way: once the obstacle is gone it goes on, and no byte is lost or wrong.
# Checksums that software is to make, a conntrack helper, filters, MD5 signatures,
# an eBPF program that sends the frames elsewhere.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

# stopped TEXT WORD...: with the obstacle on its way, which put_up puts up and
# put_down takes away, nothing comes. WORDs are dmsock's.
stopped()
{
	local text=$1 sender
	shift

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" accept "touch:$GO.0" "wait:$GO.1" \
		a=recv:10 "touch:$GO.2" "wait:$GO.3" "$@" end=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT "wait:$GO.up" send:300000 \
		>"$TMP/send" 2>&1 &
	sender=$!
	wait_for 10 test -e "$GO.0"
	put_up
	touch "$GO.up"
	sleep 1.2
	touch "$GO.1"
	wait_for 20 test -e "$GO.2"
	put_down
	touch "$GO.3"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: nothing came past it" a.errno EAGAIN
	value "$text: the end of the stream" end.pos 300000
	above "$text: the rest is in device memory" end.device 200000
	dm_unbind "$OUT" "$text"
}

# The sum that is made is that of the headers, which TCP finds to be wrong. What
# GRO has merged is not summed.
checksum()
{
	put_up()
	{
		rx ethtool -K "$DEV_RX" gro off
		rx tc qdisc add dev "$DEV_RX" clsact
		rx tc filter add dev "$DEV_RX" ingress matchall \
			action csum ip4h tcp
	}
	put_down()
	{
		rx tc qdisc del dev "$DEV_RX" clsact
		rx ethtool -K "$DEV_RX" gro on
	}
	dm_modules sch_ingress cls_matchall act_csum
	stopped "checksums made by software"
}

# FTP's helper wants all of a segment in linear memory. Connections get one when
# they begin, and lose it with its module.
helper()
{
	put_up()
	{
		:
	}
	put_down()
	{
		rx nft delete table ip helper
		wait_for 10 modprobe -r nf_conntrack_ftp
	}
	dm_modules nf_conntrack_ftp nft_ct nft_objref
	rx nft -f - <<-END
		table ip helper {
			ct helper ftp { type "ftp" protocol tcp; }
			chain in {
				type filter hook prerouting priority filter;
				tcp dport $PORT ct helper set "ftp"
			}
		}
	END
	stopped "conntrack helper"
}

# Nothing to put up: the socket does it itself.
filter()
{
	local text="socket filter"

	talk "$text" "wait:$GO.1 send:300000" filter:200 "touch:$GO.1" \
		sleep:1000 a=recv:10 filter:0 end=eof
	value "$text: nothing came past it" a.errno EAGAIN
	value "$text: the end of the stream" end.pos 300000
	above "$text: the rest is in device memory" end.device 200000
	talk_end "$text"

	# One that looks at the header only.
	text="socket filter, header"
	talk "$text" "wait:$GO.1 send:300000" filter:13 "touch:$GO.1" end=eof
	value "$text: the end of the stream" end.pos 300000
	above "$text: it is in device memory" end.device 200000
	talk_end "$text"
}

# A signature covers the payload: it does not match. Without the binding it does.
md5()
{
	local text="MD5 signatures" sender

	rm -f "$GO"*
	dm_sock "$OUT" "${BIND[@]}" -k "::ffff:$IP4_TX" accept "wait:$GO.1" \
		a=recv:10 "touch:$GO.2" end=eof
	tx timeout 60 dmsend -k "$IP4_RX" $PORT send:300000 >"$TMP/send" 2>&1 &
	sender=$!
	sleep 1.2
	touch "$GO.1"
	wait_for 20 test -e "$GO.2"
	check "$text: unbind" rx devmemctl unbind "$(dm_value "$OUT" id)"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: nothing of device memory" a.errno EAGAIN
	value "$text: the end of the stream" end.pos 300000
	dm_nothing_left "$text"
}

# What was sent elsewhere got nowhere.
redirect()
{
	local text=bpf_redirect

	put_up()
	{
		rx tc qdisc add dev "$DEV_RX" clsact
		rx tc filter add dev "$DEV_RX" ingress bpf direct-action \
			object-pinned "$TMP/bpf/redirect"
	}
	put_down()
	{
		rx tc qdisc del dev "$DEV_RX" clsact
	}
	dm_modules sch_ingress cls_bpf dummy
	ip -n rx link add dummy8 type dummy
	defer ip -n rx link del dummy8
	ip -n rx link set dummy8 up
	mkdir "$TMP/bpf"
	mount -t bpf bpf "$TMP/bpf"
	defer umount "$TMP/bpf"
	rx skbprog "$TMP/bpf/redirect" redirect:dummy8
	stopped "$text"
	equal "$text: frames were refused" "$(($(refused_by dummy8) > 0))" 1
}

dm_stage 4
dm_steer 0 1 0 0
checksum
helper
filter
md5
redirect
dm_no_drops "all of it"
