#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Process 1: devmemctl and the module devmem_tcp, with the NIC of fakenic.c.
# Prints "ok TEXT" and "not ok TEXT" lines.
PATH=/bin:/sbin
OUT=/tmp/out

bb()
{
	/bin/busybox "$@"
}

# is TEXT GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		echo "# got '${2//$'\n'/; }', want '${3//$'\n'/; }'"
	fi
}

# succeeds TEXT COMMAND...
succeeds()
{
	local text=$1 rc=0
	shift

	"$@" >$OUT 2>&1 || rc=$?
	is "$text" "$rc $([ $rc -eq 0 ] || bb cat $OUT)" "0 "
}

# wait_for COMMAND...: 5 s for it to come true
wait_for()
{
	local i

	for ((i = 0; i < 100; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		bb sleep 0.05
	done
	return 1
}

# both TEXT WANT FILTER ARG...: what FILTER makes of one document, with -j on one
# line, and with -p; run by AS
AS=
both()
{
	local text=$1 want=$2 filter=$3
	shift 3

	$AS devmemctl -j "$@" >$OUT 2>/dev/null
	is "$text: one document, one line" \
		"$(jq -s length $OUT) $(bb wc -l <$OUT | bb tr -d ' ')" "1 1"
	is "$text: what it says" "$(jq -Mc "$filter" $OUT)" "$want"
	is "$text: the same with -p" "$($AS devmemctl -p "$@" 2>/dev/null |
		jq -Mc "$filter")" "$want"
}

# refused REGEX FIX TEXT ARG...: status 1, the kernel's words, what helps
refused()
{
	local regex=$1 fix=$2 text=$3 rc=0
	shift 3

	devmemctl "$@" >$OUT 2>$OUT.err || rc=$?
	is "$text: exit status" $rc 1
	is "$text: nothing on stdout" "$(bb cat $OUT)" ""
	if bb grep -qE "^Error: .*$regex" $OUT.err; then
		echo "ok $text: why"
	else
		echo "not ok $text: why"
		bb sed 's/^/# /' $OUT.err
	fi
	is "$text: what helps" "$(bb sed -n 's/^Fix: //p' $OUT.err)" "$fix"
}

nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

autoload()
{
	echo "alias net-pf-16-proto-16-family-devmem_tcp off" \
		>/etc/modprobe.d/test.conf
	refused 'module not loaded' "modprobe devmem_tcp" \
		"autoload switched off" show
	bb rm /etc/modprobe.d/test.conf
	is "it was not loaded" "$(bb ls -d /sys/module/devmem_tcp 2>/dev/null)" ""
	is "a request for the family loads the module, from anybody" \
		"$(nobody devmemctl -j show)" '[]'
	is "it was loaded" "$(bb ls -d /sys/module/devmem_tcp)" \
		/sys/module/devmem_tcp
}

nothing_bound()
{
	both "show, empty" '[]' . show
	both "show -d, empty" '[]' . show -d fake0
	both "stats, empty" '[]' . stats
	both "stats -n, empty" '[]' . stats -n 1
	both "unbind --all, empty" '[]' . unbind --all
	is "show as text, empty" "$(devmemctl show)" ""
}

bound()
{
	local keys='["attach","exporter","held","id","ifindex","ifname","netlink_owned","niovs","page_size","pools","queues","size","sock_limit","tx","tx_user"]'
	local pool='["allocs","empty","in_skbs","napi_id","posted","queue","users"]'
	local each='[(.[0] | keys), (.[0].pools[0] | keys)]'

	is "bind: what it says" "$(devmemctl -j bind -d fake0 -q 1,2 \
		--sock-limit 7 fd "$BUF" | jq -Mc 'del(.id)')" \
		'{"ifname":"fake0","queues":[1,2],"tx":false,"tx_user":null,"size":4194304,"niovs":1024,"page_size":4096}'
	ID=$(devmemctl -j show | jq '.[0].id')
	both "show" "[$keys,$pool]" "$each" show
	AS=nobody both "show, by nobody: held is not told" "[null,$keys]" \
		'[.[0].held, (.[0] | keys)]' show "$ID"
	bb ifconfig fake0 down
	both "show, device down" "[[$keys,$pool],null]" \
		"[$each, .[0].pools[0].napi_id]" show
	bb ifconfig fake0 up
	both "show: what it says" \
		'[[1,2],4194304,1024,4096,32,"fakebuf","static",7,false,16,false,null]' \
		'.[0] | [.queues, .size, .niovs, .page_size, .held, .exporter,
		.attach, .sock_limit, .netlink_owned, .pools[0].allocs, .tx,
		.tx_user]' show
	both "show: where they are" '[16,0,0]' \
		'.[0].pools[1] | [.posted, .in_skbs, .users]' show
	AS=nobody both "show, by nobody: where is not told" '[null,null,null]' \
		'.[0].pools[1] | [.posted, .in_skbs, .users]' show
	echo 2 >/sys/module/fakenic/parameters/drain
	both "show, drained: the rest is somewhere else" '[16,true,0,true]' \
		'.[0] | [.pools[1].posted, .pools[1].in_skbs > 500,
		.pools[1].users, .held == ([.pools[] |
			.posted + .in_skbs + .users] | add)]' show
	echo -1 >/sys/module/fakenic/parameters/drain
	both "stats" '[["fake0",1,16,0],["fake0",2,960,1]]' \
		'map([.ifname, .queue, .allocs, .empty])' stats
	both "stats: keys" \
		'[["allocs","binding","empty","ifname","queue","tx","tx_user"]]' \
		'map(keys) | unique' stats
	is "stats -n 2: two tables" "$(devmemctl stats -n 2 |
		bb grep -c '^INTERFACE')" 2
}

errors()
{
	local bind=(bind -d fake0 -q) file

	exec {file}</init
	refused 'already.*: queue 2 \(EEXIST' \
		"devmemctl show -d fake0; devmemctl unbind ID" \
		"a bound queue" "${bind[@]}" 2,3 fd "$BUF"
	refused 'out of range.*: queue 9 \(EINVAL' \
		"ethtool -l fake0 shows how many there are, ethtool -L fake0 combined N changes it" \
		"no such queue" "${bind[@]}" 9 fd "$BUF"
	refused 'aligned.*\(EINVAL' "bind with --page-size 4K" \
		"buffers larger than the alignment" \
		"${bind[@]}" 3 --page-size 64K fd "$BUF"
	refused 'power of 2: rx-page-size 5000 \(EINVAL' \
		"bind with --page-size 4K, 8K, 16K, 32K or 64K" \
		"a page size" "${bind[@]}" 3 --page-size 5000 fd "$BUF"
	refused '\(ERANGE' "bind with --page-size 4K, 8K, 16K, 32K or 64K" \
		"a page size out of range" \
		"${bind[@]}" 3 --page-size 128K fd "$BUF"
	refused 'no device memory support.*\(EOPNOTSUPP' \
		"use an interface of the driver igb, lo is of no known driver" \
		"lo" bind -d lo -q 0 fd "$BUF"
	refused 'not an open dma-buf.*\(EINVAL' \
		"fd N takes a dma-buf that is open when devmemctl starts" \
		"a file" "${bind[@]}" 3 fd "$file"
	refused '\(EBADF' \
		"fd N takes a dma-buf that is open when devmemctl starts" \
		"no descriptor" "${bind[@]}" 3 fd 99
	refused 'no binding with this id: id 99999 \(ENOENT' \
		"devmemctl show lists those of this namespace" \
		"no such binding" unbind 99999
	refused 'no binding with this id: id 99999 \(ENOENT' \
		"devmemctl show lists those of this namespace" \
		"no such binding, with -j" -j unbind 99999
	refused 'no binding with this id: id 99999 \(ENOENT' \
		"devmemctl show lists those of this namespace" \
		"no such binding to show, with -j" -j show 99999
	refused 'No such device' \
		"ip link lists the interfaces of this network namespace" \
		"no such interface" show -d none0
	refused '\(EADDRNOTAVAIL' \
		"ip addr lists the addresses of this network namespace" \
		"no such address" recv -d fake0 -q 3 -l 192.0.2.9:5000 fd "$BUF"
	nobody devmemctl unbind "$ID" 2>$OUT
	is "by nobody: exit status" $? 1
	is "by nobody: what helps" "$(bb sed -n 's/^Fix: //p' $OUT)" \
		"run as root, or with CAP_NET_ADMIN"
	exec {file}<&-
}

# shellcheck disable=SC2016  # variables of the command
hold()
{
	local bind=(bind -d fake0 -q 3 fd "$BUF" --) rc=0

	is "bind -- COMMAND: it finds the binding" "$(devmemctl "${bind[@]}" \
		bash -c 'devmemctl -j show "$DEVMEM_BINDING" |
			jq -Mc ".[0].queues"' 2>/dev/null)" '[3]'
	is "bind -- COMMAND: and the dma-buf" "$(devmemctl "${bind[@]}" \
		bash -c 'bb=/bin/busybox; $bb grep -c "^exp_name:.*fakebuf" \
			/proc/self/fdinfo/$DEVMEM_DMABUF_FD' 2>/dev/null)" 1
	devmemctl "${bind[@]}" bash -c 'exit 5' 2>/dev/null || rc=$?
	is "bind -- COMMAND: its status" $rc 5
	is "bind -- COMMAND: the binding is gone" \
		"$(devmemctl -j show | jq 'map(select(.queues == [3])) | length')" 0
}

listens()
{
	bb grep -q ":$(bb printf %04X "$1") .* 0A " /proc/net/tcp /proc/net/tcp6
}

# Over lo, so nothing comes into the dma-buf.
receive()
{
	local keys='["binding","bytes_device","bytes_linear","connections","dontneed_calls","frags","ifname","mbit_s","recvmsg_calls","seconds","sha256"]'

	devmemctl -j recv -d fake0 -q 3 -l 5000 --allow-linear fd "$BUF" \
		>$OUT 2>/dev/null &
	wait_for listens 5000
	echo hello >/dev/tcp/127.0.0.1/5000
	wait $!
	is "recv: keys; nobody asked for the hash" \
		"$(jq -Mc '[keys, .sha256, .bytes_linear]' $OUT)" \
		"[$keys,null,6]"
}

lines()
{
	[ "$(bb wc -l <"$1")" -ge "$2" ]
}

last()
{
	bb tail -n 1 /tmp/events | jq -Mc "$1"
}

# Each in its turn; the text must have as many lines.
monitor()
{
	local text

	devmemctl -j monitor >/tmp/events &
	devmemctl monitor >/tmp/events.text &
	bb sleep 0.5
	echo 1 >/sys/module/fakenic/parameters/drain
	wait_for lines /tmp/events 1
	is "monitor: keys" "$(last keys)" \
		'["attach","event","exporter","held","id","ifindex","ifname","netlink_owned","niovs","page_size","pools","queues","reason","size","sock_limit","tx","tx_user"]'
	is "monitor: exhausted" "$(last '[.event, .id, .queues,
		(.pools | map(.queue)), .pools[0].empty, .reason]')" \
		"[\"exhausted\",$ID,[1],[1],1,null]"
	bb sleep 1.5
	is "monitor: once" "$(bb wc -l </tmp/events | bb tr -d ' ')" 1
	echo -1 >/sys/module/fakenic/parameters/drain
	devmemctl unbind "$ID" >/dev/null
	wait_for lines /tmp/events 2
	is "monitor: unbound" "$(last '[.event, .id, .reason]')" \
		"[\"unbound\",$ID,\"unbind\"]"
	devmemctl bind -d fake0 -q 0 fd "$BUF" >/dev/null
	wait_for lines /tmp/events 3
	is "monitor: bound" "$(last '[.event, .ifname, .queues, .reason]')" \
		'["bound","fake0",[0],null]'
	echo 1 >/sys/module/fakenic/parameters/gone
	wait_for lines /tmp/events 4
	is "monitor: the device is gone, and has its name" \
		"$(last '[.event, .ifname, .reason]')" \
		'["unbound","fake0","device"]'
	succeeds "rmmod" rmmod devmem_tcp
	succeeds "modprobe" modprobe devmem_tcp
	wait_for lines /tmp/events 6
	is "monitor: the module" "$(bb tail -n 2 /tmp/events | jq -Mc .event |
		bb tr '\n' ' ')" '"unloaded" "loaded" '
	text=$(bb cut -d ' ' -f 1 /tmp/events.text | bb tr '\n' ' ')
	is "monitor: as text, a line for each" "$text" \
		"exhausted unbound bound unbound module module "
	kill %1 %2
}

exec </dev/console >/dev/console 2>&1
bb mount -t proc proc /proc
bb mount -t sysfs sysfs /sys
bb mknod /dev/null c 1 3
bb ifconfig lo up
echo "tools: begin"
echo "<4>tools: begin" >/dev/kmsg
autoload
succeeds "the NIC" modprobe fakenic
IFS=: read -r major minor </sys/class/misc/fakebuf/dev
bb mknod /dev/fakebuf c "$major" "$minor"
bb ifconfig fake0 up
read -r BUF </dev/fakebuf
nothing_bound
bound
errors
hold
receive
monitor
exec {BUF}<&-
succeeds "nothing is in use" bash -c 'for ((i = 0; i < 50; i++)); do
	! rmmod fakenic devmem_tcp devmem_tcp_core || exit 0
	/bin/busybox sleep 0.1; done; exit 1'
is "the kernel log is clean" "$(bb dmesg | bb sed '1,/tools: begin/d' |
	bb grep -E 'WARNING|BUG|Oops|Call Trace')" ""
echo "tools: end"
bb poweroff -f
