# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For runners that break something and boot a scenario which has to notice. A LOG is
# what tests/vm/run.sh said. TAP is where results go.
N=0

result()
{
	N=$((N + 1))
	echo "$1 $N - $2"
	echo "$1 $N - $2" >>"${TAP:?}"
}

# rows LIST [NAME]...: its lines, all or those that begin with one of these
rows()
{
	awk -v only="${*:2}" '
		BEGIN { n = split(only, names); while (n) want[names[n--]] }
		/^[^#]/ && (only == "" || $1 in want)' "$1"
}

# scenario_failed LOG: did a test fail, or the kernel complain or die? A scenario that
# had no time, or was not reached, proves nothing: what says so has the number 99999.
# Once its time is over tests fail for that, and only the kernel is believed.
scenario_failed()
{
	awk '
		/^# .* still runs after [0-9]+ s/ { over = 1 }
		/^not ok [0-9]+ / && $3 != 99999 && !over { failed = 1 }
		/^# +\[ *[0-9.]+\] .*(WARNING:|BUG:|Oops|KASAN|corruption)/ { failed = 1 }
		/^FAILED .* did not finish: Kernel panic/ { failed = 1 }
		END { exit !failed }' "$1"
}

# guard_reached NAME LOG...: by an unreadable skb, in one of these runs
guard_reached()
{
	awk -v name="$1" '
		/^# guard reached: / && $4 == name && $5 > 0 { reached = 1 }
		END { exit !reached }' "${@:2}"
}
