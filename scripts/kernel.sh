#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds a kernel for the tests in the cache, keyed by the content of all that
# goes into it:
#
#   kernel.sh [--path] FLAVOUR
#	patched   linux-source-6.1 + patches/6.1, tests/vm/kernel.config
#	stock     the same configuration without the patches
#	debug     patched + tests/vm/kernel-debug.config (KASAN, lockdep, ...)
#	guards    patched + switches that remove guards, tests/vm/guards
#	um        guards as User-Mode Linux for the unit tests, tests/unit/um.config
#   --path builds nothing, it prints the build's directory.
#
# In that directory: linux/ (a KDIR for external modules); bzImage and
# root/lib/modules/ (modules_install), or for um the executable linux/linux.
# KERNEL_TARBALL overrides /usr/src/linux-source-6.1.tar.xz.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=kernel-lib.sh
. "$ROOT/scripts/kernel-lib.sh"

TARBALL=${KERNEL_TARBALL:-/usr/src/linux-source-6.1.tar.xz}
VM=$ROOT/tests/vm
RECIPE=2		# change it when this script builds differently
KEEP=3			# builds kept per flavour; each takes 1.2 to 1.5 GB

usage()
{
	sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
	exit 2
}

ONLY_PATH=
if [ "${1:-}" = --path ]; then
	ONLY_PATH=1
	shift
fi
[ $# -eq 1 ] || usage
FLAVOUR=$1

FRAGMENTS=("$VM/kernel.config")
ARCH=x86_64
FLAGS=()
mapfile -t SERIES < <(patch_series)
[ ${#SERIES[@]} -gt 0 ] || die "no $PATCHES/series"
SWITCHES=$VM/guards/switches.patch
case $FLAVOUR in
stock) SERIES=() ;;
patched) FRAGMENTS+=("$VM/kernel-patched.config") ;;
guards)
	FRAGMENTS+=("$VM/kernel-patched.config")
	SERIES+=("$SWITCHES")
	;;
um)
	FRAGMENTS=("$ROOT/tests/unit/um.config")
	ARCH=um
	SERIES+=("$SWITCHES")
	;;
debug)
	FRAGMENTS+=("$VM/kernel-patched.config" "$VM/kernel-debug.config")
	# What checks the kernel is not checked itself: lockdep's own accesses
	# were half of all instructions.
	for name in lockdep spinlock_debug stacktrace unwind_frame extable \
		kmemleak debugobjects smp_processor_id; do
		FLAGS+=("KASAN_SANITIZE_$name.o=n" "UBSAN_SANITIZE_$name.o=n")
	done
	;;
*) usage ;;
esac
[ -e "$TARBALL" ] ||
	die "no $TARBALL: run scripts/install-deps.sh (linux-source-6.1)"

# The package's version says what is in its tarball, in no time; any other
# tarball is hashed.
tarball_id()
{
	if [ -z "${KERNEL_TARBALL:-}" ]; then
		dpkg-query -W -f '${Version}' linux-source-6.1
	else
		sha256sum <"$TARBALL" | cut -c1-16
	fi
}

SOURCE_ID=$(hash_of "$(tarball_id)" "$(patch_id "${SERIES[@]}")")
CONFIG_ID=$(grep -hE '^(# )?CONFIG_' "${FRAGMENTS[@]}" | sha256sum)
KEY=$(hash_of "$RECIPE" "$SOURCE_ID" "$CONFIG_ID" "$ARCH" \
	"$(gcc -dumpfullversion)" "${FLAGS[@]}")
DIR=$CACHE/kernel/$FLAVOUR-$KEY
SRC=$DIR/linux
if [ -n "$ONLY_PATH" ]; then
	printf '%s\n' "$DIR"
	exit 0
fi

MAKE=(make -C "$SRC" "ARCH=$ARCH" "-j$JOBS"
	KBUILD_BUILD_USER=devmem KBUILD_BUILD_HOST=test
	"KBUILD_BUILD_TIMESTAMP=1970-01-01" "${FLAGS[@]}")
if command -v ccache >/dev/null; then
	# Most files of stock and patched, and of one patch and the next, are
	# the same once preprocessed.
	MAKE+=("CC=ccache gcc")
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=3G
	export CCACHE_SLOPPINESS=time_macros CCACHE_NOCOMPRESS=1
fi

# The code of GPU, media and sound drivers is half of the tarball and never
# built, except for DRM's core and vgem; Kconfig files and Makefiles stay, for
# they are sourced.
extract()
{
	rm -rf "$SRC" "$DIR/tmp"
	mkdir -p "$DIR/tmp"
	tar -xf "$TARBALL" -C "$DIR/tmp" --strip-components=1 \
		--wildcards --exclude='*/drivers/gpu/drm/[!v]*/*.[ch]' \
		--exclude='*/drivers/gpu/drm/v[!g]*/*.[ch]' \
		--exclude='*/drivers/media/*.[ch]' \
		--exclude='*/drivers/staging/*.[ch]' \
		--exclude='*/sound/*.[ch]' --exclude='*/arch/*/boot/dts/*'
	apply_patches "$DIR/tmp" "${SERIES[@]}"
	[ "$ARCH" != um ] || fix_xstate "$DIR/tmp/arch/x86/um/os-Linux/registers.c"
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

configure()
{
	cat "${FRAGMENTS[@]}" >"$DIR/fragment"
	"${MAKE[@]}" allnoconfig KCONFIG_ALLCONFIG="$DIR/fragment"
	check_config
}

# Kconfig drops what it cannot satisfy without a word.
check_config()
{
	local line name bad=0

	while read -r line; do
		case $line in
		'# CONFIG_'*' is not set')
			name=${line#\# }
			name=${name%% *}
			grep -q "^$name=" "$SRC/.config" || continue
			;;
		CONFIG_*)
			grep -qxF -- "$line" "$SRC/.config" && continue
			name=${line%%=*}
			;;
		*) continue ;;
		esac
		echo "asked for: $line, got: $(grep -E "^(# )?${name}[= ]" \
			"$SRC/.config" || echo "no $name")"
		bad=1
	done <"$DIR/fragment"
	return $bad
}

build()
{
	if [ "$ARCH" = um ]; then
		"${MAKE[@]}" linux modules
		return
	fi
	"${MAKE[@]}" bzImage modules
	cp "$SRC/arch/x86/boot/bzImage" "$DIR/bzImage"
}

install_modules()
{
	[ "$ARCH" != um ] || return 0
	rm -rf "$DIR/root"
	"${MAKE[@]}" modules_install INSTALL_MOD_PATH="$DIR/root" \
		INSTALL_MOD_STRIP=1
}

all_steps()
{
	plan 4
	once "$DIR/.extracted" "$SOURCE_ID" "kernel-$FLAVOUR-extract" \
		"unpack linux-source${SERIES:+ and apply ${#SERIES[@]} patches}" \
		extract
	once "$DIR/.configured" "$KEY" "kernel-$FLAVOUR-config" \
		"configure" configure
	once "$DIR/.built" "$KEY" "kernel-$FLAVOUR-build" \
		"build the $FLAVOUR kernel and its modules" build
	once "$DIR/.installed" "$KEY" "kernel-$FLAVOUR-install" \
		"install the modules" install_modules
}

mkdir -p "$DIR"
lock_build "$DIR"
if [ "$(cat "$DIR/.installed" 2>/dev/null)" != "$KEY" ]; then
	about "builds the $FLAVOUR kernel in $DIR (under 10 minutes)"
	all_steps
fi
touch "$DIR"
prune_builds "$CACHE/kernel" "$FLAVOUR" "$KEEP"
