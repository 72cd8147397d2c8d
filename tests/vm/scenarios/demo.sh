# shellcheck shell=bash
# timeout: 900
# The main job, for make demo: an ordinary sender's file arrives in PCI device
# memory. /dev/vda is the file; results go to /host/demo.

[ -b /dev/vda ] || skip_all "no input disk: run it through make demo"
OUT=/host/demo
QUEUE=1
mkdir -p $OUT

step()
{
	diag "demo $(date +%T): $*"
}

device_stat()
{
	rx ethtool -S "$DEV_RX" | awk -v n="rx_queue_${QUEUE}_devmem_$1:" \
		'$1 == n { print $2 }'
}

listening()
{
	rx ss -Hltn "sport = :5000" | grep -q .
}

# Segments that netns tx has sent again.
retransmitted()
{
	tx cat /proc/net/snmp | awk '/^Tcp:/ && n++ { print $13 }'
}

step "4 queues, all TCP to queue $QUEUE, 4096 descriptors, MTU 9000"
rx ethtool -L "$DEV_RX" combined 4
rx ethtool -G "$DEV_RX" rx 4096
rx ethtool -X "$DEV_RX" weight 0 1 0 0
net_mtu 9000

step "devmemctl check"
rx devmemctl check -d "$DEV_RX" | sed 's/^/#   /'

step "devmemctl recv binds queue $QUEUE to BAR 2 of $PCI_MEM"
rx devmemctl -j recv -d "$DEV_RX" -q $QUEUE -l 5000 --hash --map $OUT/map \
	bar "$PCI_MEM" >$OUT/recv.json 2>$OUT/recv.err &
receiver=$!
if ! wait_for 20 listening; then
	not_ok "the receiver listens" "$(cat $OUT/recv.err)"
	exit 1
fi
rx devmemctl show | sed 's/^/#   /'

before=$(retransmitted)
step "socat sends $(blockdev --getsize64 /dev/vda) bytes from the other side"
check "the sender is done" tx socat -u OPEN:/dev/vda,rdonly \
	"TCP4:$IP4_RX:5000"
if wait $receiver; then
	ok "the receiver is done"
else
	not_ok "the receiver is done" "$(cat $OUT/recv.err)"
fi
step "$(jq -r '"\(.bytes_device) bytes in device memory, \(.seconds) s"' \
	$OUT/recv.json)"

echo $(($(retransmitted) - before)) >$OUT/retransmitted
diag "segments sent again: $(cat $OUT/retransmitted)"
for name in drop_nosplit drop_csum drop_not_tcp drop_alloc pool_empty; do
	printf '%s %s\n' $name "$(device_stat $name)"
done >$OUT/drops
equal "no frame was dropped by the driver" \
	"$(awk '/^drop/ { n += $2 } END { print n }' $OUT/drops)" 0
equal "the binding is gone" "$(rx devmemctl -j show | jq length)" 0
host_check
