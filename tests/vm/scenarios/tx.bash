# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about sending from device memory share. The sender is in
# netns tx, behind DEV_TX. Not a scenario itself.
#
#   tx_sink [WORD]...         starts dmsink in netns rx, output to $SINK
#   tx_start [WORD]...        starts dmtx in the background, output to $OUT; it
#                             connects to $TO, which follows the words that begin
#                             with "-" and what belongs to them, up to "--"
#   tx_wait TEXT              waits for both, a check each
#   tx_talk TEXT [WORD]... -- STEP...   all of it, and that the bytes are right
#   tx_right TEXT             all bytes came, and all calls are completed once
#   tx_bindings               number of bindings of DEV_TX
#   tx_gone TEXT              no binding, and soon no module in use
#   tx_value KEY / sink_value KEY   last KEY=VALUE of either
#   tx_goes_on FILE           the sender gets to touch:FILE
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
SINK=$TMP/sink
TO=$IP4_RX
# shellcheck disable=SC2034  # used by scenarios
TX_BAR=(-m "$PCI_MEM" -d "$DEV_TX")
TX_BY=()		# words before dmtx

tx_value()
{
	dm_value "$OUT" "$1"
}

sink_value()
{
	dm_value "$SINK" "$1"
}

tx_sink()
{
	rx dmsink "$@" >"$SINK" 2>&1 &
	SINK_PID=$!
	if ! dm_comes_up 20 $PORT $SINK_PID; then
		not_ok "dmsink listens" "$(cat "$SINK")"
		exit 1
	fi
}

tx_start()
{
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	dm_take_bar
	tx timeout $((120 * ${STAGE_SLOW:-1})) \
		"${TX_BY[@]}" dmtx "${options[@]}" "$TO" $PORT "$@" >"$OUT" 2>"$OUT.err" &
	SENDER=$!
}

tx_wait()
{
	if wait "$SENDER"; then
		ok "$1: the sender is done"
	else
		not_ok "$1: the sender is done" \
			"exit $?"$'\n'"$(cat "$OUT" "$OUT.err")"
		kill "$SINK_PID" || true
	fi
	if wait "$SINK_PID"; then
		ok "$1: the receiver is done"
	else
		not_ok "$1: the receiver is done" "exit $?: $(cat "$SINK")"
	fi
}

tx_right()
{
	equal "$1: all bytes come" "$(sink_value received)" "$(tx_value sent)"
	equal "$1: all bytes are right" "$(sink_value right)" \
		"$(tx_value sent)"
	equal "$1: all calls are completed" "$(tx_value completed)" \
		"$(tx_value calls)"
	equal "$1: nothing was copied" "$(tx_value copied)" 0
}

tx_talk()
{
	local text=$1
	shift

	tx_sink $PORT
	tx_start "$@"
	tx_wait "$text"
	tx_right "$text"
}

tx_bindings()
{
	tx devmemctl -j show | jq length
}

tx_gone()
{
	equal "$1: no binding is left" "$(tx_bindings)" 0
	if wait_for 10 dm_idle; then
		ok "$1: no module is in use"
	else
		not_ok "$1: no module is in use" "$(dm_module_users)
$(cat /sys/kernel/debug/devmem_tcp/bindings)"
	fi
}

tx_goes_on()
{
	if ! wait_for 20 test -e "$1"; then
		not_ok "dmtx gets to ${1##*/}" "$(cat "$OUT" "$OUT.err")"
		exit 1
	fi
}
