# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
ok "one that passes"
equal "one that fails" 1 2
skip "one that is skipped" "as a test"
expect_errno ENOENT "an errno in words" ls /nowhere
check_fails "one that must fail" false
