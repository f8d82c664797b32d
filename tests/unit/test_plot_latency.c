/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "analysis/quantile.h"
#include "analysis/random.h"
#include "plot/latency.h"

#define MANY 20000

static void buckets_follow_each_other_without_a_gap(void **state)
{
	(void)state;
	for (unsigned int bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
		uint64_t low = latency_low(bucket);

		assert_int_equal(latency_bucket(low), bucket);
		assert_int_equal(latency_bucket(latency_middle(bucket)), bucket);
		if (bucket)
			assert_int_equal(latency_bucket(low - 1), bucket - 1);
	}
	assert_int_equal(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}

static void no_value_is_off_by_more_than_is_said(void **state)
{
	struct random random;

	(void)state;
	random__seed(&random, 1);
	for (int i = 0; i < 100000; i++) {
		uint64_t ns = random__next(&random) >> random__below(&random, 64);
		uint64_t middle = latency_middle(latency_bucket(ns));
		uint64_t off = middle > ns ? middle - ns : ns - middle;

		assert_true(off <= ns / 1000 * LATENCY_ERROR_PERMILLE +
					   ns % 1000 * LATENCY_ERROR_PERMILLE / 1000);
	}
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Of durations as they are: some nanoseconds to some seconds, with a long tail. */
static void percentiles_are_the_exact_ones_within_what_is_said(void **state)
{
	static const unsigned int permilles[] = { 0, 10, 500, 900, 990, 999, 1000 };
	uint64_t *values = calloc(MANY, sizeof(*values)), *counts = calloc(LATENCY_BUCKETS, 8);
	struct latency latency = {};
	struct random random;

	(void)state;
	assert_non_null(values);
	assert_non_null(counts);
	random__seed(&random, 2);
	for (size_t i = 0; i < MANY; i++) {
		values[i] = (uint64_t)(random__exponential(&random) * 50000) >>
			    random__below(&random, 8);
		assert_int_equal(latency__add(&latency, i / 100, values[i]), 0);
	}
	qsort(values, MANY, sizeof(*values), compare);
	latency__counts(&latency, counts);
	for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		const struct sample sample = { values, MANY };
		double exact = (double)quantile__value(&sample, permilles[i]);
		double found = (double)latency_counts_quantile(counts, MANY, permilles[i]);

		assert_float_equal(found, exact, exact * LATENCY_ERROR_PERMILLE / 1000 + 1);
	}
	latency__free(&latency);
	free(values);
	free(counts);
}

static void periods_that_become_one_have_all_that_they_had(void **state)
{
	struct latency latency = {};
	struct latency_cell *cells;
	uint64_t total = 0;
	size_t cnt;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(latency__add(&latency, (1 << 20) + i % 16, 100 + i % 3), 0);
	assert_int_equal(latency__fold(&latency, 3), 0);
	cells = latency__sorted(&latency, &cnt);
	assert_int_equal(cnt, 6); /* two periods, three durations */
	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(cells[i].period, (1 << 17) + i / 3);
		assert_int_equal(cells[i].bucket, 100 + i % 3);
		total += cells[i].cnt;
	}
	assert_int_equal(total, 1000);
	free(cells);
	latency__free(&latency);
}

static void nothing_has_no_cells(void **state)
{
	const struct latency latency = {};
	size_t cnt = 7;

	(void)state;
	assert_null(latency__sorted(&latency, &cnt));
	assert_int_equal(cnt, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other_without_a_gap),
		cmocka_unit_test(no_value_is_off_by_more_than_is_said),
		cmocka_unit_test(percentiles_are_the_exact_ones_within_what_is_said),
		cmocka_unit_test(periods_that_become_one_have_all_that_they_had),
		cmocka_unit_test(nothing_has_no_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
