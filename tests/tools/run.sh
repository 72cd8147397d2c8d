#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# devmemctl without a kernel: its parsers (cmocka), and what it says on a
# machine that cannot do device memory TCP. TAP in build/tap/tools*.tap.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
CTL=$BUILD/tools/devmemctl
TAP=$BUILD/tap
N=0
mkdir -p "$TAP"

about "unit tests of devmemctl, and its answers on an unpatched kernel"
make -s -C "$ROOT/tools/devmemctl" OUT="$BUILD/tools" all \
	"$BUILD"/tools/test_{parse,steer}

result()
{
	N=$((N + 1))
	echo "$1 $N - $2"
}

# exits STATUS REGEX TEXT ARGS...: exit status, and a line on stderr
exits()
{
	local want=$1 regex=$2 text=$3 rc=0 err
	shift 3

	err=$("$CTL" "$@" 2>&1 >/dev/null) || rc=$?
	if [ "$rc" -eq "$want" ] && grep -qE -- "$regex" <<<"$err"; then
		result ok "$text"
	else
		result "not ok" "$text"
		echo "# exit $rc: ${err//$'\n'/; }"
	fi
}

# helps COMMAND: as an option and as a command, to stdout alone
helps()
{
	local form out err rc

	for form in "$1 --help" "$1 -h" "help $1"; do
		rc=0
		# shellcheck disable=SC2086  # two words
		out=$("$CTL" $form 2>"$TAP/.err") || rc=$?
		err=$(cat "$TAP/.err")
		rm -f "$TAP/.err"
		if [ "$rc" -eq 0 ] && [ -z "$err" ] &&
		   grep -q "^Usage: devmemctl $1" <<<"$out"; then
			result ok "$form"
		else
			result "not ok" "$form"
			echo "# exit $rc: ${err//$'\n'/; }"
		fi
	done
}

cli()
{
	local cmd

	while read -r cmd; do
		helps "$cmd"
	done < <("$CTL" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
	exits 2 'Error: wrong option' "an option that is none" show --frob
	exits 2 'needs a value' "an option without its value" show -d
	exits 2 'excludes' "recv: --sock-limit of a binding that is there" \
		recv -l 5000 --binding 1 --sock-limit 5
	exits 2 'not a number' "a limit that is none" \
		bind -d lo -q 1 --sock-limit x fd 3
	exits 0 '^$' "help" help
	exits 0 '^$' "version as JSON" -j version
	exits 2 'sage' "no command is a usage error"
	exits 2 . "an unknown command is a usage error" frobnicate
	exits 2 . "a queue list that is none" bind -d lo -q 1-x fd 3
	exits 2 . "a page size that is none" bind -d lo -q 1 --page-size 3k1 fd 3
	exits 1 'no RSS redirection table' "steer of a device without a table" \
		steer away -d lo -q 0
	exits 2 'ACTION missing' "steer without an action" steer -d lo
	exits 2 'LIST missing' "steer without queues" steer away -d lo
	exits 2 '-q is for' "steer show has no queues" steer show -d lo -q 1
	exits 2 'no wildcards' "steer with a wildcard" \
		steer flow -d lo -q 1 '*:*-192.0.2.1:5000'
	exits 2 'more than 1024 flows' "steer with too many flows" \
		steer flow -d lo -q 1 192.0.2.2:1-1025-192.0.2.1:5000
	exits 2 'COMMAND missing' "steer with an empty command" \
		steer away -d lo -q 1 --
	exits 2 'COMMAND is for' "steer show with a command" \
		steer show -d lo -- true
	exits 2 'force is for' "steer away with --force" \
		steer away -d lo -q 1 --force
	if grep -q ' devmem_register_dev$' /proc/kallsyms; then
		echo "# this kernel is patched: the rest is for others"
	else
		exits 1 'kernel.*not patched' "show says what is missing" show
		exits 1 'kernel.*not patched' "so does unbind" unbind 1
		exits 1 '' "check fails" check
	fi
	echo "1..$N"
}

bad=0
for unit in parse steer; do
	CMOCKA_MESSAGE_OUTPUT=TAP "$BUILD/tools/test_$unit" 2>&1 |
		tee "$TAP/tools-$unit.tap" || bad=1
done
cli | tee "$TAP/tools-cli.tap"
if grep -q '^not ok' "$TAP"/tools-{parse,steer,cli}.tap; then
	bad=1
fi
exit $bad
