# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For runners that test in User-Mode Linux. KDIR is the kernel's build.

# No AVX for the C library: see fix_xstate() in scripts/kernel.sh.
UML_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW
UML_TUNABLES+=,-AVX_Fast_Unaligned_Load

# uml_boot INITRAMFS LOG WORD...: WORDs are for the kernel's command line
uml_boot()
{
	local initramfs=$1 log=$2
	shift 2

	timeout 120 "$KDIR/linux" mem=256M "initrd=$initramfs" \
		con=null con0=null,fd:1 panic=-1 \
		"GLIBC_TUNABLES=$UML_TUNABLES" "$@" 2>&1 </dev/null |
		tr -d '\r' >"$log" || true
}
