#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Makes the initramfs of the stage:
#
#   initramfs.sh KERNEL_DIR OUTPUT [--modules DIR] [--conf FILE]
#	[--add FILE]...
#
# KERNEL_DIR is what kernel.sh --path prints. Two cpio archives one after the
# other, which the kernel unpacks in order: the tools (from this machine's
# packages, cached by content) and what changes from run to run (kernel
# modules, our modules and programs, scenarios). Neither is compressed: making,
# loading and unpacking 50 MB takes less time than any decompressor under TCG.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

VM=$ROOT/tests/vm

# Real programs; everything else comes from busybox. Those marked '?' are left
# out when they are not installed.
TOOLS=(
	bash ip tc ss bridge ethtool ncat socat jq kmod
	sha256sum cmp dd od stat head tail date sleep timeout env sort cut tr
	seq stdbuf mkfifo taskset setpriv unshare nsenter setsid nft
	'?xtables-legacy-multi' '?tcpdump' '?conntrack' '?lspci' '?strace'
	'?bpftool' '?xdp-loader'
)

# The file and the shared libraries it needs, all at their own path.
put()
{
	local root=$1 file=$2 lib

	for lib in "$file" $(ldd "$file" 2>/dev/null |
			     grep -o '/[^ ]*' | sort -u); do
		[ -e "$root$lib" ] && continue
		mkdir -p "$root$(dirname "$lib")"
		cp -L "$lib" "$root$lib"
	done
}

# Prints the full path of each tool that there is.
tool_paths()
{
	local tool path

	PATH=$PATH:/usr/sbin:/sbin
	for tool in "${TOOLS[@]}"; do
		if path=$(command -v "${tool#\?}"); then
			readlink -f "$path"
		elif [ "${tool#\?}" = "$tool" ]; then
			die "no '$tool' on this machine:" \
				"run scripts/install-deps.sh"
		fi
	done
	readlink -f "$(command -v busybox)"
}

archive()
{
	(cd "$1" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet -0 -o -H newc -R 0:0) >"$2"
}

make_tools()
{
	local root=$1 name path applet
	shift

	mkdir -p "$root"/{bin,dev,proc,sys,run,tmp,etc,root,host,usr/bin}
	mkdir -p "$root"/{usr/lib,usr/sbin,sbin,lib,lib64,var}
	ln -s /run "$root/var/run"
	for path in "$@"; do
		put "$root" "$path"
		ln -sf "$path" "$root/bin/$(basename "$path")"
	done
	ln -sf bash "$root/bin/sh"
	for name in modprobe insmod rmmod lsmod modinfo depmod; do
		ln -s kmod "$root/bin/$name"
	done
	if [ -e "$root/bin/xtables-legacy-multi" ]; then
		for name in iptables ip6tables iptables-save ip6tables-save; do
			ln -s xtables-legacy-multi "$root/bin/$name"
		done
		for path in /usr/lib/x86_64-linux-gnu/xtables/libi*t_*.so \
			    /usr/lib/x86_64-linux-gnu/xtables/libxt_*.so; do
			put "$root" "$path"
		done
	fi
	put "$root" /usr/libexec/coreutils/libstdbuf.so
	# Applets only fill gaps: in a directory of their own, last in PATH,
	# and the shell is bash, for busybox's prefers its applets to PATH.
	mkdir "$root/busybox"
	for applet in $(busybox --list); do
		ln -s "$(readlink -f "$(command -v busybox)")" \
			"$root/busybox/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/bash\n' >"$root/etc/passwd"
	printf 'nobody:x:65534:65534:nobody:/:/bin/bash\n' >>"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
	printf 'passwd: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
}

# The cache holds one archive per set of tools.
tools_archive()
{
	local paths key out root

	mapfile -t paths < <(tool_paths)
	[ "${#paths[@]}" -gt 10 ] || exit 1
	key=$(hash_of "$(hash_paths "${paths[@]}" "${BASH_SOURCE[0]}")")
	out=$CACHE/initramfs/tools-$key.cpio
	if [ ! -e "$out" ]; then
		mkdir -p "$CACHE/initramfs"
		root=$(mktemp -d)
		make_tools "$root" "${paths[@]}"
		archive "$root" "$out.$$"
		mv "$out.$$" "$out"
		rm -rf "$root"
		find "$CACHE/initramfs" -name 'tools-*' -mtime +7 -delete
	fi
	printf '%s\n' "$out"
}

make_overlay()
{
	local root=$1 kernel=$2 release path
	shift 2

	release=$(basename "$kernel"/root/lib/modules/*)
	mkdir -p "$root/lib/modules" "$root/stage" "$root/usr/local/bin"
	cp -r "$kernel/root/lib/modules/$release" "$root/lib/modules/"
	rm -f "$root/lib/modules/$release"/{build,source}
	if compgen -G "$MODULES/*.ko" >/dev/null; then
		mkdir "$root/lib/modules/$release/updates"
		cp "$MODULES"/*.ko "$root/lib/modules/$release/updates/"
	fi
	depmod -b "$root" "$release"
	for path in "$BUILD/tools/devmemctl" "$BUILD"/tests/guest/* "$@"; do
		if [ ! -f "$path" ] || [ ! -x "$path" ]; then continue; fi
		put_program "$root" "$path"
	done
	cp -r "$VM/guest/." "$root/stage/"
	cp -r "${SCENARIO_DIR:-$VM/scenarios}" "$root/stage/scenarios"
	# modules of other versions, for scenarios to insert by hand
	[ ! -d "$MODULES/other" ] || cp -r "$MODULES/other" "$root/stage/"
	cp "$CONF" "$root/stage/conf"
	ln -s stage/init "$root/init"
}

put_program()
{
	local lib

	cp "$2" "$1/usr/local/bin/"
	for lib in $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*'); do
		put "$1" "$lib"
	done
}

[ $# -ge 2 ] || die "usage: initramfs.sh KERNEL_DIR OUTPUT [OPTION]..."
kernel=$1
output=$2
shift 2
MODULES=$BUILD/modules
CONF=/dev/null
add=()
while [ $# -gt 1 ]; do
	case $1 in
	--modules) MODULES=$2 ;;
	--conf) CONF=$2 ;;
	--add) add+=("$2") ;;
	*) die "unknown option $1" ;;
	esac
	shift 2
done

tools=$(tools_archive)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make_overlay "$tmp/root" "$kernel" "${add[@]}"
archive "$tmp/root" "$tmp/overlay.cpio"
cat "$tools" "$tmp/overlay.cpio" >"$output"
