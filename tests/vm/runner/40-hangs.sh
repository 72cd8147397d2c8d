# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 3
ok "before the hang"
trap '' TERM
sleep 1000
