# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 240
# Proves: each command of devmemctl prints one JSON document, the same with -j
# and -p, valid also when there is nothing to tell, and with the same keys in
# every state; stats -i has the rates; what is refused comes with the kernel's
# words and the command that helps; a request loads the module.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

OUT=$TMP/out

SHOW_KEYS='["attach","exporter","held","id","ifindex","ifname","netlink_owned","niovs","page_size","pools","queues","size","sock_limit"]'
POOL_KEYS='["allocs","empty","napi_id","queue"]'

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

empty()
{
	both "show, empty" '[]' . show
	both "show -d, empty" '[]' . show -d "$DEV_RX"
	both "stats, empty" '[]' . stats
	both "stats -n, empty" '[]' . stats -n 1
	both "unbind --all, empty" '[]' . unbind --all
	both "steer show, no flows" '[128,[]]' \
		'[(.table | length), .flows]' steer show -d "$DEV_RX"
	both "steer restore, nothing to restore" 'false' .restored \
		steer restore -d "$DEV_RX"
	equal "show as text, empty" "$(rx devmemctl show)" ""
	equal "unbind of what is not there: stdout" \
		"$(rx devmemctl -j unbind 99999 2>/dev/null || true)" '[]'
}

bound()
{
	local id

	id=$(rx devmemctl -j bind -d "$DEV_RX" -q 1,2 bar "$PCI_MEM:2:0:8M" \
		2>&1 | jq .id)
	both "show" "[$SHOW_KEYS,$POOL_KEYS]" \
		'[(.[0] | keys), (.[0].pools[0] | keys)]' show
	both "show ID" "[$id]" 'map(.id)' show "$id"
	both "stats" "$(rx devmemctl -j stats | jq -c 'map(keys)')" \
		'map(keys)' stats
	equal "stats: what every queue has" "$(rx devmemctl -j stats | jq -c \
		'.[0] | keys - ["allocs", "binding", "empty", "ifname", "queue",
		"packets", "bytes", "linear_pkts", "linear_bytes",
		"drop_nosplit", "drop_csum", "drop_not_tcp", "drop_alloc",
		"pool_empty"]')" '[]'

	equal "by nobody: held is not known" "$(rx setpriv --reuid 65534 \
		--regid 65534 --clear-groups devmemctl -j show |
		jq -c '[.[0].held, (.[0] | keys)]')" "[null,$SHOW_KEYS]"
	ip -n rx link set "$DEV_RX" down
	both "device down" "[$SHOW_KEYS,$POOL_KEYS]" \
		'[(.[0] | keys), (.[0].pools[0] | keys)]' show
	net_addr rx "$DEV_RX" "$IP4_RX" "$IP6_RX"
	wait_for 20 net_answers
	rx devmemctl -j unbind "$id" >"$OUT"
	equal "unbind" "$(jq -c . "$OUT")" "[{\"id\":$id}]"
	both "steer away" '["changed","entries","flows","ifname","notes","queues","table"]' \
		keys steer away -d "$DEV_RX" -q 1 -n
	dm_nothing_left "bound"
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
	local id bind=(bind -d "$DEV_RX" -q 1)

	id=$(rx devmemctl -j "${bind[@]}" bar "$PCI_MEM:2:0:1M" | jq .id)
	refused 'already.*: queue 1 \(EEXIST' \
		"devmemctl show -d $DEV_RX; devmemctl unbind ID" \
		"a bound queue" "${bind[@]}" udmabuf 1M
	rx devmemctl unbind "$id" >/dev/null
	refused 'out of range.*: queue 9 \(EINVAL' \
		"ethtool -l $DEV_RX shows how many there are, ethtool -L $DEV_RX combined N changes it" \
		"no such queue" bind -d "$DEV_RX" -q 9 udmabuf 1M
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
	refused 'power of 2.*\(EINVAL' \
		"bind with --page-size 4K, 8K, 16K, 32K or 64K" \
		"a page size" "${bind[@]}" --page-size 5000 udmabuf 1M
	refused '\(ERANGE' "bind with --page-size 4K, 8K, 16K, 32K or 64K" \
		"a page size out of range" \
		"${bind[@]}" --page-size 128K udmabuf 1M
	refused 'no binding with this id: id 99999 \(ENOENT' \
		"devmemctl show lists those of this namespace" \
		"no such binding" unbind 99999
	refused 'no device memory support.*\(EOPNOTSUPP' \
		"use an interface of the driver igb, lo is of no known driver" \
		"lo" bind -d lo -q 0 udmabuf 1M
	refused 'No such device' "ip link lists the interfaces of this network namespace" \
		"no such interface" bind -d none0 -q 0 udmabuf 1M
}

# The alias of the family, and the way to have none, of packaging/modprobe.d.
autoload()
{
	local was

	was=$(cat /proc/sys/kernel/modprobe)
	defer eval "echo $was >/proc/sys/kernel/modprobe"
	echo /bin/modprobe >/proc/sys/kernel/modprobe
	defer modprobe devmem_tcp

	modprobe -r devmem_tcp
	mkdir -p /etc/modprobe.d
	echo "alias net-pf-16-proto-16-family-devmem_tcp off" \
		>/etc/modprobe.d/stage.conf
	defer rm -f /etc/modprobe.d/stage.conf
	refused 'module not loaded' "modprobe devmem_tcp" \
		"autoload switched off" show
	rm /etc/modprobe.d/stage.conf
	check_fails "it is not loaded" test -e /sys/module/devmem_tcp
	equal "autoload: a request for the family loads it" \
		"$(rx devmemctl -j show)" '[]'
	check "it is loaded" test -e /sys/module/devmem_tcp
}

dm_stage 4
dm_take_bar
empty
bound
rates
limited
errors
autoload
dm_nothing_left "in the end"
