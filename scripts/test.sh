#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test.sh SUITE...: runs the suites unit, vm, dkms, debug (the scenarios of vm on
# the debug kernel), guards (some of them without the guards of the kernel patch, and
# without the driver's checks) and prints the total. A suite writes TAP into
# build/tap; one that fails does not keep the others from running.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
rm -rf build/tap
mkdir -p build/tap
failed=0

for suite in "$@"; do
	case $suite in
	unit)
		scripts/install-deps.sh || failed=1
		tests/tools/run.sh || failed=1
		tests/threads/run.sh || failed=1
		tests/model/run.sh || failed=1
		tests/unit/run.sh || failed=1
		;;
	vm)
		scripts/stage.sh && tests/vm/test-runner.sh patched || failed=1
		# 99-leaks needs the debug kernel
		tests/vm/run.sh --timeout 3600 0 1 2 3 4 5 6 7 8 || failed=1
		# addresses that are not the CPU's: what goes through a dma-buf
		tests/vm/run.sh --iommu --name iommu 10 18 50 53 83 88 || failed=1
		tests/vm/run.sh --append swiotlb=force --name swiotlb swiotlb ||
			failed=1
		;;
	debug)
		tests/vm/debug.sh || failed=1
		;;
	guards)
		tests/vm/guards/run.sh || failed=1
		tests/vm/mutants/run.sh || failed=1
		;;
	dkms)
		tests/dkms/run.sh || failed=1
		echo "test.sh: not run: make test-user (the README on a Debian 12 in QEMU)"
		;;
	*)
		echo "usage: test.sh unit|vm|dkms|debug|guards..." >&2
		exit 2
		;;
	esac
done

tests/lib/tap-summary.sh build/tap/*.tap || failed=1
exit "$failed"
