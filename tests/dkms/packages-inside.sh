# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Run by packages.sh as root of a copy of the system that may be broken. VERSION
# is that of devmem-tcp; packages and tarballs are in /mnt.
set -uo pipefail
: "${VERSION:?}"

STOCK=6.1.0-99-amd64
PATCHED=6.1.192-devmem-amd64
TARBALL=/usr/src/linux-source-6.1.tar.xz
N=0
OUT=/tmp/out
MODULES=(devmem_tcp_core devmem_tcp devmem_bar igb)
export DEBIAN_FRONTEND=noninteractive

ok()
{
	N=$((N + 1))
	echo "ok $N - $1"
}

# check TEXT COMMAND...: its output is kept in OUT, that of what it runs too
check()
{
	local text=$1
	shift

	if "$@" >/tmp/check 2>&1; then
		ok "$text"
	else
		N=$((N + 1))
		echo "not ok $N - $text"
		tail -n 15 /tmp/check "$OUT" 2>/dev/null | sed 's/^/# /'
	fi
}

deb()
{
	dpkg -i "$@" >"$OUT" 2>&1
}

purge()
{
	dpkg --purge "$@" >"$OUT" 2>&1
}

# Our lines of what dpkg printed last: just one, and it says $1.
one_line()
{
	[ "$(grep -c '^devmem-tcp: ' "$OUT")" -eq 1 ] &&
		grep '^devmem-tcp: ' "$OUT" | grep -qF -- "$1"
}

silent()
{
	! grep '^devmem-tcp: ' "$OUT"
}

# No package of ours or of a kernel is left half-installed.
all_configured()
{
	! dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
		grep -v -e '^installed ' -e '^not-installed ' -e '^config-files '
}

# The file that modprobe would load as $1, in kernel $2
file_of()
{
	modinfo -k "$2" -F filename "$1" 2>/dev/null
}

from_dkms()
{
	local module

	for module in "${MODULES[@]}"; do
		file_of "$module" "$1"
		[ "$(file_of "$module" "$1")" = \
			"/lib/modules/$1/updates/dkms/$module.ko" ] || return
	done
	[ -n "$(modinfo -k "$1" -F devmem_tcp igb)" ]
}

stock_igb()
{
	file_of igb "$1"
	[[ $(file_of igb "$1") == /lib/modules/$1/kernel/* ]] &&
		[ ! -e "/lib/modules/$1/updates" ]
}

signed_by()
{
	local module

	for module in "${MODULES[@]}"; do
		modinfo -k "$PATCHED" -F signer "$module"
		[ "$(modinfo -k "$PATCHED" -F signer "$module")" = "$1" ] ||
			return
	done
}

dkms_knows()
{
	dkms status | tee /dev/stderr | grep -qF "$1"
}

dkms_knows_nothing()
{
	[ -z "$(dkms status -m devmem-tcp)" ] && [ ! -e /var/lib/dkms/devmem-tcp ]
}

# All that there is of us, of DKMS and of kernels, with contents. What depmod
# writes has the order of the directory in it.
picture()
{
	find /boot /etc/kernel /etc/dkms /lib/modules /usr/lib/devmem-tcp \
		/usr/src /var/lib/dkms /usr/sbin/devmem* /usr/share/man/man*/devmem* \
		/usr/share/doc/devmem-tcp* ! -name 'modules.*' ! -name 'mok.*' \
		! -type d -exec sha256sum {} + 2>/dev/null | LC_ALL=C sort
	find /etc/kernel /lib/modules /usr/lib/devmem-tcp /usr/src /var/lib/dkms \
		-type d 2>/dev/null | LC_ALL=C sort
}

same_picture()
{
	diff "$1" "$2"
}

initramfs_of()
{
	grep -x -- "-u -k $1" /tmp/initramfs
}

# A machine like any, without kernels yet.
set_up()
{
	# shellcheck disable=SC2114  # of the copy
	rm -rf /lib/modules /boot /var/lib/dkms "$TARBALL"
	mkdir -p /lib/modules /boot /var/lib/dkms
	cp /mnt/source.tar.xz "$TARBALL"
	printf '#!/bin/sh\necho "$@" >>/tmp/initramfs\n' \
		>/usr/sbin/update-initramfs
	chmod 755 /usr/sbin/update-initramfs
	: >/tmp/initramfs
}

test_stock()
{
	check "packages install where there is no kernel" \
		deb /mnt/devmem-tcp-*.deb
	check "a stock kernel's image installs" deb /mnt/linux-image-$STOCK.deb
	check "one line says why nothing is built for it" \
		one_line "$STOCK lacks CONFIG_NET_DEVMEM_HOOKS"
	check "a stock kernel's headers install" deb /mnt/linux-headers-$STOCK.deb
	check "nothing is built for it" stock_igb $STOCK
	check "the stock kernel upgrades" deb /mnt/linux-image-$STOCK.deb \
		/mnt/linux-headers-$STOCK.deb
	check "DKMS refuses it when asked: 77" refused_77
	check "no package is half-configured" all_configured
}

refused_77()
{
	local rc=0

	dkms build -m devmem-tcp -v "$VERSION" -k $STOCK || rc=$?
	[ "$rc" -eq 77 ]
}

test_patched()
{
	picture >/tmp/before
	check "a patched kernel's image installs before its headers" \
		deb /mnt/linux-image-$PATCHED.deb
	check "one line says that headers are missing" one_line \
		"$PATCHED has no headers yet"
	: >/boot/initrd.img-$PATCHED
	check "its headers install" deb /mnt/linux-headers-$PATCHED.deb
	check "modules are built and installed by that" one_line \
		"modules for $PATCHED built and installed"
	check "modprobe finds the fork and our modules" from_dkms $PATCHED
	check "the initramfs was made again" initramfs_of $PATCHED
	check "modules are signed with DKMS's own key" \
		signed_by "DKMS module signing key"
	check "the stock kernel beside it keeps its igb" stock_igb $STOCK
	check "an installation of something else under /usr/src" \
		deb /mnt/linux-headers-$STOCK.deb
	check "costs no word about $PATCHED" \
		sh -c "! grep '^devmem-tcp: .*$PATCHED' $OUT"
}

test_upgrade()
{
	check "upgrade to $VERSION+2" deb /mnt/newer/devmem-tcp-*.deb
	check "modules are those of the new version" \
		dkms_knows "devmem-tcp/$VERSION+2, $PATCHED, x86_64: installed"
	check "nothing of the old version is left" sh -c \
		"[ ! -e /usr/src/devmem-tcp-$VERSION ] &&
		 [ ! -e /var/lib/dkms/devmem-tcp/$VERSION ]"
	check "modprobe still finds them" from_dkms $PATCHED
}

# Removed by hand what a user would remove by hand.
test_removal()
{
	: >/tmp/initramfs
	check "packages are removed" dpkg -r devmem-tcp-{dkms,tests,tools}
	check "the stock igb is back" stock_igb $PATCHED
	check "in the initramfs too" initramfs_of $PATCHED
	check "DKMS knows nothing of it" dkms_knows_nothing
	check "the hook that stays until purge says nothing and does no harm" \
		hook_is_quiet
	check "packages are purged" purge devmem-tcp-{dkms,tests,tools}
	rm -f /boot/initrd.img-$PATCHED
	check "the patched kernel is removed" \
		purge linux-{image,headers}-$PATCHED
	deb /mnt/devmem-tcp-*.deb
	picture >/tmp/after
	check "no file is left, none is missing" \
		same_picture /tmp/before /tmp/after
	purge devmem-tcp-{dkms,tests,tools}
	picture >/tmp/after
	check "without the packages too" same_picture /tmp/bare /tmp/after
}

hook_is_quiet()
{
	[ -x /etc/kernel/postinst.d/devmem-tcp ] &&
		[ -z "$(/etc/kernel/postinst.d/devmem-tcp $STOCK 2>&1)" ]
}

# Without packages of ours, from a clone.
test_by_hand()
{
	deb /mnt/linux-{image,headers}-$PATCHED.deb
	check "dkms add TREE" dkms add /mnt/tree
	check "dkms install" dkms install "devmem-tcp/$VERSION" -k $PATCHED
	check "modprobe finds what was installed by hand" from_dkms $PATCHED
	check "dkms remove" dkms remove "devmem-tcp/$VERSION" --all
	check "the stock igb is back after that" stock_igb $PATCHED
	rm -rf "/usr/src/devmem-tcp-$VERSION"
	purge linux-{image,headers}-$PATCHED
}

# In another order: kernel and headers first, a key of the user's own.
test_key()
{
	check "kernel and headers come first" \
		deb /mnt/linux-{image,headers}-$PATCHED.deb
	openssl req -new -x509 -nodes -days 10 -subj "/CN=my own key" \
		-newkey rsa:2048 -keyout /root/own.key -outform DER \
		-out /root/own.der >/dev/null 2>&1
	mkdir -p /etc/dkms/framework.conf.d
	printf 'mok_signing_key=/root/own.key\nmok_certificate=/root/own.der\n' \
		>/etc/dkms/framework.conf.d/own.conf
	check "then the packages" deb /mnt/devmem-tcp-*.deb
	check "modules are built for it" from_dkms $PATCHED
	check "modules are signed with the key of framework.conf" \
		signed_by "my own key"
	check "removing the kernel" purge linux-{image,headers}-$PATCHED
	check "leaves none of its modules" \
		test ! -e /lib/modules/$PATCHED/updates -a \
		! -e /var/lib/dkms/devmem-tcp/"$VERSION"/$PATCHED
	purge devmem-tcp-{dkms,tests,tools}
}

# Once by the kernel's hook, once by the trigger: linux-source might have come.
both_versions()
{
	local version

	version=$(sed -n 's/^# Linux.* \(6\.1\.[0-9]*\) .*/\1/p' \
		/boot/config-$PATCHED)
	grep '^devmem-tcp: ' "$OUT"
	[ -n "$version" ] && grep '^devmem-tcp: ' "$OUT" >/tmp/said &&
		! grep -v "Error: igb of .* 6\.1\.999, but .* is of $version\$" \
		/tmp/said
}

test_mismatch()
{
	cp /mnt/other.tar.xz "$TARBALL"
	deb /mnt/devmem-tcp-*.deb
	check "a kernel installs when igb's source is of another version" \
		deb /mnt/linux-{image,headers}-$PATCHED.deb
	check "what is said names both versions" both_versions
	check "no package is half-configured then" all_configured
	cp /mnt/source.tar.xz "$TARBALL"
	check "with the right source the modules are built" \
		/usr/lib/devmem-tcp/dkms-kernel $PATCHED
	check "and installed" from_dkms $PATCHED
	purge linux-{image,headers}-$PATCHED devmem-tcp-{dkms,tests,tools}
}

set_up
deb /mnt/linux-{image,headers}-$STOCK.deb
picture >/tmp/bare
purge linux-{image,headers}-$STOCK
test_stock
test_patched
test_upgrade
test_removal
test_by_hand
test_key
test_mismatch
echo "1..$N"
