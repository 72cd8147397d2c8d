# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
ok "before the stop"
# Stops init, so that only the host can end this.
kill -STOP 1
sleep 1000
