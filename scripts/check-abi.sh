#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check-abi.sh STOCK_KDIR PATCHED_KDIR: two builds of one configuration.
# Fails if a symbol that the stock kernel exports is gone or has another CRC, or
# if a struct that modules look into has another layout.
set -euo pipefail
STOCK=${1:?usage: check-abi.sh STOCK_KDIR PATCHED_KDIR}
PATCHED=${2:?usage: check-abi.sh STOCK_KDIR PATCHED_KDIR}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# With the rest also if it fails, so that all is said at once.
rc=0
"$(dirname "$0")/compare-symvers.sh" "$STOCK/Module.symvers" \
	"$PATCHED/Module.symvers" || rc=1

# The bit that genksyms does not see must move nothing either.
mkdir "$TMP/mod"
cat >"$TMP/mod/layout.c" <<'END'
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/tcp.h>
#define NOTE(name, value) char layout_##name[(value) + 1]
NOTE(sk_buff, sizeof(struct sk_buff));
NOTE(sk_buff_headers, offsetof(struct sk_buff, headers));
NOTE(sk_buff_priority, offsetof(struct sk_buff, priority));
NOTE(sk_buff_mark, offsetof(struct sk_buff, mark));
NOTE(sk_buff_tail, offsetof(struct sk_buff, tail));
NOTE(sk_buff_truesize, offsetof(struct sk_buff, truesize));
NOTE(skb_shared_info, sizeof(struct skb_shared_info));
NOTE(net_device, sizeof(struct net_device));
NOTE(softnet_data, sizeof(struct softnet_data));
NOTE(sock, sizeof(struct sock));
NOTE(inet_connection_sock, sizeof(struct inet_connection_sock));
NOTE(tcp_sock_last, offsetof(struct tcp_sock, saved_syn));
END
echo 'obj-m := layout.o' >"$TMP/mod/Kbuild"
for kdir in "$STOCK" "$PATCHED"; do
	make -s -C "$kdir" M="$TMP/mod" layout.o >"$TMP/log" 2>&1 || {
		cat "$TMP/log" >&2
		exit 1
	}
	nm -S "$TMP/mod/layout.o" | awk '/layout_/ { print $4, $2 }' |
		LC_ALL=C sort >>"$TMP/layouts"
	rm -f "$TMP/mod"/*.o "$TMP/mod"/.*.cmd
done
LC_ALL=C sort "$TMP/layouts" | uniq -c | awk '$1 != 2 { print $2, $3 }' \
	>"$TMP/changed"

if [ -s "$TMP/changed" ]; then
	echo "Error: the patch changes layouts that modules rely on:" >&2
	head -20 "$TMP/changed" >&2
	exit 1
fi
echo "$(($(wc -l <"$TMP/layouts") / 2)) layouts the same"
exit "$rc"
