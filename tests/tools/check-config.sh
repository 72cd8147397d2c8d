#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Does scripts/check-config.sh notice what it is for? Configurations that differ by
# one thing each. Prints TAP.
set -euo pipefail
SCRIPT=$(realpath "$(dirname "$0")/../../scripts/check-config.sh")
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
N=0

# config FILE LINE...
config()
{
	printf '%s\n' "${@:2}" >"$TMP/$1"
}

# expect STATUS REGEX TEXT ARG...: its exit status, and a line of what it prints
expect()
{
	local want=$1 regex=$2 text=$3 rc=0 out
	shift 3

	N=$((N + 1))
	out=$(cd "$TMP" && "$SCRIPT" "$@" 2>&1) || rc=$?
	if [ "$rc" -eq "$want" ] && grep -qE -- "$regex" <<<"$out"; then
		echo "ok $N - $text"
	else
		echo "not ok $N - $text"
		echo "# exit $rc: ${out//$'\n'/; }"
	fi
}

config asked CONFIG_HOOKS=y '# CONFIG_BTF is not set' 'CONFIG_KEY="a b"'
config base CONFIG_NET=y CONFIG_BTF=y CONFIG_KEY=\"\" \
	CONFIG_DEBUG_INFO_BTF=y '# CONFIG_SOUND is not set' CONFIG_USB=m
KEPT=(CONFIG_HOOKS=y CONFIG_NET=y 'CONFIG_KEY="a b"' CONFIG_DEBUG_INFO_BTF=y)

config got "${KEPT[@]}" CONFIG_USB=m
expect 0 '^HOOKS' "what was asked for" asked got base
config got "${KEPT[@]:1}" CONFIG_USB=m
expect 1 '^HOOKS.*y.*n$' "an option that Kconfig dropped" asked got base
expect 1 '^HOOKS.*y.*n$' "without a base, too" asked got
config got "${KEPT[@]}" CONFIG_USB=m CONFIG_BTF=y
expect 1 '^BTF.*n.*y$' "one that stayed" asked got base
config got "${KEPT[@]/a b/a c}" CONFIG_USB=m
expect 1 '^KEY.*"a b".*"a c"$' "a value that differs behind a blank" \
	asked got base
config got "${KEPT[@]}" CONFIG_USB=m CONFIG_SOUND=m
expect 1 '^SOUND$' "an option that somebody's default switched on" \
	asked got base
expect 0 '' "nobody asks without a base" asked got
config got "${KEPT[@]}" CONFIG_USB=y
expect 1 '^USB$' "one that is built in now" asked got base
config got "${KEPT[@]}"
expect 1 '^USB$' "one that is gone" asked got base
config got "${KEPT[@]:0:3}" CONFIG_USB=m CONFIG_I2C=m CONFIG_I2C_ALGOBIT=m \
	CONFIG_IGB_HWMON=y 'CONFIG_CC_VERSION_TEXT="gcc 12"'
expect 0 '^I2C_ALGOBIT' "what follows" asked got base
config got "${KEPT[@]}" CONFIG_USB=m CONFIG_I2C_OTHER=m
expect 1 '^I2C_OTHER$' "what only begins like that" asked got base
config got "${KEPT[@]}" CONFIG_USB=m CONFIG_MY_I2C=m
expect 1 '^MY_I2C$' "what only ends like that" asked got base
expect 2 'No such file' "a file that is not there" asked none base
expect 2 usage "one argument" asked
echo "1..$N"
