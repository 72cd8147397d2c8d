#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Sits on the second serial line of the user test's machine. Gets lines "base64
# of a command", answers with "out base64 of its output" and "rc STATUS". Says
# "ready RELEASE" when it starts.
line=/dev/ttyS1
# Only in the emulator: what is said here moves network interfaces.
[ "$(findmnt -no SOURCE /)" = /dev/vda1 ] || exit 1
stty -F "$line" raw -echo 115200
exec 3<>"$line"
cd /root || exit
export HOME=/root TERM=dumb
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
printf 'ready %s\n' "$(uname -r)" >&3
while read -r command <&3; do
	base64 -d <<<"$command" >/run/command 2>/dev/null || continue
	# a file: a command may leave something in the background
	bash /run/command >/run/output 2>&1 </dev/null 3>&-
	rc=$?
	printf 'out %s\nrc %d\n' "$(tail -c 60000 /run/output | base64 -w0)" \
		"$rc" >&3
done
