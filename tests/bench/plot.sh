#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# plot.sh [RESULTS [SVG]]: draws docs/performance.svg from build/bench.json: what a
# buffer costs as the pool fills up, what a MiB costs its receiver, and what a frag costs
# with more connections.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../scripts/need-packages.sh
. scripts/need-packages.sh

RESULTS=${1:-build/bench.json}
SVG=${2:-docs/performance.svg}
need_packages gnuplot-nox
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# One buffer, one area, one queue, held in order: percent, ours, bulk, genalloc
jq -r '[.icount[] | select(.suite == "alloc" and .areas == 1 and .queues == 1 and
		(.how == "packed" or .held == 0))] |
	group_by(.held)[] | map({(.impl): .both}) + [.[0]] | add |
	[if .total > 0 then 100 * .held / .total else 0 end, .net_iov, .net_iov_bulk,
	 .gen_pool] | @tsv' "$RESULTS" >"$TMP/alloc"
# What, thousands of instructions per MiB with MTU 1500, and with 9000
jq -r '[.net[] | select(.conns == 1) | .name |= sub(", MTU.*"; "")] | . as $all |
	[.[].name] | unique_by(. as $n | [$all[].name] | index($n))[] as $name |
	[$name] + [$all[] | select(.name == $name) | .receiver / 1000] | @tsv' \
	"$RESULTS" >"$TMP/net"
# Connections, per frag, of that ours
jq -r '.scale[] | select(.frags > 0 and (.name | test("connections"))) |
	[.conns, .receiver * .mib / .frags, .ours * .mib / .frags] | @tsv' \
	"$RESULTS" >"$TMP/scale"

gnuplot - <<-END
	set terminal svg size 960,320 font "sans,11" background "white"
	set output "$SVG"
	set datafile separator tab
	set multiplot layout 1,3
	set key left top reverse Left
	set yrange [0:*]
	set grid y
	set title "a buffer taken and given back"
	set xlabel "percent of the pool in use"
	set ylabel "instructions"
	plot "$TMP/alloc" using 1:4 with linespoints title "genalloc", \
		"" using 1:2 with linespoints title "net\\\\_iov", \
		"" using 1:3 with linespoints title "net\\\\_iov, 64 at once"
	set title "a stream, at its receiver"
	set xlabel ""
	set ylabel "thousand instructions per MiB"
	set style data histogram
	set style fill solid 0.7
	set xtics rotate by 20 right font "sans,9"
	set key right top
	set offsets 0, 0, graph 0.25, 0
	plot "$TMP/net" using 2:xtic(1) title "MTU 1500", "" using 3 title "MTU 9000"
	set offsets 0, 0, 0, 0
	set title "a frag, at its receiver"
	set xlabel "connections"
	set ylabel "instructions"
	set logscale x 2
	set xtics norotate font "sans,11"
	set key left top
	plot "$TMP/scale" using 1:2 with linespoints title "all of it", \
		"" using 1:3 with linespoints title "this project's functions"
END
echo "plot.sh: $SVG"
