/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "analysis/summary.h"

static void expect(const struct summary *summary, const struct summary *expected)
{
	assert_int_equal(summary->cnt, expected->cnt);
	assert_int_equal(summary->ranked, expected->ranked);
	assert_int_equal(summary->total, expected->total);
	assert_int_equal(summary->mean, expected->mean);
	assert_int_equal(summary->min, expected->min);
	assert_int_equal(summary->p50, expected->p50);
	assert_int_equal(summary->p90, expected->p90);
	assert_int_equal(summary->p99, expected->p99);
	assert_int_equal(summary->max, expected->max);
}

static void no_values_come_to_nothing(void **state)
{
	struct summary summary = { .max = 7 };

	(void)state;
	summarize(NULL, 0, &summary);
	expect(&summary, &(struct summary) {});
}

static void one_value_is_every_percentile(void **state)
{
	uint64_t value = 42;
	struct summary summary;

	(void)state;
	summarize(&value, 1, &summary);
	expect(&summary, &(struct summary) { 1, 1, 42, 42, 42, 42, 42, 42, 42 });
}

static void percentiles_are_by_nearest_rank(void **state)
{
	uint64_t five[] = { 40, 15, 50, 20, 35 };
	uint64_t hundred[100];
	struct summary summary;

	(void)state;
	summarize(five, 5, &summary);
	expect(&summary, &(struct summary) { 5, 5, 160, 32, 15, 35, 50, 50, 50 });
	for (size_t i = 0; i < 100; i++)
		hundred[i] = 100 - i;
	summarize(hundred, 100, &summary);
	expect(&summary, &(struct summary) { 100, 100, 5050, 51, 1, 50, 90, 99, 100 });
}

/* The definition, taken literally. */
static uint64_t rank_by_counting(const uint64_t *sorted, size_t cnt, unsigned int percent)
{
	for (size_t i = 0; i < cnt; i++) {
		if ((i + 1) * 100 >= cnt * percent)
			return sorted[i];
	}
	return 0;
}

static void nearest_rank_agrees_with_its_definition(void **state)
{
	uint64_t sorted[350];

	(void)state;
	for (size_t i = 0; i < 350; i++)
		sorted[i] = i;
	for (size_t cnt = 1; cnt <= 350; cnt++) {
		for (unsigned int percent = 1; percent <= 100; percent++)
			assert_int_equal(nearest_rank(sorted, cnt, percent),
					 rank_by_counting(sorted, cnt, percent));
	}
}

static void values_are_left_sorted(void **state)
{
	uint64_t values[] = { 3, UINT64_MAX, 0, 3, 1 };
	const uint64_t sorted[] = { 0, 1, 3, 3, UINT64_MAX };
	struct summary summary;

	(void)state;
	summarize(values, 5, &summary);
	assert_memory_equal(values, sorted, sizeof(values));
}

static void the_mean_is_rounded_to_nearest(void **state)
{
	uint64_t down[] = { 1, 1, 2 }, half[] = { 1, 2 }, up[] = { 1, 2, 2 };
	struct summary summary;

	(void)state;
	summarize(down, 3, &summary);
	assert_int_equal(summary.mean, 1);
	summarize(half, 2, &summary);
	assert_int_equal(summary.mean, 2);
	summarize(up, 3, &summary);
	assert_int_equal(summary.mean, 2);
}

static void a_total_that_does_not_fit_spoils_only_itself(void **state)
{
	uint64_t values[] = { UINT64_MAX, UINT64_MAX, UINT64_MAX - 3 };
	struct summary summary;

	(void)state;
	summarize(values, 3, &summary);
	assert_int_equal(summary.total, UINT64_MAX);
	assert_int_equal(summary.mean, UINT64_MAX - 1);
	assert_int_equal(summary.max, UINT64_MAX);
}

static void sums_are_added_but_ranked_by_nobody(void **state)
{
	uint64_t values[] = { 10, 20, 30 };
	struct summary summary;

	(void)state;
	summarize(values, 3, &summary);
	assert_int_equal(summary.ranked, 3);
	summary__add(&summary, 7, 1000, 5, 900);
	assert_int_equal(summary.cnt, 10);
	assert_int_equal(summary.ranked, 3);
	assert_int_equal(summary.total, 1060);
	assert_int_equal(summary.mean, 106);
	assert_int_equal(summary.min, 5);
	assert_int_equal(summary.p50, 20);
	assert_int_equal(summary.max, 900);
	summary__add(&summary, 1, 50, 50, 50);
	assert_int_equal(summary.min, 5);
	assert_int_equal(summary.max, 900);
}

static void sums_alone_have_a_minimum(void **state)
{
	struct summary summary;

	(void)state;
	summarize(NULL, 0, &summary);
	summary__add(&summary, 2, 15, 7, 8);
	assert_int_equal(summary.ranked, 0);
	assert_int_equal(summary.min, 7);
	assert_int_equal(summary.mean, 8);
	assert_int_equal(summary.p50, 0);
}

static void counts_that_do_not_fit_stay_at_the_largest(void **state)
{
	uint64_t values[] = { 1 };
	struct summary summary;

	(void)state;
	summarize(values, 1, &summary);
	summary__add(&summary, UINT64_MAX, UINT64_MAX, 0, UINT64_MAX);
	assert_true(summary.cnt == UINT64_MAX);
	assert_true(summary.total == UINT64_MAX);
	assert_int_equal(summary.mean, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_values_come_to_nothing),
		cmocka_unit_test(one_value_is_every_percentile),
		cmocka_unit_test(percentiles_are_by_nearest_rank),
		cmocka_unit_test(nearest_rank_agrees_with_its_definition),
		cmocka_unit_test(values_are_left_sorted),
		cmocka_unit_test(the_mean_is_rounded_to_nearest),
		cmocka_unit_test(a_total_that_does_not_fit_spoils_only_itself),
		cmocka_unit_test(sums_are_added_but_ranked_by_nobody),
		cmocka_unit_test(sums_alone_have_a_minimum),
		cmocka_unit_test(counts_that_do_not_fit_stay_at_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
