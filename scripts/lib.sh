# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the project's scripts: paths, numbered steps, logs, stamps.
#
#   about "builds the kernel"        one line: what this script will do
#   plan 3                           number of steps to come
#   run NAME "text" COMMAND...       one step, output to build/log/NAME.log
#   once STAMP HASH NAME "text" COMMAND...   the same, but only if the file
#                                    STAMP does not hold HASH yet
#   hash_of WORD... / hash_paths FILE|DIR...  16 hex digits of a content hash
#   project_version                  of modules, tool and packages
#
# A step prints "[2/3] text ... 41 s (log build/log/NAME.log)", every 30 s a
# line with the last line of its log, and on failure the last 20 lines.

ROOT=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILD=${BUILD:-$ROOT/build}
CACHE=${DEVMEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/devmem-tcp}
LOG_DIR=$BUILD/log
# shellcheck disable=SC2034  # read by the scripts that source this file
JOBS=${JOBS:-$(nproc)}
export ROOT BUILD
mkdir -p "$LOG_DIR" "$CACHE"

STEP=0
STEPS=0

about()
{
	printf '%s: %s\n' "$(basename "$0")" "$*"
}

die()
{
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

plan()
{
	STEPS=$1
	STEP=0
}

hash_of()
{
	printf '%s\n' "$@" | sha256sum | cut -c1-16
}

# Content and names, no mtimes: a fresh clone hashes the same.
hash_paths()
{
	local p

	for p in "$@"; do
		[ -e "$p" ] || continue
		find "$p" -type f -print0 | LC_ALL=C sort -z |
			xargs -0r sha256sum | sed "s|$ROOT/||"
	done | sha256sum | cut -c1-16
}

project_version()
{
	sed -n 's/.*DEVMEM_VERSION.*"\(.*\)"/\1/p' \
		"$ROOT/include/net/devmem_version.h"
}

# Where a log is, as short as it can be said.
log_name()
{
	printf '%s' "${1#"$PWD"/}"
}

# Runs beside a step. The read on a pipe nobody writes to is a sleep without
# a child: an orphaned sleep would keep the caller's stdout pipe open.
beat()
{
	local log=$1 mark=$2 start=$3 fd

	exec {fd}<> <(:)
	while ! read -rt 30 -u "$fd"; do
		kill -0 $$ 2>/dev/null || exit 0
		[ -e "$mark" ] || printf '\n'
		: >"$mark"
		printf '      %d s: %s\n' $((SECONDS - start)) \
			"$(tail -n 1 "$log" | tr -d '\r' | cut -c1-66)"
	done
}

# Not to be called as part of a condition: that would switch off errexit in
# the functions it runs.
run()
{
	local log=$LOG_DIR/$1.log text=$2 start=$SECONDS mark pid rc
	shift 2

	STEP=$((STEP + 1))
	mark=$log.beat
	rm -f "$mark"
	: >"$log"
	printf '[%d/%d] %s ...' "$STEP" "$STEPS" "$text"
	beat "$log" "$mark" "$start" &
	pid=$!
	set +e
	(
		set -e
		"$@"
	) >>"$log" 2>&1 </dev/null
	rc=$?
	set -e
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	if [ -e "$mark" ]; then
		printf '[%d/%d] %s ...' "$STEP" "$STEPS" "$text"
		rm -f "$mark"
	fi
	if [ "$rc" -ne 0 ]; then
		printf ' FAILED (exit %d) after %d s\n' "$rc" \
			$((SECONDS - start))
		printf '%s\n' "--- last lines of $(log_name "$log"):"
		tail -n 20 "$log"
		exit "$rc"
	fi
	printf ' %d s (log %s)\n' $((SECONDS - start)) "$(log_name "$log")"
}

once()
{
	local stamp=$1 hash=$2 text=$4
	shift 2

	if [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ]; then
		STEP=$((STEP + 1))
		printf '[%d/%d] %s ... up to date\n' "$STEP" "$STEPS" "$text"
		return
	fi
	rm -f "$stamp"
	run "$@"
	mkdir -p "$(dirname "$stamp")"
	printf '%s\n' "$hash" >"$stamp"
}
