#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Adds up TAP files, names what failed and ends with the plain line
# "N passed, N failed, N skipped".
#
#   tap-summary.sh FILE.tap...
#
# A file without a plan, or with another number of results than its plan says,
# counts as a failure: a program that died half way must not look green.
set -euo pipefail

[ $# -gt 0 ] || {
	echo "usage: tap-summary.sh FILE.tap..." >&2
	exit 2
}
# Nested (KTAP) results are indented; only the outer ones count.
awk '
	BEGIN {
		# awk itself passes over empty files without a word.
		for (i = 1; i < ARGC; i++) {
			file = ARGV[i]
			if ((getline line < file) <= 0) {
				complain("empty or not there")
				ARGV[i] = ""
			}
			close(file)
			file = ""
		}
		if (failed == ARGC - 1)
			exit
	}
	function finish() {
		if (file == "")
			return
		if (plan < 0 && !had_bad)
			complain("no plan")
		else if (plan >= 0 && plan != seen)
			complain("plan of " plan ", but " seen " results")
	}
	function complain(why) {
		printf "FAILED %s: %s\n", file, why
		failed++
	}
	FNR == 1 {
		finish()
		file = FILENAME
		plan = -1
		seen = had_bad = 0
	}
	{ sub(/\r$/, "") }
	/^1\.\.[0-9]+/ {
		plan = substr($1, 4) + 0
		if (plan == 0) {	# "1..0 # SKIP reason": the whole file
			skipped++
		}
		next
	}
	/^Bail out!/ { complain($0); had_bad = 1; next }
	/^not ok/ {
		seen++
		if (toupper($0) ~ /# TODO/) {
			skipped++
			next
		}
		printf "FAILED %s: %s\n", FILENAME, $0
		failed++
		had_bad = 1
		next
	}
	/^ok/ {
		seen++
		if (toupper($0) ~ /# SKIP/)
			skipped++
		else
			passed++
	}
	END {
		finish()
		printf "%d passed, %d failed, %d skipped\n", passed, failed,
			skipped
		exit failed || !(passed + skipped)
	}' "$@"
