# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 90000
# Proves: two RX queues with eight connections each, for ten minutes per MTU:
# every byte right, all net_iovs home at the end. It has no number, so it runs
# only when asked for:
#
#	tests/vm/run.sh --timeout 1500 soak
#	tests/vm/run.sh --timeout 9000 --append soak=3600 soak
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

DURATION=$(sed -n 's/.*\bsoak=\([0-9]*\).*/\1/p' /proc/cmdline)

dm_stage 4
defer net_mtu 1500
dv_soak 1500 "${DURATION:-600}"
dv_soak 9000 "${DURATION:-600}"
