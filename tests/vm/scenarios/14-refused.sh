# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 180
# Proves: every request that must be refused is, with the documented errno and
# a text that says why and points at the attribute, and leaves nothing behind.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash

# Numbers of uapi/linux/devmem_tcp.h
BIND=1 UNBIND=2 GET=3
A_ID=1 A_IFINDEX=2 A_DMABUF_FD=3 A_QUEUE=4 A_RX_PAGE_SIZE=5

RANGE=$PCI_MEM:0:4194304
OK_DEV=$A_IFINDEX=$DEV_RX
OK_BUF=$A_DMABUF_FD=dmabuf
OK_QUEUE=$A_QUEUE=1

# refused ERRNO TEXT BAD DESC COMMAND...: the netlink answer. BAD is the
# attribute that it must point at, "" if that is not told.
refused()
{
	local errno=$1 regex=$2 bad=$3 desc=$4 out=$TMP/genl
	shift 4

	rx "$@" >"$out" 2>&1 || true
	equal "$desc: $errno" "$(dm_value "$out" errno)" "$errno"
	if dm_value "$out" text | grep -qE -- "$regex"; then
		ok "$desc: the text says why"
	else
		not_ok "$desc: the text says why" \
			"want '$regex', got: $(cat "$out")"
	fi
	[ -z "$bad" ] ||
		equal "$desc: it points at the attribute" \
			"$(dm_value "$out" bad)" "$bad"
}

bind_refused()
{
	local errno=$1 regex=$2 bad=$3 desc=$4
	shift 4

	refused "$errno" "$regex" "$bad" "$desc" genlreq -m "$RANGE" $BIND "$@"
}

# The tool: its message has both.
tool_refused()
{
	local errno=$1 text=$2 desc=$3
	shift 3

	expect_error "Error: .*$text.*\\($errno\\)" "devmemctl, $desc" \
		rx devmemctl bind "$@"
}

bad_form()
{
	bind_refused EINVAL '' $A_IFINDEX "no ifindex" "$OK_BUF" "$OK_QUEUE"
	bind_refused EINVAL '' $A_DMABUF_FD "no fd" "$OK_DEV" "$OK_QUEUE"
	bind_refused EINVAL '' $A_QUEUE "no queue" "$OK_DEV" "$OK_BUF"
	bind_refused EINVAL 'Unknown attribute' 50 "an unknown attribute" \
		"$OK_DEV" "$OK_BUF" "$OK_QUEUE" 50=1
	bind_refused EINVAL '.' $A_ID "an attribute of another command" \
		"$OK_DEV" "$OK_BUF" "$OK_QUEUE" $A_ID=1
	bind_refused EINVAL '.' $A_QUEUE "a queue of one byte" \
		"$OK_DEV" "$OK_BUF" u8:$A_QUEUE=1
	bind_refused ERANGE '.' $A_IFINDEX "ifindex 0" $A_IFINDEX=0 \
		"$OK_BUF" "$OK_QUEUE"
	refused EOPNOTSUPP '' '' "an unknown command" genlreq 77
	refused EINVAL '' $A_ID "unbind without id" genlreq $UNBIND
	refused ENOENT 'no binding with this id' $A_ID "unbind of nothing" \
		genlreq $UNBIND $A_ID=999999
	refused ENOENT 'no binding with this id' $A_ID "get of nothing" \
		genlreq $GET $A_ID=999999
	refused EINVAL 'Unknown attribute' 50 "unbind with an unknown attribute" \
		genlreq $UNBIND $A_ID=1 50=1
	refused EINVAL 'Unknown attribute' 50 "get with an unknown attribute" \
		genlreq $GET $A_ID=1 50=1
}

bad_dmabuf()
{
	bind_refused EBADF 'not an open dma-buf' $A_DMABUF_FD \
		"an fd that is not open" "$OK_DEV" $A_DMABUF_FD=99 "$OK_QUEUE"
	bind_refused EINVAL 'not an open dma-buf' $A_DMABUF_FD \
		"an fd that is no dma-buf" "$OK_DEV" $A_DMABUF_FD=0 "$OK_QUEUE"
	tool_refused EBADF 'descriptor 99' "an fd that is not open" \
		-d "$DEV_RX" -q 1 fd 99
	tool_refused EINVAL 'not an open dma-buf: dmabuf-fd' \
		"an fd that is no dma-buf" -d "$DEV_RX" -q 1 fd 0 </dev/null
}

bad_queue()
{
	local attrs=() i

	bind_refused EINVAL 'rx queue is out of range' $A_QUEUE \
		"queue 4 of 4" "$OK_DEV" "$OK_BUF" $A_QUEUE=4
	bind_refused EINVAL 'rx queue is out of range' $A_QUEUE \
		"queue 4294967295" "$OK_DEV" "$OK_BUF" $A_QUEUE=4294967295
	bind_refused EINVAL 'rx queue is given twice' $A_QUEUE \
		"a queue twice" "$OK_DEV" "$OK_BUF" $A_QUEUE=1 $A_QUEUE=2 \
		$A_QUEUE=1
	for ((i = 0; i < 65; i++)); do
		attrs+=("$A_QUEUE=$i")
	done
	bind_refused E2BIG 'too many rx queues' $A_QUEUE "65 queues" \
		"$OK_DEV" "$OK_BUF" "${attrs[@]}"
	tool_refused EINVAL 'rx queue is out of range' "queue 4 of 4" \
		-d "$DEV_RX" -q 4 bar "$PCI_MEM"
	expect_error 'queue given twice' "devmemctl, a queue twice" \
		rx devmemctl bind -d "$DEV_RX" -q 1,1 bar "$PCI_MEM"
}

bad_device()
{
	bind_refused ENODEV 'no such device' $A_IFINDEX "no such device" \
		$A_IFINDEX=999999 "$OK_BUF" "$OK_QUEUE"
	bind_refused EOPNOTSUPP 'has no device memory support' $A_IFINDEX \
		"the loopback device" $A_IFINDEX=lo "$OK_BUF" $A_QUEUE=0
	modprobe veth
	defer modprobe -r veth
	ip -n rx link add veth0 type veth peer name veth1
	bind_refused EOPNOTSUPP 'has no device memory support' $A_IFINDEX \
		"a veth" $A_IFINDEX=veth0 "$OK_BUF" $A_QUEUE=0
	tool_refused EOPNOTSUPP 'has no device memory support' "a veth" \
		-d veth0 -q 0 bar "$PCI_MEM"
	ip -n rx link del veth0
	tool_refused ENODEV nope "no such device" -d nope -q 0 bar "$PCI_MEM"
	expect_error 'ENODEV|No such device' \
		"devmemctl, a device of another namespace" \
		rx devmemctl bind -d "$DEV_TX" -q 0 bar "$PCI_MEM"
}

bad_size()
{
	local size

	for size in 2048 3000 131072 0; do
		bind_refused ERANGE 'range' $A_RX_PAGE_SIZE \
			"page size $size" "$OK_DEV" "$OK_BUF" "$OK_QUEUE" \
			$A_RX_PAGE_SIZE=$size
	done
	bind_refused EINVAL 'must be a power of 2' $A_RX_PAGE_SIZE \
		"page size 12288" "$OK_DEV" "$OK_BUF" "$OK_QUEUE" \
		$A_RX_PAGE_SIZE=12288
	tool_refused EINVAL 'must be a power of 2: rx-page-size 12288' \
		"page size 12K" -d "$DEV_RX" -q 1 --page-size 12K \
		bar "$PCI_MEM"
	tool_refused ERANGE 'rx-page-size 2048' "page size 2K" \
		-d "$DEV_RX" -q 1 --page-size 2K bar "$PCI_MEM"

	refused EINVAL 'not aligned to rx-page-size' $A_DMABUF_FD \
		"64 KiB buffers from 4 KiB on" \
		genlreq -m "$PCI_MEM:4096:4194304" $BIND "$OK_DEV" "$OK_BUF" \
		"$OK_QUEUE" $A_RX_PAGE_SIZE=65536
	refused EINVAL 'not aligned to rx-page-size' $A_DMABUF_FD \
		"16 KiB buffers in 20 KiB" \
		genlreq -m "$PCI_MEM:0:20480" $BIND "$OK_DEV" "$OK_BUF" \
		"$OK_QUEUE" $A_RX_PAGE_SIZE=16384
	tool_refused EINVAL 'not aligned to rx-page-size' \
		"64 KiB buffers from 4 KiB on" -d "$DEV_RX" -q 1 \
		--page-size 64K bar "$PCI_MEM:2:4K:4M"
}

no_privilege()
{
	refused EPERM '' '' "bind by nobody" setpriv --reuid 65534 \
		--regid 65534 --clear-groups genlreq $BIND "$OK_DEV" \
		$A_DMABUF_FD=0 "$OK_QUEUE"
	refused EPERM '' '' "unbind by nobody" setpriv --reuid 65534 \
		--regid 65534 --clear-groups genlreq $UNBIND $A_ID=1
	refused EPERM '' '' "bind by root of another user namespace" \
		unshare -Ur genlreq $BIND "$OK_DEV" $A_DMABUF_FD=0 "$OK_QUEUE"
	check "show by nobody works" rx setpriv --reuid 65534 --regid 65534 \
		--clear-groups devmemctl show
	expect_error 'EPERM' "devmemctl, bind by nobody" rx setpriv \
		--reuid 65534 --regid 65534 --clear-groups devmemctl bind \
		-d "$DEV_RX" -q 1 fd 0 </dev/null
	expect_error 'EACCES|EPERM' "devmemctl, BAR of nobody" rx setpriv \
		--reuid 65534 --regid 65534 --clear-groups devmemctl bind \
		-d "$DEV_RX" -q 1 bar "$PCI_MEM"
}

bad_state()
{
	local try=("$OK_DEV" "$OK_BUF" "$OK_QUEUE")

	rx ethtool -K "$DEV_RX" rx off
	bind_refused EINVAL 'rx checksumming is off' "" \
		"rx checksumming off" "${try[@]}"
	rx ethtool -K "$DEV_RX" rx on
	rx ethtool -K "$DEV_RX" rx-all on
	bind_refused EINVAL 'rx-all is on' "" "rx-all" "${try[@]}"
	rx ethtool -K "$DEV_RX" rx-all off
	wait_for 20 net_answers

	# ETHTOOL_MSG_RINGS_SET, header, tcp-data-split; Debian 12's ethtool
	# shows it but cannot set it.
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=1 >"$TMP/split"
	equal "tcp-data-split can be switched off" \
		"$(dm_value "$TMP/split" errno)" 0
	wait_for 20 net_answers
	bind_refused EINVAL 'tcp-data-split is disabled' "" \
		"tcp-data-split off" "${try[@]}"
	rx genlreq -F ethtool 16 "dev:1=$DEV_RX" u8:11=0 >/dev/null
	wait_for 20 net_answers

	mkdir -p "$TMP/bpf"
	mount -t bpf bpf "$TMP/bpf"
	defer umount "$TMP/bpf"
	xdppass "$TMP/bpf/pass"
	rx ip link set dev "$DEV_RX" xdp pinned "$TMP/bpf/pass"
	wait_for 20 net_answers
	bind_refused EEXIST 'XDP program attached' "" "XDP" "${try[@]}"
	tool_refused EEXIST 'XDP program attached' "XDP" \
		-d "$DEV_RX" -q 1 bar "$PCI_MEM"
	rx ip link set dev "$DEV_RX" xdp off
	wait_for 20 net_answers
	rx ip link set dev "$DEV_RX" xdpgeneric pinned "$TMP/bpf/pass"
	bind_refused EEXIST 'XDP program' "" "generic XDP" "${try[@]}"
	rx devmemctl unbind --all
	rx ip link set dev "$DEV_RX" xdpgeneric off
	wait_for 20 net_answers
}

# Queue 2 is taken, so a bind of 1 and 2 fails at the second.
second_queue()
{
	local text="the second of two queues is taken"

	check "$text: bind of it" rx devmemctl bind -d "$DEV_RX" -q 2 \
		bar "$PCI_MEM:2:32M"
	bind_refused EEXIST 'already memory provider bound' $A_QUEUE "$text" "$OK_DEV" \
		"$OK_BUF" $A_QUEUE=1 $A_QUEUE=2
	tool_refused EEXIST 'already memory provider bound' "$text" -d "$DEV_RX" -q 1,2 \
		bar "$PCI_MEM:2:0:32M"
	equal "$text: one binding is there" "$(dm_bindings)" 1
	dm_plain 1 "$text"
	check "$text: the first can be bound" rx devmemctl bind -d "$DEV_RX" \
		-q 1 bar "$PCI_MEM:2:0:32M"
	expect_error 'EBUSY' "$text: a range that is exported" \
		rx devmemctl bind -d "$DEV_RX" -q 3 bar "$PCI_MEM"
	# Counting takes time under rtnl, which is not everybody's to take.
	equal "$text: root is told what is held" \
		"$(rx devmemctl -j show | jq 'all(.held >= 0)')" true
	equal "$text: nobody is not" "$(rx setpriv --reuid 65534 \
		--regid 65534 --clear-groups devmemctl -j show |
		jq 'length == 2 and all(.held == null)')" true
	check "$text: unbind" rx devmemctl unbind --all
}

dmabufs()
{
	awk '/^Total/ { print $2 }' /sys/kernel/debug/dma_buf/bufinfo
}

dm_stage 4
dm_take_bar
bad_form
bad_dmabuf
bad_queue
bad_device
bad_size
no_privilege
bad_state
dm_nothing_left "after all these"
second_queue
dm_nothing_left "in the end"
equal "no dma-buf is left" "$(dmabufs)" 0
for queue in 0 1 2 3; do
	dm_plain $queue "in the end"
done
check "the whole BAR can be bound to all queues" rx devmemctl bind \
	-d "$DEV_RX" -q 0-3 bar "$PCI_MEM"
