# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about the socket side share. Not a scenario itself.
#
#   talk TEXT "SENDER_STEP..." STEP...   one connection on a binding of its own,
#                             BIND says which; all bytes must be right
#   talk_end TEXT [QUEUES]    that binding ends, with all buffers home
#   value TEXT KEY WANT       KEY of dmsock's output
#   above TEXT KEY LEAST [OUT]
#   not_home ID [QUEUES]      true if somebody but the NIC holds buffers
#   none_in_skbs              no skb holds a buffer of the binding that $OUT tells of
#   goes_on NAME              the receiver gets to touch:NAME
#   sent_by DEVICE / refused_by DEVICE   its frames in netns rx
#   rmem VALUES               net.ipv4.tcp_rmem of rx, until the scenario ends
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out
GO=$TMP/go
BIND=(-m "$PCI_MEM" -d "$DEV_RX" -q 1)

value()
{
	equal "$1" "$(dm_value "$OUT" "$2")" "$3"
}

above()
{
	local got

	got=$(dm_value "${4:-$OUT}" "$2")
	if [ "${got:-0}" -gt "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$got', want more than $3"
	fi
}

talk()
{
	local text=$1 sender=$2
	shift 2

	rm -f "$GO"*
	dm_exchange "$text: all bytes are right" "$OUT" "$sender" \
		"${BIND[@]}" accept "$@"
}

talk_end()
{
	dm_unbind "$OUT" "$@"
}

not_home()
{
	! dm_home "$1" "${2:-1}"
}

none_in_skbs()
{
	[ "$(dm_in_skbs "$(dm_value "$OUT" id)")" = 0 ]
}

goes_on()
{
	if ! wait_for 20 test -e "$1"; then
		not_ok "dmsock gets to ${1##*/}" "$(cat "$OUT" "$OUT.err")"
		exit 1
	fi
}

sent_by()
{
	ip -n rx -s -j link show "$1" | jq '.[0].stats64.tx.packets'
}

refused_by()
{
	ip -n rx -s -j link show "$1" | jq '.[0].stats64.tx.dropped'
}

set_rmem()
{
	echo "$1" | rx tee /proc/sys/net/ipv4/tcp_rmem >/dev/null
}

rmem()
{
	defer set_rmem "$(rx cat /proc/sys/net/ipv4/tcp_rmem)"
	set_rmem "$1"
}
