// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests: what stands on the command line, batches of tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler.h"
#include "format.h"
#include "parse.h"
#include "token.h"

static void assert_queues(const char *s, unsigned int n, const uint32_t *queue)
{
	struct queue_list list;

	assert_null(parse_queues(s, &list));
	assert_int_equal(list.n, n);
	assert_memory_equal(list.queue, queue, n * sizeof(*queue));
}

static void test_queues(void **state)
{
	(void)state;

	assert_queues("0", 1, (uint32_t[]){ 0 });
	assert_queues("1,3-5", 4, (uint32_t[]){ 1, 3, 4, 5 });
	assert_queues("7,2-2", 2, (uint32_t[]){ 7, 2 });
	assert_queues("4294967294-4294967295", 2,
		      (uint32_t[]){ 4294967294u, 4294967295u });
}

static void test_queues_limit(void **state)
{
	struct queue_list list;

	(void)state;

	assert_null(parse_queues("0-63", &list));
	assert_int_equal(list.n, 64);
	assert_string_equal(parse_queues("0-64", &list),
			    "more than 64 queues");
	assert_string_equal(parse_queues("0-4294967295", &list),
			    "more than 64 queues");
}

static void test_queues_wrong(void **state)
{
	static const struct {
		const char *s;
		const char *why;
	} wrong[] = {
		{ "", "not a number" },
		{ ",", "not a number" },
		{ "1,", "not a number" },
		{ "1,,2", "not a number" },
		{ "-1", "not a number" },
		{ " 1", "not a number" },
		{ "1-", "not a number" },
		{ "eth0", "not a number" },
		{ "1 2", "not a list like 1,3-5" },
		{ "1-2-3", "not a list like 1,3-5" },
		{ "1x", "not a list like 1,3-5" },
		{ "5-3", "range runs backwards" },
		{ "1,2,1", "queue given twice" },
		{ "1-4,3", "queue given twice" },
		{ "4294967296", "number too large" },
		{ "18446744073709551616", "number too large" },
		{ "1-99999999999999999999", "number too large" },
	};
	struct queue_list list;
	const char *why;
	unsigned int i;

	(void)state;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		why = parse_queues(wrong[i].s, &list);
		assert_non_null(why);
		assert_string_equal(why, wrong[i].why);
	}
}

static void assert_size(const char *s, uint64_t expected)
{
	uint64_t bytes;

	assert_null(parse_size(s, &bytes));
	assert_int_equal(bytes, expected);
}

static void test_sizes(void **state)
{
	static const char *const wrong[] = {
		"", "K", "-1", "+1", " 1", "1.5M", "1MB", "1KK", "64 M",
		"18446744073709551616", "17179869184G", "18014398509481984K",
	};
	uint64_t bytes;
	unsigned int i;

	(void)state;

	assert_size("0", 0);
	assert_size("4096", 4096);
	assert_size("0x1000", 4096);
	assert_size("4K", 4096);
	assert_size("64M", 64 << 20);
	assert_size("2g", 2ull << 30);
	assert_size("17179869183G", 17179869183ull << 30);
	assert_size("18446744073709551615", UINT64_MAX);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_non_null(parse_size(wrong[i], &bytes));
}

static void test_page_sizes(void **state)
{
	uint32_t bytes;

	(void)state;

	assert_null(parse_page_size("64K", &bytes));
	assert_int_equal(bytes, 65536);
	assert_non_null(parse_page_size("0", &bytes));
	assert_non_null(parse_page_size("4G", &bytes));
	assert_non_null(parse_page_size("page", &bytes));
}

static void test_numbers(void **state)
{
	uint32_t v32;
	uint64_t v64;

	(void)state;

	assert_null(parse_u32("4294967295", &v32));
	assert_int_equal(v32, UINT32_MAX);
	assert_non_null(parse_u32("4294967296", &v32));
	assert_non_null(parse_u32("1x", &v32));
	assert_non_null(parse_u32("", &v32));
	assert_null(parse_u64("18446744073709551615", &v64));
	assert_int_equal(v64, UINT64_MAX);
	assert_non_null(parse_u64("-1", &v64));
}

static void assert_listen(const char *s, const char *host, const char *port)
{
	struct endpoint addr;

	assert_null(parse_listen(s, &addr));
	assert_string_equal(addr.host, host);
	assert_string_equal(addr.port, port);
}

static void test_listen(void **state)
{
	static const char *const wrong[] = {
		"", "0", "65536", "http", ":5000", "1.2.3.4:", "1.2.3.4",
		"::1:5000", "::1", "[::1]", "[]:5000", "[::1:5000", "[:5000",
		"0000000000000000000000000000000000000000000000000000000000000000:1",
	};
	struct endpoint addr;
	unsigned int i;

	(void)state;

	assert_listen("5000", "", "5000");
	assert_listen("65535", "", "65535");
	assert_listen("10.0.0.1:5000", "10.0.0.1", "5000");
	assert_listen("[::1]:5000", "::1", "5000");
	assert_listen("[fe80::1%eth1]:1", "fe80::1%eth1", "1");
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_non_null(parse_listen(wrong[i], &addr));
}

static void test_connect(void **state)
{
	static const char *const wrong[] = {
		"5000", ":5000", "host", "host:", "host:0", "::1:5000",
	};
	struct endpoint addr;
	unsigned int i;

	(void)state;

	assert_null(parse_connect("gpu-7.example.org:5000", &addr));
	assert_string_equal(addr.host, "gpu-7.example.org");
	assert_string_equal(addr.port, "5000");
	assert_null(parse_connect("[fe80::1%eth1]:1", &addr));
	assert_string_equal(addr.host, "fe80::1%eth1");
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_non_null(parse_connect(wrong[i], &addr));
	assert_string_equal(parse_connect("5000", &addr), "not HOST:PORT");
}

static void test_user(void **state)
{
	uint32_t uid = 1;

	(void)state;

	assert_null(parse_user("root", &uid));
	assert_int_equal(uid, 0);
	assert_null(parse_user("1000", &uid));
	assert_int_equal(uid, 1000);
	assert_null(parse_user("4294967294", &uid));
	assert_null(parse_user("any", &uid));
	assert_int_equal(uid, DEVMEM_TCP_TX_ANYBODY);
	/* that would be anybody by mistake */
	assert_string_equal(parse_user("4294967295", &uid),
			    "number too large");
	assert_string_equal(parse_user("-1", &uid), "no such user");
	assert_string_equal(parse_user("", &uid), "no such user");
	assert_non_null(parse_user("0x", &uid));
}

static void assert_bar(const char *s, const char *pciaddr, unsigned int bar,
		       uint64_t offset, uint64_t size)
{
	char *argv[] = { "bar", (char *)s };
	struct source src;

	assert_null(parse_source(2, argv, &src));
	assert_int_equal(src.kind, SOURCE_BAR);
	assert_string_equal(src.pciaddr, pciaddr);
	assert_int_equal(src.bar, bar);
	assert_int_equal(src.offset, offset);
	assert_int_equal(src.size, size);
}

static void test_source_bar(void **state)
{
	static const char *const wrong[] = {
		"", "7", "00:07", "0000:00:07", "00:20.0", "00:07.8", "00:07.",
		"00:07.0x", "00:07.0:", "00:07.0:6", "00:07.0:x",
		"00:07.0:2:", "00:07.0:2:0:", "00:07.0:2:0:0:0", "00:07.0:2:-1",
		"100000000:00:07.0", "00:007.0", "g0:07.0",
		"00:07.0:2:99999999999999999999999999999", "../../x",
	};
	char *argv[2] = { "bar" };
	struct source src;
	unsigned int i;

	(void)state;

	assert_bar("0000:00:07.0", "0000:00:07.0", 2, 0, 0);
	assert_bar("00:07.0", "0000:00:07.0", 2, 0, 0);
	assert_bar("0:00:07.0:2", "0000:00:07.0", 2, 0, 0);
	assert_bar("AB:1f.7:0", "0000:ab:1f.7", 0, 0, 0);
	assert_bar("00:07.0:4:1M", "0000:00:07.0", 4, 1 << 20, 0);
	assert_bar("10000:00:07.0:4:0x1000:64K", "10000:00:07.0", 4, 4096,
		   65536);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		argv[1] = (char *)wrong[i];
		assert_non_null(parse_source(2, argv, &src));
	}
}

static void test_source(void **state)
{
	char *fd[] = { "fd", "7", "8" };
	char *bad_fd[] = { "fd", "-1" };
	char *big_fd[] = { "fd", "2147483648" };
	char *heap[] = { "heap", "64M" };
	char *udmabuf[] = { "udmabuf", "4096" };
	char *nothing[] = { "udmabuf", "0" };
	char *gpu[] = { "gpu", "64M" };
	struct source src;

	(void)state;

	assert_null(parse_source(2, fd, &src));
	assert_int_equal(src.kind, SOURCE_FD);
	assert_int_equal(src.fd, 7);

	assert_string_equal(parse_source(0, fd, &src), "SOURCE missing");
	assert_string_equal(parse_source(1, fd, &src), "SOURCE is two words");
	assert_string_equal(parse_source(3, fd, &src), "SOURCE is two words");
	assert_non_null(parse_source(2, bad_fd, &src));
	assert_non_null(parse_source(2, big_fd, &src));
	assert_null(parse_source(2, heap, &src));
	assert_int_equal(src.kind, SOURCE_HEAP);
	assert_int_equal(src.size, 64 << 20);
	assert_null(parse_source(2, udmabuf, &src));
	assert_int_equal(src.kind, SOURCE_UDMABUF);
	assert_int_equal(src.size, 4096);
	assert_string_equal(parse_source(2, nothing, &src), "no bytes");
	assert_string_equal(parse_source(2, gpu, &src),
			    "unknown kind of SOURCE");
}

static void test_format(void **state)
{
	struct queue_list list = { .n = 1, .queue = { 3, 4, 4294967295u } };
	char buf[64];

	(void)state;

	assert_string_equal(format_size(buf, sizeof(buf), 0), "0 bytes");
	assert_string_equal(format_size(buf, sizeof(buf), 1023), "1023 bytes");
	assert_string_equal(format_size(buf, sizeof(buf), 4096), "4 KiB");
	assert_string_equal(format_size(buf, sizeof(buf), 64 << 20), "64 MiB");
	assert_string_equal(format_size(buf, sizeof(buf), 4097ull << 20),
			    "4097 MiB");
	assert_string_equal(format_size(buf, sizeof(buf), 1ull << 40),
			    "1024 GiB");

	assert_string_equal(format_queues(buf, sizeof(buf), &list), "queue 3");
	list.n = 3;
	assert_string_equal(format_queues(buf, sizeof(buf), &list),
			    "queues 3,4,4294967295");
	assert_string_equal(format_queues(buf, 12, &list), "queues 3,4,");
}

static void assert_range(const struct token_batch *batch, unsigned int i,
			 uint32_t start, uint32_t count)
{
	assert_int_equal(batch->range[i].token_start, start);
	assert_int_equal(batch->range[i].token_count, count);
}

static void test_tokens_merge(void **state)
{
	static const uint32_t token[] = { 5, 6, 7, 9, 8, 9, 10, 10 };
	struct token_batch batch = {};
	unsigned int i;

	(void)state;

	for (i = 0; i < ARRAY_SIZE(token); i++)
		assert_true(token_batch_add(&batch, token[i]));
	assert_int_equal(batch.frags, 8);
	assert_int_equal(batch.ranges, 4);
	assert_range(&batch, 0, 5, 3);
	assert_range(&batch, 1, 9, 1);
	assert_range(&batch, 2, 8, 3);
	assert_range(&batch, 3, 10, 1);
}

static void test_tokens_wrap(void **state)
{
	struct token_batch batch = {};

	(void)state;

	assert_true(token_batch_add(&batch, UINT32_MAX - 1));
	assert_true(token_batch_add(&batch, UINT32_MAX));
	assert_true(token_batch_add(&batch, 0));
	assert_true(token_batch_add(&batch, 1));
	assert_int_equal(batch.ranges, 2);
	assert_range(&batch, 0, UINT32_MAX - 1, 2);
	assert_range(&batch, 1, 0, 2);
}

static void test_tokens_full_ranges(void **state)
{
	struct token_batch batch = {};
	unsigned int i;

	(void)state;

	for (i = 0; i < DEVMEM_DONTNEED_RANGES; i++)
		assert_true(token_batch_add(&batch, 2 * i));
	assert_int_equal(batch.ranges, DEVMEM_DONTNEED_RANGES);

	/* No new run, but the last one may still grow. */
	assert_false(token_batch_add(&batch, 2 * i));
	assert_true(token_batch_add(&batch, 2 * i - 1));
	assert_int_equal(batch.frags, DEVMEM_DONTNEED_RANGES + 1);
	assert_range(&batch, DEVMEM_DONTNEED_RANGES - 1, 2 * i - 2, 2);
}

static void test_tokens_full_frags(void **state)
{
	struct token_batch batch = {};
	unsigned int i;

	(void)state;

	for (i = 0; i < DEVMEM_DONTNEED_FRAGS; i++)
		assert_true(token_batch_add(&batch, 100 + i));
	assert_int_equal(batch.ranges, 1);
	assert_false(token_batch_add(&batch, 100 + i));
	assert_false(token_batch_add(&batch, 1));
	assert_int_equal(batch.frags, DEVMEM_DONTNEED_FRAGS);
	assert_range(&batch, 0, 100, DEVMEM_DONTNEED_FRAGS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_queues_limit),
		cmocka_unit_test(test_queues_wrong),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_source_bar),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_tokens_merge),
		cmocka_unit_test(test_tokens_wrap),
		cmocka_unit_test(test_tokens_full_ranges),
		cmocka_unit_test(test_tokens_full_frags),
	};

	return cmocka_run_group_tests_name("devmemctl", tests, NULL, NULL);
}
