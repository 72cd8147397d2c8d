# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced after lib.sh by the scripts that build kernels.
#
#   patch_series                     the files of patches/6.1, in their order
#   patch_id FILE...                 hash of their content, without their headers
#   apply_patches TREE FILE...       with fuzz 0
#   lock_build DIR                   waits for another run that builds there; held
#                                    until the script ends
#   prune_builds PARENT NAME KEEP    of the builds PARENT/NAME-KEY only the newest
#                                    KEEP stay, and those that somebody has locked

PATCHES=$ROOT/patches/6.1

patch_series()
{
	sed "s/[[:space:]]*\(#.*\)\{0,1\}\$//; /^\$/d; s|^|$PATCHES/|" \
		"$PATCHES/series"
}

# The words of a patch's header change no kernel.
patch_id()
{
	local file

	for file in "$@"; do
		sed -n '/^--- ./,$p' "$file" | sha256sum
	done
}

apply_patches()
{
	local tree=$1 file
	shift

	for file in "$@"; do
		echo "patch $file"
		patch -d "$tree" -p1 -F0 --no-backup-if-mismatch <"$file"
	done
}

lock_build()
{
	exec 9>"$1.lock"
	flock -n 9 || {
		echo "$(basename "$0"): waits for another run that builds $1"
		flock 9
	}
}

# Patches change all the time while they are written. A key has 16 digits.
prune_builds()
{
	local old

	find "$1" -mindepth 1 -maxdepth 1 -type d \
		-name "$2-$(printf '?%.0s' {1..16})" -printf '%T@ %p\n' |
		sort -rn | tail -n +$(($3 + 1)) | while read -r _ old; do
		( flock -n 9 && rm -rf "$old" ) 9>"$old.lock" || true
	done
}
