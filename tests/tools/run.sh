#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# devmemctl: its unit tests (cmocka), what it says on a machine that cannot do device
# memory TCP, what is made or written from its table of commands (help, manual,
# completion), and with the control module (kernel/). And check-config.sh. TAP in
# build/tap/tools*.tap.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
CTL=$BUILD/tools/devmemctl
TAP=$BUILD/tap
N=0
mkdir -p "$TAP"

about "unit tests of devmemctl, and its answers on an unpatched kernel"
make -s -C "$ROOT/tools/devmemctl" OUT="$BUILD/tools" all \
	"$BUILD"/tools/test_{binding,parse,probe,send,steer}

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

# is TEXT GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		result ok "$1"
	else
		result "not ok" "$1"
		echo "# got '${2//$'\n'/; }', want '${3//$'\n'/; }'"
	fi
}

# json TEXT ARGS...: one document, on one line; with -p the same on several
json()
{
	local text=$1 compact pretty
	shift

	compact=$("$CTL" -j "$@" 2>/dev/null) || true
	pretty=$("$CTL" -p "$@" 2>/dev/null) || true
	is "$text: one document on one line" "$(wc -l <<<"$compact") $(
		jq -s length <<<"$compact" 2>&1)" "1 1"
	is "$text: -p, the same on several lines" "$(jq -c . <<<"$pretty") $(
		(($(wc -l <<<"$pretty") > 1)) && echo several)" \
		"$compact several"
}

# The part of devmemctl.8 about a command, as it is read
manual_of()
{
	sed -n "/^\.SS $1\$/,/^\.S[SH] /p" "$ROOT/docs/devmemctl.8" |
		sed 's/\\f[A-Z]//g; s/\\-/-/g'
}

# Every command and option of the table, and no option that is not in it.
manual()
{
	local cmd option all missing

	while read -r cmd; do
		missing=
		manual_of "$cmd" >"$TAP/.man"
		while read -r option; do
			[ "$option" = --help ] ||
				grep -qE -- "$option( |\"|,|$)" "$TAP/.man" ||
				missing+=" $option"
		done < <("$CTL" -j help "$cmd" | jq -r \
			'.options[] | "--" + .name, (.letter // empty | "-" + .)' |
			grep -vx -- -h)
		[ -s "$TAP/.man" ] || missing="all of it"
		is "manual: $cmd" "$missing" ""
	done < <("$CTL" -j help | jq -r '.[].name')
	all=$("$CTL" -j help | jq -r '.[].options[].name' | sort -u)
	is "manual: no option too many" "$(sed 's/\\-/-/g' \
		"$ROOT/docs/devmemctl.8" | grep -oE -- '--[a-z]+(-[a-z]+)*' |
		sed 's/^--//' | sort -u |
		grep -vxF -e json -e pretty -e version -e "$all")" ""
	rm -f "$TAP/.man"
	for cmd in devmemctl.8 devmem-tcp.7; do
		if command -v groff >/dev/null; then
			is "$cmd: groff" "$(groff -man -ww -z \
				"$ROOT/docs/$cmd" 2>&1)" ""
		else
			result ok "$cmd: groff # SKIP no groff here"
		fi
	done
}

# completes TEXT WANT WORD...: the last word is at the cursor
completes()
{
	local text=$1 want=$2
	shift 2

	# shellcheck disable=SC2016  # of that shell
	is "completion: $text" "$(bash -c '. "$0" && COMP_WORDS=("$@") &&
		COMP_CWORD=$(($# - 1)) && _devmemctl && echo "${COMPREPLY[@]}"
		' "$BUILD/tools/devmemctl.bash" devmemctl "$@")" "$want"
}

completion()
{
	local cmd file=$TAP/.install

	completes "commands" "$("$CTL" -j help | jq -r '[.[].name] | join(" ")')" ""
	completes "behind -j" "monitor" -j mon
	for cmd in $("$CTL" -j help | jq -r '.[].name' | grep -vx help); do
		completes "long options of $cmd" "$("$CTL" -j help "$cmd" |
			jq -r '[.options[] | "--" + .name] | join(" ")')" \
			"$cmd" --
	done
	completes "an interface" lo bind -d l
	completes "a source" udmabuf bind -d lo -q 1 u
	completes "an action" "away all" steer a
	completes "a value that nobody knows" "" bind -q ""
	completes "a file" /etc/hostname recv -o /etc/hostn
	completes "a user" root bind --user roo
	completes "help of a command" steer help stee
	is "completion: shellcheck" "$(shellcheck -s bash \
		"$BUILD/tools/devmemctl.bash" 2>&1)" ""

	make -s -C "$ROOT/tools/devmemctl" OUT="$BUILD/tools" \
		DESTDIR="$file" PREFIX=/usr install
	is "make install" "$(cd "$file" && find . -type f | sort)" \
		"./usr/sbin/devmemctl
./usr/share/bash-completion/completions/devmemctl
./usr/share/man/man7/devmem-tcp.7
./usr/share/man/man8/devmemctl.8"
	make -s -C "$ROOT/tools/devmemctl" OUT="$BUILD/tools" \
		DESTDIR="$file" PREFIX=/usr uninstall
	is "make uninstall" "$(find "$file" -type f)" ""
	rm -rf "$file"
}

# The unit with the tool that was built, as it is looked for in the path of
# systemd; the man pages are not installed here.
unit()
{
	local dir=$TAP/.unit

	if ! command -v systemd-analyze >/dev/null; then
		result ok "systemd unit # SKIP no systemd-analyze here"
		return
	fi
	mkdir -p "$dir"
	sed "s|=\(-*\)devmemctl|=\1$CTL|" \
		"$ROOT/packaging/systemd/devmem-tcp@.service" \
		>"$dir/devmem-tcp@.service"
	is "systemd unit" "$(systemd-analyze --man=no verify \
		"$dir/devmem-tcp@.service" 2>&1 || echo "exit $?")" ""
	rm -rf "$dir"
	# shellcheck source=packaging/systemd/example.conf
	is "systemd unit: its example has all variables" "$(
		. "$ROOT/packaging/systemd/example.conf"
		echo "${QUEUES+x}${SOURCE+x}${STEER+x}${BIND_OPTIONS+x}")" xxxx
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
	json "version" version
	json "help" help
	json "help of a command" help recv
	json "--help of a command" steer --help
	json "check" check
	json "check of an interface that is not there" check -d none0
	is "JSON keys: help" "$("$CTL" -j help bind | jq -c '[keys, (.options |
		map(keys) | unique)]')" \
		'[["args","help","name","options"],[["help","letter","name","value"]]]'
	is "JSON keys: version" "$("$CTL" -j version | jq -c keys)" \
		'["protocol","version"]'
	is "JSON keys: check" "$("$CTL" -j check -d none0 | jq -c \
		'map(keys) | unique')" '[["check","fix","ifname","status","text"]]'
	is "JSON: what a check does not know is null" "$("$CTL" -j check \
		-d none0 | jq -c '[.[0].ifname, (.[] |
		select(.check == "interface") | .ifname), (map(select(
		.status == "OK") | .fix) | unique - [null])]')" \
		'[null,"none0",[]]'
	exits 2 'sage' "no command is a usage error"
	exits 2 . "an unknown command is a usage error" frobnicate
	exits 2 . "a queue list that is none" bind -d lo -q 1-x fd 3
	exits 2 . "a page size that is none" bind -d lo -q 1 --page-size 3k1 fd 3
	exits 2 'COMMAND missing' "bind with an empty command" \
		bind -d lo -q 1 fd 0 --
	exits 2 'q LIST missing' "bind without queues" bind -d lo fd 0
	exits 2 'excludes' "bind --tx with queues" bind -d lo --tx -q 1 fd 0
	exits 2 'excludes' "bind --tx with a page size" \
		bind -d lo --tx --page-size 4K fd 0
	exits 2 'excludes' "bind --tx with a limit" \
		bind -d lo --tx --sock-limit 5 fd 0
	exits 2 'is for --tx' "a user of queues" bind -d lo -q 1 --user any fd 0
	exits 2 'no such user' "a user that is none" \
		bind -d lo --tx --user nobody-at-all fd 0
	exits 2 'HOST:PORT missing' "send without a peer" send -d lo fd 0
	exits 2 'not HOST:PORT' "send to a port alone" send -d lo -c 5000 fd 0
	exits 2 'IFNAME missing' "send without a device" \
		send -c 192.0.2.1:5000 fd 0
	exits 2 'SOURCE missing' "send without memory" \
		send -d lo -c 192.0.2.1:5000
	exits 2 'excludes' "send: -d of a binding that is there" \
		send -d lo -c 192.0.2.1:5000 --binding 1
	exits 2 'need the SOURCE' "send: a file without the memory" \
		send -c 192.0.2.1:5000 --binding 1 -i /dev/null
	exits 2 'SOURCE is for' "send: memory that nobody looks at" \
		send -c 192.0.2.1:5000 --binding 1 fd 0
	exits 2 'no bytes' "send nothing" \
		send -d lo -c 192.0.2.1:5000 --length 0 fd 0
	exits 2 'are for --probe' "check with a SOURCE alone" check fd 0
	exits 2 'needs -d IFNAME and -q' "a probe without queues" \
		check -d lo --probe 192.0.2.1 fd 0
	exits 2 'SOURCE missing' "a probe without memory" \
		check -d lo -q 1 --probe 192.0.2.1
	exits 2 'not at least 1' "an interval of nothing" stats -i 0
	exits 2 'the shell is bash' "completion of another shell" completion zsh
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
		exits 1 'kernel.*not patched' "and a bind with a command" \
			bind -d lo -q 1 fd 0 -- true
		exits 1 'kernel.*not patched' "and send" \
			send -d lo -c 192.0.2.1:5000 fd 0
		exits 1 '' "check fails" check
		for cmd in show stats monitor "unbind 1" "unbind --all"; do
			# shellcheck disable=SC2086  # two words
			is "a command that fails prints no JSON: $cmd" \
				"$("$CTL" -j $cmd 2>/dev/null)" ""
		done
	fi
	manual
	completion
	unit
	echo "1..$N"
}

bad=0
for name in binding parse probe send steer; do
	CMOCKA_MESSAGE_OUTPUT=TAP "$BUILD/tools/test_$name" 2>&1 |
		tee "$TAP/tools-$name.tap" || bad=1
done
cli | tee "$TAP/tools-cli.tap"
if grep -q '^not ok' "$TAP"/tools-{binding,parse,probe,send,steer,cli}.tap; then
	bad=1
fi
"$ROOT/tests/tools/check-config.sh" | tee "$TAP/tools-config.tap"
! grep -q '^not ok' "$TAP/tools-config.tap" || bad=1
"$ROOT/tests/tools/kernel/run.sh" || bad=1
exit $bad
