# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 20000
# The packet fuzzer, see tests/fuzz/pktfuzz.c and make fuzz. The first half of
# the time with small frames.
# shellcheck source=tests/vm/scenarios/fuzz.bash
. /stage/scenarios/fuzz.bash

fz_stage
defer net_mtu 1500
FZ_SECONDS=$(((FZ_SECONDS + 1) / 2))
fz_packet 1500
net_mtu 9000
fz_packet 9000
fz_end packet
