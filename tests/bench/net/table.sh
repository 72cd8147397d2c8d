#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# table.sh FILE: results of run.sh as a table. The ratio is to recv() and a copy with
# the same MTU and number of connections; of plain, to the unpatched kernel. Of scale,
# what a frag takes, and how much of that is in functions of this project.
set -euo pipefail

jq -r 'def of($base): 10000 * . / $base | round / 10000;
	. as $all |
	if .[0].kernel then
	["both ends, instructions/MiB", "kernel", "", "ratio"],
	(.[] | . as $r | ($all[] | select(.name == $r.name and
					  .kernel == "unpatched")) as $base |
	[.name, .kernel, .instructions,
	 (.instructions | of($base.instructions))])
	elif .[0].scale then
	["receiver, instructions", "per MiB", "per frag", "of these ours"],
	(.[] | [.name, .receiver] + if .frags > 0 then
		[(.receiver * .mib / .frags | round),
		 (.ours * .mib / .frags | round)] else [] end)
	else
	["receiver, instructions/MiB", "", "ratio", "frags/MiB", "linear/MiB"],
	(.[] | . as $r | ($all[] | select(.mode == "copy" and .mtu == $r.mtu and
					  .conns == $r.conns)) as $copy |
	[.name, .receiver, (.receiver | of($copy.receiver) * 100 | round / 100),
	 (.frags / .mib | round), (.linear / .mib | round)])
	end | @tsv' "$1" | column -t -s $'\t' -R 2,3,4,5
