#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make kernel: the patched kernel as Debian packages, from linux-source-6.1,
# Debian's own configuration, patches/6.1 and packaging/kernel.config.
#
#   debian-kernel.sh [--path] [FLAVOUR]
#	cloud-amd64	(default) virtual machines
#	amd64		everything
#   --path builds nothing, it prints the directory of the packages.
#
# Interrupted, it goes on where it was. Kept in the cache by content; the
# packages also stand in build/deb afterwards.
#
#   KERNEL_CONFIG	a whole .config instead of Debian's: a small one, to try
#			this script in minutes
#   JOBS		(all cores)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=kernel-lib.sh
. "$ROOT/scripts/kernel-lib.sh"
# shellcheck source-path=SCRIPTDIR source=need-packages.sh
. "$ROOT/scripts/need-packages.sh"

TARBALL=/usr/src/linux-source-6.1.tar.xz
CONFIGS=/usr/src/linux-config-6.1
FRAGMENT=$ROOT/packaging/kernel.config
RECIPE=1		# change it when this script builds differently
KEEP=2			# builds kept per flavour

ONLY_PATH=
if [ "${1:-}" = --path ]; then
	ONLY_PATH=1
	shift
fi
FLAVOUR=${1:-cloud-amd64}
case $FLAVOUR in
# CPU minutes and GB, without what is compressed at the end
cloud-amd64) MINUTES=85 GB=5 ;;
amd64) MINUTES=330 GB=12 ;;
*)
	sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
	;;
esac
[ -z "${KERNEL_CONFIG:-}" ] || MINUTES=15 GB=3

[ -n "$ONLY_PATH" ] || need_packages linux-source-6.1 linux-config-6.1 gcc make \
	patch bc bison flex xz-utils libelf-dev libssl-dev kmod cpio rsync \
	build-essential dpkg-dev openssl
SOURCE=$(dpkg-query -W -f '${Version}' linux-source-6.1)
BASE=${KERNEL_CONFIG:-$CONFIGS/config.amd64_none_$FLAVOUR.xz}
VERSION=$(project_version)
mapfile -t SERIES < <(patch_series)

SOURCE_ID=$(hash_of "$SOURCE" "$(patch_id "${SERIES[@]}")")
CONFIG_ID=$(hash_of "$(sha256sum <"$BASE")" \
	"$(grep -hE '^(# )?CONFIG_' "$FRAGMENT" | sha256sum)")
KEY=$(hash_of "$RECIPE" "$SOURCE_ID" "$CONFIG_ID" "$VERSION" \
	"$(gcc -dumpfullversion)")
NAME=$FLAVOUR${KERNEL_CONFIG:+-own}
DIR=$CACHE/debian-kernel/$NAME-$KEY
SRC=$DIR/linux
if [ -n "$ONLY_PATH" ]; then
	printf '%s\n' "$DIR"
	exit 0
fi

# Each call with the same words, or make would link again what is there. The
# build's number is what bindeb-pkg takes from the package version.
PKGVERSION=$SOURCE+devmem$VERSION
MAKE=(make -C "$SRC" ARCH=x86_64 "-j$JOBS" "KDEB_PKGVERSION=$PKGVERSION"
	"KBUILD_BUILD_VERSION=${PKGVERSION##*-}" KBUILD_BUILD_USER=devmem-tcp
	"KBUILD_BUILD_HOST=$(hostname)" KDEB_CHANGELOG_DIST=bookworm
	"KBUILD_BUILD_TIMESTAMP=$(date -u -Rd "@$(stat -Lc %Y "$TARBALL")")")
if command -v ccache >/dev/null; then
	MAKE+=("CC=ccache gcc")
	# Apart from that of the test kernels, which it would push out.
	export CCACHE_DIR=${CCACHE_DIR:-$CACHE/ccache-debian} CCACHE_MAXSIZE=4G
	export CCACHE_SLOPPINESS=time_macros
fi

# Before an hour is spent.
look_before()
{
	local free

	[ "$(dpkg-query -W -f '${Version}' linux-config-6.1)" = "$SOURCE" ] ||
		[ -n "${KERNEL_CONFIG:-}" ] ||
		die "linux-source-6.1 is $SOURCE, linux-config-6.1 is not:" \
			"apt-get install linux-config-6.1=$SOURCE"
	free=$(($(df --output=avail -k "$DIR" | tail -n 1) >> 20))
	about "linux $SOURCE, flavour $NAME, with patches/6.1, in $DIR"
	printf '  about %d minutes on %d cores, %d GB of disk (%d GB are free)\n' \
		$((MINUTES / JOBS + 3)) "$JOBS" "$GB" "$free"
	if [ -d "$SRC" ]; then
		printf '  goes on with what an earlier run built\n'
	elif [ "$free" -lt "$GB" ]; then
		die "not enough room; DEVMEM_CACHE= names another directory"
	fi
}

extract()
{
	rm -rf "$SRC" "$DIR/tmp"
	mkdir "$DIR/tmp"
	tar -xf "$TARBALL" -C "$DIR/tmp" --strip-components=1
	apply_patches "$DIR/tmp" "${SERIES[@]}"
	mv "$DIR/tmp" "$SRC"
}

configure()
{
	local base=("$DIR/base")

	case $BASE in
	*.xz) xz -dc "$BASE" >"$DIR/base" ;;
	*) cp "$BASE" "$DIR/base" ;;
	esac
	{
		cat "$FRAGMENT"
		printf 'CONFIG_LOCALVERSION="-devmem-%s"\n' "$NAME"
	} >"$DIR/fragment"
	(cd "$SRC" && scripts/kconfig/merge_config.sh -m \
		"$DIR/base" "$DIR/fragment")
	"${MAKE[@]}" olddefconfig
	# somebody's own is not Debian's: what it leaves out gets defaults
	[ -z "${KERNEL_CONFIG:-}" ] || base=()
	"$ROOT/scripts/check-config.sh" "$DIR/fragment" "$SRC/.config" \
		"${base[@]}"
}

compile()
{
	"${MAKE[@]}" bzImage modules
}

# linux-libc-dev is made along, and is none of our business.
packages()
{
	rm -f "$DIR"/*.deb
	"${MAKE[@]}" bindeb-pkg
	rm -f "$DIR"/linux-libc-dev_*.deb
	ls -l "$DIR"/*.deb
}

# Modules built for Debian's kernel load if each symbol they use has the CRC
# that Debian's headers name.
compare_abi()
{
	local headers deb

	rm -f "$DIR/.not-compared"
	if [ -n "${KERNEL_CONFIG:-}" ]; then
		echo "not Debian's configuration: nothing to compare with"
		return
	fi
	headers=$(apt-cache show "linux-headers-$FLAVOUR=$SOURCE" 2>/dev/null |
		sed -n 's/^Depends:.*\(linux-headers-6[^ ,]*\).*/\1/p')
	if [ -z "$headers" ] || ! (cd "$DIR" && apt-get download -qq \
		-o APT::Sandbox::User=root "$headers=$SOURCE"); then
		echo "no headers of $SOURCE in the archive: not compared"
		: >"$DIR/.not-compared"
		return
	fi
	deb=$(echo "$DIR/$headers"_*.deb)
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO --wildcards '*/Module.symvers' >"$DIR/stock.symvers"
	rm -f "$deb"
	"$ROOT/scripts/compare-symvers.sh" "$DIR/stock.symvers" \
		"$SRC/Module.symvers"
}

mkdir -p "$DIR"
lock_build "$DIR"
if [ "$(cat "$DIR/.packaged" 2>/dev/null)" != "$KEY" ]; then
	look_before
fi
plan 5
once "$DIR/.extracted" "$SOURCE_ID" debian-kernel-extract \
	"unpack linux-source, apply ${#SERIES[@]} patches" extract
once "$DIR/.configured" "$KEY" debian-kernel-config \
	"configure: Debian's, and packaging/kernel.config" configure
once "$DIR/.compiled" "$KEY" debian-kernel-compile \
	"compile the kernel and its modules" compile
once "$DIR/.packaged" "$KEY" debian-kernel-deb \
	"make linux-image and linux-headers" packages
once "$DIR/.compared" "$KEY" debian-kernel-abi \
	"CRCs of exported symbols against Debian's headers" compare_abi
# the next run tries again
[ ! -e "$DIR/.not-compared" ] || rm -f "$DIR/.compared"
tail -n 1 "$LOG_DIR/debian-kernel-abi.log" 2>/dev/null || true
touch "$DIR"
prune_builds "$CACHE/debian-kernel" "$NAME" "$KEEP"
mkdir -p "$BUILD/deb"
rm -f "$BUILD/deb"/linux-{image,headers}-*"-devmem-${NAME}_"*.deb
cp "$DIR"/*.deb "$BUILD/deb/"
du -sh "$DIR" | awk '{ print "debian-kernel.sh: " $1 " of disk in " $2 }'
(cd "$BUILD/deb" && printf '  build/deb/%s\n' linux-*"-devmem-${NAME}_"*.deb)
