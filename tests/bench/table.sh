#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# table.sh FILE...: results of run.sh as tables: what an object costs, taken and
# given back, and how many times as much as with ours (per "/") it costs with
# genalloc, or with an xarray.
set -euo pipefail

for file; do
	jq -r '"\n\(.[0].where), \(.[0].unit) for each, taken and given back"' \
		"$file"
	for suite in alloc token; do
		jq -r --arg suite "$suite" '
		def text(c): if c.suite == "alloc" then
			"\(if c.total then 100 * c.held / c.total | round else 0 end) % \(c.how)" +
			(if c.areas > 1 then ", \(c.areas) areas" else "" end) +
			(if c.queues > 1 then ", \(c.queues) queues" else "" end) +
			(if c.other > 0 then ", other CPU" else "" end)
			else "\(c.num) at a time, \(c.held) held" +
			(if c.limit > 0 then ", limit" else "" end) end;
		def ratio(a; b): if a and b then
			"\(10 * a / b | round / 10)" else "-" end;
		map(select(.suite == $suite)) | if . == [] then empty else
		(reduce .[].impl as $i ([];
			if index([$i]) then . else . + [$i] end)) as $impls |
		(if $suite == "alloc" then "gen_pool" else "xarray" end) as $peer |
		([$suite] + $impls + ["\($peer)/\($impls[0])",
				      "\($peer)/\($impls[1])"]),
		(reduce .[] as $r ({}; .[text($r)][$r.impl] = $r.both) |
		to_entries[] | .value as $v |
		[.key] + [$impls[] | $v[.]] + [ratio($v[$peer]; $v[$impls[0]]),
					       ratio($v[$peer]; $v[$impls[1]])])
		| @tsv end' "$file" | column -t -s $'\t' -R 2,3,4,5,6,7,8
	done
done
