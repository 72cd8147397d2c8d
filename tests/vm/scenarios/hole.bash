# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A hole in the sequence of a connection from tx to rx. Not a scenario itself.
#
#   hole_begin SECONDS [WORD]...   what is lost is not sent again for so long;
#                             WORDs are for the sender's route. Needs sch_netem
#   hole_lose FILE            whatever is sent when FILE is touched gets lost, and
#                             neither side hears of the other
#   hole_behind FILE          rx hears again of what is sent from now on, and
#                             answers in vain
#   hole_heard                tx hears again
#   hole_end                  all as before; can be done twice

hole_loss()
{
	ip netns exec "$1" tc qdisc "$2" dev "$3" root netem loss 100%
}

hole_begin()
{
	local seconds=$1
	shift

	defer hole_end
	echo 0 | tx tee /proc/sys/net/ipv4/tcp_early_retrans >/dev/null
	ip -n tx route change "${IP4_TX%.*}.0/24" dev "$DEV_TX" \
		src "$IP4_TX" rto_min "$((seconds * STAGE_SLOW))s" "$@"
}

hole_lose()
{
	hole_loss rx add "$DEV_RX"
	hole_loss tx add "$DEV_TX"
	touch "$1"
}

hole_behind()
{
	sleep 0.2
	hole_loss tx del "$DEV_TX"
	touch "$1"
}

hole_heard()
{
	hole_loss rx del "$DEV_RX"
}

hole_end()
{
	hole_heard 2>/dev/null || true
	hole_loss tx del "$DEV_TX" 2>/dev/null || true
	net_addr tx "$DEV_TX" "$IP4_TX" "$IP6_TX"
	ip -n tx route change "${IP4_TX%.*}.0/24" dev "$DEV_TX" src "$IP4_TX"
	echo 3 | tx tee /proc/sys/net/ipv4/tcp_early_retrans >/dev/null
}
