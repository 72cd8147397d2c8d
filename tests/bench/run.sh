#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [um|threads|icount]...: measures the allocator and the tokens against
# what upstream has, the kernel's own genalloc, page_pool, ptr_ring and xarray
# from the same tree, in the same boot, in turns:
#
#   um       nanoseconds, kernel module in User-Mode Linux; one CPU, so no atomic
#            is locked
#   threads  nanoseconds, the same files in a process with two threads, atomics as
#            with several CPUs; the allocator only
#   icount   instructions, the same kernel module in QEMU, x86 as the test stage has
#            it; does not depend on how busy the machine is
#
# All three without arguments. Results: build/bench/WHERE.json, an array of objects,
# and the exit status. What each result means is in docs/performance.md.
#
#   ROUNDS=N         turns of each in each case
#   BENCH_MODULE=DIR measures the files of DIR instead of those of module/
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../scripts/sync-dir.sh
. scripts/sync-dir.sh
# shellcheck source-path=SCRIPTDIR source=../lib/shim.sh
. tests/lib/shim.sh
# shellcheck source-path=SCRIPTDIR source=../lib/uml.sh
. tests/lib/uml.sh

OUT=$BUILD/bench
MODULE=${BENCH_MODULE:-module}
PATCH=patches/6.1/0001-net_iov.patch

# build_module DIR MAKE_WORD...
build_module()
{
	local dir=$1
	shift

	sync_dir "$MODULE" "$dir/module"
	sync_dir include "$dir/include"
	sync_dir tests/bench/module "$dir/tests"
	make -C "$KDIR" "$@" M="$dir/tests" -j"$JOBS" modules
	cat >"$dir/initramfs.list" <<-END
		dir /bin 0755 0 0
		dir /dev 0755 0 0
		nod /dev/console 0600 0 0 c 5 1
		file /bin/busybox $(command -v busybox) 0755 0 0
		file /init $ROOT/tests/bench/init.sh 0755 0 0
		file /devmem_tcp_bench.ko $dir/tests/devmem_tcp_bench.ko 0644 0 0
	END
	"$KDIR/usr/gen_init_cpio" "$dir/initramfs.list" >"$dir/initramfs"
}

# Checks of freed memory would be most of what xarray takes.
boot_um()
{
	uml_boot "$OUT/um/initramfs" "$OUT/um/log" loglevel=4 mem=512M \
		slub_debug=- no_debug_objects "BENCH_ROUNDS=${ROUNDS:-20}"
}

# A nanosecond of the guest is one instruction.
boot_icount()
{
	# shellcheck disable=SC2054  # QEMU's commas
	timeout --foreground -k 5 300 qemu-system-x86_64 -machine q35 \
		-accel tcg,thread=single -icount shift=0,sleep=off \
		-cpu max,erms=off,fsrm=off -m 512 -smp 1 -nodefaults \
		-no-user-config -display none -no-reboot \
		-kernel "$KDIR/arch/x86/boot/bzImage" \
		-initrd "$OUT/icount/initramfs" \
		-serial "file:$OUT/icount/console" -append \
		"console=ttyS0 loglevel=4 panic=-1 BENCH_ROUNDS=${ROUNDS:-3}" \
		</dev/null
	tr -d '\r' <"$OUT/icount/console" >"$OUT/icount/log"
}

# Of genalloc without what devices use it for; errno is the C library's.
build_threads()
{
	local dir=$OUT/threads linux

	linux=$dir/include/linux
	rm -rf "$dir"
	mkdir -p "$linux" "$dir/src"
	from_patch include/net/net_iov.h "$dir/include/net/net_iov.h" "$PATCH"
	from_patch net/core/net_iov.c "$dir/src/kernel_net_iov.c" "$PATCH"
	sed '/^static void devm_gen_pool_release/,$d' "$KDIR/lib/genalloc.c" \
		>"$dir/src/kernel_genalloc.c"
	cp include/net/devmem_driver.h "$dir/include/net/"
	cp "$KDIR"/include/linux/{genalloc,ptr_ring}.h "$linux/"
	cp "$MODULE"/{area,pool}.c \
		tests/bench/module/{run,selftest,net_iov,gen_pool}.c "$dir/src/"
	shim_headers "$dir/include" "$dir"/src/*.c "$MODULE"/{core,trace}.h \
		tests/bench/module/bench.h "$dir/include/net/"*.h "$linux"/*.h
	rm -rf "$dir/include/asm" "$linux/errno.h"
	gcc -std=gnu11 -g -O2 -fno-strict-aliasing -Wall -Wextra \
		-Wno-unused-parameter -Wno-sign-compare -Wno-format \
		-Wno-missing-field-initializers -pthread -D_GNU_SOURCE \
		-D__KERNEL__ '-DEXPORT_SYMBOL(x)=' '-DEXPORT_SYMBOL_GPL(x)=' \
		-DBUG=abort '-DBUG_ON(x)=((x) ? abort() : (void)0)' \
		-DCONFIG_ARCH_HAVE_NMI_SAFE_CMPXCHG -I"$dir/include" \
		-I"$MODULE" -Itests/bench/module -Itests/bench/threads \
		-o "$dir/threads" "$dir"/src/*.c tests/bench/threads/*.c
}

run_threads()
{
	timeout 300 "$OUT/threads/threads" "${ROUNDS:-100}" >"$OUT/threads/log"
}

# Thousandths of ticks become nanoseconds, or instructions; the kernel must have
# had nothing to complain about since it loaded the module.
to_json()
{
	local where=$1 log=$OUT/$1/log unit=ns

	[ "$where" != icount ] || unit=instructions
	if awk '/devmem_tcp_bench: loading/ { on = 1 }
		/Kernel panic/ || (on && /WARNING|BUG|INFO: |Oops|Call Trace|====/)
		' "$log" | grep .; then
		die "the kernel complained, see $log"
	fi
	grep 'bench: FAILED' "$log" && die "wrong results, see $log"
	grep -q 'bench: end' "$log" || die "it did not come to its end, see $log"
	sed -n 's/.*bench: {/{/p' "$log" | jq -s --arg where "$where" \
		--arg unit "$unit" '
		(.[0] | if $unit == "ns" then .ticks_per_us else
			if .loop != 2000 then
				error("the clock does not count instructions")
			else 1000 end end) as $ticks |
		[.[1:][] | {where: $where, unit: $unit} + . |
			(.take, .give, .both, .median) |=
			(. / $ticks * 100 | round / 100)]' \
		>"$OUT/$where.json"
}

measure()
{
	local where=$1 flavour=um

	[ "$where" != icount ] || flavour=patched
	scripts/kernel.sh "$flavour"
	KDIR=$(scripts/kernel.sh --path "$flavour")/linux
	plan 3
	rm -f "$OUT/$where.json"
	case $where in
	um)
		run bench-um-build "build the module" \
			build_module "$OUT/um" ARCH=um
		run bench-um-boot "measure in User-Mode Linux" boot_um
		;;
	threads)
		run bench-threads-build "build the program" build_threads
		run bench-threads "measure with two threads" run_threads
		;;
	icount)
		run bench-icount-build "build the module" \
			build_module "$OUT/icount"
		run bench-icount-boot "count instructions in QEMU" boot_icount
		;;
	esac
	run "bench-$where-json" "read the results" to_json "$where"
}

[ $# -gt 0 ] || set -- um threads icount
for where; do
	case $where in
	um | threads | icount) ;;
	*) die "usage: run.sh [um|threads|icount]..." ;;
	esac
done
about "cost of allocator and tokens"
mkdir -p "$OUT"
for where; do
	measure "$where"
done
