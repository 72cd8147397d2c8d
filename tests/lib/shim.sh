# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For runners that build files of module/ and of the patches as a program.

# from_patch NAME OUT PATCH...: a file that the first patch with it adds, with what
# the others change in it
from_patch()
{
	local name=$1 out=$2 tmp
	shift 2

	tmp=$(mktemp -d)
	mkdir -p "$(dirname "$out")"
	(cd "$tmp" && git apply --include="$name" -) < <(cat "$@")
	mv "$tmp/$name" "$out"
	rm -r "$tmp"
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
