/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>

#include "analysis/summary.h"

static void expect(const struct summary *summary, const struct summary *expected)
{
	assert_int_equal(summary->cnt, expected->cnt);
	assert_int_equal(summary->ranked, expected->ranked);
	assert_int_equal(summary->total, expected->total);
	assert_int_equal(summary->mean, expected->mean);
	assert_int_equal(summary->min, expected->min);
	assert_int_equal(summary->stddev, expected->stddev);
	assert_int_equal(summary->p50, expected->p50);
	assert_int_equal(summary->p75, expected->p75);
	assert_int_equal(summary->p90, expected->p90);
	assert_int_equal(summary->p95, expected->p95);
	assert_int_equal(summary->p99, expected->p99);
	assert_int_equal(summary->p999, expected->p999);
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
	expect(&summary, &(struct summary) { 1, 1, 42, 42, 0, 42, 42, 42, 42, 42, 42, 42, 42 });
}

/* What pandas says of them: Series.describe(percentiles=[.5, .75, .9, .95, .99, .999]). */
static void everything_is_as_pandas_describes_it(void **state)
{
	uint64_t five[] = { 40, 15, 50, 20, 35 };
	uint64_t thousand[1000];
	struct summary summary;

	(void)state;
	/* 14.40486, 35, 40, 46, 48, 49.6, 49.96 */
	summarize(five, 5, &summary);
	expect(&summary, &(struct summary) { 5, 5, 160, 32, 14, 15, 35, 40, 46, 48, 50, 50, 50 });
	for (size_t i = 0; i < 1000; i++)
		thousand[i] = 10 * (1000 - i);
	/* 2888.194, 5005, 7502.5, 9001, 9500.5, 9900.1, 9990.01 */
	summarize(thousand, 1000, &summary);
	expect(&summary, &(struct summary) { 1000, 1000, 5005000, 5005, 2888, 10, 5005, 7503, 9001,
					     9501, 9900, 9990, 10000 });
}

static void expect_deviation(const uint64_t *values, size_t cnt, uint64_t expected)
{
	if (sample_deviation(values, cnt) != expected)
		fail_msg("%zu values from %" PRIu64 ": %" PRIu64 ", should be %" PRIu64, cnt,
			 values[0], sample_deviation(values, cnt), expected);
}

/* As computed with the whole numbers of Python. */
static void deviations_are_exact_to_the_end_of_the_numbers(void **state)
{
	const uint64_t most = UINT64_MAX, half = UINT64_C(1) << 63;

	(void)state;
	expect_deviation((const uint64_t[]) { 7 }, 1, 0);
	expect_deviation((const uint64_t[]) { 1, 2 }, 2, 1); /* 0.707 */
	expect_deviation((const uint64_t[]) { 0, 3 }, 2, 2); /* 2.12 */
	expect_deviation((const uint64_t[]) { 0, 1, 0 }, 3, 1);
	expect_deviation((const uint64_t[]) { 1, 2, 3, 4 }, 4, 1);
	expect_deviation((const uint64_t[]) { most, most, most }, 3, 0);
	expect_deviation((const uint64_t[]) { 0, most }, 2, UINT64_C(13043817825332782212));
	expect_deviation((const uint64_t[]) { most, most, 0 }, 3, UINT64_C(10650232656628343400));
	expect_deviation((const uint64_t[]) { 0, 0, 0, 0, 0, most }, 6,
			 UINT64_C(7530851732716320752));
	expect_deviation((const uint64_t[]) { half, half + 5, 7 }, 3,
			 UINT64_C(5325116328314171698));
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed ^ *seed >> 29;
}

/* Of every size of numbers, with many and with few that are equal. */
static void any_values_are_sorted(void **state)
{
	enum { CNT = 5000 };
	uint64_t seed = 1, sum, sorted_sum;
	uint64_t *values = malloc(CNT * sizeof(*values));
	struct summary summary;

	(void)state;
	assert_non_null(values);
	for (unsigned int shift = 0; shift < 64; shift++) {
		sum = sorted_sum = 0;
		for (size_t i = 0; i < CNT; i++)
			sum += values[i] = next_random(&seed) >> shift;
		summarize(values, CNT, &summary);
		for (size_t i = 0; i < CNT; i++) {
			sorted_sum += values[i];
			assert_true(!i || values[i - 1] <= values[i]);
		}
		assert_true(sum == sorted_sum);
	}
	free(values);
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
	assert_int_equal(summary.stddev, 10);
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
		cmocka_unit_test(everything_is_as_pandas_describes_it),
		cmocka_unit_test(deviations_are_exact_to_the_end_of_the_numbers),
		cmocka_unit_test(any_values_are_sorted),
		cmocka_unit_test(values_are_left_sorted),
		cmocka_unit_test(the_mean_is_rounded_to_nearest),
		cmocka_unit_test(a_total_that_does_not_fit_spoils_only_itself),
		cmocka_unit_test(sums_are_added_but_ranked_by_nobody),
		cmocka_unit_test(sums_alone_have_a_minimum),
		cmocka_unit_test(counts_that_do_not_fit_stay_at_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
