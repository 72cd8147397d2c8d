#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# Process 1 of the User-Mode Linux: loading a module runs its tests. Which ones
# can be said on the kernel's command line.
/bin/busybox ifconfig lo 192.0.2.1 up
for name in ${UNIT_MODULES:-devmem_tcp_unit devmem_tcp_guard}; do
	/bin/busybox insmod "/$name.ko" && echo "unit: loaded $name"
	/bin/busybox rmmod "$name" && echo "unit: unloaded $name"
done
exec /bin/busybox poweroff -f
