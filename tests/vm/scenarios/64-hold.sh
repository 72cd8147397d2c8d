# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: devmemctl bind -- COMMAND binds while the command runs, whatever ends
# it, and exits as it does; below steer, as the systemd unit has it, too.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out

# A command that stays until it is killed; its pid is in $TMP/pid.
# shellcheck disable=SC2016  # $$ of that shell
STAYS=(sh -c 'echo $$ >"$1"; exec sleep 1000' - "$TMP/pid")

bind()
{
	echo "devmemctl -j bind -d $DEV_RX -q 1,2 bar $PCI_MEM:2:0:8M --"
}

one_binding()
{
	[ "$(dm_bindings)" = 1 ]
}

# shellcheck disable=SC2016  # the command's
statuses()
{
	local words rc=0

	read -ra words <<<"$(bind)"
	check "while it runs there is a binding" rx "${words[@]}" \
		sh -c '[ "$(devmemctl -j show | jq length)" = 1 ]'
	dm_nothing_left "after it"
	rx "${words[@]}" sh -c 'exit 7' >"$OUT" 2>"$OUT.err" || rc=$?
	equal "its exit status" $rc 7
	equal "stdout is the command's" "$(cat "$OUT")" ""
	equal "the report is on stderr, as JSON" \
		"$(jq -c '[.ifname, .queues, .niovs]' "$OUT.err")" \
		"[\"$DEV_RX\",[1,2],2048]"
	rc=0
	rx "${words[@]}" /nonexistent >/dev/null 2>&1 || rc=$?
	equal "a command that is not there" $rc 127
	rc=0
	rx "${words[@]}" /stage >/dev/null 2>&1 || rc=$?
	equal "one that is not executable" $rc 126
	rc=0
	rx devmemctl bind -d "$DEV_RX" -q 1 bar "$PCI_MEM:2:1:4K" -- \
		touch "$TMP/ran" >/dev/null 2>&1 || rc=$?
	equal "a bind that is refused" $rc 1
	check_fails "a bind that is refused: the command did not run" \
		test -e "$TMP/ran"
	dm_nothing_left "statuses"
}

# It finds the binding and the memory: the id, and a descriptor with the size.
# shellcheck disable=SC2016  # variables of the command
environment()
{
	local words

	read -ra words <<<"$(bind)"
	equal "environment: the id" "$(rx "${words[@]}" sh -c \
		'devmemctl -j show "$DEVMEM_BINDING" | jq length' \
		2>/dev/null)" 1
	equal "environment: the dma-buf" "$(rx "${words[@]}" sh -c \
		'sed -n "s/^size:[^0-9]*//p" /proc/self/fdinfo/"$DEVMEM_DMABUF_FD"' \
		2>/dev/null)" 8388608
	equal "environment: it can be bound once more" "$(rx "${words[@]}" sh -c \
		'devmemctl -j bind -d '"$DEV_RX"' -q 3 fd "$DEVMEM_DMABUF_FD" |
			jq .size; devmemctl unbind --all >/dev/null' \
		2>/dev/null || true)" 8388608
	dm_nothing_left "environment"
}

# start WORD...: not through rx, the signal would be for the shell in between
start()
{
	rm -f "$TMP/pid"
	ip netns exec rx "$@" "${STAYS[@]}" >"$OUT" 2>"$OUT.err" &
	HOLDER=$!
	wait_for 10 test -s "$TMP/pid"
}

# killed SIGNAL STATUS
killed()
{
	local words rc=0

	read -ra words <<<"$(bind)"
	start "${words[@]}"
	check "$1: it is bound" one_binding
	kill -"$1" $HOLDER
	wait $HOLDER || rc=$?
	equal "$1: exit status" $rc "$2"
	check "$1: the command is gone" dm_not_running "$(cat "$TMP/pid")"
	dm_nothing_left "$1"
}

# Somebody else unbinds; the module goes. The command is not disturbed.
taken_away()
{
	local words rc=0

	read -ra words <<<"$(bind)"
	start "${words[@]}"
	rx devmemctl unbind --all >/dev/null
	check "unbound meanwhile: the command lives" kill -0 "$(cat "$TMP/pid")"
	kill "$(cat "$TMP/pid")"
	wait $HOLDER || rc=$?
	equal "unbound meanwhile: the command's status" $rc 143
	check "unbound meanwhile: it says so" grep -q 'ended before' "$OUT.err"
	rc=0
	rx "${words[@]}" devmemctl unbind --all >/dev/null 2>&1 || rc=$?
	equal "unbound by the command itself: 1 in place of 0" $rc 1
	dm_nothing_left "taken away"
}

below_steer()
{
	local words table rc=0

	table=$(rx ethtool -x "$DEV_RX")
	read -ra words <<<"$(bind)"
	start devmemctl steer away -d "$DEV_RX" -q 1,2 -- "${words[@]}"
	check "below steer: it is bound" one_binding
	check_fails "below steer: no entry is left" grep -qE \
		'^ *[0-9]+:.* [12]( |$)' <(rx ethtool -x "$DEV_RX")
	kill -TERM $HOLDER
	wait $HOLDER || rc=$?
	equal "below steer: exit status" $rc 143
	equal "below steer: the table is back" "$(rx ethtool -x "$DEV_RX")" \
		"$table"
	dm_nothing_left "below steer"
}

# All four sources, each for a command and each for good.
sources()
{
	local source id

	for source in "bar $PCI_MEM:2:0:1M" "udmabuf 1M" "heap 1M"; do
		# shellcheck disable=SC2086  # two words
		check "$source: with a command" rx devmemctl bind \
			-d "$DEV_RX" -q 1 $source -- true
		# shellcheck disable=SC2086
		id=$(rx devmemctl -j bind -d "$DEV_RX" -q 1 $source | jq .id)
		equal "$source: it is listed" "$(rx devmemctl -j show "$id" |
			jq '.[0].size')" 1048576
		check "$source: unbind" rx devmemctl unbind "$id"
	done
	check "fd: with a command" rx withbuf udmabuf:1M devmemctl bind \
		-d "$DEV_RX" -q 1 fd 20 -- true
	dm_nothing_left "sources"
}

dm_stage 4
dm_take_bar
statuses
environment
killed TERM 143
killed HUP 129
taken_away
below_steer
sources
