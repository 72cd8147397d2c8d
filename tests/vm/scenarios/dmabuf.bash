# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about exporters share. Not a scenario itself.
#
#   db_count NAME             a counter of the test exporter
#   db_exists, db_mapped      true if it has exported, mapped anything
#   db_balanced TEXT [SECONDS]   all that it gave came back, within 5 s
#   db_bind OUT SOURCE [WORD]...   bind request for queue 1; OUT: errno=, text=,
#                             bad=, seconds=
#   db_id                     id of the only binding
#   db_attach ID              how it is attached: 1 static, 2 pinned
#   db_transfer TEXT SOURCE [OPTION]...   MIB of random bytes into it, compared
#   db_refused ERRNO REGEX TEXT SOURCE [WORD]...   bind must fail so, and leave
#                             nothing
#   db_move                   the test exporter calls move_notify

# Numbers of uapi/linux/devmem_tcp.h
# shellcheck disable=SC2034
BIND=1 A_IFINDEX=2 A_DMABUF_FD=3 A_QUEUE=4 A_RX_PAGE_SIZE=5

need_module tbuf
modprobe tbuf
defer rmmod tbuf

db_count()
{
	awk -v n="$1" '$1 == n { print $2 }' /dev/tbuf
}

db_exists()
{
	[ "$(db_count live)" != 0 ]
}

db_mapped()
{
	[ "$(db_count map)" != "$(db_count unmap)" ]
}

db_is_balanced()
{
	awk '{ n[$1] = $2 }
	END {
		exit n["attach"] != n["detach"] || n["pin"] != n["unpin"] ||
		     n["map"] != n["unmap"] || n["vmap"] || n["live"] ||
		     n["late"]
	}' /dev/tbuf
}

db_balanced()
{
	if wait_for "${2:-5}" db_is_balanced; then
		ok "$1: all that the exporter gave came back"
	else
		not_ok "$1: all that the exporter gave came back" \
			"$(cat /dev/tbuf)"
	fi
}

db_now()
{
	date +%s%3N
}

db_bind()
{
	local out=$1 source=$2 start rc=0
	shift 2

	start=$(db_now)
	rx withbuf "$source" genlreq $BIND $A_IFINDEX="$DEV_RX" \
		$A_DMABUF_FD=20 $A_QUEUE=1 "$@" >"$out" 2>&1 || rc=$?
	echo "ms=$(($(db_now) - start))" >>"$out"
	return $rc
}

db_id()
{
	rx devmemctl -j show | jq -r '.[0].id'
}

db_attach()
{
	rx dbreq attach "$1" | sed -n 's/^attach=//p'
}

db_refused()
{
	local errno=$1 regex=$2 text=$3 out=$TMP/refused
	shift 3

	db_bind "$out" "$@" || true
	equal "$text: $errno" "$(dm_value "$out" errno)" "$errno"
	if dm_value "$out" text | grep -qE -- "$regex"; then
		ok "$text: the text says why"
	else
		not_ok "$text: the text says why" \
			"want '$regex', got: $(cat "$out")"
	fi
	equal "$text: it points at the descriptor" "$(dm_value "$out" bad)" \
		$A_DMABUF_FD
	dm_nothing_left "$text"
	db_balanced "$text"
}

# The receiver and the dma-buf, in the background, until it listens.
db_recv()
{
	local out=$1 source=$2
	shift 2

	rx withbuf "$source" devmemctl -j recv -d "$DEV_RX" -q 1 -l "$PORT" \
		--hash "$@" fd 20 >"$out.json" 2>"$out.err" &
	RECEIVER=$!
	if ! dm_comes_up 20 "$PORT" $RECEIVER; then
		not_ok "the receiver listens" "$(cat "$out.err")"
		exit 1
	fi
}

db_transfer()
{
	local text=$1 out=$TMP/recv total=$((MIB << 20))
	shift

	db_recv "$out" "$@"
	DB_ATTACH=$(db_attach "$(db_id)")
	check "$text: the sender is done" tx timeout 60 \
		socat -u "OPEN:$TMP/input" "TCP4:$IP4_RX:$PORT"
	dm_recv_wait "$text: the receiver is done" "$out"
	equal "$text: SHA-256 of what is in the dma-buf" \
		"$(dm_field "$out" sha256)" "$SUM"
	equal "$text: at least 99 % in device memory" \
		"$(($(dm_field "$out" bytes_device) * 100 >= total * 99))" 1
	dm_nothing_left "$text"
	db_balanced "$text"
}

db_move()
{
	echo move >/dev/tbuf
}
