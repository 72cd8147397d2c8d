# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
ok "all is well after that"
