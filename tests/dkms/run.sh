#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DKMS builds our modules for the patched test kernel, refuses the stock one,
# and says why. In trees of its own: the machine's DKMS is not touched.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
TAP=$BUILD/tap/dkms.tap
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
N=0
mkdir -p "$BUILD/tap"

about "dkms add, build and refuse, against the patched and the stock test kernel"
"$ROOT/scripts/install-deps.sh"
"$ROOT/scripts/kernel.sh" patched
"$ROOT/scripts/kernel.sh" stock
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$ROOT/dkms.conf")
RELEASE=6.1.0-test
mkdir -p "$WORK/src" "$WORK/tree" "$WORK/modules"

# Only what is in the repository.
git -C "$ROOT" ls-files -z | (cd "$ROOT" && xargs -0 cp --parents -t \
	"$(mkdir -p "$WORK/src/devmem-tcp-$VERSION" && \
	echo "$WORK/src/devmem-tcp-$VERSION")")

dkms_()
{
	local command=$1
	shift
	dkms "$command" -m devmem-tcp -v "$VERSION" --dkmstree "$WORK/tree" \
		--sourcetree "$WORK/src" --installtree "$WORK/modules" "$@"
}

kdir()
{
	echo "$("$ROOT/scripts/kernel.sh" --path "$1")/linux"
}

check()
{
	local text=$1
	shift
	N=$((N + 1))
	if "$@" >"$WORK/out" 2>&1; then
		echo "ok $N - $text"
	else
		echo "not ok $N - $text"
		tail -n 20 "$WORK/out" "$WORK/log" 2>/dev/null | sed 's/^/# /'
	fi
}

builds()
{
	dkms_ build -k "$RELEASE" --kernelsourcedir "$(kdir patched)" \
		>"$WORK/log" 2>&1
}

built()
{
	local ko
	for ko in devmem_tcp_core devmem_tcp devmem_bar igb; do
		find "$WORK/tree" -name "$ko.ko*" | grep -q . || return 1
	done
}

# rc 77 is DKMS's word for "this kernel is excluded".
refuses_stock()
{
	local rc=0
	dkms_ build -k 6.1.0-stock --kernelsourcedir "$(kdir stock)" \
		>"$WORK/log" 2>&1 || rc=$?
	[ "$rc" -eq 77 ]
}

make_says_why()
{
	"$ROOT/scripts/modules.sh" "$(kdir stock)" "$WORK/out.d" \
		>"$WORK/log" 2>&1 && return 1
	grep -q 'lacks CONFIG_NET_DEVMEM_HOOKS' "$WORK/log"
}

other_source_refused()
{
	local dir=$WORK/other igb=drivers/net/ethernet/intel/igb
	mkdir -p "$dir/$igb"
	cp "$(kdir patched)/$igb"/*.[ch] "$dir/$igb/"
	printf 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 999\n' >"$dir/Makefile"
	IGB_SOURCE_DIR=$dir "$ROOT/driver/prepare.sh" "$WORK/igb" \
		"$(kdir patched)" >"$WORK/log" 2>&1 && return 1
	grep -q '6\.1\.999' "$WORK/log" &&
		grep -q "$(make -s -C "$(kdir patched)" kernelversion)" "$WORK/log"
}

{
	check "dkms add" dkms_ add
	check "dkms build for the patched kernel" builds
	check "all four modules are there" built
	check "dkms build for a stock kernel: 77" refuses_stock
	check "make says what the stock kernel lacks" make_says_why
	check "an igb source of another version is refused with both" \
		other_source_refused
	echo "1..$N"
} | tee "$TAP"
rc=0
"$ROOT/tests/dkms/packages.sh" || rc=1
! grep -q '^not ok' "$TAP" || rc=1
[ "$rc" -eq 0 ]
