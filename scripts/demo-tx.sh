#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make demo-tx: 256 MiB go from the memory BAR of a PCI device in one machine into
# that of another, over IPv4 and IPv6, with an MTU of 1500 and 9000. The host
# compares the BARs, and looks for the payload in the RAM of both.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh
MIB=${DEMO_MIB:-256}	# a power of two, 16 to 256
OUT=build/demo-tx

about "sends $MIB MiB from device memory to device memory, between two machines"
START=$SECONDS
scripts/stage.sh
rm -rf $OUT
mkdir -p $OUT/share

# Numbered lines of 64 bytes, which have a word that is nowhere else.
WORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
make_input()
{
	seq -f "$WORD %030.0f" $((MIB << 14)) >$OUT/send.bar
	[ "$(stat -c %s $OUT/send.bar)" -eq $((MIB << 20)) ]
}

# machine NAME BAR MAC SOCKET: RAM and BAR are files that the host can read. QEMU
# has reconnect-ms since 9.2.
machine()
{
	tests/vm/run.sh --name "demo-tx-$1" --timeout 1200 --mem 1024 --qemu "
		-object memory-backend-file,id=ram,size=1024M,mem-path=$OUT/$1.ram,share=on
		-machine memory-backend=ram
		-object memory-backend-file,id=bar,size=$2,mem-path=$OUT/$1.bar,share=on
		-device ivshmem-plain,memdev=bar,addr=0xc
		-netdev stream,id=link,addr.type=unix,addr.path=$OUT/link,$4
		-device igb,netdev=link,mac=$3,addr=9,romfile=
		-virtfs local,path=$OUT/share,mount_tag=demo-tx,security_model=none,multidevs=remap" \
		"tx-demo-$1"
}

# The receiver holds every buffer: 4 KiB for a segment of 1440 bytes, or for a part
# of a larger one.
machines()
{
	local rc=0

	truncate -s $((4 * MIB))M $OUT/recv.bar
	machine recv $((4 * MIB))M 52:54:00:00:00:03 server=on &
	machine send "${MIB}M" 52:54:00:00:00:04 server=off,reconnect-ms=200 ||
		rc=1
	wait $! || rc=1
	return $rc
}

# Lines of FILE with the word of the payload. RAM has bytes of 0 where text has
# ends of lines.
lines()
{
	tr '\0' '\n' <"$OUT/$1" | grep -acF "$WORD" || true
}

look()
{
	jq -n --argjson bar "$(lines send.bar)" \
		--argjson send "$(lines send.ram)" \
		--argjson recv "$(lines recv.ram)" \
		'{ sender_bar: $bar, sender_ram: $send, receiver_ram: $recv }' \
		>$OUT/lines.json
}

plan 3
run demo-tx-input "$MIB MiB of numbered lines, into the sender's device memory" \
	make_input
run demo-tx "two machines, four runs" machines
run demo-tx-ram "the payload in the RAM of both machines" look

for hash in "$OUT"/*.hash; do
	name=$(basename "$hash" .hash)
	jq -s --arg run "$name" '{ run: $run, send: .[0], recv: .[1] } + .[2]' \
		"$OUT/share/$name.send" "$OUT/share/$name.recv" "$hash" \
		>"$OUT/$name.json"
done

printf '\n'
jq -rs '["  run", "Mbit/s", "bytes sent", "in device memory", "in host memory",
	 "SHA-256 of what the receiver has"],
	(.[] | ["  " + .run, .recv.mbit_s, .send.bytes_completed,
		.recv.bytes_device, .recv.bytes_linear, .sha256_received]) |
	@tsv' $OUT/v[46]-*.json | column -t -s $'\t' -R 2,3,4,5
printf '\n'
row() { printf '  %-40s %s\n' "$1" "$2"; }
row "SHA-256 of the sender's device memory" \
	"$(jq -r .sha256_sent $OUT/v4-1500.json)"
row "lines of payload in that memory" "$(jq .sender_bar $OUT/lines.json)"
row "found in the RAM of the sender" "$(jq .sender_ram $OUT/lines.json)"
row "found in the RAM of the receiver" "$(jq .receiver_ram $OUT/lines.json)"
row "seconds in all" "$((SECONDS - START))"

# A sender of which the kernel has copied a byte does not succeed.
if ! jq -es --argjson bytes $((MIB << 20)) 'length == 4 and all(
	.sha256_sent == .sha256_received and .recv.bytes_linear == 0 and
	([.send.bytes_completed, .recv.bytes_device] | all(. == $bytes)))' \
		$OUT/v[46]-*.json >/dev/null ||
	! jq -e --argjson lines $((MIB << 14)) '.sender_bar == $lines and
		.sender_ram == 0 and .receiver_ram == 0' $OUT/lines.json \
		>/dev/null; then
	printf '\ndemo-tx: FAILED\n'
	exit 1
fi
rm $OUT/*.bar $OUT/*.ram
printf '\ndemo-tx: from device memory to device memory, no byte in host memory\n'
