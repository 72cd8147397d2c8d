#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# install-modules.sh install|uninstall: for KVER, under DESTDIR. /updates wins
# over the in-tree igb; removing the file brings that one back.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
DIR=${DESTDIR:-}/lib/modules/${KVER:-$(uname -r)}/updates/devmem-tcp

case ${1:-} in
install)
	echo "install: puts the modules into $DIR"
	install -d "$DIR"
	install -m644 "$ROOT"/build/host/*.ko "$DIR/"
	;;
uninstall)
	echo "uninstall: removes $DIR"
	rm -rf "$DIR"
	;;
*)
	echo "usage: install-modules.sh install|uninstall" >&2
	exit 2
	;;
esac
[ -n "${DESTDIR:-}" ] || depmod "${KVER:-$(uname -r)}"
