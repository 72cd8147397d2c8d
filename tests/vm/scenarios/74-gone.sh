# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: with eight connections at full rate into two bound queues igb goes, by
# rmmod and by removal of the device, and so does the device memory: in bounded
# time, with nothing left bound, and the same connections go on, every byte right,
# when the NIC is back. devmem_bar is in use while it is bound, and not longer.
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash

OUT=$TMP/out

# streams TEXT DMSOCK_OPTION...: eight, in device memory
streams()
{
	local text=$1 one two
	shift

	one=$(dm_stat 1 bytes)
	two=$(dm_stat 2 bytes)
	dv_bind 1,2 4096 "$PCI_MEM" "$OUT" "$@" -p $PORT flow=many:8
	wait_for 20 dm_listens $PORT
	ul_flows
	check "$text: both queues receive into device memory" wait_for 30 \
		ul_more_than $((one + 1000000)) $((two + 1000000))
}

# The receivers have something to read again: their host bytes grow.
received()
{
	rx ss -Htin state established "sport = :$PORT" |
		grep -o 'bytes_received:[0-9]*' |
		awk -F : '{ n += $2; if (!least || $2 < least) least = $2 }
			END { print least + 0 }'
}

received_more()
{
	[ "$(received)" -gt "$1" ]
}

# go_on TEXT: all eight, and to their end
go_on()
{
	local text=$1 least

	least=$(rx ss -Htin state established "sport = :$PORT" |
		grep -o 'bytes_received:[0-9]*' |
		awk -F : '$2 > n { n = $2 } END { print n + 0 }')
	check "$text: all streams go on" wait_for 60 received_more \
		$((least + 65536))
	ul_flows_end "$text"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	ul_all_right "$text" "$OUT"
	dm_nothing_left "$text"
}

# The stage as it was. Flows that wait for their NIC must not all hash onto one
# queue, but need not be where they were.
back()
{
	check "$1: the network comes back" net_up
	dm_set_channels 4
	dm_set_ring $DM_RING
	dm_steer 0 1 1 0
	wait_for 20 net_answers || true
}

nic()
{
	local text=$1 start
	shift

	streams "$text"
	start=$(ul_now)
	check "$text" timeout 60 "$@"
	ul_took "$text: it does not take long" "$start" 10000
	equal "$text: no binding" "$(dm_bindings)" 0
}

igb_goes()
{
	nic "rmmod igb" rmmod igb
	check "rmmod igb: the modules come back" load_modules
	back "rmmod igb"
	go_on "rmmod igb"
}

nic_goes()
{
	nic "removal of the NIC" bash -c "echo 1 >$SYS_RX/remove"
	echo 1 >/sys/bus/pci/rescan
	back "removal of the NIC"
	go_on "removal of the NIC"
}

# Nothing can be compared in memory that is not there any more: -n.
memory_goes()
{
	local text="removal of the device memory" start
	local dir=/sys/bus/pci/devices/$PCI_MEM

	streams "$text" -n
	start=$(ul_now)
	check "$text" timeout 60 bash -c "echo 1 >$dir/remove"
	ul_took "$text: it does not take long" "$start" 5000
	equal "$text: no binding" "$(dm_bindings)" 0
	go_on "$text"
	echo 1 >/sys/bus/pci/rescan
	check "$text: rescan finds it" wait_for 10 test -e "$dir"
	check "$text: the driver takes it" dm_take_bar
}

exporter()
{
	local text="rmmod devmem_bar" start

	# the tool is gone when this returns, so only the binding is there
	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	expect_error "in use" "$text: in use while bound" rmmod devmem_bar
	check "$text: unbind" rx devmemctl unbind --all
	start=$(ul_now)
	check "$text: it goes" wait_for 2 rmmod devmem_bar
	ul_took "$text: it goes at once" "$start" 1000
	check "$text: modprobe" modprobe devmem_bar

	streams "$text, under traffic"
	expect_error "in use" "$text: in use under traffic" rmmod devmem_bar
	check "$text, under traffic: rmmod devmem_tcp" rmmod devmem_tcp
	# dmsock has it mapped
	expect_error "in use" "$text: in use while it is mapped" \
		rmmod devmem_bar
	check "$text, under traffic: modprobe devmem_tcp" modprobe devmem_tcp
	go_on "$text, under traffic"
	check "$text: it goes when it is not mapped any more" \
		wait_for 2 rmmod devmem_bar
	check "$text: modprobe again" modprobe devmem_bar
}

dm_stage 4
defer load_modules
ul_ports
exporter
memory_goes
igb_goes
nic_goes
dm_steer 0 1 0 0
dv_transfer "in the end"
