#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Static checks. Needs the stock and the patched test kernel, which it builds if
# they are not in the cache.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh

about "checkpatch, sparse, W=1, shellcheck, series, CRCs, limits"
scripts/install-deps.sh
scripts/kernel.sh patched
scripts/kernel.sh stock
PATCHED=$(scripts/kernel.sh --path patched)/linux
STOCK=$(scripts/kernel.sh --path stock)/linux
CHECKPATCH=(perl "$PATCHED/scripts/checkpatch.pl" --no-tree --strict
	--terse --no-summary --show-types)

# What checkpatch cannot know: a DEP-3 header is no mail, and a patch here may
# add files. On standard input, for it takes a file that git knows for a source.
check_patches()
{
	local p

	for p in patches/6.1/*.patch driver/patches/*.patch; do
		echo "$p"
		"${CHECKPATCH[@]}" --ignore \
			COMMIT_MESSAGE,DIFF_IN_COMMIT_MSG,MISSING_SIGN_OFF,FILE_PATH_CHANGES \
			- <"$p"
	done
}

# User space has its own types and no kernel helpers; the writable copies of
# igb's ops are what wrapping is; TRACE_EVENT() has a layout of its own.
check_sources()
{
	git ls-files -z 'module/*.[ch]' 'include/*.h' ':!module/trace.h' |
		xargs -0 "${CHECKPATCH[@]}" -f
	"${CHECKPATCH[@]}" --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT \
		-f module/trace.h
	git ls-files -z 'driver/*.[ch]' |
		xargs -0 "${CHECKPATCH[@]}" --ignore CONST_STRUCT -f
	git ls-files -z 'tools/*.[ch]' 'tests/*.[ch]' |
		xargs -0 "${CHECKPATCH[@]}" --ignore "$NOT_KERNEL" -f
}
NOT_KERNEL=PREFER_KERNEL_TYPES,LONG_LINE_STRING,CONST_STRUCT,SPLIT_STRING
NOT_KERNEL+=,CAMELCASE,VOLATILE,STATIC_CONST_CHAR_ARRAY,REPEATED_WORD
NOT_KERNEL+=,PREFER_DEFINED_ATTRIBUTE_MACRO,SPACING,MACRO_ARG_REUSE

# Programs, and what they source: those say so to shellcheck.
check_shell()
{
	git ls-files | while read -r f; do
		head -n 3 "$f" | tr -d '\0' |
			grep -qE '^#!.*\b(ba)?sh|^# shellcheck shell=' || continue
		echo "$f"
	done | xargs shellcheck -x
}

# The oldest and the newest source that the archive offers. The oldest is
# downloaded once; what there is in the cache must do if it cannot be had.
check_series()
{
	local old dir

	old=$(apt-cache madison linux-source-6.1 | awk '{ print $3 }' | tail -n 1)
	dir=$CACHE/source/$old
	if [ ! -e "$dir/Makefile" ]; then
		rm -rf "$dir.tmp"
		mkdir -p "$dir.tmp"
		(cd "$dir.tmp" && apt-get download -qq -o APT::Sandbox::User=root \
			"linux-source-6.1=$old")
		dpkg-deb --fsys-tarfile "$dir.tmp"/*.deb |
			tar -xO --wildcards '*/linux-source-6.1.tar.xz' |
			tar -xJ -C "$dir.tmp" --strip-components=1 \
			linux-source-6.1/{Makefile,net,include} \
			linux-source-6.1/drivers/net/ethernet/intel/igb
		rm -f "$dir.tmp"/*.deb
		mv "$dir.tmp" "$dir"
	fi
	echo "series on $old:"
	try_series "$dir"
	echo "series on $(dpkg-query -W -f '${Version}' linux-source-6.1): " \
		"applied by scripts/kernel.sh with fuzz 0"
}

try_series()
{
	local tmp p

	tmp=$(mktemp -d)
	cp -r "$1/net" "$1/include" "$tmp/"
	cp -r "$1/drivers/net/ethernet/intel/igb" "$tmp/igb"
	while read -r p; do
		patch -s -d "$tmp" -p1 --fuzz=0 <"patches/6.1/$p"
	done <patches/6.1/series
	while read -r p; do
		case $p in '' | '#'*) continue ;; esac
		patch -s -d "$tmp/igb" -p1 --fuzz=0 <"driver/patches/$p"
	done <driver/patches/series
	rm -rf "$tmp"
}

# sparse writes to stderr and does not fail the build.
check_modules()
{
	rm -rf build/check
	W=1 C=2 scripts/modules.sh "$PATCHED" build/check
	! grep -E '(^|/)(module|igb/igb_devmem)[^:]*:[0-9]+.*(warning|error)' \
		"$LOG_DIR/check-modules.log"
}

# No file of ours may have the name of an igb source.
check_upstream()
{
	local f

	git ls-files '*.[ch]' | while read -r f; do
		if [ -e "$PATCHED/drivers/net/ethernet/intel/igb/$(basename "$f")" ]; then
			echo "$f has the name of an igb source"
			exit 1
		fi
	done
}

# One version everywhere.
check_version()
{
	local header dkms

	header=$(project_version)
	dkms=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
	echo "include/net/devmem_version.h $header, dkms.conf $dkms"
	[ "$header" = "$dkms" ]
}

# What DKMS 3.0.10 of Debian 12 gets wrong, or ignores without a word: see
# docs/packaging.md, DKMS.
check_dkms()
{
	! grep -nE '^(PRE_BUILD|PATCH|AUTOINSTALL|BUILD_EXCLUSIVE_KERNEL_M(IN|AX))\b' \
		dkms.conf
}

plan 10
run check-stats "limits of the patch series" scripts/stats.sh
run check-patches "checkpatch on the kernel series" check_patches
run check-sources "checkpatch on our sources" check_sources
run check-shell "shellcheck" check_shell
run check-series "series on the oldest and newest source" check_series
run check-modules "modules with W=1 and sparse" check_modules
run check-abi "CRCs and layouts of stock and patched" \
	scripts/check-abi.sh "$STOCK" "$PATCHED"
run check-upstream "no upstream file in the tree" check_upstream
run check-version "one version everywhere" check_version
run check-dkms "nothing in dkms.conf that DKMS gets wrong" check_dkms
