// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests: the pattern of a probe, ICMP's checksum, what helps when a bind is
 * refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "binding.h"
#include "compiler.h"
#include "echo.h"
#include "probe_pattern.h"

#define SEED	0x0123456789abcdefull
#define ALIGNED	"dma-buf segment is not aligned to rx-page-size"

/* What the NIC leaves in a buffer: @front bytes of headers, then the pattern
 * from byte @from on.
 */
static void fill(uint8_t *buf, const uint64_t *pattern, unsigned int front,
		 unsigned int from)
{
	memset(buf, 0xff, PATTERN_REACH);
	memcpy(buf + front, (const uint8_t *)pattern + from,
	       PATTERN_BYTES - from);
}

static void test_pattern_found(void **state)
{
	uint64_t pattern[PATTERN_WORDS];
	uint8_t buf[PATTERN_REACH];

	(void)state;

	pattern_make(pattern, SEED);
	/* split behind IPv4: ICMP's header comes first */
	fill(buf, pattern, 8, 0);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_WHOLE);
	/* not split: 128 bytes in the header buffer, 42 of them headers */
	fill(buf, pattern, 0, 128 - 42);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_WHOLE);
	/* the same of IPv6 */
	fill(buf, pattern, 0, 128 - 62);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_WHOLE);
	/* all headers in the buffer */
	fill(buf, pattern, 62, 0);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_WHOLE);
}

static void test_pattern_damaged(void **state)
{
	uint64_t pattern[PATTERN_WORDS];
	uint8_t buf[PATTERN_REACH];

	(void)state;

	pattern_make(pattern, SEED);
	fill(buf, pattern, 8, 0);
	buf[8 + PATTERN_BYTES - 1] ^= 1;
	assert_int_equal(pattern_match(buf, pattern), PATTERN_DAMAGED);
	fill(buf, pattern, 8, 0);
	memset(buf + 8 + 512, 0, 64);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_DAMAGED);
}

static void test_pattern_absent(void **state)
{
	uint64_t pattern[PATTERN_WORDS], other[PATTERN_WORDS];
	uint8_t buf[PATTERN_REACH] = {};

	(void)state;

	pattern_make(pattern, SEED);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_ABSENT);
	/* that of the probe before */
	pattern_make(other, SEED + 1);
	fill(buf, other, 8, 0);
	assert_int_equal(pattern_match(buf, pattern), PATTERN_ABSENT);
}

/* A packet with its checksum sums up to 0, whatever its length. */
static void test_checksum(void **state)
{
	uint8_t packet[] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1, 0xfe, 0xdc, 0xba };
	uint16_t sum;

	(void)state;

	sum = echo_checksum(packet, sizeof(packet));
	memcpy(packet + 2, &sum, sizeof(sum));
	assert_int_equal(echo_checksum(packet, sizeof(packet)), 0);
	packet[10] ^= 1;
	assert_int_not_equal(echo_checksum(packet, sizeof(packet)), 0);
}

static void assert_fix(int err, const char *text, const char *want)
{
	const char *fix = binding_fix(err, text, false);
	char buf[256];

	assert_non_null(fix);
	snprintf(buf, sizeof(buf), fix, "eth1");
	assert_string_equal(buf, want);
}

static void test_fix(void **state)
{
	(void)state;

	assert_fix(EEXIST, "unable to bind dmabuf to device with XDP program attached",
		   "ip link set eth1 xdp off");
	assert_fix(EEXIST, "designated queue already memory provider bound",
		   "devmemctl show -d eth1; devmemctl unbind ID");
	assert_fix(EINVAL, "tcp-data-split is disabled",
		   "ethtool -G eth1 tcp-data-split on, with an ethtool newer than Debian 12's");
	assert_fix(EINVAL, "rx queue is out of range",
		   "ethtool -l eth1 shows how many there are, ethtool -L eth1 combined N changes it");
	assert_fix(ENODEV, "the exporter took the dma-buf back",
		   "bind again; dmesg may tell why the exporter took it");
	assert_fix(ENODEV, "no such device",
		   "ip link lists the devices of this network namespace");
	assert_fix(EPERM, "", "run as root, or with CAP_NET_ADMIN");
	assert_null(binding_fix(EINVAL, "dma-buf has an empty segment",
				false));
	assert_null(binding_fix(EOPNOTSUPP, "", false));
	assert_null(binding_fix(0, "", false));
}

/* To send from it is the kernel that chooses the page size. */
static void test_fix_tx(void **state)
{
	(void)state;

	assert_fix(E2BIG, "", "bind with --page-size 64K, or a smaller dma-buf");
	assert_string_equal(binding_fix(E2BIG, "", true),
			    "bind a smaller dma-buf");
	assert_fix(EINVAL, ALIGNED, "bind with --page-size 4K");
	assert_string_equal(binding_fix(EINVAL, ALIGNED, true),
			    "choose memory in whole pages of 4 KiB");
	assert_string_equal(binding_fix(EPERM, "", true),
			    binding_fix(EPERM, "", false));
	/* a module that has no such command */
	assert_string_equal(binding_fix(EOPNOTSUPP, "", true),
			    "install the module of version " VERSION);
	assert_null(binding_fix(EOPNOTSUPP,
				"Driver does not support netmem TX", true));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_found),
		cmocka_unit_test(test_pattern_damaged),
		cmocka_unit_test(test_pattern_absent),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_fix),
		cmocka_unit_test(test_fix_tx),
	};

	return cmocka_run_group_tests_name("devmemctl probe", tests, NULL,
					   NULL);
}
