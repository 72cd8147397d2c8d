#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Puts together what the igb fork is built from:
#
#   prepare.sh OUTDIR [KDIR]
#
# OUTDIR gets igb of Debian's kernel source with patches/series applied, our own
# files and Kbuild; build it with make -C KDIR M=OUTDIR modules. KDIR are the
# headers to build for, /lib/modules/$(uname -r)/build if not given: igb must
# come from the same kernel version. Nothing is done if OUTDIR is up to date.
#
#   IGB_SOURCE_TARBALL  default /usr/src/linux-source-6.1.tar.xz
#   IGB_SOURCE_DIR      an extracted kernel tree, instead of the tarball
set -eu

IGB=drivers/net/ethernet/intel/igb
HERE=$(cd "$(dirname "$0")" && pwd)
INCLUDE=$HERE/../include

die()
{
	echo "Error: $*" >&2
	exit 1
}

usage()
{
	sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

# VERSION.PATCHLEVEL.SUBLEVEL of the kernel Makefile $1
source_version()
{
	sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) *= *//p' "$1" |
		paste -sd.
}

# the same of the headers $1
header_version()
{
	code=$(sed -n 's/^#define LINUX_VERSION_CODE *//p' \
		"$1/include/generated/uapi/linux/version.h")
	echo "$((code >> 16)).$((code >> 8 & 255)).$((code & 255))"
}

# What OUTDIR is made from.
key()
{
	sha256sum "$HERE/Kbuild" "$HERE/prepare.sh" "$HERE"/*.[ch] \
		"$HERE"/patches/* "$INCLUDE"/net/*.h | cut -d' ' -f1
	if [ -n "$DIR" ]; then
		sha256sum "$DIR/Makefile" "$DIR/$IGB"/*.[ch] | cut -d' ' -f1
	else
		stat -L -c '%n %s %Y' "$TARBALL"
	fi
	echo "$HEADERS"
}

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ -z "$1" ]; then
	usage
fi
OUT=$1
KDIR=${2:-/lib/modules/$(uname -r)/build}
DIR=${IGB_SOURCE_DIR:-}
TARBALL=${IGB_SOURCE_TARBALL:-/usr/src/linux-source-6.1.tar.xz}

[ -e "$KDIR/include/generated/uapi/linux/version.h" ] ||
	die "no kernel headers in $KDIR"
if [ -n "$DIR" ]; then
	SOURCE=$DIR
	[ -d "$DIR/$IGB" ] || die "no $IGB in $DIR"
else
	SOURCE=$TARBALL
	[ -e "$TARBALL" ] ||
		die "no $TARBALL: apt-get install linux-source-6.1"
fi
HEADERS=$(header_version "$KDIR")

mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
[ "$OUT" != "$HERE" ] || die "OUTDIR must not be $HERE"
KEY=$(key)
if [ -e "$OUT/.prepared" ] && [ "$(cat "$OUT/.prepared")" = "$KEY" ]; then
	exit 0
fi
rm -f "$OUT/.prepared"

TMP=$(mktemp -d "$OUT/.tmp.XXXXXX")
trap 'rm -rf "$TMP"' EXIT
if [ -n "$DIR" ]; then
	mkdir -p "$TMP/$IGB"
	cp "$DIR/Makefile" "$TMP/"
	cp "$DIR/$IGB"/*.[ch] "$TMP/$IGB/"
else
	# --strip-components: whatever the top directory is called
	tar -xf "$TARBALL" -C "$TMP" --strip-components=1 --wildcards \
		--no-wildcards-match-slash '*/Makefile' "*/$IGB/*.[ch]" ||
		die "cannot extract igb from $TARBALL"
fi

VERSION=$(source_version "$TMP/Makefile")
[ "$VERSION" = "$HEADERS" ] ||
	die "igb of $SOURCE is of kernel $VERSION, but $KDIR is of $HEADERS"

while read -r name; do
	case $name in
	'' | '#'*) continue ;;
	esac
	patch -s -d "$TMP/$IGB" -p1 --fuzz=0 --no-backup-if-mismatch \
		<"$HERE/patches/$name" ||
		die "$name does not apply to igb of kernel $VERSION"
done <"$HERE/patches/series"

mkdir -p "$OUT/include/net"
cp "$TMP/$IGB"/*.[ch] "$HERE"/*.[ch] "$HERE/Kbuild" "$OUT/"
cp "$INCLUDE"/net/*.h "$OUT/include/net/"
printf '%s\n' "$KEY" >"$OUT/.prepared"
