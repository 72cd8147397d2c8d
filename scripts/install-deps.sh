#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs the Debian packages that building and testing need. Says nothing
# and takes no time when they are all there.
set -euo pipefail

# Header split in QEMU's igb needs this version; Debian 12 itself has 7.2.
QEMU_MIN=8.2

BUILD_PACKAGES=(
	linux-source-6.1
	gcc make patch bc bison flex xz-utils lz4 zstd ccache kmod cpio
	libelf-dev libssl-dev pkg-config
	libnl-3-dev libnl-genl-3-dev libjson-c-dev zlib1g-dev libcmocka-dev
)
CHECK_PACKAGES=(sparse shellcheck perl git dkms)
STAGE_PACKAGES=(
	qemu-system-x86
	busybox-static iproute2 ethtool ncat socat iptables nftables jq
	bpftool xdp-tools bsdextrautils
	lib32gcc-12-dev libc6-dev-i386
)
PACKAGES=("${BUILD_PACKAGES[@]}" "${CHECK_PACKAGES[@]}" "${STAGE_PACKAGES[@]}")

say()
{
	printf 'install-deps.sh: %s\n' "$*"
}

# Fills MISSING from one call of dpkg-query. A QEMU that is too old counts as
# missing.
find_missing()
{
	local name version status have=" "

	MISSING=()
	while read -r name version status; do
		[ "$status" = installed ] || continue
		if [ "$name" = qemu-system-x86 ] &&
		   dpkg --compare-versions "${version#*:}" lt "$QEMU_MIN"; then
			continue
		fi
		have+="$name "
	done < <(dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' \
		"${PACKAGES[@]}" 2>/dev/null)
	for name in "${PACKAGES[@]}"; do
		[[ $have == *" $name "* ]] || MISSING+=("$name")
	done
}

# Suites of this machine's sources that offer a QEMU that is new enough.
qemu_suite()
{
	local version suite

	while IFS='|' read -r _ version suite; do
		version=${version// /}
		dpkg --compare-versions "${version#*:}" ge "$QEMU_MIN" || continue
		suite=${suite# }
		suite=${suite#* }
		printf '%s\n' "${suite%%/*}"
		return
	done < <(apt-cache madison qemu-system-x86)
	return 1
}

# Prints "URI<tab>Signed-By" of the entry that names the suite $1 itself, in
# deb822 or one-line format: a mirror that works here is then used again.
source_of()
{
	{ cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
		awk -v suite="$1" '
		function entry() {
			if (hit)
				print uri "\t" key
			uri = key = ""; hit = 0
		}
		/^#/ { next }
		/^Types:/ { entry() }
		/^URIs:/ { uri = $2 }
		/^Signed-By:/ { key = $2 }
		/^Suites:/ { for (i = 2; i <= NF; i++) hit += ($i == suite) }
		END { entry() }'
	{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		2>/dev/null || true; } | awk -v suite="$1" '
		$1 != "deb" { next }
		{
			key = ""
			if (match($0, /\[[^]]*\]/)) {
				opts = substr($0, RSTART + 1, RLENGTH - 2)
				sub(/\[[^]]*\] */, "")
				if (match(opts, /signed-by=[^ ]*/))
					key = substr(opts, RSTART + 10, RLENGTH - 10)
			}
		}
		$3 == suite { print $2 "\t" key }'
}

enable_backports()
{
	local codename uri key file=/etc/apt/sources.list.d/devmem-tcp.sources

	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	IFS=$'\t' read -r uri key < <(source_of "$codename") || {
		say "no apt source for '$codename' to copy: cannot enable" \
			"$codename-backports, and QEMU >= $QEMU_MIN is needed"
		return 1
	}
	say "enables $codename-backports in $file (for QEMU >= $QEMU_MIN)"
	{
		printf '# Added by devmem-tcp: its tests need QEMU >= %s.\n' \
			"$QEMU_MIN"
		printf 'Types: deb\nURIs: %s\nSuites: %s-backports\n' \
			"$uri" "$codename"
		printf 'Components: main\n'
		[ -z "$key" ] || printf 'Signed-By: %s\n' "$key"
	} >"$file"
	apt-get update -qq
}

install_missing()
{
	local name rest=() suite

	for name in "${MISSING[@]}"; do
		[ "$name" = qemu-system-x86 ] || rest+=("$name")
	done
	export DEBIAN_FRONTEND=noninteractive
	local apt=(apt-get install -y -qq --no-install-recommends
		-o DPkg::Lock::Timeout=600)

	apt-get update -qq
	if [ "${#rest[@]}" -gt 0 ]; then
		"${apt[@]}" "${rest[@]}"
	fi
	if [ "${#rest[@]}" -lt "${#MISSING[@]}" ]; then
		suite=$(qemu_suite) || {
			enable_backports && suite=$(qemu_suite)
		} || return 1
		"${apt[@]}" -t "$suite" qemu-system-x86
	fi
}

find_missing
[ "${#MISSING[@]}" -gt 0 ] || exit 0
say "installs ${MISSING[*]}"
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		say "not root and no sudo; as root run: $0"
		exit 1
	}
	exec sudo "$0"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Called as a condition, so errexit is off in there: an unrelated source that
# cannot be updated is no reason to stop, and find_missing has the last word.
install_missing >"$log" 2>&1 || {
	say "failed:"
	tail -n 20 "$log"
	exit 1
}
grep '^install-deps' "$log" || true
find_missing
[ "${#MISSING[@]}" -eq 0 ] || {
	say "still missing: ${MISSING[*]}"
	exit 1
}
say "done in $SECONDS s"
