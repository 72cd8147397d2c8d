#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make test-user: a Debian 12 machine in QEMU (systemd, GRUB, stock kernel) on
# which somebody follows the README: the packages by apt, a reboot into the
# patched kernel, and each command of the section, as it stands there, with an
# upgrade and the unit of the user guide between. TAP in build/tap/user.tap.
#
#   README, SECTION	another text to follow (README.md, "Use it")
#   FLAVOUR		of the kernel (cloud-amd64)
#   KERNEL_DEBS		a directory with linux-image and linux-headers, instead
#			of "make kernel"
#
# Takes an hour beside the kernel, for modules are compiled in the emulator.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
HERE=$ROOT/tests/user
# shellcheck source-path=SCRIPTDIR source=guest.sh
. "$HERE/guest.sh"
README=${README:-$ROOT/README.md}
SECTION=${SECTION:-Use it}
FLAVOUR=${FLAVOUR:-cloud-amd64}
RUN=$BUILD/user
CONSOLE=$LOG_DIR/user-console.log
SHARED=$RUN/shared
TAP=$BUILD/tap/user.tap
MEMORY=0000:00:07.0	# the ivshmem device; the README has another machine's
SENT=64			# MiB
N=0

result()
{
	N=$((N + 1))
	printf '%s %d - %s (%d s)\n' "$1" "$N" "$2" $((SECONDS - START))
	[ "$1" = ok ] || tail -n 20 <<<"$OUTPUT" | sed 's/^/# /'
}

# does TEXT COMMAND [SECONDS]: it succeeds over there
does()
{
	START=$SECONDS
	if guest -t "${3:-600}" "$2"; then
		result ok "$1"
	else
		result "not ok" "$1"
	fi
}

# says TEXT PATTERN: what was run last said so
says()
{
	START=$SECONDS
	if grep -qE -- "$2" <<<"$OUTPUT"; then
		result ok "$1"
	else
		result "not ok" "$1"
	fi
}

is()
{
	START=$SECONDS
	OUTPUT="'$2' is not like '$3'"
	# shellcheck disable=SC2053  # a pattern
	if [[ $2 == $3 ]]; then result ok "$1"; else result "not ok" "$1"; fi
}

# What the machine sees on its second disk: build/deb as after make kernel and
# make deb, and packages of a higher version.
shared_disk()
{
	local dir=$RUN/shared.d

	rm -rf "$dir" "$SHARED"
	mkdir -p "$dir/build/deb" "$dir/newer"
	cp "$KERNEL_DEBS"/linux-{image,headers}-*.deb "$dir/build/deb/"
	cp "$RUN"/deb/devmem-tcp-*.deb "$dir/build/deb/"
	cp "$RUN"/newer/devmem-tcp-*.deb "$dir/newer/"
	truncate -s "$(($(du -sm "$dir" | cut -f1) + 32))M" "$SHARED"
	mkfs.ext4 -q -d "$dir" "$SHARED"
	rm -rf "$dir"
}

build()
{
	"$ROOT/scripts/install-deps.sh"
	"$HERE/image.sh"
	if [ -z "${KERNEL_DEBS:-}" ]; then
		"$ROOT/scripts/debian-kernel.sh" "$FLAVOUR"
		KERNEL_DEBS=$("$ROOT/scripts/debian-kernel.sh" --path "$FLAVOUR")
	fi
	"$ROOT/scripts/deb.sh" "$RUN/deb"
	DEVMEM_DEB_VERSION="$VERSION+2" "$ROOT/scripts/deb.sh" "$RUN/newer"
}

# Where the README says "make", the machine has what that made.
before()
{
	is "Debian's stock kernel runs" "$RELEASE" '6.1.0-*-cloud-amd64'
	# also after the reboot
	does "the clone is there" \
		"echo '/dev/vdb /mnt ext4 ro 0 0' >>/etc/fstab && mount /mnt &&
		 ln -s /mnt/build /root/build"
	does "apt asks no questions here" \
		"echo 'APT::Get::Assume-Yes \"true\";' >/etc/apt/apt.conf.d/yes"
}

# eth1 is the port to receive on; eth0 is another machine's. Both are new when igb
# was loaded anew.
network()
{
	does "two ports, one of them in another network namespace" \
		"modprobe igb && { [ -e /run/netns/peer ] || ip netns add peer; } &&
		 ip link set eth0 netns peer &&
		 ip -n peer addr add 10.0.0.2/24 dev eth0 &&
		 ip -n peer link set eth0 up && ip link set lo up &&
		 ip addr add 10.0.0.1/24 dev eth1 && ip link set eth1 up &&
		 for i in \$(seq 60); do
			ip netns exec peer ping -c1 -W1 10.0.0.1 && break
		 done"
	does "something to send" \
		"head -c ${SENT}M /dev/urandom >/var/tmp/input"
}

# A module of Debian's stock kernel on the patched one, by its file. What counts
# is the CRC of each symbol that it imports: of a module that has them the kernel
# does not compare the release. insmod forces nothing. It registers a device as it
# loads, so it is no empty shell.
stock_module()
{
	local text="a module of the stock kernel"

	case $RELEASE in
	*-devmem-cloud-amd64) ;;
	*)
		N=$((N + 1))
		echo "ok $N - $text loads # SKIP that one has another" \
			"configuration than $RELEASE"
		return
		;;
	esac
	does "$text is of another release" \
		"cp /lib/modules/6.1.0-*-cloud-amd64/kernel/drivers/net/dummy.ko . &&
		 modinfo -F vermagic ./dummy.ko && uname -r &&
		 [ \"\$(modinfo -F vermagic ./dummy.ko | cut -d' ' -f1)\" != \
			\"\$(uname -r)\" ]"
	does "$text loads" "insmod ./dummy.ko"
	does "not by force" "grep '^dummy ' /proc/modules &&
		! grep -q '^dummy .*(.*F.*)' /proc/modules"
	does "and works" "ip link show dummy0 && ip link add stock0 type dummy &&
		ip link set stock0 up && ip link del stock0 && rmmod dummy"
	does "with the CRC of a symbol changed it is refused" \
		"objcopy --dump-section __versions=crc ./dummy.ko &&
		 printf '\\1\\2\\3\\4' | dd of=crc conv=notrunc status=none &&
		 objcopy --update-section __versions=crc ./dummy.ko crc.ko &&
		 ! insmod ./crc.ko && dmesg | tail -n 20 |
			grep 'disagrees about version of symbol'"
}

# Somebody sends while the command of the README listens.
receive()
{
	does "$1" "$1 >/root/recv.out 2>&1 & pid=\$!
		for i in \$(seq 120); do
			ss -Hltn 'sport = :5000' | grep -q . && break
			sleep 0.5
		done
		ip netns exec peer ncat --send-only 10.0.0.1 5000 </var/tmp/input
		wait \$pid; rc=\$?
		cat /root/recv.out; sha256sum /var/tmp/input; exit \$rc" 900
	START=$SECONDS
	if [ "$(grep -oE '\b[0-9a-f]{64}\b' <<<"$OUTPUT" | sort | uniq -c |
		awk '{ print $1 }')" = 2 ]; then
		result ok "what arrived has the hash of what was sent"
	else
		result "not ok" "what arrived has the hash of what was sent"
	fi
}

ordinary_traffic()
{
	does "ordinary TCP goes on" \
		"timeout 120 ncat -l 5001 >/var/tmp/got & pid=\$!
		 for i in \$(seq 60); do
			ss -Hltn 'sport = :5001' | grep -q . && break
			sleep 0.5
		 done
		 ip netns exec peer ncat --send-only 10.0.0.1 5001 \
			</var/tmp/input
		 wait \$pid; cmp /var/tmp/input /var/tmp/got"
}

# A connection that spans the end of the binding: its first half is coming into
# device memory, the second is sent afterwards.
stream_begins()
{
	does "a stream comes into the binding" \
		"bytes() { devmemctl -j stats | jq 'map(.bytes) | add'; }
		 id=\$(devmemctl -j show | jq '.[0].id'); before=\$(bytes)
		 { devmemctl -j recv -l 5002 --binding \$id >span.json 2>span.err
		   echo \$? >span.rc; } &
		 for i in \$(seq 120); do
			ss -Hltn 'sport = :5002' | grep -q . && break
			sleep 0.5
		 done
		 { cat /var/tmp/input
		   until [ -e unbound ]; do sleep 0.5; done
		   cat /var/tmp/input; } | ip netns exec peer ncat --send-only \
			10.0.0.1 5002 >span.sent 2>&1 &
		 for i in \$(seq 240); do
			[ \$(bytes) -gt \$((before + 1000000)) ] && exit
			sleep 0.5
		 done
		 cat span.err span.sent; exit 1"
}

stream_goes_on()
{
	does "the stream goes on as ordinary TCP, to its last byte" \
		"touch unbound
		 for i in \$(seq 1200); do
			[ -s span.rc ] && break
			sleep 0.5
		 done
		 cat span.err span.sent span.json span.rc
		 [ \"\$(cat span.rc)\" = 0 ] &&
		 jq -e '.bytes_device > 0 and .bytes_linear > 0 and
			.bytes_device + .bytes_linear == $((2 * SENT << 20))
			' span.json" 900
}

# One command of the README, and what a person would look at after it.
follow()
{
	local command=${1//0000:07:00.0/$MEMORY}

	case $command in
	make\ *) return ;;	# done by build()
	reboot)
		START=$SECONDS
		guest_reboot
		result ok "reboot"
		is "the patched kernel runs" "$RELEASE" '6.1.*-devmem-*'
		network
		stock_module
		;;
	*devmemctl\ recv*)
		receive "$command"
		;;
	apt*install*linux* | apt*install*/\*.deb)
		does "$command" "cd /root && $command" 3600
		says "modules were built on the way" \
			'modules for 6.1.*-devmem-.* built and installed'
		;;
	rmmod\ devmem_tcp)
		stream_begins
		does "$command" "$command"
		stream_goes_on
		ordinary_traffic
		;;
	modprobe\ -r\ *\ igb)
		upgrade
		does "$command" "$command"
		;;
	modprobe\ igb)
		does "$command" "$command"
		network
		reloaded
		unit
		;;
	apt*purge*)
		does "$command" "$command" 1200
		after_purge
		;;
	*) does "$command" "cd /root && $command" 1200 ;;
	esac
}

# Where the README says "apt install again".
upgrade()
{
	does "apt upgrades to $VERSION+2" \
		"apt-get install -y /mnt/newer/*.deb" 3600
	does "the new modules are installed" \
		"modinfo -F filename devmem_tcp && dkms status"
	says "by DKMS" "devmem-tcp/$VERSION\\+2, .*: installed"
}

reloaded()
{
	does "the fork is what was loaded" \
		"grep '^devmem-tcp-' /sys/module/igb/version"
	does "devmem-tcp-selftest" \
		"devmem-tcp-selftest -d eth1 -q 1 -m 'bar $MEMORY'" 900
}

# What the user guide, 4, does to have a binding at boot.
unit()
{
	local from=/usr/share/doc/devmem-tcp-tools/examples
	local entries="devmemctl -j steer show -d eth1 | jq '.queues[1].entries'"

	does "the unit of the user guide starts" \
		"cp $from/modules-load.d/devmem-tcp.conf /etc/modules-load.d/ &&
		 systemctl restart systemd-modules-load &&
		 mkdir -p /etc/devmem-tcp &&
		 sed 's/0000:07:00.0/$MEMORY/' $from/example.conf \
			>/etc/devmem-tcp/eth1.conf &&
		 systemctl enable --now devmem-tcp@eth1 ||
			{ systemctl status devmem-tcp@eth1; exit 1; }"
	does "show has its binding" "devmemctl show; devmemctl -j show |
		jq -e 'map([.ifname, .queues]) == [[\"eth1\", [1]]]'"
	does "nothing is steered there" "[ \"\$($entries)\" = 0 ]"
	does "the unit stops" "systemctl disable --now devmem-tcp@eth1 &&
		rm -r /etc/devmem-tcp /etc/modules-load.d/devmem-tcp.conf &&
		! systemctl is-failed devmem-tcp@eth1"
	does "its binding is gone" \
		"devmemctl show; devmemctl -j show | jq -e '. == []'"
	does "the table is as before" "[ \"\$($entries)\" -gt 0 ]"
}

after_purge()
{
	does "nothing is left of it" \
		"! ls -d /usr/src/devmem-tcp* /var/lib/dkms/devmem-tcp \
			/lib/modules/*/updates /etc/kernel/*/devmem-tcp \
			/usr/lib/devmem-tcp 2>/dev/null"
	does "the stock igb is the one that modprobe finds" \
		"modinfo -F filename igb && [ -z \"\$(modinfo -F devmem_tcp igb)\" ]"
	does "no unit failed meanwhile" \
		"systemctl --failed --plain --no-legend | tee /root/failed
		 [ ! -s /root/failed ]"
	does "no warning of the kernel" \
		"! dmesg | grep -E 'WARNING:|BUG:|Oops'"
}

session()
{
	local command

	guest_start
	before
	while IFS= read -r command; do
		follow "$command"
	done <"$RUN/commands"
	echo "1..$N"
}

about "somebody follows $(log_name "$README"), \"$SECTION\", on a Debian 12" \
	"(console in $(log_name "$CONSOLE"))"
mkdir -p "$RUN" "$BUILD/tap"
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$ROOT/dkms.conf")
"$HERE/readme-commands.sh" "$README" "$SECTION" >"$RUN/commands"
build
IMAGE=$("$HERE/image.sh" --path)
plan 1
run user-disk "a disk with the packages" shared_disk
trap guest_stop EXIT
# Not a pipe: guest_stop must know what session started. QEMU has tee's pipe
# open as well, so it goes first.
exec 4> >(tee "$TAP")
TEE=$!
session >&4
exec 4>&-
guest_stop
wait "$TEE"
! grep -q '^not ok' "$TAP"
