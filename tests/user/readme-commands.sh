#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# readme-commands.sh FILE SECTION: the commands of a section of a Markdown file,
# one per line, as somebody who follows it would type them: the indented lines
# of its code blocks, without the remarks behind two blanks and a #.
set -euo pipefail
[ $# -eq 2 ] || {
	echo "usage: readme-commands.sh FILE SECTION" >&2
	exit 2
}
awk -v section="## $2" '
	/^## / { on = ($0 == section); next }
	on && /^    +[a-z.]/ {
		sub(/^ +/, "")
		sub(/  +#.*/, "")
		print
	}' "$1" | grep . || {
	echo "no commands in section '$2' of $1" >&2
	exit 1
}
