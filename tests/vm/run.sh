#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boots the stage in QEMU, runs scenarios in it and turns their results into
# TAP files, build/tap/vm-*.tap:
#
#   run.sh [OPTION]... [SCENARIO]...	names or their first letters ("00");
#					"all" or none: those with a number
#   --kernel patched|stock|debug|guards	(patched) built if need be
#   --kernel-dir DIR	a build of kernel.sh as it is, instead of building
#   --modules DIR	our *.ko (build/modules; debug: build/modules-debug)
#   --add FILE		one more program for the guest's /usr/local/bin
#   --input FILE	the guest sees it as the read-only disk /dev/vda
#   --shell		a shell on this terminal once the scenarios are done;
#			without scenarios at once
#   --iommu		an intel-iommu, switched on
#   --smp N, --mem MIB	(2, 1024)
#   --icount		an instruction takes a nanosecond, one CPU runs at a time: a
#			run is much like the next one, however busy the machine
#   --soak SECONDS	the scenarios again and again for so long, each round in
#			another order, then 99-leaks
#   --timeout SECONDS	for the whole run (600; debug 3000)
#   --append WORDS	more for the kernel's command line
#   --qemu WORDS	more for QEMU's command line
#   --name NAME		directory build/vm/NAME, build/tap/vm-NAME-*.tap, so that two
#			runs do not meet (main)
#   --keep		keep the initramfs and the shared directory
#
# A scenario may ask for checks on the host (host_check in guest/lib.sh):
# scenarios/NAME.host.sh runs with SHARE (the guest's /host), DEVICE_MEMORY
# (backing file of the ivshmem BAR), INPUT; it prints "ok - text" and
# "not ok - text" lines.
#
# Exit status: 0 all passed, 1 a test failed or is missing, 2 usage.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

VM=$ROOT/tests/vm
TAP=$BUILD/tap
# Another directory only to test this script itself.
export SCENARIO_DIR=${SCENARIO_DIR:-$VM/scenarios}

usage()
{
	sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
	exit 2
}

KERNEL=patched MODULES='' INPUT='' SHELL_AFTER='' IOMMU='' ICOUNT='' SMP=2 MEM=''
TIMEOUT='' APPEND='' QEMU_MORE='' NAME=main KEEP='' DIR='' SOAK=0
ADD=()
WANTED=()
while [ $# -gt 0 ]; do
	case $1 in
	--shell) SHELL_AFTER=1 ;;
	--iommu) IOMMU=1 ;;
	--icount) ICOUNT=1 ;;
	--keep) KEEP=1 ;;
	--kernel | --kernel-dir | --modules | --add | --input | --smp | --mem | \
	--timeout | --append | --qemu | --name | --soak)
		[ $# -ge 2 ] || usage
		case $1 in
		--kernel) KERNEL=$2 ;;
		--kernel-dir) DIR=$2 ;;
		--modules) MODULES=$2 ;;
		--add) ADD+=(--add "$2") ;;
		--input) INPUT=$2 ;;
		--smp) SMP=$2 ;;
		--mem) MEM=$2 ;;
		--timeout) TIMEOUT=$2 ;;
		--append) APPEND=$2 ;;
		--qemu) QEMU_MORE=$2 ;;
		--name) NAME=$2 ;;
		--soak) SOAK=$2 ;;
		esac
		shift
		;;
	-*) usage ;;
	*) WANTED+=("$1") ;;
	esac
	shift
done

# KASAN and lockdep under TCG: everything takes several times as long.
SLOW=1
if [ "$KERNEL" = debug ]; then
	SLOW=5
	MEM=${MEM:-3072}
fi
case $KERNEL in
patched) MODULES=${MODULES:-$BUILD/modules} ;;
stock) MODULES=/nonexistent ;;
*) MODULES=${MODULES:-$BUILD/modules-$KERNEL} ;;
esac
MEM=${MEM:-1024}
# A person may take as long as they like.
[ -z "$SHELL_AFTER" ] || TIMEOUT=${TIMEOUT:-0}
TIMEOUT=${TIMEOUT:-$((600 * SLOW))}
PREFIX=vm
[ "$KERNEL" = patched ] || PREFIX+=-$KERNEL
[ "$NAME" = main ] || PREFIX+=-$NAME

# Names of the scenarios asked for, each once, in order.
scenario_names()
{
	local word file found

	if [ "${#WANTED[@]}" -eq 0 ] && [ -z "$SHELL_AFTER" ]; then
		WANTED=(all)
	fi
	for word in "${WANTED[@]}"; do
		found=
		[ "$word" != all ] || word='[0-9]'
		# shellcheck disable=SC2231  # "all" is a pattern
		for file in "$SCENARIO_DIR"/${word%.sh}*.sh; do
			case $file in
			*.host.sh | *'*'*) continue ;;
			esac
			found=1
			basename "$file" .sh
		done
		[ -n "$found" ] || die "no scenario '$word' in $SCENARIO_DIR"
	done
}

mapfile -t SCENARIOS < <(scenario_names)
wait $! || exit 2

RUN=$BUILD/vm/$NAME
SHARE=$RUN/share
DEVICE_MEMORY=$RUN/device-memory
CONSOLE=$LOG_DIR/vm-console-$NAME.log
QEMU_LOG=$LOG_DIR/vm-qemu-$NAME.log
RAW=$RUN/results
export SHARE DEVICE_MEMORY INPUT
mkdir -p "$RUN" "$TAP"
exec 8>"$RUN/lock"
flock -n 8 || die "another run uses $RUN; give this one a --name"

if [ -z "$DIR" ]; then
	"$ROOT/scripts/kernel.sh" "$KERNEL"
	DIR=$("$ROOT/scripts/kernel.sh" --path "$KERNEL")
fi

# What init reads. It travels in the initramfs, as an extra program.
write_conf()
{
	{
		printf 'STAGE_SCENARIOS=%q\n' "${SCENARIOS[*]}"
		printf 'STAGE_SHELL=%q\n' "$SHELL_AFTER"
		printf 'STAGE_SOAK=%q\n' "$SOAK"
		printf 'STAGE_SLOW=%q\n' "$SLOW"
		printf 'STAGE_KERNEL=%q\n' "$KERNEL"
		printf 'STAGE_IOMMU=%q\n' "$IOMMU"
	} >"$RUN/conf"
}

prepare()
{
	rm -rf "$SHARE"
	mkdir -p "$SHARE"
	rm -f "$DEVICE_MEMORY" "$RAW" "$CONSOLE"
	truncate -s 64M "$DEVICE_MEMORY"
	write_conf
	"$VM/initramfs.sh" "$DIR" "$RUN/initramfs" --modules "$MODULES" \
		--conf "$RUN/conf" "${ADD[@]}"
}

# Without it the guest measures, which goes wrong on a busy machine.
tsc_rate()
{
	local prog=$BUILD/vm/tsc-khz

	if [ -n "$ICOUNT" ]; then
		printf 'tsc=reliable tsc_early_khz=1000000'
		return
	fi
	[ "$(uname -m)" = x86_64 ] || return 0
	[ -x "$prog" ] || gcc -O2 -o "$prog" "$VM/tsc-khz.c"
	printf 'tsc=reliable tsc_early_khz=%s' "$("$prog")"
}

# Adjacent slots would make the second igb a function of the first; no option
# ROMs, for nothing boots from these cards. Without ERMS and FSRM the kernel copies
# by words, which are as expensive as bytes here.
qemu_command()
{
	local serial="file:$CONSOLE" results="$RUN/results.pipe"
	local append threads=multi

	append="console=ttyS0 panic=-1 $(tsc_rate) $APPEND"
	if [ -n "$SHELL_AFTER" ]; then
		serial=mon:stdio
		append+=" loglevel=5"
	fi
	[ "$KERNEL" != debug ] || append+=" preempt=full watchdog_thresh=60 panic_on_warn=1"
	[ -z "$ICOUNT" ] || threads=single
	# shellcheck disable=SC2054  # QEMU's commas
	QEMU=(timeout --foreground -k 5 "$TIMEOUT" qemu-system-x86_64
		-machine "q35" -accel "tcg,thread=$threads" -cpu max,erms=off,fsrm=off
		-m "$MEM" -smp "$SMP" -nodefaults -no-user-config
		-display none -no-reboot
		-kernel "$DIR/bzImage" -initrd "$RUN/initramfs"
		-serial "$serial")
	# shellcheck disable=SC2054
	[ -z "$ICOUNT" ] || QEMU+=(-icount "shift=0,sleep=off")
	if [ -n "$IOMMU" ]; then
		QEMU+=(-device intel-iommu)
		append+=" intel_iommu=on"
	fi
	# shellcheck disable=SC2054
	QEMU+=(-append "$append"
		-netdev hubport,id=n0,hubid=0 -netdev hubport,id=n1,hubid=0
		-device igb,netdev=n0,mac=52:54:00:00:00:01,addr=3,romfile=
		-device igb,netdev=n1,mac=52:54:00:00:00:02,addr=5,romfile=
		-object "memory-backend-file,id=dm,mem-path=$DEVICE_MEMORY,size=64M,share=on"
		-device ivshmem-plain,memdev=dm,addr=7
		-device virtio-serial-pci,addr=0xa
		-chardev "file,id=results,path=$results"
		-device virtserialport,chardev=results,name=results
		-virtfs "local,path=$SHARE,mount_tag=host,security_model=none,multidevs=remap")
	if [ -n "$INPUT" ]; then
		# shellcheck disable=SC2054
		QEMU+=(-drive "file=$INPUT,if=none,id=in,format=raw,readonly=on"
			-device virtio-blk-pci,drive=in,addr=0xb)
	fi
	# shellcheck disable=SC2206  # words on purpose
	QEMU+=($QEMU_MORE)
}

# The reply appears under its name when it is complete.
host_check()
{
	local name=$1 number=$2 tmp=$SHARE/.tmp file
	shift 2

	file=$SCENARIO_DIR/$name.host.sh
	if [ -x "$file" ]; then
		"$file" "$@" >"$tmp" 2>&1 ||
			echo "not ok - $name.host.sh: exit $?" >>"$tmp"
	else
		echo "not ok - there is no $name.host.sh" >"$tmp"
	fi
	mv "$tmp" "$SHARE/.reply.$name.$number"
}

# Shows results as they come in and answers the guest's requests.
follow()
{
	local line words

	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$RAW"
		case $line in
		'# host: '*)
			read -ra words <<<"${line#\# host: }"
			host_check "${words[@]}"
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

boot()
{
	local follower

	: >"$RAW"
	rm -f "$RUN/results.pipe"
	mkfifo "$RUN/results.pipe"
	follow <"$RUN/results.pipe" &
	follower=$!
	# Held open here too, or the follower would wait for ever if QEMU never
	# gets as far as opening it.
	exec 7>"$RUN/results.pipe"
	set +e
	if [ -n "$SHELL_AFTER" ]; then
		"${QEMU[@]}" 7>&- 8>&- 2>"$QEMU_LOG"
	else
		"${QEMU[@]}" 7>&- 8>&- 2>"$QEMU_LOG" </dev/null
	fi
	QEMU_RC=$?
	set -e
	exec 7>&-
	wait "$follower"
	rm -f "$RUN/results.pipe"
}

# One TAP file per scenario. What the guest could not say (it hung, it
# panicked, the plan is missing) becomes a test that failed.
split_results()
{
	local name file

	[ "$SOAK" -eq 0 ] ||
		mapfile -t SCENARIOS < <(sed -n 's/^# begin //p' "$RAW")
	for name in "${SCENARIOS[@]}"; do
		file=$TAP/$PREFIX-$name.tap
		{
			printf '# %s: %s kernel\n' "$name" "$KERNEL"
			awk -v name="$name" '
				$0 == "# begin " name { on = 1; next }
				on && index($0, "# end " name " ") == 1 { exit }
				on { print }' "$RAW"
		} >"$file"
		if ! grep -q "^# end $name " "$RAW"; then
			printf 'not ok 99999 - %s did not finish: %s\n' \
				"$name" "$(why)" >>"$file"
		elif ! grep -q '^1\.\.[0-9]' "$file"; then
			grep -q '^not ok 99999' "$file" ||
				printf 'not ok 99999 - %s gave no plan\n' \
					"$name" >>"$file"
		fi
	done
}

why()
{
	if [ "$QEMU_RC" -eq 124 ] || [ "$QEMU_RC" -eq 137 ]; then
		echo "no end after $TIMEOUT s"
	elif grep -q 'Kernel panic' "$CONSOLE" 2>/dev/null; then
		grep -m 1 -o 'Kernel panic.*' "$CONSOLE" | tr -d '\r'
	elif [ "$QEMU_RC" -ne 0 ]; then
		echo "QEMU exit $QEMU_RC"
	else
		grep -m 1 '^Bail out!' "$RAW" || echo "the stage ended before"
	fi
}

[ -n "$SHELL_AFTER" ] || about "boots the $KERNEL kernel in QEMU," \
	"scenarios: ${SCENARIOS[*]} (console in $(log_name "$CONSOLE"))"
prepare
qemu_command
start=$SECONDS
boot
# QEMU 10.0 has aborted in the kernel's PCI enumeration (an assertion in msix.c), once
# in some hundred boots.
if [ "$QEMU_RC" -eq 134 ] && ! grep -q '^# begin' "$RAW"; then
	echo "QEMU aborted before the first scenario, once more: $(tail -n 1 "$QEMU_LOG")"
	boot
fi
split_results
[ -n "$KEEP" ] || rm -rf "$RUN/initramfs" "$SHARE"
if [ "${#SCENARIOS[@]}" -eq 0 ]; then
	exit 0
fi
files=()
for name in "${SCENARIOS[@]}"; do
	files+=("$TAP/$PREFIX-$name.tap")
done
rc=0
"$ROOT/tests/lib/tap-summary.sh" "${files[@]}" || rc=$?
if ! grep -q '^# stage: end' "$RAW"; then
	printf -- '--- the stage did not end by itself (%s); end of %s:\n' \
		"$(why)" "$(log_name "$CONSOLE")"
	[ ! -e "$CONSOLE" ] || tail -n 30 "$CONSOLE" | tr -d '\r'
	cat "$QEMU_LOG"
	rc=1
fi
printf 'stage: %d s\n' $((SECONDS - start))
exit $rc
