# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: the soak test works; it is soak.sh, for ten seconds per MTU.
# shellcheck source=tests/vm/scenarios/device.bash
. /stage/scenarios/device.bash

dm_stage 4
defer net_mtu 1500
dv_soak 1500 10
dv_soak 9000 10
