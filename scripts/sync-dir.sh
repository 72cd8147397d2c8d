# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced where modules are built outside of the tree; nothing else, for DKMS runs
# it too.

# sync_dir FROM TO: only what changed gets a new time stamp, so that make does
# little.
sync_dir()
{
	local f

	mkdir -p "$2"
	find "$1" -type f -printf '%P\n' | while read -r f; do
		cmp -s "$1/$f" "$2/$f" || install -Dm644 "$1/$f" "$2/$f"
	done
}
