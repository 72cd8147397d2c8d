# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Proves: tools that look for XDP say the same with and without the family
# "netdev", and none of them loads the module. Newer libraries, which ask that
# family, can be given with run.sh --add as libbpf.so.NAME.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

DEVS=(lo dummy0 veth0 veth1 tap0 "$DEV_RX")
PASS=$TMP/bpf/pass

# Each library that there is.
queries()
{
	local lib

	for lib in libbpf.so.1 /usr/local/bin/libbpf.so.*; do
		[ "${lib#*\*}" = "$lib" ] || continue
		echo "$lib"
		rx xdpquery "$lib" "${DEVS[@]}"
	done
}

# same TEXT TOOL COMMAND...: what it says without the module is in $TMP/TOOL
same()
{
	local text=$1 tool=$2
	shift 2

	if ! command -v "$tool" >/dev/null; then
		skip "$text" "no $tool here"
		return
	fi
	if rx "$@" >"$TMP/now" 2>&1; then
		ok "$text: works"
	else
		not_ok "$text: works" "$(cat "$TMP/now")"
	fi
	[ -e "$TMP/$tool" ] || mv "$TMP/now" "$TMP/$tool"
	[ ! -e "$TMP/now" ] || equal "$text: says the same as without us" \
		"$(cat "$TMP/now")" "$(cat "$TMP/$tool")"
}

all()
{
	queries >"$TMP/queries.$1"
	same "bpftool net, $1" bpftool bpftool net
	same "xdp-loader status, $1" xdp-loader xdp-loader status
	# As libxdp 1.4 and libbpf 1.2 and later: by name, which must not load.
	rx genlreq -F netdev 1 1=lo >"$TMP/loads" 2>&1 || true
}

dm_stage 4
defer load_modules
mkdir "$TMP/bpf"
mount -t bpf bpf "$TMP/bpf"
defer umount "$TMP/bpf"
xdppass "$PASS"
modprobe -a dummy veth tun
ip -n rx link add dummy0 type dummy
ip -n rx link add veth0 type veth peer name veth1
ip -n rx tuntap add dev tap0 mode tap
for dev in dummy0 veth0 tap0; do
	defer ip -n rx link del $dev
done
rx ip link set dev veth1 xdpdrv pinned "$PASS"
rx ip link set dev tap0 xdpgeneric pinned "$PASS"

rmmod devmem_tcp
all without
equal "no query loads the module" \
	"$(grep -c '^devmem_tcp ' /proc/modules)" 0
modprobe devmem_tcp
all with
diag "$(cat "$TMP/queries.with")"
equal "libbpf says the same" "$(cat "$TMP/queries.with")" \
	"$(cat "$TMP/queries.without")"
equal "libbpf finds the programs" \
	"$(grep -cE '^(veth1|tap0) ret=0 prog=[1-9]' "$TMP/queries.with")" \
	$((2 * $(grep -c '\.so' "$TMP/queries.with")))
equal "libbpf fails nowhere" "$(grep -c 'ret=-' "$TMP/queries.with")" 0
for lib in /usr/local/bin/libbpf.so.*; do
	[ -e "$lib" ] || continue
	diag "$(rx xdpquery -f "$lib" "${DEVS[@]}")"
	equal "${lib##*/}: features" \
		"$(rx xdpquery -f "$lib" lo veth0 veth1 "$DEV_RX" |
			sed 's/.*features=\([0-9]*\).*/\1/' | tr '\n' ' ')" \
		"0 7 3 3 "
done
dm_nothing_left "in the end"
