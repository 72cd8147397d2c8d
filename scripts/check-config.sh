#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check-config.sh FRAGMENT CONFIG [BASE]: is the configuration of a kernel what was
# asked for? Fails if CONFIG has not all that FRAGMENT says. With BASE, Debian's
# configuration, also if anything else differs from it, and prints what differs.
set -euo pipefail
[ $# -eq 2 ] || [ $# -eq 3 ] || {
	echo "usage: check-config.sh FRAGMENT CONFIG [BASE]" >&2
	exit 2
}

# What may differ from Debian's beside what packaging/kernel.config names: it
# follows from that, or is what each build sets for itself.
FOLLOWS='DEBUG_INFO.*|PAHOLE_.*|MODULE_ALLOW_BTF_MISMATCH|GDB_SCRIPTS'
FOLLOWS+='|I2C(_ALGOBIT|_BOARDINFO|_COMPAT|_HELPER_AUTO)?|RTC_I2C_AND_SPI'
FOLLOWS+='|IGB_.*|CC_VERSION_TEXT|BUILD_SALT|LOCALVERSION'

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# "NAME<tab>value" of what is set, "NAME<tab>n" of what is named as not set.
options()
{
	sed -nE 's/^CONFIG_(\w+)=/\1\t/p; s/^# CONFIG_(\w+) is not set$/\1\tn/p' \
		"$1" | LC_ALL=C sort
}

# different A B JOINOPTION...: "NAME<tab>in A<tab>in B". What is not there is n.
different()
{
	LC_ALL=C join -t $'\t' -e n -o 0,1.2,2.2 "${@:3}" "$1" "$2" |
		awk -F '\t' '$2 != $3'
}

options "$1" >"$TMP/asked"
options "$2" >"$TMP/got"
# Kconfig drops what it cannot satisfy without a word.
different "$TMP/asked" "$TMP/got" -a1 >"$TMP/bad"
[ ! -s "$TMP/bad" ] || {
	printf 'Error: option, asked for, got:\n'
	cat "$TMP/bad"
	exit 1
}
[ $# -eq 3 ] || exit 0

# An option that somebody's default switches on is a change, too.
options "$3" >"$TMP/base"
different "$TMP/base" "$TMP/got" -a1 -a2 >"$TMP/changed"
cat "$TMP/changed"
cut -f1 "$TMP/asked" >"$TMP/may"
rc=0
cut -f1 "$TMP/changed" | grep -vxE -e "$FOLLOWS" -f "$TMP/may" >"$TMP/bad" ||
	rc=$?
# 1 is "no such line", what is above is no answer.
[ "$rc" -le 1 ] || exit "$rc"
[ ! -s "$TMP/bad" ] || {
	printf 'Error: differs from Debian:\n'
	cat "$TMP/bad"
	exit 1
}
