# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced: need_packages NAME... installs what is missing of these Debian
# packages. For what only a few targets need; what building and testing needs is
# in install-deps.sh.

need_packages()
{
	local name missing=() sudo=

	for name in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" \
			2>/dev/null)" = installed ] || missing+=("$name")
	done
	[ "${#missing[@]}" -gt 0 ] || return 0
	echo "$(basename "$0"): installs ${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		sudo=$(command -v sudo) ||
			die "not root and no sudo; as root: apt-get install ${missing[*]}"
	fi
	{
		$sudo apt-get update -qq &&
			$sudo env DEBIAN_FRONTEND=noninteractive apt-get install \
			-y -qq --no-install-recommends \
			-o DPkg::Lock::Timeout=600 "${missing[@]}"
	} >"$LOG_DIR/need-packages.log" 2>&1 || {
		tail -n 20 "$LOG_DIR/need-packages.log" >&2
		die "cannot install ${missing[*]}"
	}
}
