# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 300
# Proves: sendmsg() from device memory with its first, second, ... allocation or copy
# failing says so and has sent nothing, or has sent what it says; no call is completed
# that failed. A stream lives through allocations that fail at random while it is sent,
# acknowledged and completed.
# shellcheck source=tests/vm/scenarios/failnth.bash
. /stage/scenarios/failnth.bash
# shellcheck source=tests/vm/scenarios/tx.bash
. /stage/scenarios/tx.bash

calls()
{
	local text=calls

	tx_talk "$text" "${TX_BAR[@]}" -- faults:on send:300000:20000:3 \
		odd:300000 more:50000:1000 send:1 off=faults:off
	diag "$(grep '^off\.' "$OUT" | tr '\n' ' ')"
	equal "$text: some failed" "$(($(tx_value off.failed) > 20))" 1
	equal "$text: and some sent a part, or waited" \
		"$(($(tx_value off.injected) > $(tx_value off.failed)))" 1
	check "$text: unbind" tx devmemctl unbind --all
	tx_gone "$text"
}

# random KIND PERCENT
random()
{
	local text="$1, $2 %" times=1000000 left

	rm -f "$TMP/go"
	tx_sink $PORT
	tx_start "${TX_BAR[@]}" -- send:100000 "touch:$TMP/there" \
		"wait:$TMP/go" send:3000000 odd:1000000 "touch:$TMP/sent" "done"
	tx_goes_on "$TMP/there"
	fn_random "$1" "$2" $times
	touch "$TMP/go"
	wait_for 100 test -e "$TMP/sent" ||
		not_ok "$text: the stream goes on" "$(tail -n 5 "$OUT")"
	left=$(fn_left "$1")
	fn_off
	tx_wait "$text"
	tx_right "$text"
	diag "$text: $((times - left)) failed"
	equal "$text: some failed" "$((left < times - 5))" 1
	check "$text: unbind" tx devmemctl unbind --all
	tx_gone "$text"
	rm -f "$TMP/sent" "$TMP/there"
}

fn_stage
dm_stage 4
calls
random failslab 3
random fail_page_alloc 3
