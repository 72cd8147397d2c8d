# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
defer touch /run/clean-up-ran
ok "before the error"
ls /nowhere
ok "never reached"
