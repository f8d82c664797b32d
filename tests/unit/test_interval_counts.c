/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analysis/interval_counts.h"

static struct interval_counts make(uint64_t length_ns, const uint64_t *moments, size_t cnt)
{
	struct interval_counts counts = { .length_ns = length_ns };

	for (size_t i = 0; i < cnt; i++)
		assert_int_equal(interval_counts__add(&counts, moments[i]), 0);
	return counts;
}

#define MAKE(length_ns, ...)                                                                       \
	make(length_ns, (const uint64_t[]) { __VA_ARGS__ },                                        \
	     sizeof((const uint64_t[]) { __VA_ARGS__ }) / sizeof(uint64_t))

static void expect_summary(struct interval_counts *counts, const struct interval_summary *expected)
{
	struct interval_summary summary;

	interval_counts__settle(counts);
	interval_counts__summarize(counts, &summary);
	assert_int_equal(summary.intervals, expected->intervals);
	assert_int_equal(summary.events, expected->events);
	assert_int_equal(summary.min, expected->min);
	assert_int_equal(summary.max, expected->max);
	assert_float_equal(summary.mean, expected->mean, 1e-6);
	assert_float_equal(summary.stddev, expected->stddev, 1e-6);
	for (size_t i = 0; i < INTERVAL_QUANTILES; i++)
		assert_float_equal(summary.quantiles[i], expected->quantiles[i], 1e-6);
	interval_counts__free(counts);
}

static void nothing_is_nothing(void **state)
{
	struct interval_counts counts = { .length_ns = 1 };

	(void)state;
	expect_summary(&counts, &(struct interval_summary) {});
}

static void one_interval_has_no_deviation(void **state)
{
	struct interval_counts counts = MAKE(10, 25, 20, 29);

	(void)state;
	expect_summary(&counts,
		       &(struct interval_summary) { 1, 3, 3, 0, 3, { 3, 3, 3, 3, 3, 3 }, 3 });
}

/* 2, 0, 0, 1, 3: what numpy says of them. */
static void empty_intervals_count(void **state)
{
	struct interval_counts counts = MAKE(10, 44, 45, 79, 80, 83, 89);

	(void)state;
	expect_summary(&counts, &(struct interval_summary) {
					5, 6, 1.2, 1.3038405, 0, { 0, 1, 2, 2.6, 2.8, 2.96 }, 3 });
}

static void events_may_come_in_any_order(void **state)
{
	struct interval_counts counts = { .length_ns = 10 };

	(void)state;
	/* to and fro, so that the same intervals come many times */
	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(interval_counts__add(&counts, i * 7919 % 1000), 0);
	assert_true(counts.capacity <= 512);
	interval_counts__settle(&counts);
	assert_int_equal(counts.cnt, 100);
	for (size_t i = 0; i < counts.cnt; i++) {
		assert_int_equal(counts.items[i].idx, i);
		assert_int_equal(counts.items[i].cnt, 1000);
	}
	interval_counts__free(&counts);
}

static void joined_ones_are_as_one(void **state)
{
	struct interval_counts counts = MAKE(10, 1, 11, 21), more = MAKE(10, 5, 35),
			       none = { .length_ns = 10 };

	(void)state;
	assert_int_equal(interval_counts__join(&counts, &more), 0);
	assert_int_equal(more.cnt, 0);
	assert_int_equal(interval_counts__join(&counts, &none), 0);
	assert_int_equal(interval_counts__join(&none, &counts), 0);
	expect_summary(&none, &(struct interval_summary) {
				      4, 5, 1.25, 0.5, 1, { 1, 1, 1.25, 1.7, 1.85, 1.97 }, 2 });
}

static void the_whole_of_time_fits(void **state)
{
	struct interval_counts counts = MAKE(1, 0, UINT64_MAX);

	(void)state;
	interval_counts__settle(&counts);
	assert_int_equal(interval_counts__range(&counts), UINT64_MAX);
	expect_summary(&counts, &(struct interval_summary) {
					.intervals = UINT64_MAX, .events = 2, .max = 1 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(one_interval_has_no_deviation),
		cmocka_unit_test(empty_intervals_count),
		cmocka_unit_test(events_may_come_in_any_order),
		cmocka_unit_test(joined_ones_are_as_one),
		cmocka_unit_test(the_whole_of_time_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
