# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: devmem_tcp_core says "in use" while one frag or one socket that owned
# tokens is left, and goes when the last is gone. Another version of both modules
# takes their place without a reboot; one with another layout of the pool does not
# bind a driver of this one, and says both numbers.
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash

OTHER=/stage/other

# users TEXT NUMBER: as many, and rmmod says so
users()
{
	check "$1: $2 users" wait_for 5 ul_users_are "$2"
	expect_error "in use" "$1: core is in use" rmmod devmem_tcp_core
}

core_goes()
{
	local start

	start=$(ul_now)
	wait_for 5 rmmod devmem_tcp_core || true
	if [ -e /sys/module/devmem_tcp_core ]; then
		not_ok "$1: core goes" "$(dm_module_users)"
	else
		ul_took "$1: core goes at once" "$start" 1000
	fi
	modprobe devmem_tcp
}

# A socket that is read: a frag, then a frag and a token, a token, none.
tokens()
{
	local text="frags and tokens" sender

	dm_sock "$OUT" "${BIND[@]}" accept "touch:$GO.there" "wait:$GO.1" \
		a=recv:10000 "touch:$GO.a" "wait:$GO.2" b=recv:10000 \
		"touch:$GO.b" "wait:$GO.3" back=free "touch:$GO.c" "wait:$GO.4" \
		end=eof close "touch:$GO.d" "wait:$GO.5"
	tx timeout 60 dmsend "$IP4_RX" $PORT send:20000 sleep:300 \
		"touch:$GO.sent" >"$TMP/send" 2>&1 &
	sender=$!
	ul_reaches "$GO.sent"
	check "$text: rmmod devmem_tcp" rmmod devmem_tcp
	users "$text, no byte is read" 1
	touch "$GO.1"
	ul_reaches "$GO.a"
	users "$text, some are read" 2
	touch "$GO.2"
	ul_reaches "$GO.b"
	users "$text, all are read, no token returned" 2
	touch "$GO.3"
	ul_reaches "$GO.c"
	users "$text, all tokens are returned" 1
	touch "$GO.4"
	ul_reaches "$GO.d"
	core_goes "$text, the socket is closed"
	touch "$GO.5"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	equal "$text: in device memory" "$(dm_value "$OUT" b.device)" 10000
	equal "$text: tokens were good" "$(dm_value "$OUT" back.held)" \
		"$(dm_value "$OUT" b.held)"
	rm -f "$GO"*
}

# A socket that never owns a token.
frags()
{
	local text="frags only" sender

	dm_sock "$OUT" "${BIND[@]}" accept "wait:$GO.1" close "touch:$GO.a" \
		"wait:$GO.2"
	tx timeout 60 dmsend "$IP4_RX" $PORT send:20000 sleep:300 \
		"touch:$GO.sent" >"$TMP/send" 2>&1 &
	sender=$!
	ul_reaches "$GO.sent"
	check "$text: rmmod devmem_tcp" rmmod devmem_tcp
	users "$text" 1
	touch "$GO.1"
	ul_reaches "$GO.a"
	core_goes "$text, the socket is closed"
	touch "$GO.2"
	wait $sender || true
	dm_sock_wait "$text: dmsock is done" "$OUT"
	rm -f "$GO"*
}

# insert NAME: both modules of that build, instead of what is loaded
insert()
{
	rmmod devmem_tcp devmem_tcp_core &&
	insmod "$OTHER/$1/devmem_tcp_core.ko" &&
	insmod "$OTHER/$1/devmem_tcp.ko"
}

version()
{
	cat "/sys/module/$1/version"
}

upgrade()
{
	local text="another version" old name

	old=$(version devmem_tcp_core)
	check "$text: it takes the place of this one" insert version
	for name in devmem_tcp devmem_tcp_core; do
		equal "$text: $name" "$(version $name)" "$old-other"
	done
	equal "$text: core says so" "$(dmesg | grep -c \
		"devmem_tcp_core: version $old-other, driver ABI")" 1
	dv_transfer "$text"
}

# The igb that is loaded is of this layout.
layout()
{
	local text="another layout of the pool" ours theirs

	ours=$(dmesg | sed -n 's/.*devmem_tcp_core: version .*, driver ABI //p' |
		tail -n 1)
	check "$text: the modules load" insert abi
	theirs=$(dmesg | sed -n \
		's/.*devmem_tcp_core: version .*, driver ABI //p' | tail -n 1)
	equal "$text: it is another" "$([ "$ours" != "$theirs" ] && echo 1)" 1
	rx genlreq -m "$PCI_MEM" 1 2="$DEV_RX" 3=dmabuf 4=1 >"$OUT" 2>&1
	equal "$text: bind" "$(dm_value "$OUT" errno)" EPROTO
	equal "$text: the text" "$(dm_value "$OUT" text)" \
		"driver and devmem_tcp_core differ in ABI, see dmesg"
	equal "$text: it points at the device" "$(dm_value "$OUT" bad)" 2
	equal "$text: dmesg has both numbers, $ours and $theirs" \
		"$(dmesg | grep -c "driver of $DEV_RX has ABI $ours, this module $theirs")" \
		1
	dm_nothing_left "$text"
	dm_plain 1 "$text"
	dm_steer 0 1 0 0
	check "$text: this version comes back" eval \
		'rmmod devmem_tcp devmem_tcp_core && modprobe devmem_tcp'
	dv_transfer "$text, this version again"
}

[ -d $OTHER ] || skip_all "no other builds of the modules in this stage"
dm_stage 4
defer load_modules
defer rmmod devmem_tcp devmem_tcp_core
dm_steer 0 1 0 0
dm_take_bar
tokens
frags
upgrade
layout
