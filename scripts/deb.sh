#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make deb: devmem-tcp-dkms, -tools and -tests in build/deb, checked by lintian.
#
#   deb.sh [OUTDIR]
#   DEVMEM_DEB_VERSION	another version (0.1.0+2), to try an upgrade
#
# Built from what git knows, in a tree of its own with packaging/debian as
# debian, so that nothing lying around gets in.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source-path=SCRIPTDIR source=lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=need-packages.sh
. scripts/need-packages.sh

OUT=$(realpath -m "${1:-$BUILD/deb}")
WORK=$BUILD/deb-tree
TREE=$WORK/devmem-tcp

tree()
{
	rm -rf "$WORK"
	mkdir -p "$TREE"
	git ls-files -z | xargs -0 cp --parents -t "$TREE"
	cp -r "$TREE/packaging/debian" "$TREE/debian"
	[ -z "${DEVMEM_DEB_VERSION:-}" ] ||
		sed -i "1s/(.*)/($DEVMEM_DEB_VERSION)/" "$TREE/debian/changelog"
}

# The upstream part; a + and what follows is the package's.
same_version()
{
	local deb header

	deb=$(cd "$TREE" && dpkg-parsechangelog -S Version)
	header=$(project_version)
	echo "debian/changelog $deb, include/net/devmem_version.h $header"
	[ "${deb%%+*}" = "$header" ]
}

build()
{
	(cd "$TREE" && DEB_BUILD_OPTIONS=noautodbgsym \
		dpkg-buildpackage -us -uc -b)
	mkdir -p "$OUT"
	rm -f "$OUT"/devmem-tcp-*.deb
	cp "$WORK"/*.deb "$OUT/"
}

check()
{
	lintian --fail-on error --allow-root "$WORK"/*.changes
}

about "packages from $(git rev-parse --short HEAD 2>/dev/null || echo '?')"
need_packages build-essential debhelper dpkg-dev lintian git pkg-config \
	libnl-3-dev libnl-genl-3-dev libjson-c-dev libssl-dev zlib1g-dev
plan 4
run deb-tree "copy what git knows" tree
run deb-version "one version everywhere" same_version
run deb-build "build the packages" build
run deb-lintian "lintian" check
grep -E '^[EW]:' "$LOG_DIR/deb-lintian.log" || true
for deb in "$OUT"/devmem-tcp-*.deb; do
	printf '  %s %s\n' "$(du -h "$deb" | cut -f1)" "${deb#"$PWD"/}"
done
