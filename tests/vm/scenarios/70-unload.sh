# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: rmmod devmem_tcp with eight connections at full rate into two bound
# queues, ten times: it returns within two seconds, the dma-buf is let go at
# once, every stream goes on as ordinary TCP with every byte right, tokens taken
# before are still good, the core goes with the last socket and not before, and
# modprobe and bind work again at once. unload-soak.sh does it 100 times.
# shellcheck source=tests/vm/scenarios/unload.bash
. /stage/scenarios/unload.bash

core_gone()
{
	rmmod devmem_tcp_core
}

dm_stage 4
defer load_modules
ul_ports
ul_cycles "rmmod under traffic" 10
check "devmem_tcp goes" rmmod devmem_tcp
check "devmem_tcp_core goes when all sockets are closed" wait_for 2 core_gone
check "the exporter goes" rmmod devmem_bar
check "all of them come back" load_modules
dm_steer 0 1 0 0
dv_transfer "reload"
