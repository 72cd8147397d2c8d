# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: show tells where the buffers of a queue are: at the NIC, in skbs that
# nobody has read, held by users; and each is counted once.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out

# pool QUEUE_INDEX KEY
pool()
{
	rx devmemctl -j show "$ID" | jq ".[0].pools[$1].$2"
}

# The sum of all places is what is held.
adds_up()
{
	equal "$1: posted, in skbs and users are all that is held" \
		"$(rx devmemctl -j show "$ID" | jq '.[0] | .held ==
			([.pools[] | .posted + .in_skbs + .users] | add)')" true
}

# where TEXT PAGE_SIZE: a stream of 600 KB of which 400 KB are read and kept
where()
{
	local text=$1 size=$2 sender held users

	rm -f "$TMP"/go.*
	dm_sock "$OUT" -m "$PCI_MEM:0:8388608" -d "$DEV_RX" -q 1,2 -z "$size" \
		accept hold:400000 now=recv:1 "wait:$TMP/go.1" \
		peek=recv:2000:16:p "wait:$TMP/go.2" free "wait:$TMP/go.3" \
		end=eof
	ID=$(dm_value "$OUT" id)
	equal "$text, idle: nothing in skbs, nothing held by users" \
		"$(rx devmemctl -j show "$ID" | jq -c '[.[0].pools[] |
			.in_skbs, .users]')" '[0,0,0,0]'
	equal "$text, idle: both queues have buffers" \
		"$(($(pool 0 posted) > 0 && $(pool 1 posted) > 0))" 1
	adds_up "$text, idle"

	tx timeout 100 dmsend "$IP4_RX" $PORT send:600000 >"$TMP/send" 2>&1 &
	sender=$!
	check "$text: 400 KB are read" wait_for 60 grep -q '^now.held' "$OUT"
	check "$text: and some are not" wait_for 10 some_in_skbs
	held=$(dm_value "$OUT" now.held)
	equal "$text, kept: users hold as many as there are tokens, $held" \
		"$(as_users "$held" "$size")" 1
	adds_up "$text, kept"
	equal "$text, kept: none of it on the other queue" \
		"$(pool 1 users) $(pool 1 in_skbs)" "0 0"
	users=$(pool 0 users)

	# Tokens for what is in the socket all the same: two or three frames
	touch "$TMP/go.1"
	check "$text: a peek" wait_for 20 grep -q '^peek.held' "$OUT"
	equal "$text, peek: counts once" \
		"$(($(pool 0 users) - users <= 3))" 1
	adds_up "$text, peek"

	touch "$TMP/go.2"
	check "$text, free: users hold nothing" wait_for 20 no_users
	equal "$text, free: the rest is in skbs" "$(($(pool 0 in_skbs) > 0))" 1
	adds_up "$text, free"
	touch "$TMP/go.3"
	wait $sender || diag "$(cat "$TMP/send")"
	dm_sock_wait "$text: all bytes are right" "$OUT"
	check "$text, read: all is at the NIC again" wait_for 5 all_posted
	check "$text: unbind" rx devmemctl unbind "$ID"
	dm_nothing_left "$text"
}

some_in_skbs()
{
	[ "$(pool 0 in_skbs)" -gt 0 ]
}

no_users()
{
	[ "$(pool 0 users)" = 0 ]
}

all_posted()
{
	[ "$(rx devmemctl -j show "$ID" | jq -c '.[0] |
		[.pools[].in_skbs, .pools[].users]')" = '[0,0,0,0]' ]
}

# as_users TOKENS SIZE: of 4 KiB buffers each has one token, but for the frame that
# the last two reads shared; larger ones have several
as_users()
{
	local users

	users=$(pool 0 users)
	if [ "$2" = 4096 ]; then
		echo $((users == $1 || users == $1 - 1))
	else
		echo $((users > 0 && users < $1))
	fi
}

dm_stage 4
dm_take_bar
dm_steer 0 1 0 0
where "4 KiB" 4096
where "64 KiB" 65536
