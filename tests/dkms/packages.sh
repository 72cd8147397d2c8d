#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the packages do on a Debian system: kernels and headers come and go, and
# so do we. In a copy-on-write copy of this machine's root file system (overlayfs
# in a mount namespace of its own), with small packages that stand for kernels:
# the machine itself is not touched. packages-inside.sh holds the tests.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
HERE=$ROOT/tests/dkms
TAP=$BUILD/tap/dkms-packages.tap
DEBS=$BUILD/dkms-debs
IGB=drivers/net/ethernet/intel/igb
mkdir -p "$BUILD/tap" "$DEBS"

kdir()
{
	echo "$("$ROOT/scripts/kernel.sh" --path "$1")/linux"
}

# A package NAME with the files below DIR; its postinst, if there is one, is
# DIR/DEBIAN/postinst.
package()
{
	local name=$1 dir=$2

	mkdir -p "$dir/DEBIAN"
	printf '%s\n' "Package: $name" "Version: 1" "Architecture: amd64" \
		"Maintainer: nobody <nobody@devmem-tcp.example>" \
		"Description: stands for $name" >"$dir/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$dir" "$WORK/debs/$name.deb" \
		>/dev/null
}

# What the packages of Debian and of bindeb-pkg do in all their scripts.
hook()
{
	local dir=$1 script=$2 directory=$3 release=$4

	mkdir -p "$dir/DEBIAN"
	{
		printf '#!/bin/sh\nset -e\n'
		printf 'export DEB_MAINT_PARAMS="$*"\n'
		printf '[ ! -d /etc/kernel/%s ] || ' "$directory"
		printf 'run-parts --report --exit-on-error --arg=%s ' "$release"
		printf -- '--arg=/boot/vmlinuz-%s /etc/kernel/%s\n' \
			"$release" "$directory"
		[ "$script" != postinst ] || printf 'depmod %s\n' "$release"
	} >"$dir/DEBIAN/$script"
	chmod 755 "$dir/DEBIAN/$script"
}

# fake_kernel FLAVOUR RELEASE: its image has igb for a module, its headers are
# a link to the test kernel's build directory. Debian's headers run a hook,
# those of bindeb-pkg do not.
fake_kernel()
{
	local src dir=$WORK/image-$2 headers=$WORK/headers-$2 release=$2

	src=$(kdir "$1")
	mkdir -p "$dir/boot" "$dir/lib/modules/$release/kernel/$IGB"
	cp "$src/.config" "$dir/boot/config-$release"
	: >"$dir/boot/vmlinuz-$release"
	cp "$src/$IGB/igb.ko" "$dir/lib/modules/$release/kernel/$IGB/"
	cp "$src/modules.order" "$src/modules.builtin" \
		"$dir/lib/modules/$release/"
	hook "$dir" postinst postinst.d "$release"
	hook "$dir" prerm prerm.d "$release"
	# depmod leaves files, as it does for real kernels
	printf '#!/bin/sh\nrm -f /lib/modules/%s/modules.*\n' "$release" \
		>"$dir/DEBIAN/postrm"
	chmod 755 "$dir/DEBIAN/postrm"
	package "linux-image-$release" "$dir"

	mkdir -p "$headers/lib/modules/$release" "$headers/usr/src"
	ln -s "$src" "$headers/usr/src/linux-headers-$release"
	ln -s "/usr/src/linux-headers-$release" \
		"$headers/lib/modules/$release/build"
	[ "$1" = patched ] ||
		hook "$headers" postinst header_postinst.d "$release"
	package "linux-headers-$release" "$headers"
}

# The tarballs of two versions with igb alone: unpacking Debian's takes longer
# than all the rest.
tarballs()
{
	local dir=$WORK/linux-source-6.1

	mkdir -p "$dir/$IGB"
	cp "$(kdir patched)/Makefile" "$dir/"
	cp "$(kdir patched)/$IGB"/*.[ch] "$dir/$IGB/"
	tar -C "$WORK" -cJf "$WORK/debs/source.tar.xz" linux-source-6.1
	sed -i 's/^SUBLEVEL = .*/SUBLEVEL = 999/' "$dir/Makefile"
	tar -C "$WORK" -cJf "$WORK/debs/other.tar.xz" linux-source-6.1
}

our_packages()
{
	"$ROOT/scripts/deb.sh" "$DEBS"
	DEVMEM_DEB_VERSION="$VERSION+2" "$ROOT/scripts/deb.sh" "$DEBS/newer"
}

prepare()
{
	mkdir -p "$WORK/debs"
	fake_kernel stock "6.1.0-99-amd64"
	fake_kernel patched "6.1.192-devmem-amd64"
	tarballs
	cp "$DEBS"/devmem-tcp-*.deb "$WORK/debs/"
	cp -r "$BUILD/deb-tree/devmem-tcp" "$WORK/debs/tree"
	mkdir "$WORK/debs/newer"
	cp "$DEBS"/newer/devmem-tcp-*.deb "$WORK/debs/newer/"
}

# The tests are read from the tree, the rest must not depend on it. ccache: the
# same files are built again and again.
inside()
{
	mount -t overlay overlay -o \
		"lowerdir=/,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
	mount -t proc proc "$WORK/root/proc"
	mount --rbind /dev "$WORK/root/dev"
	mount -t tmpfs tmpfs "$WORK/root/tmp"
	mkdir -p "$WORK/root/mnt" "$WORK/root/$CACHE/ccache"
	mount --bind "$WORK/debs" "$WORK/root/mnt"
	mount --bind "$CACHE/ccache" "$WORK/root/$CACHE/ccache"
	cp "$HERE/packages-inside.sh" "$WORK/root/tmp/"
	chroot "$WORK/root" env VERSION="$VERSION" CCACHE_DIR="$CACHE/ccache" \
		PATH="/usr/lib/ccache:$PATH" bash /tmp/packages-inside.sh
}

if [ "${1:-}" = --inside ]; then
	inside
	exit
fi

about "installs, upgrades and removes packages in a copy of this system"
"$ROOT/scripts/kernel.sh" patched
"$ROOT/scripts/kernel.sh" stock
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$ROOT/dkms.conf")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export WORK VERSION
# Not every file system can be below and above an overlay: those of containers.
mkdir "$WORK/upper" "$WORK/work" "$WORK/root"
if ! unshare -m mount -t overlay overlay -o \
	"lowerdir=/,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"; then
	echo "1..0 # SKIP no overlay of / for this user on this machine" |
		tee "$TAP"
	exit 0
fi
our_packages
plan 1
run dkms-prepare "packages that stand for kernels" prepare
unshare -m --propagation private "$0" --inside | tee "$TAP"
grep -q '^1\.\.' "$TAP"
! grep -q '^not ok' "$TAP"
