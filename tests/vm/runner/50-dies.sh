# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
ok "before the end"
kill -KILL $$
