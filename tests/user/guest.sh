# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by run.sh: the machine of the user test. Needs IMAGE, SHARED (an image
# that it sees as second disk), RUN, CONSOLE.
#
#   guest_start           boots it, GRUB chooses; RELEASE is its kernel
#   guest [-t S] COMMAND  runs it there; status and OUTPUT are its
#   guest_reboot          as a user does; RELEASE is the kernel then
#   guest_stop

# shellcheck disable=SC2034  # read by run.sh
OUTPUT='' RELEASE='' QEMU_PID=''
BOOT_TIME=900		# seconds, emulated and beside other work

# Adjacent slots would make the second igb a function of the first.
qemu_arguments()
{
	# shellcheck disable=SC2054  # QEMU's commas
	QEMU=(-machine q35 -accel tcg,thread=multi -cpu max -m 2048 -smp 2
		-nodefaults -no-user-config -display none
		-drive "file=$IMAGE,if=none,id=d0,format=raw,snapshot=on"
		-device virtio-blk-pci,drive=d0,addr=0xb,bootindex=0
		-drive "file=$SHARED,if=none,id=d1,format=raw,readonly=on"
		-device virtio-blk-pci,drive=d1,addr=0xc
		-serial "file:$CONSOLE"
		-chardev "pipe,id=agent,path=$RUN/agent" -serial chardev:agent
		-netdev hubport,id=n0,hubid=0 -netdev hubport,id=n1,hubid=0
		-device igb,netdev=n0,mac=52:54:00:00:00:01,addr=3,romfile=
		-device igb,netdev=n1,mac=52:54:00:00:00:02,addr=5,romfile=
		-object "memory-backend-file,id=dm,mem-path=$RUN/device-memory,size=64M,share=on"
		-device ivshmem-plain,memdev=dm,addr=7)
}

guest_start()
{
	rm -f "$RUN"/agent.{in,out}
	mkfifo "$RUN"/agent.{in,out}
	truncate -s 64M "$RUN/device-memory"
	qemu_arguments
	qemu-system-x86_64 "${QEMU[@]}" 2>"$RUN/qemu.log" </dev/null &
	QEMU_PID=$!
	# read and write: neither end waits for the other to open
	exec 5<>"$RUN/agent.in" 6<>"$RUN/agent.out"
	guest_ready
}

# Lines from the agent until one begins with $1; the rest of it is in REPLY.
# What the firmware or a shutdown leaves on the line is passed over.
wait_line()
{
	local word=$1 end=$((SECONDS + $2))

	while [ "$SECONDS" -lt "$end" ]; do
		kill -0 "$QEMU_PID" 2>/dev/null || return 1
		IFS= read -r -t 10 -u 6 REPLY || continue
		REPLY=${REPLY%$'\r'}
		[ "${REPLY%% *}" = "$word" ] || continue
		REPLY=${REPLY#* }
		return 0
	done
	return 1
}

guest_ready()
{
	if ! wait_line ready "$BOOT_TIME"; then
		echo "Bail out! the machine does not come up: $CONSOLE"
		tail -n 5 "$CONSOLE" | tr -d '\r' | sed 's/^/# /'
		exit 1
	fi
	RELEASE=$REPLY
}

# 255: no answer, and none can be expected any more.
guest()
{
	local limit=600

	if [ "$1" = -t ]; then
		limit=$2
		shift 2
	fi
	printf '%s\n' "$(base64 -w0 <<<"$1")" >&5
	if ! wait_line out "$limit"; then
		echo "Bail out! no answer in $limit s to: $1"
		tail -n 5 "$CONSOLE" | tr -d '\r' | sed 's/^/# /'
		exit 1
	fi
	OUTPUT=$(base64 -d <<<"${REPLY#out}" 2>/dev/null)
	wait_line rc 30 || return 255
	return "$REPLY"
}

guest_reboot()
{
	printf '%s\n' "$(base64 -w0 <<<'systemctl --no-block reboot')" >&5
	guest_ready
}

guest_stop()
{
	[ -z "$QEMU_PID" ] || kill "$QEMU_PID" 2>/dev/null || true
	QEMU_PID=
}
