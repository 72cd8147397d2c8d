# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scenarios about device memory share. Not a scenario itself: run.sh
# takes *.sh only.
#
#   dm_stage [QUEUES]         QUEUES channels (4), DM_RING descriptors; the end
#                             of the scenario puts all back
#   dm_steer WEIGHT...        TCP to these queues: dm_steer 0 1 0 0
#   dm_recv OUT OPTION...     starts devmemctl recv in the background, output
#                             to OUT.json and OUT.err, waits until it listens
#   dm_recv_wait TEXT OUT     waits for it
#   dm_wait TEXT PID          waits for a child; ok if it exits with 0
#   dm_field FILE NAME        a field of its summary
#   dm_numbers JSON NAME...   the first number called NAME, into the variable NAME
#   dm_value FILE KEY         last KEY=VALUE line of a test program
#   dm_stat QUEUE NAME        a counter of ethtool -S
#   dm_drops QUEUE|all        sum of the drop counters of the queue, or of all
#   dm_no_drops TEXT          a check: no queue has dropped since dm_stage
#   dm_packets QUEUE          igb's own packet counter of the queue
#   dm_mib FILE NAME          a counter of netns tx in /proc/net/FILE
#   dm_bindings               number of bindings
#   dm_held ID                buffers that are not free
#   dm_in_skbs ID             buffers that skbs hold
#   dm_home ID QUEUES         true if only the NIC holds buffers
#   dm_idle                   true if no module of ours is in use
#   dm_nothing_left TEXT      no binding, no module in use, queues drop nothing
#   dm_plain QUEUE TEXT       ordinary TCP arrives through that queue, as host
#                             memory
#   dm_listens PORT           somebody in netns rx does
#   dm_comes_up SECONDS PORT PID   true when it does, false when PID has ended
#   dm_take_bar               devmem_bar gets the BAR's device
#   dm_affinity DEVICE MASK   all its interrupts to the CPUs of MASK, hexadecimal
#   dm_one_poll               what is sent at once is received in one poll
#   dm_modules NAME...        loads these; they go at the end of the scenario
#   dm_sniff NETNS [-r] DEVICE PORT   starts sniff in there, output to $TMP/sniff
#   dm_sniff_none TEXT        it saw the connection, and no payload of those in
#                             device memory
#   dm_sniff_end TEXT         as well, and the headers of these
#   dm_sock OUT WORD...       starts dmsock in the background, output to OUT
#   dm_send STEP...           dmsend, in the foreground; output to $TMP/send
#   dm_sock_wait TEXT OUT     waits for dmsock
#   dm_exchange TEXT OUT "STEP..." WORD...   the three of them
#   dm_port QUEUE PORT        a source port whose flow to PORT comes through
#                             QUEUE as the RETA is now
#   dm_unbind OUT TEXT [QUEUES]   ends the bindings that dmsock's OUT tells of,
#                             each of QUEUES queues (1)

need_module devmem_tcp_core devmem_tcp devmem_bar

PORT=5000
DM_RING=1024

dm_channels()
{
	rx ethtool -l "$DEV_RX" | awk '/^Combined:/ { n = $2 } END { print n }'
}

dm_ring()
{
	rx ethtool -g "$DEV_RX" | awk '/^RX:/ { n = $2 } END { print n }'
}

dm_set_channels()
{
	[ "$(dm_channels)" = "$1" ] || rx ethtool -L "$DEV_RX" combined "$1"
}

dm_set_ring()
{
	[ "$(dm_ring)" = "$1" ] || rx ethtool -G "$DEV_RX" rx "$1"
}

# The BAR's device without a driver and without a driver wanted.
dm_release_bar()
{
	local dir=/sys/bus/pci/devices/$PCI_MEM

	[ ! -e "$dir/driver" ] || echo "$PCI_MEM" >"$dir/driver/unbind"
	echo >"$dir/driver_override"
}

# Deferred commands run last one first.
dm_stage()
{
	defer wait_for 20 net_answers
	defer dm_set_channels "$(dm_channels)"
	defer dm_set_ring "$(dm_ring)"
	defer rx ethtool -X "$DEV_RX" default
	defer dm_release_bar
	defer rx devmemctl unbind --all
	rx ethtool -X "$DEV_RX" default
	dm_set_channels "${1:-4}"
	dm_set_ring $DM_RING
	wait_for 20 net_answers
	DROPS=$(dm_drops all)
}

dm_steer()
{
	rx ethtool -X "$DEV_RX" weight "$@"
}

dm_listens()
{
	rx ss -Hltn "sport = :$1" | grep -q .
}

dm_not_running()
{
	! kill -0 "$1" 2>/dev/null
}

dm_up_or_gone()
{
	dm_listens "$1" || dm_not_running "$2"
}

dm_comes_up()
{
	wait_for "$1" dm_up_or_gone "$2" "$3" && dm_listens "$2"
}

dm_recv()
{
	local out=$1
	shift

	rx devmemctl -j recv -d "$DEV_RX" -l $PORT "$@" \
		>"$out.json" 2>"$out.err" &
	RECEIVER=$!
	if ! dm_comes_up 20 $PORT $RECEIVER; then
		not_ok "the receiver listens" "$(cat "$out.err")"
		exit 1
	fi
}

dm_recv_wait()
{
	if wait "$RECEIVER"; then
		ok "$1"
	else
		not_ok "$1" "exit $?: $(cat "$2.err")"
	fi
}

dm_wait()
{
	if wait "$2"; then
		ok "$1"
	else
		not_ok "$1" "exit $?"
	fi
}

dm_field()
{
	jq -r ".$2" "$1.json"
}

# Without jq, which takes over a second on the debug kernel.
dm_numbers()
{
	local json=$1 name
	shift

	for name in "$@"; do
		[[ $json =~ \"$name\":\ *(-?[0-9]+) ]] || return
		printf -v "$name" %s "${BASH_REMATCH[1]}"
	done
}

dm_value()
{
	sed -n "s/^$2=//p" "$1" | tail -n 1
}

dm_stat()
{
	rx ethtool -S "$DEV_RX" | awk -v n="rx_queue_$1_devmem_$2:" \
		'$1 == n { print $2 }'
}

dm_drops()
{
	local queue=$1

	[ "$queue" != all ] || queue='[0-9]+'
	rx ethtool -S "$DEV_RX" | awk -v n="^rx_queue_${queue}_devmem_drop" \
		'$1 ~ n { sum += $2 } END { print sum + 0 }'
}

dm_no_drops()
{
	equal "$1: frames dropped by the driver" "$(dm_drops all)" "$DROPS"
}

dm_packets()
{
	rx ethtool -S "$DEV_RX" | awk -v n="rx_queue_$1_packets:" \
		'$1 == n { print $2 }'
}

# A line of names, and one of values.
dm_mib()
{
	tx cat "/proc/net/$1" | awk -v name="$2" '{
		if (at && $1 == group) {
			print $at
			exit
		}
		for (i = 2; i <= NF; i++)
			if ($i == name) {
				at = i
				group = $1
			}
	}'
}

dm_bindings()
{
	local json rest

	json=$(rx devmemctl -j show) || return
	rest=${json//\"id\":/}
	echo $(((${#json} - ${#rest}) / 5))
}

dm_held()
{
	local held=

	dm_numbers "$(rx devmemctl -j show "$1")" held
	echo "$held"
}

dm_in_skbs()
{
	rx devmemctl -j show "$1" | jq '[.[0].pools[].in_skbs] | add'
}

# igb refills a ring when 16 descriptors are free, and one always is. Of a
# binding with fewer buffers than descriptors the NIC has all.
dm_home()
{
	local held niovs page_size least full

	dm_numbers "$(rx devmemctl -j show "$1")" held niovs page_size ||
		return
	full=$((($(dm_ring) - 1) * $2))
	least=$((full - 16 * $2))
	# Larger ones than a page are posted in slices of a frame each.
	[ "$page_size" -le 4096 ] || least=$((least * 2048 / page_size))
	[ "$held" -le $full ] &&
	[ "$held" -ge $((least < niovs ? least : niovs)) ]
}

# devmem_tcp links to the core: that is the one user it has.
dm_idle()
{
	[ "$(awk '
		$1 == "devmem_tcp_core" { n += $3 - 1 }
		$1 == "devmem_tcp" || $1 == "devmem_bar" { n += $3 }
		END { print n }' /proc/modules)" = 0 ]
}

dm_module_users()
{
	awk '/^(devmem_|igb )/ { print $1, $3, $4 }' /proc/modules
}

dm_nothing_left()
{
	equal "$1: no binding is left" "$(dm_bindings)" 0
	if wait_for 5 dm_idle; then
		ok "$1: no module is in use"
	else
		not_ok "$1: no module is in use" "$(dm_module_users)
$(cat /sys/kernel/debug/devmem_tcp/bindings)"
	fi
}

# dm_plain QUEUE TEXT: needs 4 queues.
dm_plain()
{
	local queue=$1 text=$2 weight=(0 0 0 0) before device
	local input=$TMP/plain.in got=$TMP/plain.out reader

	weight[queue]=1
	dm_steer "${weight[@]}"
	[ -e "$input" ] || random_file "$input" 2
	before=$(dm_packets "$queue")
	device=$(dm_stat "$queue" packets)
	rx socat -u TCP4-LISTEN:5900,reuseaddr "CREATE:$got" &
	reader=$!
	wait_for 5 dm_listens 5900 || true
	tx timeout 60 socat -u "OPEN:$input" "TCP4:$IP4_RX:5900" || true
	if ! wait_for 10 dm_not_running $reader; then
		kill $reader
	fi
	wait $reader || true
	equal "$text: ordinary TCP arrives" "$(sum "$got")" "$(sum "$input")"
	equal "$text: it came through queue $queue" \
		"$(($(dm_packets "$queue") > before))" 1
	equal "$text: none of it in device memory" \
		"$(dm_stat "$queue" packets)" "$device"
	rm -f "$got"
}

dm_take_bar()
{
	local dir=/sys/bus/pci/devices/$PCI_MEM

	[ ! -e "$dir/driver" ] || return 0
	echo devmem_bar >"$dir/driver_override"
	echo "$PCI_MEM" >/sys/bus/pci/drivers_probe
	[ -e "$dir/driver" ]
}

dm_affinity()
{
	local irq

	while read -r irq; do
		echo "$2" >"/proc/irq/$irq/smp_affinity" || true
	done < <(awk -v dev="$1" '$NF ~ "^" dev "(-|$)" {
		sub(":", "", $1); print $1 }' /proc/interrupts)
}

dm_one_poll()
{
	defer rx ethtool -C "$DEV_RX" rx-usecs 3
	rx ethtool -C "$DEV_RX" rx-usecs 5000
}

# The stage loads none by itself.
dm_modules()
{
	modprobe -a "$@"
	defer modprobe -rq "$@"
}

dm_sniff()
{
	rm -f "$TMP/sniff.stop"
	"$1" sniff "${@:2}" "$TMP/sniff.stop" >"$TMP/sniff" 2>&1 &
	SNIFF=$!
	wait_for 10 grep -q listening "$TMP/sniff"
}

# Bytes of something else in place of the payload would make frames whole. GRO can do
# so with short ones, which are in host memory.
dm_sniff_none()
{
	touch "$TMP/sniff.stop"
	wait "$SNIFF"
	diag "$(tr '\n' ' ' <"$TMP/sniff")"
	equal "$1: who listens sees the connection" \
		"$(($(dm_value "$TMP/sniff" frames) > 0))" 1
	equal "$1: but no payload" "$(dm_value "$TMP/sniff" most)" 0
	equal "$1: nor anything in its place" \
		"$(($(dm_value "$TMP/sniff" whole) < 5))" 1
}

dm_sniff_end()
{
	dm_sniff_none "$1"
	equal "$1: only headers" \
		"$(($(dm_value "$TMP/sniff" headers) > 20))" 1
}

dm_sock()
{
	local out=$1
	shift

	dm_take_bar
	rx dmsock -p $PORT "$@" >"$out" 2>"$out.err" &
	RECEIVER=$!
	if ! dm_comes_up 20 $PORT $RECEIVER; then
		not_ok "dmsock listens" "$(cat "$out" "$out.err")"
		exit 1
	fi
}

dm_send()
{
	tx timeout 120 dmsend "$IP4_RX" $PORT "$@" >"$TMP/send" 2>&1 ||
		diag "dmsend: exit $?: $(cat "$TMP/send")"
}

dm_sock_wait()
{
	if wait "$RECEIVER"; then
		ok "$1"
	else
		not_ok "$1" "exit $?"$'\n'"$(cat "$2" "$2.err")"
	fi
}

dm_exchange()
{
	local text=$1 out=$2 steps
	read -ra steps <<<"$3"
	shift 3

	dm_sock "$out" "$@"
	dm_send "${steps[@]}"
	dm_sock_wait "$text" "$out"
}

dm_unbind()
{
	local id

	while read -r id; do
		if wait_for 5 dm_home "$id" "${3:-1}"; then
			ok "$2: all buffers are home"
		else
			not_ok "$2: all buffers are home" \
				"$(rx devmemctl show "$id")"
		fi
		check "$2: unbind" rx devmemctl unbind "$id"
	done < <(sed -n 's/^id=//p' "$1")
	dm_nothing_left "$2"
}

# The SYN tells, whether there is a listener or not. Twice, for other packets
# come as well. Ports far apart, for the hash is linear: of 200 that follow each
# other, with an unlucky key, which is another one in each boot, none may come
# through a queue.
dm_port()
{
	local first=$((30000 + $2 % 100)) port

	for ((port = first; port < first + 20000; port += 100)); do
		if dm_port_is "$1" "$2" $port && dm_port_is "$1" "$2" $port
		then
			echo $port
			return
		fi
	done
	{
		echo "no flow to port $2 comes through queue $1"
		rx ethtool -x "$DEV_RX"
		cat /proc/sys/net/core/netdev_rss_key
		rx ethtool -S "$DEV_RX" | grep -E '(rx|tx)_queue_[0-9]+_packets'
		grep "$DEV_RX" /proc/interrupts
	} >&2
	return 1
}

dm_port_is()
{
	local before

	before=$(dm_packets "$1")
	tx timeout 5 dmsend -b "$3" "$IP4_RX" "$2" sleep:0 >/dev/null 2>&1 ||
		true
	[ "$(dm_packets "$1")" -gt "$before" ]
}
