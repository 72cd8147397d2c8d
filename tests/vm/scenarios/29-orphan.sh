# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: a socket that is closed before anything in device memory was read lets go
# of what came behind a hole, although the kernel keeps the orphan. 23-life has
# the case with a read before. Found by pktfuzz.
# shellcheck source=tests/vm/scenarios/sock.bash
. /stage/scenarios/sock.bash
# shellcheck source=tests/vm/scenarios/hole.bash
. /stage/scenarios/hole.bash

# But for devmem_tcp, which links to it.
core_unused()
{
	awk '$1 == "devmem_tcp_core" { n = $3 } END { exit n != 1 }' \
		/proc/modules
}

text="an orphan with a hole, never read"
dm_stage 4
dm_steer 0 1 0 0
modprobe sch_netem || skip_all "no netem"
hole_begin 10
dm_sock "$OUT" "${BIND[@]}" accept "touch:$GO.mid" "wait:$GO.go" close \
	"touch:$GO.closed" "wait:$GO.end"
tx timeout 60 dmsend "$IP4_RX" $PORT "wait:$GO.b" send:2896 "touch:$GO.c" \
	"wait:$GO.d" send:28960 "wait:$GO.end" >"$TMP/send" 2>&1 &
goes_on "$GO.mid"
id=$(dm_value "$OUT" id)
hole_lose "$GO.b"
goes_on "$GO.c"
hole_behind "$GO.d"
sleep 1
ip -n tx addr del "$IP4_TX/24" dev "$DEV_TX"
touch "$GO.go"
goes_on "$GO.closed"
equal "$text: it still waits" "$(rx ss -tnH state fin-wait-1 \
	"sport = :$PORT" | wc -l)" 1
diag "$(rx ss -Htanm)"
check "unbind" rx devmemctl unbind "$id"
# A ring that is not full could hide them; a binding that is not buried does not.
if wait_for 5 core_unused; then
	ok "$text: nobody uses the core"
else
	not_ok "$text: nobody uses the core" "$(dm_module_users)"
fi
hole_end
touch "$GO.end"
dm_sock_wait "$text: the reader is done" "$OUT"
