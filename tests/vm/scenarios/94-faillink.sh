# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 600
# Proves: what closes igb and opens it again, an XDP program and ethtool -L, the
# latter with a bound queue, each with its first, second, ... allocation failing,
# leaves a device that can be set down and up; one that has no interrupts left
# refuses that, and works when igb is loaded again.
# shellcheck source=tests/vm/scenarios/failnth.bash
. /stage/scenarios/failnth.bash

ON=(failnth -d "$DEV_RX" -q 1 -k 23)

again()
{
	rx devmemctl unbind --all >/dev/null
	rmmod igb
	load_modules
	net_up
	rx ethtool -L "$DEV_RX" combined 4
	dm_set_ring 80
}

channels()
{
	local text="channels" out=$TMP/channels first=1 lost=0 rc

	while :; do
		rc=0
		rx "${ON[@]}" -m "$PCI_MEM:0:8388608" -n "$first" channels \
			>"$out" 2>&1 || rc=$?
		[ $rc -eq 3 ] || break
		first=$(($(dm_value "$out" lost) + 1))
		lost=$((lost + 1))
		again
	done
	if [ $rc -eq 0 ]; then
		ok "$text: fails cleanly wherever it does"
	else
		not_ok "$text: fails cleanly wherever it does" \
			"exit $rc: $(tail -n 8 "$out")"
	fi
	diag "$(tr '\n' ' ' <"$out")"
	equal "$text: without interrupts it stays closed" "$((lost > 0))" 1
	diag "$text: igb was loaded again $lost times"
}

fn_stage
# The core of interrupts, of entries in /proc that it could not make.
dmesg_allow 'WARNING: .* remove_proc_entry'
defer sysctl -qw kernel.panic_on_warn="$(sysctl -n kernel.panic_on_warn)"
sysctl -qw kernel.panic_on_warn=0
dm_stage 4
dm_set_ring 80
dm_take_bar
mkdir -p "$TMP/bpf"
mount -t bpf bpf "$TMP/bpf"
defer umount "$TMP/bpf"
xdppass "$TMP/bpf/pass"
fn_run "the link" xdp -- "${ON[@]}" -x "$TMP/bpf/pass"
channels
again
dm_nothing_left "in the end"
dm_steer 0 1 0 0
dm_plain 1 "in the end"
