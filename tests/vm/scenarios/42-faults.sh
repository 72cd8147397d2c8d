# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 400
# Proves: a binding survives what resets the device or lets it sleep, a stream
# goes on in device memory afterwards; and it ends cleanly when the device goes,
# under traffic, and can be made anew when it is back.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

need_module nicfault

OUT=$TMP/out
ALARM=/sys/class/rtc/rtc0/wakealarm

resets()
{
	dmesg | grep -c "$DEV_RX: Reset adapter" || true
}

reset_since()
{
	[ "$(resets)" -gt "$1" ]
}

tx_timeout()
{
	local before

	before=$(resets)
	dv_fault tx_timeout
	wait_for 10 reset_since "$before"
}

recovery()
{
	dv_fault frozen && sleep 0.2 && dv_fault slot_reset && dv_fault resume
}

reset()
{
	echo "$1" >"$SYS_RX/reset_method" && echo 1 >"$SYS_RX/reset"
}

# The test that puts the devices to sleep and wakes them after a second.
sleep_test()
{
	local rc=1

	echo devices >/sys/power/pm_test
	if echo "$1" >/sys/power/state; then
		rc=0
	fi
	echo none >/sys/power/pm_test
	return $rc
}

# all the way into and out of a state, by the RTC's alarm
sleep_for_real()
{
	echo 0 >$ALARM && echo +3 >$ALARM && echo "$1" >/sys/power/state
}

# runtime PM does not touch a device with a binding
stays_awake()
{
	local i

	echo auto >"$SYS_RX/power/control"
	rx ip link set "$DEV_RX" down
	for i in {1..8}; do
		sleep 1
		[ "$(cat "$SYS_RX/power/runtime_status")" = active ] || return
	done
	echo on >"$SYS_RX/power/control"
	dv_up
}

survives()
{
	local state old

	old=$(cat /sys/module/suspend/parameters/pm_test_delay)
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	defer eval "echo $old >/sys/module/suspend/parameters/pm_test_delay"

	dv_survives "TX timeout" tx_timeout
	dv_survives "PCI error recovery" recovery
	dv_survives "function level reset" reset flr
	dv_survives "power management reset" reset pm
	echo "flr pm" >"$SYS_RX/reset_method"
	dv_survives "error recovery, down in between" down_in_between
	dv_survives "function level reset while down" reset_while_down
	dv_survives "runtime power management" stays_awake
	for state in freeze mem; do
		dv_survives "suspend, $state, devices only" sleep_test $state
	done
	for state in freeze mem; do
		if [ -e $ALARM ]; then
			dv_survives "suspend to $state" sleep_for_real $state
		else
			skip "suspend to $state" "the kernel finds no RTC that wakes"
		fi
	done
}

down_in_between()
{
	rx ip link set "$DEV_RX" down && recovery && dv_up
}

reset_while_down()
{
	rx ip link set "$DEV_RX" down && reset flr && dv_up
}

# unbinds while the device is detached for recovery, then it recovers
unbind_in_recovery()
{
	local text="unbind in error recovery"

	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 \
		bar "$PCI_MEM:2:0:16M"
	dv_fault frozen
	expect_error 'not present' "$text: bind of another queue" \
		rx devmemctl bind -d "$DEV_RX" -q 2 bar "$PCI_MEM:2:16M:16M"
	check "$text: unbind" rx timeout 10 devmemctl unbind --all
	dm_nothing_left "$text"
	dv_fault slot_reset
	dv_fault resume
	check "$text: the link is back" wait_for 20 net_answers
	dm_plain 1 "$text"
	dm_steer 0 1 0 0
	dv_transfer "$text"
}

# Bind and unbind against recovery, over and over.
recovery_storm()
{
	local text="recovery under bind and unbind" pid i

	(while [ ! -e "$TMP/enough" ]; do
		rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM" &&
			rx devmemctl unbind --all
	done) >"$TMP/storm" 2>&1 &
	pid=$!
	for i in {1..15}; do
		dv_fault frozen
		dv_fault slot_reset
		dv_fault resume
		sleep 0.$((i % 4))
	done
	touch "$TMP/enough"
	wait $pid || true
	rx devmemctl unbind --all >/dev/null 2>&1 || true
	check "$text: the link is back" wait_for 20 net_answers
	dm_nothing_left "$text"
	dv_transfer "$text"
}

# The device is down and may sleep: it does so five seconds later.
falls_asleep()
{
	rx ip link set "$DEV_RX" down
	echo auto >"$SYS_RX/power/control"
}

wakes_up()
{
	echo on >"$SYS_RX/power/control"
	dv_up
	check "$1: the link is back" wait_for 20 net_answers
	dm_steer 0 1 0 0
	dv_transfer "$1"
}

# Whoever holds rtnl and needs the device awake waits for a suspend to end, so
# that must not wait for rtnl. The order here: rtnl is taken, a bind waits for
# it, the suspend begins, rtnl is free.
runtime_suspend()
{
	local text="bind of a device that sleeps"

	falls_asleep
	if ! wait_for 12 grep -q suspended "$SYS_RX/power/runtime_status"; then
		skip "$text" "the device does not suspend"
		wakes_up "$text"
		return
	fi
	check "$text" rx timeout 10 devmemctl bind -d "$DEV_RX" -q 1 \
		bar "$PCI_MEM"
	equal "$text: it is awake" "$(cat "$SYS_RX/power/runtime_status")" \
		active
	check "$text: unbind" rx devmemctl unbind --all
	wakes_up "$text"

	text="bind of a device that falls asleep"
	falls_asleep
	sleep 3.5
	dv_fault rtnl
	sleep 0.2
	check "$text" rx timeout 20 devmemctl bind -d "$DEV_RX" -q 1 \
		bar "$PCI_MEM"
	equal "$text: it is awake" "$(cat "$SYS_RX/power/runtime_status")" \
		active
	check "$text: unbind" rx timeout 10 devmemctl unbind --all
	wakes_up "$text"
}

# The stage as it was, after the driver was bound to the device anew.
back()
{
	check "$1: the network comes back" net_up
	dm_set_channels 4
	dm_set_ring $DM_RING
	dm_steer 0 1 0 0
	wait_for 20 net_answers || true
	dv_transfer "$1, once more"
}

# goes TEXT COMMAND...: in the middle of a stream
goes()
{
	local text=$1 sender
	shift

	rm -f "$TMP/half"
	dm_sock "$OUT" -m "$PCI_MEM" -d "$DEV_RX" -q 1 accept \
		half=hold:500000 "touch:$TMP/half" "sleep:1000" back=free close
	tx timeout 60 dmsend "$IP4_RX" $PORT "until:$TMP/never" \
		>"$TMP/send" 2>&1 &
	sender=$!
	wait_for 20 test -e "$TMP/half" || not_ok "$text: a stream runs"
	check "$text" timeout 30 "$@"
	equal "$text: the binding is gone" "$(rx devmemctl -j show |
		jq length)" 0
	dm_sock_wait "$text: what had come is right" "$OUT"
	kill $sender 2>/dev/null || true
	wait $sender || true
	check "$text: no module is in use" wait_for 5 dm_idle
}

dm_stage 4
modprobe nicfault
defer rmmod nicfault
dm_steer 0 1 0 0
dv_series "$([ -e $ALARM ] && echo 11 || echo 9)"
survives
dv_series_end "faults"
unbind_in_recovery
recovery_storm
runtime_suspend

export SYS_RX PCI_RX
# timeout(1) runs programs only.
for how in "echo $PCI_RX >/sys/bus/pci/drivers/igb/unbind" \
	   "echo 1 >$SYS_RX/remove" \
	   "echo dead $PCI_RX >/sys/module/nicfault/parameters/run; \
	    sleep 0.2; echo 1 >$SYS_RX/remove"; do
	goes "${how//$'\t'/}" bash -c "$how"
	case $how in
	*unbind) echo "$PCI_RX" >/sys/bus/pci/drivers/igb/bind ;;
	*) echo 1 >/sys/bus/pci/rescan ;;
	esac
	back "${how//$'\t'/}"
done
