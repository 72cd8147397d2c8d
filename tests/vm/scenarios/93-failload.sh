# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: a module whose load fails, at any allocation, is not there afterwards,
# and can be loaded; a device that devmem_bar has no memory for has no driver, and
# can have one.
# shellcheck source=tests/vm/scenarios/failnth.bash
. /stage/scenarios/failnth.bash

# load NAME: of the first part, which is the loader's, every 41st allocation
load()
{
	fn_run "load" "module:$(modinfo -n "$1")" -- failnth -k 41 -t 60
	check "load: $1 after that" modprobe "$1"
}

fn_stage
dm_stage 4
defer load_modules
dm_release_bar
rmmod devmem_tcp devmem_tcp_core devmem_bar
for name in devmem_tcp_core devmem_tcp devmem_bar; do
	load $name
done
echo devmem_bar >"/sys/bus/pci/devices/$PCI_MEM/driver_override"
fn_run "driver" probe -- failnth -b "$PCI_MEM:0:4096"
dm_take_bar
check "bind" rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM"
check "unbind" rx devmemctl unbind --all
dm_nothing_left "in the end"
