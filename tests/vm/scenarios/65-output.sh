# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: what devmemctl prints of a real NIC: steer as JSON, the counters that
# every queue has, rates that add up; recv stays below a limit; what the driver
# refuses comes with the command that helps. What needs no NIC is tested by
# tests/tools/kernel.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out

# documents FILE: how many, and on how many lines
documents()
{
	echo "$(jq -s length "$1") $(wc -l <"$1")"
}

# both TEXT WANT FILTER WORD...: what FILTER makes of one document, with -j and
# with -p
both()
{
	local text=$1 want=$2 filter=$3
	shift 3

	rx devmemctl -j "$@" >"$OUT" 2>"$OUT.err" || true
	equal "$text: one document on one line" "$(documents "$OUT")" "1 1"
	equal "$text: what it says" "$(jq -c "$filter" "$OUT")" "$want"
	rx devmemctl -p "$@" >"$OUT.p" 2>"$OUT.err" || true
	equal "$text: the same with -p" "$(jq -c "$filter" "$OUT.p")" "$want"
}

steering()
{
	both "steer show, no flows" '[128,[]]' \
		'[(.table | length), .flows]' steer show -d "$DEV_RX"
	both "steer restore, nothing to restore" 'false' .restored \
		steer restore -d "$DEV_RX"
	both "steer away" '["changed","entries","flows","ifname","notes","queues","table"]' \
		keys steer away -d "$DEV_RX" -q 1 -n
}

counters()
{
	check "bind" rx devmemctl bind -d "$DEV_RX" -q 1,2 bar "$PCI_MEM:2:0:8M"
	both "stats" '[["allocs","binding","bytes","drop_alloc","drop_csum","drop_nosplit","drop_not_tcp","empty","ifname","linear_bytes","linear_pkts","merged","packets","pool_empty","queue","tx","tx_user"]]' \
		'map(keys) | unique' stats
	equal "unbind --all" "$(rx devmemctl -j unbind --all |
		jq -c 'map(keys)')" '[["id"]]'
	dm_nothing_left "counters"
}

# stats_start FILE OPTION...: not through rx, which would leave a shell to kill
stats_start()
{
	local out=$1
	shift

	ip netns exec rx devmemctl "$@" >"$out" &
	STATS+=($!)
	defer kill $!
}

# What a transfer of 8 MB in one direction makes of them.
rates()
{
	local id

	id=$(rx devmemctl -j bind -d "$DEV_RX" -q 1,2 bar "$PCI_MEM" | jq .id)
	dm_steer 0 1 0 0
	rx devmemctl -j recv -l $PORT --binding "$id" >"$OUT.json" \
		2>"$OUT.err" &
	RECEIVER=$!
	wait_for 10 dm_listens $PORT
	STATS=()
	stats_start "$OUT" -j stats -i 1
	stats_start "$OUT.text" stats -i 1
	check "stats -i: it begins at once" wait_for 5 test -s "$OUT"
	tx timeout 60 dmsend "$IP4_RX" $PORT send:8000000 >/dev/null
	dm_recv_wait "recv" "$OUT"
	sleep 2.5
	kill "${STATS[@]}"
	wait "${STATS[@]}" || true
	equal "stats -i: a document on each line" "$(documents "$OUT")" \
		"$(wc -l <"$OUT") $(wc -l <"$OUT")"
	equal "stats -i: the first has no rates" "$(jq -sc '.[0] |
		map([.rates, .seconds])' "$OUT")" '[[null,null],[null,null]]'
	equal "stats -i: the others have" "$(jq -sc '.[1:] | map(.[0] |
		.seconds > 0.9 and (.rates | length) >= 11) | all' "$OUT")" true
	# Rates times seconds are the bytes between first and last.
	equal "stats -i: rates add up to what came" "$(jq -sc '
		([.[1:][] | .[0].rates.bytes * .[0].seconds] | add) as $sum |
		(.[-1][0].bytes - .[0][0].bytes) as $came |
		$came > 7000000 and $sum > $came * 0.99 and
			$sum < $came * 1.01' "$OUT")" true
	equal "stats -i: nothing on the other queue" "$(jq -sc \
		'[.[1:][] | .[1].rates.bytes] | add' "$OUT")" 0
	equal "stats -i as text: a row of the queue in each table" \
		"$(grep -cE "^$DEV_RX +1 +$id " "$OUT.text")" \
		"$(grep -c '^INTERFACE' "$OUT.text")"
	equal "stats -i as text: the first without rates" \
		"$(grep -m 1 -E "^$DEV_RX +1 " "$OUT.text" | tr -s ' ')" \
		"$DEV_RX 1 $id - - - - - -"
	# shellcheck disable=SC2016  # awk's
	check "stats -i as text: Mbit/s of that queue, and of all" awk -v id="$id" '
		$2 == 1 && $3 == id && $4 > 0 { one = $4 }
		$1 == "all" && $2 > 0 && $2 == one { all = 1 }
		END { exit !all }' "$OUT.text"
	rx devmemctl -j stats -i 1 -n 3 >"$OUT"
	equal "stats -n: ends by itself" "$(documents "$OUT")" "3 3"
	check "unbind" rx devmemctl unbind "$id"
	rx ethtool -X "$DEV_RX" default
	dm_nothing_left "rates"
}

# recv gives back before the limit of its binding is reached for good.
limited()
{
	dm_steer 0 1 0 0
	dm_recv "$OUT" -q 1 --sock-limit 4 udmabuf 8M
	tx timeout 60 dmsend "$IP4_RX" $PORT send:1000000 >/dev/null
	dm_recv_wait "recv with a limit of 4 buffers" "$OUT"
	equal "recv with a limit: bytes" "$(jq '.bytes_device + .bytes_linear' \
		"$OUT.json")" 1000000
	equal "recv with a limit: 4 at a time at most" "$(jq \
		'.frags <= 4 * .dontneed_calls and .frags > 100' \
		"$OUT.json")" true
	rx ethtool -X "$DEV_RX" default
	dm_nothing_left "recv with a limit"
}

# refused REGEX FIX TEXT WORD...: the kernel's words, and a Fix line
refused()
{
	local regex=$1 fix=$2 text=$3 rc=0
	shift 3

	rx devmemctl "$@" >"$OUT" 2>"$OUT.err" || rc=$?
	equal "$text: exit status" $rc 1
	equal "$text: stdout" "$(cat "$OUT")" ""
	if grep -qE "^Error: .*$regex" "$OUT.err"; then
		ok "$text: the kernel's words"
	else
		not_ok "$text: the kernel's words" "$(cat "$OUT.err")"
	fi
	equal "$text: what helps" "$(sed -n 's/^Fix: //p' "$OUT.err")" "$fix"
}

errors()
{
	local bind=(bind -d "$DEV_RX" -q 1)

	# ETHTOOL_MSG_RINGS_SET, which Debian 12's ethtool has no words for
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=1 >/dev/null
	refused 'tcp-data-split is disabled.*\(EINVAL' \
		"ethtool -G $DEV_RX tcp-data-split on, with an ethtool newer than Debian 12's" \
		"no header split" "${bind[@]}" udmabuf 1M
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=0 >/dev/null
	wait_for 20 net_answers
	rx ethtool -K "$DEV_RX" rx off
	refused 'rx checksumming is off.*\(EINVAL' \
		"ethtool -K $DEV_RX rx on" "no checksums" "${bind[@]}" udmabuf 1M
	rx ethtool -K "$DEV_RX" rx on
	wait_for 20 net_answers
	refused 'aligned.*\(EINVAL' "bind with --page-size 4K" \
		"buffers larger than the segments" \
		"${bind[@]}" --page-size 64K bar "$PCI_MEM:2:4K:1020K"
}

dm_stage 4
dm_take_bar
steering
counters
rates
limited
errors
dm_nothing_left "in the end"
