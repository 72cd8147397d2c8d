# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scenarios are written with. A scenario runs under errexit: a command
# that fails outside of these functions fails the scenario.
#
#   ok TEXT / not_ok TEXT [DIAG]      a result
#   skip TEXT REASON / skip_all REASON
#   check TEXT COMMAND...             ok if it succeeds; its output is diag
#   check_fails TEXT COMMAND...       ok if it fails
#   expect_errno ERRNO TEXT COMMAND...   it must fail and say so (name or
#                                     the C library's words)
#   expect_error REGEX TEXT COMMAND...   it must fail with output that matches
#   equal TEXT GOT WANT
#   diag TEXT...
#   wait_for SECONDS COMMAND...       (net.sh) 0 when it came true, in some time
#   defer COMMAND...                  runs at the end, last one first
#   need_module NAME...               skip_all without them
#   dmesg_allow REGEX                 not a fault in this scenario
#   dmesg_mark / dmesg_clean TEXT     a check of its own, half way through
#   host_check [WORD]...              runs SCENARIO.host.sh on the host, now
#   random_file FILE MIB / sum FILE
#
# $TMP is a directory of its own; rx, tx and the addresses are in net.sh.

# shellcheck source=tests/vm/guest/net.sh
. /stage/net.sh
# shellcheck source=/dev/null
. /stage/conf

TESTS=0
FAILED=0
DEFERRED=()
DMESG_ALLOW='^$'
# What the kernel says when something is wrong, whoever says it.
DMESG_BAD='WARNING:|BUG:|BUG |Oops|general protection|Call Trace|KASAN'
DMESG_BAD+='|KFENCE|UBSAN|lockdep|possible circular|possible recursive'
DMESG_BAD+='|inconsistent lock|suspicious RCU|rcu.*stall|rcu.*detected'
DMESG_BAD+='|soft lockup|hung_task|blocked for more than|refcount_t|workqueue lockup|DMA-API: debugging out'
DMESG_BAD+='|use-after|double.free|leak|unreferenced object|ODEBUG'
DMESG_BAD+='|DMAR:.*fault|DMAR:.*ERROR|list_(add|del) corruption'
DMESG_BAD+='|Tx Unit Hang|NETDEV WATCHDOG|unregister_netdevice: waiting'
DMESG_BAD+='|Unknown symbol|disagrees about version|page allocation failure'

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok()
{
	TESTS=$((TESTS + 1))
	printf 'ok %d - %s\n' $TESTS "$1"
}

not_ok()
{
	TESTS=$((TESTS + 1))
	FAILED=$((FAILED + 1))
	printf 'not ok %d - %s\n' $TESTS "$1"
	shift
	[ $# -eq 0 ] || diag "$*"
}

skip()
{
	TESTS=$((TESTS + 1))
	printf 'ok %d - %s # SKIP %s\n' $TESTS "$1" "$2"
}

skip_all()
{
	skip "$SCENARIO" "$1"
	exit 0
}

check()
{
	local text=$1 out
	shift

	if out=$("$@" 2>&1); then
		ok "$text"
	else
		not_ok "$text" "exit $? of: $*" $'\n'"$out"
	fi
}

check_fails()
{
	local text=$1 out
	shift

	if out=$("$@" 2>&1); then
		not_ok "$text" "succeeded: $*" $'\n'"$out"
	else
		ok "$text"
	fi
}

expect_error()
{
	local regex=$1 text=$2 out
	shift 2

	if out=$("$@" 2>&1); then
		not_ok "$text" "succeeded, should fail with '$regex': $*" \
			$'\n'"$out"
	elif grep -qE -- "$regex" <<<"$out"; then
		ok "$text"
	else
		not_ok "$text" "failed, but not with '$regex': $*" $'\n'"$out"
	fi
}

errno_text()
{
	case $1 in
	EPERM) echo 'Operation not permitted' ;;
	ENOENT) echo 'No such file or directory' ;;
	EBADF) echo 'Bad file descriptor' ;;
	ENOMEM) echo '(Cannot allocate memory|Out of memory)' ;;
	EACCES) echo 'Permission denied' ;;
	EFAULT) echo 'Bad address' ;;
	EBUSY) echo '(Device or resource busy|Resource busy)' ;;
	EEXIST) echo '(File exists|Object exists)' ;;
	ENODEV) echo 'No such device' ;;
	EINVAL) echo '(Invalid argument|Invalid input data or parameter)' ;;
	ENOSPC) echo 'No space left on device' ;;
	ERANGE) echo '(Numerical result|Result not representable|range)' ;;
	EOPNOTSUPP) echo '(Operation not supported|not supported)' ;;
	ENETDOWN) echo 'Network is down' ;;
	ENOBUFS) echo 'No buffer space available' ;;
	ETOOMANYREFS) echo 'Too many references' ;;
	ETIMEDOUT) echo 'timed out' ;;
	*) echo "$1" ;;
	esac
}

expect_errno()
{
	local errno=$1
	shift
	expect_error "\\b$errno\\b|$(errno_text "$errno")" "$@"
}

equal()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', want '$3'"
	fi
}

defer()
{
	DEFERRED+=("$(printf '%q ' "$@")")
}

need_module()
{
	local name

	for name in "$@"; do
		has_module "$name" || skip_all "no module $name in this stage"
	done
}

dmesg_mark()
{
	MARK="stage-mark-$SCENARIO-$RANDOM$RANDOM"
	echo "<6>$MARK" >/dev/kmsg
}

dmesg_allow()
{
	DMESG_ALLOW+="|$1"
}

# Through a file: with pipefail, a grep that has seen enough makes the dmesg
# before it, and so the pipeline, fail.
dmesg_clean()
{
	local since=$TMP/.dmesg bad

	dmesg >"$since"
	if ! grep -qF "$MARK" "$since"; then
		not_ok "$1" "the mark is gone: dmesg overflowed"
		dmesg_mark
		return
	fi
	sed -i "1,/$MARK/d" "$since"
	bad=$(grep -E "$DMESG_BAD" "$since" |
		grep -m 20 -vE "$DMESG_ALLOW") || true
	if [ -z "$bad" ]; then
		ok "$1"
	else
		not_ok "$1" "$bad"
		grep -vE "$DMESG_ALLOW" "$since" >"$since.rest" || true
		grep -E -m 1 -A 40 "$DMESG_BAD" "$since.rest" | sed 's/^/#   /'
	fi
	dmesg_mark
}

# The host writes TAP lines without numbers into the reply; they are counted
# here like this scenario's own. Descriptor 9 is the port to the host (init).
HOST_CHECKS=0
host_check()
{
	local reply line

	HOST_CHECKS=$((HOST_CHECKS + 1))
	reply=/host/.reply.$SCENARIO.$HOST_CHECKS
	sync
	printf '# host: %s %d %s\n' "$SCENARIO" $HOST_CHECKS "$*" >&9
	if ! wait_for 60 test -e "$reply"; then
		not_ok "the host answers" "no $reply"
		return
	fi
	while IFS= read -r line; do
		case $line in
		'ok - '*) ok "host: ${line#ok - }" ;;
		'not ok - '*) not_ok "host: ${line#not ok - }" ;;
		*) diag "host: $line" ;;
		esac
	done <"$reply"
}

random_file()
{
	head -c $(($2 << 20)) /dev/urandom >"$1"
}

sum()
{
	sha256sum <"$1" | cut -d ' ' -f 1
}

scenario_end()
{
	local rc=$1 i

	trap - EXIT ERR TERM INT
	set +e
	if [ "$rc" -ne 0 ]; then
		not_ok "$SCENARIO runs to its end" \
			"exit $rc${AT:+ at $AT}"
	fi
	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}" >"$TMP/.defer" 2>&1 ||
			diag "clean-up: ${DEFERRED[i]}: $(cat "$TMP/.defer")"
	done
	dmesg_clean "dmesg is clean"
	rm -rf "$TMP"
	printf '1..%d\n' $TESTS
	[ $FAILED -eq 0 ]
	exit
}
