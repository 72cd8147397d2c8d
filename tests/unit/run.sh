#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: KUnit tests of module/area.c, count.c, pool.c, token.c, sock.c and of
# the patch's net_iov.c and guards, at native speed in User-Mode Linux. The files
# under test are compiled as they are. Then the guards are removed, one at a
# time, and each time a test must fail. Results: build/tap/unit.tap and
# unit-guards.tap, and the exit status.
#
#   UNIT_MODULE=DIR  tests the files of DIR instead of those of module/
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../scripts/sync-dir.sh
. scripts/sync-dir.sh
# shellcheck source-path=SCRIPTDIR source=../lib/uml.sh
. tests/lib/uml.sh

OUT=$BUILD/unit
TAP=$BUILD/tap/unit.tap
TAP_GUARDS=$BUILD/tap/unit-guards.tap
KERNEL_LOG=$LOG_DIR/unit-kernel.log

build_module()
{
	sync_dir "${UNIT_MODULE:-module}" "$OUT/module"
	sync_dir include "$OUT/include"
	sync_dir tests/unit/module "$OUT/tests"
	make -C "$KDIR" ARCH=um M="$OUT/tests" -j"$JOBS" modules
}

build_initramfs()
{
	cat >"$OUT/initramfs.list" <<-END
		dir /bin 0755 0 0
		dir /dev 0755 0 0
		nod /dev/console 0600 0 0 c 5 1
		file /bin/busybox $(command -v busybox) 0755 0 0
		file /init $ROOT/tests/unit/init.sh 0755 0 0
		file /devmem_tcp_unit.ko $OUT/tests/devmem_tcp_unit.ko 0644 0 0
		file /devmem_tcp_guard.ko $OUT/tests/devmem_tcp_guard.ko 0644 0 0
	END
	"$KDIR/usr/gen_init_cpio" "$OUT/initramfs.list" >"$OUT/initramfs"
}

# boot LOG WORD...: WORDs are for the kernel's command line.
boot()
{
	local log=$1
	shift

	uml_boot "$OUT/initramfs" "$log" loglevel=8 "$@"
}

# KUnit prints each suite indented by four, parameters by eight, and no plan for
# all suites when they come from a module. The plans of the suites are checked
# here, and that the kernel had nothing to complain about since it loaded the
# module; before, 6.1 complains of its own fork() under UML.
to_tap()
{
	local suites

	suites=$(sed -n 's/^\t\.name = "\(.*\)",$/\1/p' \
		tests/unit/module/*_test.c | sort)
	awk -v suites="$suites" '
	function result(ok, text) {
		printf "%s %d - %s\n", ok ? "ok" : "not ok", ++n, text
	}
	BEGIN { want = split(suites, name, "\n") }
	/^    # Subtest: / {
		suite = $3; plan = -1; seen = 0
		started[suite] = 1
		next
	}
	/^    1\.\.[0-9]+$/ { plan = substr($1, 4) + 0; next }
	/^    (not )?ok [0-9]+ / {
		good = $1 == "ok"
		text = $0
		sub(/^ *(not )?ok [0-9]+ (- )?/, "", text)
		result(good, suite ": " text)
		said = 0
		seen++
		next
	}
	/^(not )?ok [0-9]+ / && suite {
		if (plan == seen && plan > 0)
			whole[suite] = 1
		suite = ""
		next
	}
	/^devmem_tcp_unit: loading/ { loading = 1 }
	/Kernel panic/ || (loading && /WARNING|BUG|INFO: |Oops|Call Trace|====/) {
		dirty = dirty "# " $0 "\n"
	}
	/^unit: loaded/ { loaded++ }
	/^unit: unloaded/ { unloaded++ }
	/# Subtest: |pass:[0-9]+ fail:0 / { next }
	/^ +(# |Expected|[a-z_>&()]+.* ==|not ok)/ && said++ < 30 { print "# " $0 }
	END {
		for (i = 1; i <= want; i++)
			result(whole[name[i]], name[i] ": ran to its end")
		result(loaded == 2 && unloaded == 2,
		       "modules loaded and unloaded")
		printf "%s", dirty
		result(!dirty, "kernel log is clean")
		printf "1..%d\n", n
	}' "$KERNEL_LOG" >"$TAP"
}

# Without the guard the tests fail or the kernel dies.
without_guards()
{
	local name n=0 log=$LOG_DIR/unit-guards-kernel.log

	while read -r name; do
		boot "$log" UNIT_MODULES=devmem_tcp_guard "skb_guard.off=$name"
		if grep -qE '^ +not ok|Kernel panic' "$log"; then
			echo "ok $((++n)) - without $name a test fails"
		else
			echo "not ok $((++n)) - without $name a test fails"
		fi
	done < <(grep -v '^#' tests/unit/guards.list)
	echo "1..$n"
}

report()
{
	cat "$TAP" "$TAP_GUARDS" | grep -E '^(not ok|#)' || true
	! grep -q '^not ok' "$TAP" "$TAP_GUARDS"
}

about "KUnit tests of areas, pools, tokens, recvmsg and guards, in User-Mode Linux"
mkdir -p "$(dirname "$TAP")"
rm -f "$TAP" "$TAP_GUARDS"
scripts/kernel.sh um
KDIR=$(scripts/kernel.sh --path um)/linux
[ -x "$KDIR/linux" ] || die "no kernel in $KDIR"
plan 5
run unit-module "build the tests and the files under test" build_module
run unit-initramfs "build the initramfs" build_initramfs
run unit-boot "run them" boot "$KERNEL_LOG"
run unit-tap "read the results" to_tap
run unit-guards "remove guards" without_guards
cp "$LOG_DIR/unit-guards.log" "$TAP_GUARDS"
if ! report; then
	echo "unit: FAILED, kernel log in $KERNEL_LOG"
	exit 1
fi
printf 'unit: %d passed\n' "$(cat "$TAP" "$TAP_GUARDS" | grep -c '^ok')"
