// SPDX-License-Identifier: GPL-2.0-only
/* area.c: net_iovs out of mapped segments. */

#include <linux/netlink.h>
#include "fixture.h"

static void area_refused(struct kunit *test, struct fixture *fix,
			 const struct segment *segs, u32 num, u64 size,
			 int want)
{
	struct netlink_ext_ack extack = {};

	KUNIT_EXPECT_EQ(test, want, fixture_areas(test, fix, segs, num, size,
						  &extack));
	KUNIT_EXPECT_NOT_NULL(test, (void *)extack._msg);
	KUNIT_EXPECT_NULL(test, fix->binding->niovs);
	KUNIT_EXPECT_NULL(test, fix->binding->areas);
	KUNIT_EXPECT_EQ(test, fix->binding->hot.total, 0U);
	KUNIT_EXPECT_NULL(test, fix->binding->reserve);
}

static void area_shift_desc(const u32 *shift, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "shift %u", *shift);
}

static const u32 area_shifts[] = { 12, 13, 14, 15, 16 };
KUNIT_ARRAY_PARAM(area_shift, area_shifts, area_shift_desc);

/* Address and length of every segment, not of the first alone. */
static void area_alignment(struct kunit *test)
{
	u32 shift = *(const u32 *)test->param_value;
	struct fixture *fix = fixture_empty(test, 1, shift);
	u32 len = 4 << shift, half = 1 << (shift - 1);
	struct segment segs[2] = {
		{ .dma = 0x10000000, .len = len },
		{ .dma = 0x20000000, .len = len },
	};
	u32 i;

	for (i = 0; i < 2; i++) {
		segs[i].dma += half;
		area_refused(test, fix, segs, 2, 2 * len, -EINVAL);
		segs[i].dma += half - 512;
		area_refused(test, fix, segs, 2, 2 * len, -EINVAL);
		segs[i].dma -= 2 * half - 512;

		segs[i].len += half;
		area_refused(test, fix, segs, 2, 2 * len + half, -EINVAL);
		segs[i].len -= 2 * half;
		area_refused(test, fix, segs, 2, 2 * len - half, -EINVAL);
		segs[i].len += half;
	}
	KUNIT_EXPECT_EQ(test, 0, fixture_areas(test, fix, segs, 2, 2 * len,
					       NULL));
}

static void area_zero_length(struct kunit *test)
{
	struct fixture *fix = fixture_empty(test, 1, 12);
	struct segment segs[] = {
		{ .dma = 0x10000, .len = 0x1000 },
		{ .dma = 0x20000, .len = 0 },
		{ .dma = 0x30000, .len = 0x1000 },
	};

	area_refused(test, fix, segs, 3, 0x2000, -EINVAL);
	area_refused(test, fix, segs + 1, 1, 0, -EINVAL);
	area_refused(test, fix, NULL, 0, 0, -EINVAL);
	area_refused(test, fix, NULL, 0, 0x1000, -EINVAL);
}

static void area_total(struct kunit *test)
{
	struct fixture *fix = fixture_empty(test, 1, 12);
	struct segment segs[] = {
		{ .dma = 0x10000, .len = 0x2000 },
		{ .dma = 0x20000, .len = 0x3000 },
	};

	area_refused(test, fix, segs, 2, 0x4000, -EINVAL);
	area_refused(test, fix, segs, 2, 0x6000, -EINVAL);
	area_refused(test, fix, segs, 2, 0x5001, -EINVAL);
	area_refused(test, fix, segs, 2, 0x100005000, -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, fixture_areas(test, fix, segs, 2, 0x5000,
					       NULL));
}

/* More metadata than one allocation can be; refused before it is tried. */
static void area_too_many(struct kunit *test)
{
	struct fixture *fix = fixture_empty(test, 1, 12);
	const u32 num = 171, len = 0x80000000;
	struct segment *segs;
	u32 i;

	segs = kunit_kcalloc(test, num, sizeof(*segs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, segs);
	for (i = 0; i < num; i++) {
		segs[i].dma = (u64)i * len;
		segs[i].len = len;
	}
	area_refused(test, fix, segs, num, (u64)num * len, -E2BIG);
}

/* Every net_iov of the binding against the segments it was made of. */
static void area_compare(struct kunit *test, struct fixture *fix,
			 const struct segment *segs, u32 num, u32 nr_areas)
{
	struct dmt_binding *binding = fix->binding;
	struct net_iov *niov = binding->niovs;
	u32 i, pos, shift = binding->shift;
	u64 offset = 0;

	KUNIT_EXPECT_EQ(test, binding->nr_areas, nr_areas);
	for (i = 0; i < num; i++) {
		for (pos = 0; pos < segs[i].len; pos += 1 << shift) {
			KUNIT_EXPECT_EQ(test, net_iov_dma(niov),
					segs[i].dma + pos);
			KUNIT_EXPECT_EQ(test, net_iov_offset(niov),
					offset + pos);
			KUNIT_EXPECT_PTR_EQ(test, niov->area->binding,
					    &binding->hot);
			KUNIT_EXPECT_LT(test, net_iov_index(niov),
					niov->area->num);
			niov++;
		}
		offset += segs[i].len;
	}
	KUNIT_EXPECT_EQ(test, (long)binding->hot.total,
			(long)(niov - binding->niovs));
	KUNIT_EXPECT_EQ(test, binding->nr_reserve, binding->hot.total);
}

static void area_segments(struct kunit *test)
{
	u32 shift = *(const u32 *)test->param_value, one = 1 << shift;
	struct fixture *fix = fixture_empty(test, 1, shift);
	struct segment segs[] = {
		{ .dma = 0x7f00000000, .len = 5 * one },
		{ .dma = 0x10000000, .len = one },
		{ .dma = 0xffffff0000000000, .len = 64 * one },
	};

	KUNIT_ASSERT_EQ(test, 0, fixture_areas(test, fix, segs, 3, 70 * one,
					       NULL));
	area_compare(test, fix, segs, 3, 3);
}

static void area_merge(struct kunit *test)
{
	u32 shift = *(const u32 *)test->param_value, one = 1 << shift;
	struct fixture *fix = fixture_empty(test, 1, shift);
	const dma_addr_t dma = 0xfffe0000;	/* from there over 4 GiB */
	struct segment segs[] = {
		/* three that follow each other, ... */
		{ .dma = dma, .len = 2 * one },
		{ .dma = dma + 2 * one, .len = one },
		{ .dma = dma + 3 * one, .len = 7 * one },
		/* ... a gap, ... */
		{ .dma = dma + 11 * one, .len = 3 * one },
		/* ... one before its predecessor, and a contiguous one */
		{ .dma = dma + 10 * one, .len = one },
		{ .dma = dma + 11 * one, .len = one },
	};

	KUNIT_ASSERT_EQ(test, 0, fixture_areas(test, fix, segs, 6, 15 * one,
					       NULL));
	area_compare(test, fix, segs, 6, 3);
	KUNIT_EXPECT_EQ(test, fix->binding->areas[0].num, 10U);
	KUNIT_EXPECT_EQ(test, fix->binding->areas[1].num, 3U);
	KUNIT_EXPECT_EQ(test, fix->binding->areas[2].num, 2U);
}

/* An IOMMU maps with fewer segments than there are pages. */
static void area_mapped_segments(struct kunit *test)
{
	struct fixture *fix = fixture_empty(test, 1, 12);
	struct segment segs[] = {
		{ .dma = 0x40000000, .len = 0x4000 },
		{ .dma = 0x50000000, .len = 0x2000 },
		{ .dma = 0x60000001, .len = 1 },
	};
	struct scatterlist *sg;
	u32 i;

	KUNIT_ASSERT_EQ(test, sg_alloc_table(&fix->sgt, 3, GFP_KERNEL), 0);
	for_each_sgtable_dma_sg(&fix->sgt, sg, i) {
		sg_dma_address(sg) = segs[i].dma;
		sg_dma_len(sg) = segs[i].len;
	}
	fix->sgt.nents = 2;
	KUNIT_ASSERT_EQ(test, 0, dmt_areas_build(fix->binding, &fix->sgt,
						 0x6000, NULL));
	fix->total = 6;
	area_compare(test, fix, segs, 2, 2);
}

static void area_held(struct kunit *test)
{
	struct fixture *fix = fixture_make(test, 2, 200);
	struct net_iov *niovs[150];

	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 0U);
	KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 0, niovs, 1), 1U);
	/* What fills the cache is not held. */
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 1U);
	KUNIT_EXPECT_EQ(test, fixture_alloc(fix, 0, niovs + 1, 149), 149U);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 150U);
	net_iov_get(niovs[0]);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 150U);
	dmt_put_bulk(niovs, 150);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 1U);
	net_iov_put(niovs[0]);
	KUNIT_EXPECT_EQ(test, dmt_areas_held(fix->binding), 0U);
}

static struct kunit_case area_cases[] = {
	KUNIT_CASE_PARAM(area_alignment, area_shift_gen_params),
	KUNIT_CASE(area_zero_length),
	KUNIT_CASE(area_total),
	KUNIT_CASE(area_too_many),
	KUNIT_CASE_PARAM(area_segments, area_shift_gen_params),
	KUNIT_CASE_PARAM(area_merge, area_shift_gen_params),
	KUNIT_CASE(area_mapped_segments),
	KUNIT_CASE(area_held),
	{}
};

static struct kunit_suite area_suite = {
	.name = "area",
	.exit = fixture_exit,
	.test_cases = area_cases,
};

kunit_test_suite(area_suite);
