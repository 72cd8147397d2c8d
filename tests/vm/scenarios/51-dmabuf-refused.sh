# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# timeout: 120
# Proves: a dma-buf whose segments do not fit, or whose exporter says no, is
# refused with a reason, and nothing is left attached, pinned or mapped.
# shellcheck source=tests/vm/scenarios/devmem.bash
. /stage/scenarios/devmem.bash
# shellcheck source=tests/vm/scenarios/dmabuf.bash
. /stage/scenarios/dmabuf.bash

ALIGN='segment is not aligned to rx-page-size'
SUM='do not add up to its size'
EIO=5 EBUSY=16 ENOSPC=28

dm_stage 4
for kind in static dynamic; do
	src() { echo "tbuf:1M,seg=64K$([ $kind = static ] || echo ,dynamic),$1"; }

	# Segment 1 of 16, one in the middle, the last.
	for bad in 1 7 16; do
		db_refused EINVAL "$ALIGN" "$kind, address of segment $bad" \
			"$(src bad=$bad,bad_addr=512)"
		db_refused EINVAL "$ALIGN" "$kind, length of segment $bad" \
			"$(src bad=$bad,bad_len=-2048)"
	done
	db_refused EINVAL "$ALIGN" "$kind, address for 64 KiB" \
		"$(src bad=3,bad_addr=4096)" "$A_RX_PAGE_SIZE=65536"
	db_refused EINVAL "$ALIGN" "$kind, length for 64 KiB" \
		"$(src bad=3,bad_len=-4096)" "$A_RX_PAGE_SIZE=65536"
	db_refused EINVAL 'has an empty segment' "$kind, no bytes in a segment" \
		"$(src bad=5,bad_len=-65536)"
	db_refused EINVAL "$SUM" "$kind, less than the dma-buf says" \
		"$(src total=960K)"
	db_refused EINVAL "$SUM" "$kind, more than the dma-buf says" \
		"$(src total=1088K)"
	db_refused EINVAL "$SUM" "$kind, a page more" "$(src total=1028K)"
	check "$kind, segments of 4 KiB that are good" \
		db_bind "$TMP/good" "$(src seg=4K)"
	equal "$kind, segments of 4 KiB that are good: errno" \
		"$(dm_value "$TMP/good" errno)" 0
	rx devmemctl unbind --all >/dev/null
	db_balanced "$kind, good"
done

db_refused EBUSY 'refused to attach the device' "dynamic, attach" \
	tbuf:1M,dynamic,attach_err=$EBUSY
db_refused ENOSPC 'refused to pin the dma-buf' "dynamic, pin" \
	tbuf:1M,dynamic,pin_err=$ENOSPC
db_refused EIO 'refused to map the dma-buf for this device' "dynamic, map" \
	tbuf:1M,dynamic,map_err=$EIO
db_refused EBUSY 'refused to attach or map' "static, attach" \
	tbuf:1M,attach_err=$EBUSY
db_refused EIO 'refused to attach or map' "static, map" tbuf:1M,map_err=$EIO
dm_plain 1 "in the end"
