#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# image.sh [--path]: makes the disk of the user test, a Debian 12 as a person
# would have it: systemd, GRUB, initramfs-tools, Debian's stock cloud kernel, and
# what our packages depend on, so that nothing is downloaded in the emulator.
# Ours are not on it. In the cache, by content; --path prints where.
#
# One thing no person has: a service on the second serial line that runs what it
# is told there (agent.sh).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../scripts/need-packages.sh
. "$ROOT/scripts/need-packages.sh"
HERE=$ROOT/tests/user
SIZE=8G			# sparse; about 2.5 GB are used

BASE=systemd-sysv,udev,kmod,iproute2,initramfs-tools,zstd,ca-certificates
BASE+=,iputils-ping,procps,less
PACKAGES=(linux-image-cloud-amd64 grub-pc linux-source-6.1
	dkms gcc make patch xz-utils libelf1 ethtool ncat jq libnl-genl-3-200
	libjson-c5 libssl3)

SOURCE=$(dpkg-query -W -f '${Version}' linux-source-6.1)
KEY=$(hash_of "$(hash_paths "$HERE/image.sh" "$HERE/agent.sh")" "$SOURCE")
IMAGE=$CACHE/user/image-$KEY
if [ "${1:-}" = --path ]; then
	printf '%s\n' "$IMAGE"
	exit 0
fi
[ ! -e "$IMAGE" ] || exit 0
[ "$(id -u)" -eq 0 ] || die "must be root (debootstrap, loop devices)"
# shellcheck disable=SC2016  # apt's words
MIRROR=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(CREATED_BY)' |
	awk '$2 == "bookworm" && $3 == "Packages" { print $1; exit }')
[ -n "$MIRROR" ] || die "no apt source for bookworm on this machine"
MNT=$(mktemp -d)
LOOP=

detach()
{
	local dir

	for dir in dev proc sys ''; do
		! mountpoint -q "$MNT/$dir" || umount "$MNT/$dir"
	done
	[ -z "$LOOP" ] || {
		partx -d "$LOOP"
		losetup -d "$LOOP"
	}
	LOOP=
}
trap 'detach; rmdir "$MNT"; rm -f "$IMAGE.tmp"' EXIT

# A step is a subshell: what must be undone is done outside.
attach()
{
	mkdir -p "$CACHE/user"
	rm -f "$IMAGE.tmp"
	truncate -s "$SIZE" "$IMAGE.tmp"
	echo 'start=2048, type=83, bootable' | sfdisk -q "$IMAGE.tmp"
	LOOP=$(losetup -f --show "$IMAGE.tmp")
	# not the kernel's own scan: it may know no partition tables
	partx -a "$LOOP"
	mkfs.ext4 -q -L devmem "${LOOP}p1"
	mount "${LOOP}p1" "$MNT"
}

bootstrap()
{
	debootstrap --variant=minbase --include="$BASE" bookworm "$MNT" "$MIRROR"
	# security updates: kernel and linux-source of the same version
	cp /etc/apt/sources.list.d/debian.sources "$MNT/etc/apt/sources.list.d/" \
		2>/dev/null && : >"$MNT/etc/apt/sources.list"
	[ -s "$MNT/etc/apt/sources.list" ] ||
		[ -e "$MNT/etc/apt/sources.list.d/debian.sources" ] ||
		cp /etc/apt/sources.list "$MNT/etc/apt/"
	mount -t proc proc "$MNT/proc"
	mount -t sysfs sys "$MNT/sys"
	mount --bind /dev "$MNT/dev"
}

configure()
{
	local uuid

	uuid=$(blkid -s UUID -o value "${LOOP}p1")
	printf 'UUID=%s / ext4 errors=remount-ro 0 1\n' "$uuid" >"$MNT/etc/fstab"
	echo devmem >"$MNT/etc/hostname"
	echo '127.0.0.1 localhost devmem' >"$MNT/etc/hosts"
	mkdir -p "$MNT/etc/default"
	cat >"$MNT/etc/default/grub" <<-'END'
	GRUB_DEFAULT=0
	GRUB_TIMEOUT=1
	GRUB_DISTRIBUTOR=Debian
	GRUB_CMDLINE_LINUX="console=ttyS0 net.ifnames=0"
	GRUB_TERMINAL=serial
	GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
	END
	install -m755 "$HERE/agent.sh" "$MNT/usr/local/sbin/agent"
	cat >"$MNT/etc/systemd/system/agent.service" <<-'END'
	[Unit]
	Description=Runs what it is told on the second serial line
	[Service]
	ExecStart=/usr/local/sbin/agent
	Restart=always
	[Install]
	WantedBy=multi-user.target
	END
	ln -s ../agent.service \
		"$MNT/etc/systemd/system/multi-user.target.wants/agent.service"
}

install_packages()
{
	export DEBIAN_FRONTEND=noninteractive
	cp /etc/resolv.conf "$MNT/etc/resolv.conf"
	chroot "$MNT" apt-get update -qq
	chroot "$MNT" apt-get install -y -qq --no-install-recommends \
		"${PACKAGES[@]}"
	chroot "$MNT" apt-get clean
	rm -rf "$MNT"/var/lib/apt/lists/* "$MNT/etc/resolv.conf"
	chroot "$MNT" dpkg -s linux-source-6.1 | grep -qx "Version: $SOURCE" || {
		echo "the archive's linux-source-6.1 is not $SOURCE"
		return 1
	}
}

boot_loader()
{
	chroot "$MNT" grub-install --target=i386-pc "$LOOP"
	chroot "$MNT" update-grub
	# There is no udev here that names disks by UUID. Over there there is.
	sed -i "s|root=${LOOP}p1|root=UUID=$(blkid -s UUID -o value \
		"${LOOP}p1")|" "$MNT/boot/grub/grub.cfg"
	grep -q 'root=UUID=.* console=ttyS0' "$MNT/boot/grub/grub.cfg"
}

about "a Debian 12 with systemd for the user test (3 minutes, 2.5 GB)"
need_packages debootstrap fdisk e2fsprogs
plan 4
attach
run user-debootstrap "debootstrap" bootstrap
run user-configure "configure" configure
run user-packages "stock kernel, and what our packages depend on" \
	install_packages
run user-grub "GRUB" boot_loader
detach
mv "$IMAGE.tmp" "$IMAGE"
find "$CACHE/user" -name 'image-*' -mtime +14 -delete
