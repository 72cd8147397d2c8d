# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 20000
# The netlink fuzzer, see tests/fuzz/nlfuzz.c and make fuzz.
# shellcheck source=tests/vm/scenarios/fuzz.bash
. /stage/scenarios/fuzz.bash

fz_stage
fz_netlink
fz_end netlink
