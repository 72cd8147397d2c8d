# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
equal "the clean-up of the scenario before ran" \
	"$(ls /run/clean-up-ran)" /run/clean-up-ran
echo '<4>WARNING: CPU: 0 PID: 1 at somewhere' >/dev/kmsg
