#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: devmemctl and the module devmem_tcp as they are, at native speed, in
# User-Mode Linux with a NIC that gets no frames. What needs frames is in
# tests/vm. TAP in build/tap/tools-kernel.tap.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source-path=SCRIPTDIR source=../../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../../scripts/sync-dir.sh
. scripts/sync-dir.sh
# shellcheck source-path=SCRIPTDIR source=../../lib/uml.sh
. tests/lib/uml.sh

OUT=$BUILD/tools-kernel
TAP=$BUILD/tap/tools-kernel.tap
KERNEL_LOG=$LOG_DIR/tools-kernel-boot.log
build_modules()
{
	local to=$OUT/root/lib/modules/$RELEASE

	mkdir -p "$OUT/fakenic" "$to"
	sync_dir module "$OUT/module"
	sync_dir include "$OUT/include"
	cp -u tests/tools/kernel/{Kbuild,fakenic.c} "$OUT/fakenic/"
	# that one is for PCI
	sed -i 's/ devmem_bar\.o$//' "$OUT/module/Kbuild"
	make -C "$KDIR" ARCH=um M="$OUT/module" -j"$JOBS" modules
	make -C "$KDIR" ARCH=um M="$OUT/fakenic" modules
	cp "$OUT"/module/devmem_tcp*.ko "$OUT/fakenic/fakenic.ko" "$to/"
	touch "$to"/modules.{order,builtin,builtin.modinfo}
	/sbin/depmod -b "$OUT/root" "$RELEASE"
}

# The file and its libraries, at their own path; and in /bin.
put()
{
	local lib

	for lib in "$1" $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		mkdir -p "$OUT/root$(dirname "$lib")"
		cp -L "$lib" "$OUT/root$lib"
	done
	cp -L "$1" "$OUT/root/bin/$(basename "$1")"
}

build_initramfs()
{
	local root=$OUT/root name

	mkdir -p "$root"/{bin,sbin,kmod,dev,proc,sys,tmp,run,etc/modprobe.d}
	for name in bash busybox jq kmod setpriv; do
		put "$(readlink -f "$(command -v $name)")"
	done
	put "$BUILD/tools/devmemctl"
	ln -sf /bin/kmod "$root/kmod/modprobe"
	ln -sf /bin/kmod "$root/bin/rmmod"
	gcc -nostdlib -static -no-pie "-DTUNABLES=\"$UML_TUNABLES\"" \
		-o "$root/sbin/modprobe" tests/tools/kernel/modprobe.S
	install -m755 tests/tools/kernel/init.sh "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) \
		>"$OUT/initramfs"
}

boot()
{
	uml_boot "$OUT/initramfs" "$KERNEL_LOG" loglevel=4
}

to_tap()
{
	awk '/^tools: begin/ { on = 1; next }
	/^tools: end/ { ended = on; on = 0 }
	on && /^(not )?ok / {
		good = sub(/^ok /, "")
		sub(/^not ok /, "")
		printf "%s %d - %s\n", good ? "ok" : "not ok", ++n, $0
	}
	on && /^#/
	END {
		printf "%s %d - runs to its end\n", ended ? "ok" : "not ok", ++n
		printf "1..%d\n", n
	}' "$KERNEL_LOG" >"$TAP"
}

about "devmemctl and the control module, in User-Mode Linux"
mkdir -p "$(dirname "$TAP")"
rm -f "$TAP"
scripts/kernel.sh um
KDIR=$(scripts/kernel.sh --path um)/linux
RELEASE=$(cat "$KDIR/include/config/kernel.release")
plan 4
run tools-kernel-modules "build the modules and a NIC" build_modules
run tools-kernel-initramfs "build the initramfs" build_initramfs
run tools-kernel-boot "run it" boot
run tools-kernel-tap "read the results" to_tap
grep -E '^(not ok|#)' "$TAP" || true
! grep -q '^not ok' "$TAP"
