/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "analysis/random.h"
#include "plot/bins.h"

struct total {
	uint64_t cnt;
	uint64_t max_ns;
	double busy_ns;
};

/* Everything in the lane, at some width of its bins. */
static struct total add_up(const struct lane *lane, const struct time_axis *axis, unsigned int by)
{
	size_t cnt = time_axis__cnt(axis, by);
	struct lane_bin *bins = calloc(cnt, sizeof(*bins));
	struct total total = {};

	assert_non_null(bins);
	lane__bins(lane, axis, by, bins);
	for (size_t i = 0; i < cnt; i++) {
		total.cnt += bins[i].cnt;
		total.busy_ns += bins[i].busy_ns;
		if (bins[i].max_ns > total.max_ns)
			total.max_ns = bins[i].max_ns;
	}
	free(bins);
	return total;
}

static void put(struct lane *lane, struct time_axis *axis, uint64_t start_ns, uint64_t end_ns)
{
	struct time_fold fold = time_axis__include(axis, start_ns, end_ns);
	const struct lane_call call = { start_ns, end_ns, false, false };

	if (fold.by)
		assert_int_equal(lane__fold(lane, &fold), 0);
	lane__add(lane, axis, &call);
}

static void bins_are_as_narrow_as_the_time_allows(void **state)
{
	struct time_axis axis = {};

	(void)state;
	time_axis__include(&axis, 1000, 1000);
	assert_int_equal(axis.shift, 0);
	time_axis__include(&axis, 1000, 1000 + TIME_BINS - 1);
	assert_int_equal(axis.shift, 0);
	time_axis__include(&axis, 1000, 1000 + TIME_BINS);
	assert_int_equal(axis.shift, 1);
	time_axis__include(&axis, 0, UINT64_MAX);
	assert_int_equal(time_axis__cnt(&axis, 0), TIME_BINS);
}

static void a_fold_says_what_there_was_before(void **state)
{
	struct time_axis axis = {};
	struct time_fold fold;

	(void)state;
	fold = time_axis__include(&axis, 5, 9);
	assert_int_equal(fold.by, 0);
	fold = time_axis__include(&axis, 4 * TIME_BINS + 8, 4 * TIME_BINS + 8);
	assert_int_equal(fold.by, 3); /* TIME_BINS + 1 bins of 4 ns would be too many */
	assert_int_equal(fold.shift, 0);
	assert_int_equal(fold.low, 5);
	assert_int_equal(fold.high, 9);
}

/* However the axis grows, in whichever direction, no call and no nanosecond is lost. */
static void nothing_is_lost_when_bins_become_wider(void **state)
{
	struct random random;

	(void)state;
	random__seed(&random, 7);
	for (int round = 0; round < 50; round++) {
		struct time_axis axis = {};
		struct lane lane = {};
		struct total expected = {}, found;

		assert_int_equal(lane__init(&lane), 0);
		for (int i = 0; i < 200; i++) {
			unsigned int bits = 1 + (unsigned int)random__below(&random, 44);
			uint64_t start_ns =
				(UINT64_C(1) << 50) +
				(random__next(&random) >> (64 - bits)) * (i % 2 ? 1 : 3);
			uint64_t duration_ns = random__next(&random) >> (64 - bits);

			put(&lane, &axis, start_ns, start_ns + duration_ns);
			expected.cnt++;
			expected.busy_ns += (double)duration_ns;
			if (duration_ns > expected.max_ns)
				expected.max_ns = duration_ns;
		}
		for (unsigned int by = 0; by < 13; by += 4) {
			found = add_up(&lane, &axis, by);
			assert_int_equal(found.cnt, expected.cnt);
			assert_int_equal(found.max_ns, expected.max_ns);
			assert_float_equal(found.busy_ns / expected.busy_ns, 1, 1e-9);
		}
		lane__free(&lane);
	}
}

static void a_call_is_in_all_bins_that_it_lasted_in(void **state)
{
	struct time_axis axis = {};
	struct lane lane = {};
	struct lane_bin bins[8];

	(void)state;
	assert_int_equal(lane__init(&lane), 0);
	time_axis__include(&axis, 0, 8 * TIME_BINS - 1); /* bins of 8 ns */
	put(&lane, &axis, 4, 29);
	assert_int_equal(axis.shift, 3);
	axis.last_ns = 63; /* as if there were no more */
	lane__bins(&lane, &axis, 0, bins);
	assert_int_equal(bins[0].cnt, 1);
	assert_int_equal(bins[0].max_ns, 25);
	assert_float_equal(bins[0].busy_ns, 4, 0);
	assert_float_equal(bins[1].busy_ns, 8, 0);
	assert_float_equal(bins[2].busy_ns, 8, 0);
	assert_float_equal(bins[3].busy_ns, 5, 0);
	assert_float_equal(bins[4].busy_ns, 0, 0);
	assert_int_equal(bins[1].cnt, 0);
	lane__free(&lane);
}

static void the_end_of_all_time_has_a_bin(void **state)
{
	struct time_axis axis = {};
	struct lane lane = {};
	struct total found;

	(void)state;
	assert_int_equal(lane__init(&lane), 0);
	put(&lane, &axis, 0, UINT64_MAX);
	put(&lane, &axis, UINT64_MAX, UINT64_MAX);
	found = add_up(&lane, &axis, 0);
	assert_int_equal(found.cnt, 2);
	assert_float_equal(found.busy_ns / 0x1p64, 1, 1e-9);
	lane__free(&lane);
}

static void sums_at_the_end_of_all_time_are_counted(void **state)
{
	struct time_axis axis = {};
	struct lane lane = {};
	struct total found;

	(void)state;
	assert_int_equal(lane__init(&lane), 0);
	time_axis__include(&axis, UINT64_MAX, UINT64_MAX);
	assert_int_equal(axis.shift, 0);
	lane__add_sums(&lane, &axis, UINT64_MAX, UINT64_MAX, 3, 30, 20);
	found = add_up(&lane, &axis, 0);
	assert_int_equal(found.cnt, 3);
	assert_float_equal(found.busy_ns, 30, 0);
	lane__free(&lane);
}

static void sums_are_spread_over_their_time(void **state)
{
	struct time_axis axis = {};
	struct lane lane = {};
	struct total found;

	(void)state;
	assert_int_equal(lane__init(&lane), 0);
	time_axis__include(&axis, 0, 100000);
	lane__add_sums(&lane, &axis, 100, 90000, 12, 4500, 700);
	lane__add_sums(&lane, &axis, 5, 5, 1, 10, 10);
	found = add_up(&lane, &axis, 0);
	assert_int_equal(found.cnt, 13);
	assert_int_equal(found.max_ns, 700);
	assert_float_equal(found.busy_ns, 4510, 1);
	lane__free(&lane);
}

static void amounts_stay_when_bins_become_wider(void **state)
{
	struct time_axis axis = {};
	struct series series = {};
	double expected = 0, found;
	struct random random;

	(void)state;
	random__seed(&random, 8);
	assert_int_equal(series__init(&series), 0);
	for (int i = 0; i < 300; i++) {
		uint64_t from_ns = (UINT64_C(1) << 40) + (random__next(&random) >> (24 + i % 30));
		uint64_t to_ns = from_ns + (random__next(&random) >> (30 + i % 30));
		struct time_fold fold = time_axis__include(&axis, from_ns, to_ns);

		if (fold.by)
			assert_int_equal(series__fold(&series, &fold), 0);
		series__spread(&series, &axis, 1, from_ns, to_ns, 100);
		expected += 100;
	}
	found = 0;
	for (size_t i = 0; i < series_cnt(&axis); i++)
		found += series__at(&series, &axis, i, 1);
	assert_float_equal(found / expected, 1, 0.001);
	series__free(&series);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bins_are_as_narrow_as_the_time_allows),
		cmocka_unit_test(a_fold_says_what_there_was_before),
		cmocka_unit_test(nothing_is_lost_when_bins_become_wider),
		cmocka_unit_test(a_call_is_in_all_bins_that_it_lasted_in),
		cmocka_unit_test(the_end_of_all_time_has_a_bin),
		cmocka_unit_test(sums_at_the_end_of_all_time_are_counted),
		cmocka_unit_test(sums_are_spread_over_their_time),
		cmocka_unit_test(amounts_stay_when_bins_become_wider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
