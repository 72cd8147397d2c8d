# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: the fuzzers work, each for four seconds from a fixed seed, and find
# nothing. For longer runs see make fuzz.
# shellcheck source=tests/vm/scenarios/fuzz.bash
. /stage/scenarios/fuzz.bash

FZ_SECONDS=$((4 * STAGE_SLOW))
FZ_SEED=36

fz_stage
fz_netlink
fz_packet 1500
fz_socket
fz_end "all of them"
