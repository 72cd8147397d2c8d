#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# Process 1 of the User-Mode Linux: loading the module runs the tests.
/bin/busybox insmod /devmem_tcp_unit.ko && echo "unit: loaded"
/bin/busybox rmmod devmem_tcp_unit && echo "unit: unloaded"
exec /bin/busybox poweroff -f
