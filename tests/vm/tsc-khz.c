// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the rate of this machine's TSC in kHz. QEMU's TCG hands the host's TSC
 * to the guest, and a guest that measures its rate while the host is busy can
 * be wrong by a factor of 20: run.sh passes it on as tsc_early_khz=.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct sample {
	double ns;
	unsigned long long tsc;
};

/* The try that took least time between its two readings is the closest. */
static struct sample now(void)
{
	struct sample best = { 0 };
	unsigned long long shortest = ~0ULL;
	int i;

	for (i = 0; i < 100; i++) {
		unsigned long long before = __rdtsc(), after;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = __rdtsc();
		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best.tsc = before + shortest / 2;
		best.ns = ts.tv_sec * 1e9 + ts.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec wait = { .tv_nsec = 50 * 1000 * 1000 };
	struct sample start = now(), end;

	nanosleep(&wait, NULL);
	end = now();
	printf("%.0f\n", (end.tsc - start.tsc) * 1e6 / (end.ns - start.ns));
	return 0;
}
