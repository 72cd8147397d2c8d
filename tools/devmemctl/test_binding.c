// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests: what goes to the kernel to make a binding, and what it tells of one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "binding.h"

#define FAMILY	27
#define FD	11

/* The last request */
static struct {
	uint8_t cmd;
	unsigned int seen;	/* a bit for each attribute */
	uint32_t value[DEVMEM_TCP_A_MAX + 1];
} asked;

int __wrap_netlink_request(struct netlink *nl, struct nl_msg *msg,
			   netlink_reply_t reply, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *attr;
	int rem;

	(void)nl;
	(void)reply;

	memset(&asked, 0, sizeof(asked));
	asked.cmd = ((struct genlmsghdr *)nlmsg_data(hdr))->cmd;
	nlmsg_for_each_attr(attr, hdr, GENL_HDRLEN, rem) {
		assert_in_range(nla_type(attr), 1, DEVMEM_TCP_A_MAX);
		asked.seen |= 1u << nla_type(attr);
		asked.value[nla_type(attr)] = nla_get_u32(attr);
	}
	nlmsg_free(msg);
	*(uint32_t *)arg = 5;
	return 0;
}

#define ASKED(attr)	(1u << DEVMEM_TCP_A_##attr)

static void test_create_tx(void **state)
{
	struct binding_request r = { .ifname = "lo", .dmabuf = FD, .tx = true };
	const uint32_t root = 0, anybody = DEVMEM_TCP_TX_ANYBODY;
	struct netlink nl = { .family = FAMILY };
	uint32_t id = 0;

	(void)state;

	assert_int_equal(binding_create(&nl, &r, &id), 0);
	assert_int_equal(id, 5);
	assert_int_equal(asked.cmd, DEVMEM_TCP_CMD_BIND_TX);
	assert_int_equal(asked.seen, ASKED(IFINDEX) | ASKED(DMABUF_FD));
	assert_int_equal(asked.value[DEVMEM_TCP_A_DMABUF_FD], FD);

	/* 0 is a user, too */
	r.tx_user = &root;
	assert_int_equal(binding_create(&nl, &r, &id), 0);
	assert_int_equal(asked.seen, ASKED(IFINDEX) | ASKED(DMABUF_FD) |
				     ASKED(TX_USER));
	assert_int_equal(asked.value[DEVMEM_TCP_A_TX_USER], 0);
	r.tx_user = &anybody;
	assert_int_equal(binding_create(&nl, &r, &id), 0);
	assert_int_equal(asked.value[DEVMEM_TCP_A_TX_USER], 0xffffffff);
}

static void test_create_rx(void **state)
{
	struct binding_request r = {
		.ifname = "lo", .dmabuf = FD, .queues = { 1, { 3 } },
		.page_size = 8192, .sock_limit = 9,
	};
	struct netlink nl = { .family = FAMILY };
	uint32_t id;

	(void)state;

	assert_int_equal(binding_create(&nl, &r, &id), 0);
	assert_int_equal(asked.cmd, DEVMEM_TCP_CMD_BIND_RX);
	assert_int_equal(asked.seen, ASKED(IFINDEX) | ASKED(DMABUF_FD) |
				     ASKED(QUEUE) | ASKED(RX_PAGE_SIZE) |
				     ASKED(SOCK_LIMIT));
	assert_int_equal(asked.value[DEVMEM_TCP_A_QUEUE], 3);
}

/* What every binding has */
static struct nl_msg *told(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, FAMILY, 0, 0, DEVMEM_TCP_CMD_GET, 1);
	nla_put_u32(msg, DEVMEM_TCP_A_ID, 5);
	nla_put_u32(msg, DEVMEM_TCP_A_IFINDEX, 2);
	nla_put_u32(msg, DEVMEM_TCP_A_RX_PAGE_SIZE, 65536);
	nla_put_u64(msg, DEVMEM_TCP_A_SIZE, 5ull << 32);
	nla_put_u32(msg, DEVMEM_TCP_A_NUM_NIOVS, 5 << 16);
	return msg;
}

static void test_parse_tx(void **state)
{
	struct nl_msg *msg = told();
	struct binding b;

	(void)state;

	nla_put_u32(msg, DEVMEM_TCP_A_NUM_HELD, 3);
	nla_put_flag(msg, DEVMEM_TCP_A_TX);
	nla_put_u32(msg, DEVMEM_TCP_A_TX_USER, DEVMEM_TCP_TX_ANYBODY);
	assert_int_equal(binding_parse(nlmsg_hdr(msg), &b), 0);
	assert_true(b.tx);
	assert_int_equal(b.tx_user, DEVMEM_TCP_TX_ANYBODY);
	assert_int_equal(b.queues.n + b.pools, 0);
	assert_int_equal(b.page_size, 65536);
	assert_int_equal(b.size, 5ull << 32);
	assert_int_equal(b.num_held, 3);
	nlmsg_free(msg);
}

static void test_parse_rx(void **state)
{
	struct nl_msg *msg = told();
	struct binding b;

	(void)state;

	nla_put_u32(msg, DEVMEM_TCP_A_QUEUE, 3);
	assert_int_equal(binding_parse(nlmsg_hdr(msg), &b), 0);
	assert_false(b.tx);
	assert_int_equal(b.queues.n, 1);
	assert_int_equal(b.queues.queue[0], 3);
	assert_int_equal(b.num_held, -1);
	nlmsg_free(msg);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_tx),
		cmocka_unit_test(test_create_rx),
		cmocka_unit_test(test_parse_tx),
		cmocka_unit_test(test_parse_rx),
	};

	return cmocka_run_group_tests_name("devmemctl binding", tests, NULL,
					   NULL);
}
