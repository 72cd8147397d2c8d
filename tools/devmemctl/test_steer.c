// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests: flows, their hashes, redirection tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler.h"
#include "flow.h"
#include "reta.h"

/* Key and numbers that Microsoft publishes to verify the RSS hash with */
static const uint8_t rss_key[FLOW_KEY] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	const char *flow;
	uint32_t hash;
} vectors[] = {
	{ "66.9.149.187:2794-161.142.100.80:1766", 0x51ccc178 },
	{ "199.92.111.2:14230-65.69.140.83:4739", 0xc626b0ea },
	{ "24.19.198.95:12898-12.22.207.184:38024", 0x5c2b394a },
	{ "38.27.205.30:48228-209.142.163.6:2217", 0xafc7327f },
	{ "153.39.163.191:44251-202.188.127.2:1303", 0x10e828a2 },
	{ "[3ffe:2501:200:1fff::7]:2794-[3ffe:2501:200:3::1]:1766",
	  0x40207d3d },
	{ "[3ffe:501:8::260:97ff:fe40:efab]:14230-[ff02::1]:4739",
	  0xdde51bbf },
	{ "[3ffe:1900:4545:3:200:f8ff:fe21:67cf]:44251-[fe80::200:f8ff:fe21:67cf]:38024",
	  0x02d1feef },
};

static void test_hash(void **state)
{
	struct flow flow;
	unsigned int i;

	(void)state;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_null(parse_flow(vectors[i].flow, &flow));
		assert_int_equal(flow_hash(&flow, rss_key), vectors[i].hash);
	}
}

static void test_flow_format(void **state)
{
	struct flow flow, again;
	char buf[128];
	unsigned int i;

	(void)state;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_null(parse_flow(vectors[i].flow, &flow));
		assert_int_equal(flow.sport, flow.sport_last);
		format_flow(buf, sizeof(buf), &flow);
		assert_null(parse_flow(buf, &again));
		assert_memory_equal(&flow, &again, sizeof(flow));
	}
}

static void test_key(void **state)
{
	static const char text[] =
		"6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:"
		"ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa";
	uint8_t key[FLOW_KEY];
	unsigned int len;

	(void)state;

	assert_null(parse_key(text, key, sizeof(key), &len));
	assert_int_equal(len, FLOW_KEY);
	assert_memory_equal(key, rss_key, FLOW_KEY);
	assert_non_null(parse_key(text, key, sizeof(key) - 1, &len));
	assert_non_null(parse_key(text + 3, key, sizeof(key), &len));
	assert_non_null(parse_key("", key, sizeof(key), &len));
	assert_non_null(parse_key("6d:xx", key, sizeof(key), &len));
}

static void test_flow_range(void **state)
{
	struct flow flow;
	char buf[128];

	(void)state;

	assert_null(parse_flow("10.0.0.1:40000-40007-10.0.0.2:5000", &flow));
	assert_int_equal(flow.sport, 40000);
	assert_int_equal(flow.sport_last, 40007);
	assert_int_equal(flow.dport, 5000);
	assert_string_equal(format_flow(buf, sizeof(buf), &flow),
			    "10.0.0.1:40000-40007-10.0.0.2:5000");
	assert_null(parse_flow("[::1]:1-65535-[::2]:65535", &flow));
	assert_int_equal(flow.sport_last, 65535);
}

static void test_flow_wrong(void **state)
{
	static const char *const wrong[] = {
		"",
		"10.0.0.1",
		"10.0.0.1:1",
		"10.0.0.1:1-",
		"10.0.0.1:1-10.0.0.2",
		"10.0.0.1:1-10.0.0.2:",
		"10.0.0.1:1-10.0.0.2:5x",
		"10.0.0.1:1-10.0.0.2:5-6",
		"10.0.0.1:0-10.0.0.2:5",
		"10.0.0.1:65536-10.0.0.2:5",
		"10.0.0.1:000000001-10.0.0.2:5",
		"10.0.0.1:1-10.0.0.2:99999999999999999999",
		"10.0.0.1:7-6-10.0.0.2:5",
		"10.0.0.1:7-8-9-10.0.0.2:5",
		"10.0.0:1-10.0.0.2:5",
		"*:1-10.0.0.2:5",
		"10.0.0.1:*-10.0.0.2:5",
		"::1:1-::2:5",
		"[::1]:1-10.0.0.2:5",
		"[::1]1-[::2]:5",
		"[::1:1-[::2]:5",
		"[10.0.0.1]:1-[::2]:5",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1-[::2]:5",
		" 10.0.0.1:1-10.0.0.2:5",
	};
	struct flow flow;
	unsigned int i;

	(void)state;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (!parse_flow(wrong[i], &flow))
			fail_msg("'%s' was taken", wrong[i]);
}

static struct queue_list queues(const char *s)
{
	struct queue_list list = {};

	if (*s)
		assert_null(parse_queues(s, &list));
	return list;
}

static struct reta spread(unsigned int size, const char *s)
{
	struct reta reta = { .size = size };
	struct queue_list to = queues(s);

	reta_spread(&reta, &to);
	return reta;
}

static void test_lists(void **state)
{
	struct queue_list list = queues("1,3"), rest, more = queues("3,0");

	(void)state;

	queue_list_rest(&rest, 5, &list);
	assert_int_equal(rest.n, 3);
	assert_int_equal(rest.queue[0], 0);
	assert_int_equal(rest.queue[1], 2);
	assert_int_equal(rest.queue[2], 4);
	queue_list_join(&list, &more);
	assert_int_equal(list.n, 3);
	assert_true(queue_list_has(&list, 0));
	assert_false(queue_list_has(&list, 2));
	queue_list_rest(&rest, 1, &list);
	assert_int_equal(rest.n, 0);
}

static void test_spread(void **state)
{
	struct reta reta = spread(128, "1,2,5");

	(void)state;

	assert_int_equal(reta_entries(&reta, 1), 43);
	assert_int_equal(reta_entries(&reta, 2), 43);
	assert_int_equal(reta_entries(&reta, 5), 42);
	reta = spread(128, "0-3");
	assert_true(reta_is_default(&reta, 4));
	assert_false(reta_is_default(&reta, 8));
	assert_false(reta_is_default(&reta, 0));
}

/* What is in nobody's way stays, the rest is shared fairly. */
static void test_move(void **state)
{
	struct queue_list from = queues("1,2"), to = queues("0,3");
	struct reta before = spread(128, "0-3"), reta = before;
	unsigned int i;

	(void)state;

	reta_move(&reta, &from, &to);
	assert_int_equal(reta_entries(&reta, 0), 64);
	assert_int_equal(reta_entries(&reta, 3), 64);
	assert_int_equal(reta_differ(&reta, &before), 64);
	for (i = 0; i < before.size; i++)
		if (before.queue[i] == 0 || before.queue[i] == 3)
			assert_int_equal(reta.queue[i], before.queue[i]);

	/* Again: nothing to do. */
	before = reta;
	reta_move(&reta, &from, &to);
	assert_true(reta_equal(&reta, &before));
}

static void test_place(void **state)
{
	/* Entries 5, 6, 5 again, 127, 6 again, 0 */
	static const uint32_t hash[] = {
		0x80000005, 6, 0x105, 0xffffffff, 0x86, 0x12345600,
	};
	struct reta before = spread(128, "0,2"), reta = before;
	struct queue_list to = queues("1,3"), from;

	(void)state;

	assert_int_equal(reta_place(&reta, &to, hash, ARRAY_SIZE(hash)), 4);
	assert_int_equal(reta.queue[5], 1);
	assert_int_equal(reta.queue[6], 3);
	/* Two flows on queue 1 and one on queue 3, then two on each */
	assert_int_equal(reta.queue[127], 3);
	assert_int_equal(reta.queue[0], 1);
	assert_int_equal(reta_differ(&reta, &before), 4);

	/* Entries 6 and 0 pointed to queue 0, 5 and 127 to queue 2. */
	from = queues("0");
	assert_int_equal(reta_taken(&before, &reta, &from, &to), 2);
	from = queues("1,3");
	assert_int_equal(reta_taken(&before, &reta, &from, &to), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_flow_format),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_flow_range),
		cmocka_unit_test(test_flow_wrong),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests_name("steer", tests, NULL, NULL);
}
