# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For runners that build files of module/ and of the patches as a program.

# from_patch NAME OUT PATCH...: a file that a patch adds, as it adds it: what later
# ones change in it is not there
from_patch()
{
	local name=$1 out=$2
	shift 2

	mkdir -p "$(dirname "$out")"
	awk -v name="b/$name" '
		/^\+\+\+ / { on = new && $2 == name; next }
		/^diff / { on = 0 }
		/^--- / { on = 0; new = $2 == "/dev/null" }
		on && sub(/^\+/, "")' "$@" >"$out"
	[ -s "$out" ]
}

# shim_headers DIR FILE...: in DIR, a header of every name that FILEs include
# and that is not there, with nothing in it but shim.h
shim_headers()
{
	local dir=$1 name
	shift

	sed -n 's/^#include <\(.*\.h\)>.*/\1/p' "$@" | sort -u |
		while read -r name; do
		[ ! -e "$dir/$name" ] || continue
		mkdir -p "$(dirname "$dir/$name")"
		echo '#include "shim.h"' >"$dir/$name"
	done
}
