#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: area.c, pool.c, token.c and the patch's net_iov.c as a program with
# threads, under ThreadSanitizer and AddressSanitizer. Result:
# build/tap/threads.tap, and the exit status.
#
#   SEED=N           repeats the choices of a run (not its timing)
#   THREADS_MS=N     milliseconds per scenario and sanitizer, default 2000
#   THREADS_MODULE=DIR, THREADS_PATCH=FILE  other files to test
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. scripts/lib.sh
# shellcheck source-path=SCRIPTDIR source=../lib/shim.sh
. tests/lib/shim.sh

OUT=$BUILD/threads
TAP=$BUILD/tap/threads.tap
MODULE=${THREADS_MODULE:-module}
PATCH=${THREADS_PATCH:-patches/6.1/0001-net_iov.patch}
SEED=${SEED:-$(date +%s)}
MS=${THREADS_MS:-2000}
SCENARIOS=(one-pool shared tokens burial wakeup)

# Every header that is not ours is shim.h.
make_headers()
{
	rm -rf "$OUT/include"
	from_patch include/net/net_iov.h "$OUT/include/net/net_iov.h" "$PATCH"
	from_patch net/core/net_iov.c "$OUT/net_iov.c" "$PATCH"
	cp include/net/devmem_driver.h "$OUT/include/net/"
	shim_headers "$OUT/include" "$MODULE"/{area,pool,token}.c \
		"$MODULE"/{core,token,trace}.h "$OUT/net_iov.c" \
		"$OUT/include/net/"*.h
}

# TSan knows nothing of fences, see shim.h.
build_one()
{
	gcc -std=gnu11 -g -O2 -Wall -Wextra -Wno-unused-parameter \
		-Wno-sign-compare -Wno-missing-field-initializers \
		-fno-strict-aliasing -fno-omit-frame-pointer "-fsanitize=$1" \
		${3:+"$3"} -pthread -I"$OUT/include" -I"$MODULE" \
		-Itests/threads '-DEXPORT_SYMBOL_GPL(x)=' -o "$2" tests/threads/{main,freer,shim}.c \
		"$MODULE"/{area,pool,token}.c "$OUT/net_iov.c"
}

build_all()
{
	make_headers
	build_one thread "$OUT/threads-tsan" -Wno-tsan
	build_one address,undefined "$OUT/threads-asan"
}

# Results are written as they come; a test that fails does not end the run.
# Address space randomisation with many bits is more than TSan can live with.
scenarios()
{
	local tool=$1 name verdict log n=$2

	export TSAN_OPTIONS=halt_on_error=1:exitcode=66
	export ASAN_OPTIONS=detect_leaks=1:exitcode=66
	export UBSAN_OPTIONS=halt_on_error=1:exitcode=66
	for name in "${SCENARIOS[@]}"; do
		n=$((n + 1))
		verdict=ok
		log=$OUT/$tool-$name.log
		echo "$tool $name"
		timeout 90 setarch -R "$OUT/threads-$tool" "$name" "$SEED" \
			"$MS" >"$log" 2>&1 || verdict="not ok"
		echo "$verdict $n - $tool: $name" >>"$TAP"
		head -n 40 "$log" | sed 's/^/# /' | tee -a "$TAP"
	done
}

about "pools and tokens with threads, under ThreadSanitizer and" \
	"AddressSanitizer; seed $SEED"
mkdir -p "$(dirname "$TAP")"
rm -f "$TAP"
plan 3
run threads-build "build with -fsanitize=thread and =address,undefined" \
	build_all
run threads-tsan "${#SCENARIOS[@]} scenarios under ThreadSanitizer" \
	scenarios tsan 0
run threads-asan "${#SCENARIOS[@]} scenarios under AddressSanitizer" \
	scenarios asan "${#SCENARIOS[@]}"
echo "1..$((2 * ${#SCENARIOS[@]}))" >>"$TAP"
if grep -q '^not ok' "$TAP"; then
	cat "$TAP"
	echo "threads: FAILED; repeat with SEED=$SEED, logs in $OUT"
	exit 1
fi
sed -n 's/^# seed/threads: seed/p' "$TAP"
printf 'threads: %d passed\n' "$(grep -c '^ok' "$TAP")"
