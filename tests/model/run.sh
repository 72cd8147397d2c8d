#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: area.c, core.c, end.c, pool.c, token.c, tx.c and the patches' net_iov.c and
# devmem.c in all interleavings of small scenarios, and the same broken in the
# ways that the file mutants lists, each of which a scenario has to notice.
# Result: build/tap/model.tap, and the exit status.
#
#   MODEL_MODULE=DIR, MODEL_PATCHES=DIR  other files to test
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../lib/shim.sh
. tests/lib/shim.sh

OUT=$BUILD/model
TAP=$BUILD/tap/model.tap
MODULE=${MODEL_MODULE:-module}
PATCHES=${MODEL_PATCHES:-patches/6.1}
IN_MODULE=(area core end pool token tx)

# A constant of a copied header, as small as it can be: what takes hundreds of
# buffers happens with three then.
shrink()
{
	sed -i "s/^\(#define $2\)\t.*/\1 $3/" "$OUT/$1"
	grep -q "^#define $2 $3\$" "$OUT/$1"
}

# Every header that is not ours is shim.h.
make_sources()
{
	local name

	rm -rf "$OUT"
	mkdir -p "$OUT/bin"
	for name in net_iov devmem; do
		from_patch include/net/$name.h "$OUT/include/net/$name.h" \
			"$PATCHES"/*.patch
		from_patch net/core/$name.c "$OUT/src/$name.c" \
			"$PATCHES"/*.patch
	done
	cp include/net/devmem_driver.h "$OUT/include/net/"
	cp "$MODULE"/{area,core,end,pool,token,tx}.c \
		"$MODULE"/{core,sock,token,trace}.h "$OUT/src"
	shrink include/net/devmem_driver.h NET_IOV_BATCH 1
	shrink include/net/devmem_driver.h NET_IOV_CACHE 1
	shrink src/core.h DMT_MAX_QUEUES 2
	shrink src/token.h DMT_RING_MIN 2
	shrink src/token.h DMT_QUOTAS 2
	shim_headers "$OUT/include" "$OUT"/src/*.[ch] "$OUT"/include/net/*.h
}

# -fsanitize=thread has every access call __tsan_*(), which memory.c has.
compile()
{
	gcc -std=gnu11 -g -O1 -Wall -Wextra -Wno-unused-parameter \
		-Wno-sign-compare -Wno-missing-field-initializers -Wno-tsan \
		-Wno-unused -fno-strict-aliasing -fno-pie -U_FORTIFY_SOURCE \
		-I"$OUT/include" -I"$OUT/src" -Itests/model \
		'-DEXPORT_SYMBOL_GPL(x)=' '-DEXPORT_SYMBOL(x)=' "${@:3}" \
		-c -o "$2" "$1"
}

# Text and data get names: of the module, to know who touches them when it is
# gone; and the data of what is built in.
name_sections()
{
	local data=moddata

	case $1 in
	net_iov | devmem) data=kerndata ;;
	*) objcopy --rename-section \
		.text=modtext,alloc,load,readonly,code,contents "$2" ;;
	esac
	objcopy --set-section-flags .bss=alloc,load,data,contents \
		--rename-section ".bss=$data,alloc,load,data,contents" \
		--rename-section ".data=$data,alloc,load,data,contents" \
		--rename-section ".rodata=$data,alloc,load,data,contents" "$2"
}

build_all()
{
	local name

	make_sources
	for name in explore kernel memory; do
		compile "tests/model/$name.c" "$OUT/$name.o" -O2
	done
	for name in scenarios sending; do
		compile "tests/model/$name.c" "$OUT/$name.o" -fsanitize=thread
	done
	cp tests/model/sock_ops.c "$OUT/src/"
	for name in "${IN_MODULE[@]}" sock_ops net_iov devmem; do
		compile "$OUT/src/$name.c" "$OUT/$name.o" -fsanitize=thread
		name_sections "$name" "$OUT/$name.o"
	done
	gcc -no-pie -o "$OUT/bin/model" "$OUT"/*.o
}

# The same with $OUT/mutant.c in place of file $1.
build_mutant()
{
	local others=() name

	compile "$OUT/mutant.c" "$OUT/bin/mutant.o" -fsanitize=thread
	name_sections "${1%.c}" "$OUT/bin/mutant.o"
	for name in "$OUT"/*.o; do
		[ "$name" = "$OUT/${1%.c}.o" ] || others+=("$name")
	done
	gcc -no-pie -o "$OUT/bin/mutant" "${others[@]}" "$OUT/bin/mutant.o"
}

# result VERDICT TEXT LOG
result()
{
	N=$((N + 1))
	echo "$1 $N - $2" | tee -a "$TAP"
	head -n "${LINES_OF_LOG:-3}" "$3" | sed 's/^/# /' | tee -a "$TAP"
}

scenarios()
{
	local name log verdict

	for name in $("$OUT/bin/model"); do
		verdict=ok
		log=$OUT/$name.log
		timeout 120 "$OUT/bin/model" "$name" >"$log" 2>&1 ||
			verdict="not ok"
		LINES_OF_LOG=300 result "$verdict" "model: $name" "$log"
	done
}

# A mutant is noticed by a violation, and by nothing else: not by a crash.
mutant()
{
	local name=$1 file=$2 scenario=$3 log=$OUT/mutant-$1.log rc=0

	if cmp -s "$OUT/mutant.c" "$OUT/src/$file"; then
		echo "the file mutants does not know how to change $file" >"$log"
		result "not ok" "model: mutant $name" "$log"
		return
	fi
	build_mutant "$file"
	timeout 120 "$OUT/bin/mutant" "$scenario" >"$log" 2>&1 || rc=$?
	if [ "$rc" -eq 1 ] && grep -q '^VIOLATION' "$log"; then
		LINES_OF_LOG=1 result ok "model: mutant $name" "$log"
	else
		echo "exit status $rc" >>"$log"
		result "not ok" "model: mutant $name" "$log"
	fi
}

mutants()
{
	local name file scenario script last='' todo=()

	while IFS=$'\t' read -r name file scenario script; do
		if [ "$name" != "$last" ]; then
			[ -z "$last" ] || mutant "${todo[@]}"
			cp "$OUT/src/$file" "$OUT/mutant.c"
		fi
		last=$name
		todo=("$name" "$file" "$scenario")
		sed -i "$script" "$OUT/mutant.c"
	done < <(grep -v '^#' tests/model/mutants)
	mutant "${todo[@]}"
}

about "the end of a binding, pools and tokens in all interleavings"
mkdir -p "$(dirname "$TAP")"
rm -f "$TAP"
N=0
plan 3
run model-build "build for the model" build_all
run model-scenarios "all interleavings" scenarios
N=$(grep -c '^\(not \)\?ok' "$TAP")
run model-mutants "$(grep -v '^#' tests/model/mutants | cut -f 1 | sort -u |
	wc -l) mutants" mutants
echo "1..$(grep -c '^\(not \)\?ok' "$TAP")" >>"$TAP"
if grep -q '^not ok' "$TAP"; then
	cat "$TAP"
	echo "model: FAILED; logs in $OUT"
	exit 1
fi
grep -h interleavings "$TAP" | sed 's/^# /model: /'
printf 'model: %d passed\n' "$(grep -c '^ok' "$TAP")"
