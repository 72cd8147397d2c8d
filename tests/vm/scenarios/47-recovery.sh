# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: resets and PCI errors that overlap with something, come twice or come
# unannounced do not end a binding or its stream; and a device that does not
# recover can still be closed and removed, and comes back.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

need_module nicfault

# Whoever reads the clock reads registers, and takes no lock that the reset has.
reset_and_clock()
{
	local clock pid

	clock=$(basename "$SYS_RX"/ptp/ptp*)
	rm -f "$TMP/enough"
	phcread "/dev/$clock" "$TMP/enough" >"$TMP/clock" 2>&1 &
	pid=$!
	sleep 0.2
	echo flr >"$SYS_RX/reset_method"
	echo 1 >"$SYS_RX/reset"
	echo "flr pm" >"$SYS_RX/reset_method"
	touch "$TMP/enough"
	wait $pid && [ "$(dm_value "$TMP/clock" reads)" -gt 10 ]
}

# Another device below the same bridge wanted it.
unannounced()
{
	dv_fault slot_reset && dv_fault resume
}

twice()
{
	dv_fault frozen && dv_fault frozen && dv_fault slot_reset &&
	dv_fault resume
}

closed()
{
	dv_fault frozen && rx ip link set "$DEV_RX" down &&
	dv_fault slot_reset && dv_fault resume && dv_up
}

# lost TEXT COMMAND...: the error is for good, then COMMAND, then igb goes
lost()
{
	local text=$1
	shift

	check "$text: bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
	dv_fault frozen
	dv_fault dead
	check "$text" timeout 20 "$@"
	check "$text: igb is unbound" timeout 20 bash -c \
		"echo $PCI_RX >/sys/bus/pci/drivers/igb/unbind"
	equal "$text: the binding is gone" "$(dm_bindings)" 0
	check "$text: no module is in use" wait_for 5 dm_idle
	echo 1 >"$SYS_RX/remove"
	echo 1 >/sys/bus/pci/rescan
	check "$text: the network comes back" net_up
	dm_set_channels 4
	dm_set_ring $DM_RING
	dm_steer 0 1 0 0
	wait_for 20 net_answers || true
	dv_transfer "$text, after all"
}

dm_stage 4
modprobe nicfault
defer rmmod nicfault
dm_steer 0 1 0 0
before=$(dmesg | grep -c 'PCIe link lost' || true)
dv_series 4
dv_survives "reset while the clock is read" reset_and_clock
dv_survives "slot reset unannounced" unannounced
dv_survives "an error in error recovery" twice
dv_survives "closed in error recovery" closed
dv_series_end "recovery"
equal "igb never lost its registers" \
	"$(dmesg | grep -c 'PCIe link lost' || true)" "$before"
lost "no recovery" true
lost "no recovery, closed before" ip -n rx link set "$DEV_RX" down
