#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the User-Mode Linux kernel for the unit tests in the cache, keyed by
# the content of all that goes into it, as scripts/kernel.sh does for the
# others:
#
#   um-kernel.sh [--path]
#   --path builds nothing, it prints the directory where the build would be.
#
# In that directory: linux/ (a KDIR for modules, ARCH=um; the executable is
# linux/linux). KERNEL_TARBALL overrides /usr/src/linux-source-6.1.tar.xz.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

TARBALL=${KERNEL_TARBALL:-/usr/src/linux-source-6.1.tar.xz}
PATCHES=$ROOT/patches/6.1
CONFIG=$ROOT/tests/unit/um.config
RECIPE=1		# change it when this script builds differently
KEEP=2			# builds kept; each takes 1.2 GB

[ -e "$TARBALL" ] ||
	die "no $TARBALL: run scripts/install-deps.sh (linux-source-6.1)"

series()
{
	sed 's/[[:space:]]*\(#.*\)\{0,1\}$//; /^$/d' "$PATCHES/series"
}

patch_id()
{
	local name

	while read -r name; do
		sha256sum <"$PATCHES/$name"
	done < <(series)
}

# The package's version says what is in its tarball, in no time; any other
# tarball is hashed.
if [ -z "${KERNEL_TARBALL:-}" ]; then
	TARBALL_ID=$(dpkg-query -W -f '${Version}' linux-source-6.1)
else
	TARBALL_ID=$(sha256sum <"$TARBALL" | cut -c1-16)
fi
SOURCE_ID=$(hash_of "$RECIPE" "$TARBALL_ID" "$(patch_id)")
CONFIG_ID=$(grep -E '^(# )?CONFIG_' "$CONFIG" | sha256sum)
KEY=$(hash_of "$SOURCE_ID" "$CONFIG_ID" "$(gcc -dumpfullversion)")
DIR=$CACHE/kernel/um-$KEY
SRC=$DIR/linux
if [ "${1:-}" = --path ]; then
	printf '%s\n' "$DIR"
	exit 0
fi

MAKE=(make -C "$SRC" ARCH=um "-j$JOBS"
	KBUILD_BUILD_USER=devmem KBUILD_BUILD_HOST=test
	"KBUILD_BUILD_TIMESTAMP=1970-01-01")
if command -v ccache >/dev/null; then
	MAKE+=("CC=ccache gcc")
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=3G
	export CCACHE_SLOPPINESS=time_macros CCACHE_NOCOMPRESS=1
fi

# Of what is never built only Kconfig files and Makefiles stay, for they are
# sourced.
extract()
{
	local name

	rm -rf "$SRC" "$DIR/tmp"
	mkdir -p "$DIR/tmp"
	tar -xf "$TARBALL" -C "$DIR/tmp" --strip-components=1 --wildcards \
		--exclude='*/drivers/gpu/*.[ch]' \
		--exclude='*/drivers/media/*.[ch]' \
		--exclude='*/drivers/net/*/*.[ch]' \
		--exclude='*/drivers/staging/*.[ch]' \
		--exclude='*/Documentation/*.rst' \
		--exclude='*/sound/*.[ch]' --exclude='*/arch/*/boot/dts/*'
	while read -r name; do
		echo "patch $name"
		patch -d "$DIR/tmp" -p1 -F0 --no-backup-if-mismatch \
			<"$PATCHES/$name"
	done < <(series)
	fix_xstate "$DIR/tmp/arch/x86/um/os-Linux/registers.c"
	mv "$DIR/tmp" "$SRC"
}

# UML has 2.7 KB for the registers of a process; a CPU with AMX has 11 KB of
# them, and then no program starts. Without xstate what lies beyond SSE is lost
# at each page fault, so that programs in there must do without.
fix_xstate()
{
	sed -i 's/have_xstate_support = 1;/have_xstate_support = 0;/' "$1"
	grep -q 'have_xstate_support = 0;' "$1"
}

# Kconfig drops what it cannot satisfy without a word.
configure()
{
	local line bad=0

	"${MAKE[@]}" allnoconfig KCONFIG_ALLCONFIG="$CONFIG"
	while read -r line; do
		grep -qxF -- "$line" "$SRC/.config" && continue
		echo "asked for, and not got: $line"
		bad=1
	done < <(grep '^CONFIG_' "$CONFIG")
	return "$bad"
}

build()
{
	"${MAKE[@]}" linux modules
}

# Patches change all the time while they are written; keep the newest builds.
prune()
{
	local old

	find "$CACHE/kernel" -mindepth 1 -maxdepth 1 -type d \
		-name 'um-*' -printf '%T@ %p\n' | sort -rn |
		tail -n +$((KEEP + 1)) | while read -r _ old; do
		# Not one that another run is building or using right now.
		( flock -n 9 && rm -rf "$old" ) 9>"$old.lock"
	done
}

mkdir -p "$DIR"
exec 9>"$DIR.lock"
flock 9
if [ "$(cat "$DIR/.built" 2>/dev/null)" != "$KEY" ]; then
	about "builds the User-Mode Linux kernel in $DIR (about 5 minutes)"
	plan 3
	once "$DIR/.extracted" "$SOURCE_ID" kernel-um-extract \
		"unpack linux-source and apply $(series | wc -l) patches" extract
	once "$DIR/.configured" "$KEY" kernel-um-config configure configure
	once "$DIR/.built" "$KEY" kernel-um-build \
		"build the um kernel" build
fi
touch "$DIR"
prune
printf 'DIR=%s\nKDIR=%s\n' "$DIR" "$SRC"
