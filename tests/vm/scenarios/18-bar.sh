# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: devmem_bar exports exactly what it should, to those who may, and takes
# it back when the device goes: the binding ends, mappings fault, the BAR is
# free, and all works again after a rebind, and after remove and rescan.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
DIR=/sys/bus/pci/devices/$PCI_MEM
MIB=1048576

bar()
{
	barcheck "$PCI_MEM" "$@"
}

value()
{
	equal "$1" "$(dm_value "$OUT" "$2")" "$3"
}

requests()
{
	bar whole=export:2:0:0 drop part=export:2:4096:8192 drop \
		last=export:2:0x3fff000:4096 drop rest=export:2:0x3000000:0 \
		drop cloexec=export:2:0:4096:0x80000 drop \
		none=export:3:0:4096 five=export:5:0:4096 six=export:6:0:4096 \
		large=export:2:0:0x4001000 behind=export:2:0x4000000:4096 \
		behind0=export:2:0x4000000:0 wrap=export:2:4096:-4096 \
		odd=export:2:100:4096 size=export:2:0:100 \
		flags=export:2:0:4096:1 reserved=export:2:0:4096:0:1 \
		ioctl=ioctl:0x4401 >"$OUT"
	value "the whole BAR" whole.size $((64 * MIB))
	value "without O_CLOEXEC" whole.cloexec 0
	value "two pages" part.size 8192
	value "the last page" last.size 4096
	value "what is left" rest.size $((16 * MIB))
	value "with O_CLOEXEC" cloexec.cloexec 1
	value "the upper half of the 64 bit BAR" none.errno EINVAL
	value "a BAR that is not there" five.errno EINVAL
	value "BAR 6" six.errno EINVAL
	value "more than the BAR" large.errno EINVAL
	value "behind the BAR" behind.errno EINVAL
	value "nothing, behind the BAR" behind0.errno EINVAL
	value "a range that wraps" wrap.errno EINVAL
	value "an offset that is not aligned" odd.errno EINVAL
	value "a size that is not aligned" size.errno EINVAL
	value "an unknown flag" flags.errno EINVAL
	value "a reserved field" reserved.errno EINVAL
	value "an unknown ioctl" ioctl.errno ENOTTY
}

overlaps()
{
	bar a=export:2:0x100000:0x100000 same=export:2:0x100000:0x100000 \
		inside=export:2:0x180000:4096 before=export:2:0:0x101000 \
		behind=export:2:0x1ff000:8192 around=export:2:0:0 \
		left=export:2:0:0x100000 right=export:2:0x200000:0 drop \
		again=export:2:0:0 >"$OUT"
	value "a range" a.errno 0
	value "the same again" same.errno EBUSY
	value "inside of it" inside.errno EBUSY
	value "its first page" before.errno EBUSY
	value "its last page" behind.errno EBUSY
	value "all around" around.errno EBUSY
	value "left of it" left.errno 0
	value "right of it" right.errno 0
	value "all, after they are closed" again.errno 0
}

privilege()
{
	bar nocap a=export:2:0:4096 >"$OUT"
	value "without CAP_SYS_RAWIO" a.errno EPERM
	expect_errno EACCES "nobody opens the node" setpriv --reuid 65534 \
		--regid 65534 --clear-groups barcheck "$PCI_MEM" drop
	equal "mode of the node" "$(stat -c %a "/dev/devmem_bar/$PCI_MEM")" 600
}

# The host looks into the backing file and writes into it.
mapping()
{
	bar a=export:2:0x200000:0x200000 m=map p=private b=beyond \
		write:0x1234:0xcafe0001 write:0x1ffffc:0xcafe0002 s=sync \
		r=read:0x1234 "touch:$TMP/written" "wait:$TMP/host" \
		h=read:0x2000 >"$OUT" &
	wait_for 20 test -e "$TMP/written"
	host_check $((0x200000 + 0x1234)) 0100feca $((0x3ffffc)) 0200feca \
		$((0x202000))
	touch "$TMP/host"
	wait $!
	value "mmap" m.errno 0
	value "mmap MAP_PRIVATE" p.errno EINVAL
	value "mmap of more than there is" b.errno EINVAL
	value "DMA_BUF_IOCTL_SYNC" s.errno 0
	value "what was written can be read" r.value 0xcafe0001
	value "what the host wrote can be read" h.value 0x64766d65
}

io_and_foreign()
{
	local text="a device with another driver" isa

	expect_error 'in use by the driver igb' "$text" \
		rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_TX"
	expect_error 'no PCI device' "a device that is not there" \
		rx devmemctl bind -d "$DEV_RX" -q 1 bar 0000:00:1e.0

	# The SMBus controller of q35 has an I/O BAR 4.
	isa=0000:00:1f.3
	if [ ! -e "/sys/bus/pci/devices/$isa" ] ||
	   [ -e "/sys/bus/pci/devices/$isa/driver" ]; then
		skip "an I/O BAR" "no $isa without a driver"
		return
	fi
	echo devmem_bar >"/sys/bus/pci/devices/$isa/driver_override"
	echo $isa >/sys/bus/pci/drivers_probe
	barcheck $isa io=export:4:0:4096 none=export:0:0:4096 >"$OUT" 2>&1 ||
		diag "$(cat "$OUT")"
	value "an I/O BAR" io.errno EINVAL
	value "a BAR that the device does not have" none.errno EINVAL
	echo $isa >"/sys/bus/pci/devices/$isa/driver/unbind"
	echo >"/sys/bus/pci/devices/$isa/driver_override"
}

bar_claimed()
{
	grep -q 'devmem_bar' /proc/iomem
}

works()
{
	dm_exchange "$1: all bytes are right" "$OUT" send:2000000 \
		-m "$PCI_MEM" -d "$DEV_RX" -q 1 accept end=eof
	equal "$1: in device memory" \
		"$(($(dm_value "$OUT" end.device) > 1900000))" 1
	dm_unbind "$OUT" "$1"
}

# HOW takes the device away in the middle of a stream. The part that was read
# before is checked; afterwards the memory cannot be looked at.
device_goes()
{
	local text=$1 how=$2 sender pid

	rm -f "$TMP/half" "$TMP/go" "$TMP/mapped"
	dm_take_bar
	bar a=export:2:0x3000000:0x1000000 map write:0:1 \
		"touch:$TMP/mapped" "wait:$TMP/go" f=fault:4096 \
		e=export:2:0:4096 m=map >"$TMP/bar" 2>&1 &
	pid=$!
	wait_for 20 test -e "$TMP/mapped"
	dm_sock "$OUT" -m "$PCI_MEM:0:0x2000000" -d "$DEV_RX" -q 1 accept \
		half=hold:1000000 "touch:$TMP/half" "wait:$TMP/go" \
		back=free later=plainread:1000000 end=eof
	tx timeout 60 dmsend "$IP4_RX" $PORT send:1000000 "wait:$TMP/go" \
		send:1000000 >"$TMP/send" 2>&1 &
	sender=$!
	check "$text: data before" wait_for 20 test -e "$TMP/half"
	check "$text" timeout 30 "$how"
	equal "$text: the binding is gone" "$(dm_bindings)" 0
	check_fails "$text: the BAR is free" bar_claimed
	touch "$TMP/go"
	wait $pid || true
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	value "$text: the stream goes on in host memory" later.bytes 1000000
	value "$text: the end of the stream" end.pos 2000000
	equal "$text: a mapping faults" "$(dm_value "$TMP/bar" f.signal)" BUS
	equal "$text: the open node gives nothing" \
		"$(dm_value "$TMP/bar" e.errno)" ENODEV
	equal "$text: the old dma-buf cannot be mapped" \
		"$(dm_value "$TMP/bar" m.errno)" ENODEV
	dm_nothing_left "$text"
	dm_plain 1 "$text"
	dm_steer 0 1 0 0
}

# timeout(1) runs programs only.
printf '#!/bin/bash\necho %s >%s/driver/unbind\n' "$PCI_MEM" "$DIR" \
	>"$TMP/unbind"
printf '#!/bin/bash\necho 1 >%s/remove\n' "$DIR" >"$TMP/remove"
chmod +x "$TMP/unbind" "$TMP/remove"

dm_stage 4
dm_steer 0 1 0 0
dm_take_bar
requests
overlaps
privilege
mapping
io_and_foreign
check_fails "the BAR is not claimed without an export" bar_claimed

works "to begin with"
device_goes "unbind of the driver" "$TMP/unbind"
check "the driver takes it again" dm_take_bar
works "after unbind of the driver"

device_goes "remove of the device" "$TMP/remove"
echo 1 >/sys/bus/pci/rescan
check "rescan finds the device" wait_for 10 test -e "$DIR"
check "the driver takes it" dm_take_bar
works "after remove and rescan"

# With an export alone, nobody attached.
check "rmmod waits for nothing" eval 'dm_release_bar && rmmod devmem_bar'
check "modprobe devmem_bar" modprobe devmem_bar
dm_take_bar
works "after modprobe"
