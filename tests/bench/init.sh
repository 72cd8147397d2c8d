#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# Process 1: loading the module measures. The kernel passes on what is for it from
# its command line, and the console shows only what is serious.
/bin/busybox insmod /devmem_tcp_bench.ko "rounds=${BENCH_ROUNDS:-5}"
# shellcheck disable=SC2016  # sed's
/bin/busybox dmesg | /bin/busybox sed -n '/devmem_tcp_bench: loading/,$p'
exec /bin/busybox poweroff -f
