#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# Process 1: loading the module measures. The kernel passes on what is for it from
# its command line.
/bin/busybox insmod /devmem_tcp_bench.ko "rounds=${BENCH_ROUNDS:-5}"
/bin/busybox dmesg | /bin/busybox grep -F 'bench: '
exec /bin/busybox poweroff -f
