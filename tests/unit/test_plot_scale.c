/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plot/scale.h"

#define S UINT64_C(1000000000)

static void check_label(enum scale_unit unit, double value, const char *expected)
{
	char label[SCALE_LABEL_SZ];

	scale_label(unit, value, label);
	assert_string_equal(label, expected);
}

static void check_time(uint64_t ns, uint64_t step_ns, const char *expected)
{
	char label[SCALE_LABEL_SZ];

	scale_time_label(ns, step_ns, label);
	assert_string_equal(label, expected);
}

static void steps_of_time_are_those_of_clocks(void **state)
{
	(void)state;
	assert_int_equal(scale_time_step(9, 10), 1);
	assert_int_equal(scale_time_step(999, 5), 200);
	assert_int_equal(scale_time_step(S - 1, 10), S / 10);
	assert_int_equal(scale_time_step(59 * S, 6), 10 * S);
	assert_int_equal(scale_time_step(70 * S, 6), 15 * S);
	assert_int_equal(scale_time_step(3599 * S, 6), 600 * S);
	assert_int_equal(scale_time_step(86399 * S, 8), 10800 * S);
	assert_int_equal(scale_time_step(6 * 86400 * S, 7), 86400 * S);
}

static void a_step_fits_as_often_as_was_asked_and_not_more(void **state)
{
	(void)state;
	for (unsigned int max = 1; max < 20; max++) {
		for (unsigned int bits = 1; bits < 64; bits++) {
			uint64_t span_ns = UINT64_C(3) << (bits - 1);

			assert_true(span_ns / scale_time_step(span_ns, max) <= max);
		}
	}
	assert_true(scale_time_step(UINT64_MAX, 0) > 0);
}

static void moments_are_as_exact_as_their_ticks(void **state)
{
	const uint64_t ns = UINT64_C(1795328314555660785);

	(void)state;
	check_time(ns, 86400 * S, "2026-11-22");
	check_time(ns, 60 * S, "06:18");
	check_time(ns, 5 * S, "06:18:34");
	check_time(ns, S / 10, "06:18:34.5");
	check_time(ns, S / 4, "06:18:34.55");
	check_time(ns, 2000000, "06:18:34.555");
	check_time(ns, 1, "06:18:34.555660785");
	check_time(UINT64_MAX, 86400 * S, "2554-07-21");
}

static void steps_of_numbers_are_round(void **state)
{
	(void)state;
	assert_float_equal(scale_step(SCALE_PERCENT, 100, 4), 50, 1e-9);
	assert_float_equal(scale_step(SCALE_PERCENT, 350, 4), 100, 1e-9);
	assert_float_equal(scale_step(SCALE_PERCENT, 0.7, 4), 0.2, 1e-9);
	assert_float_equal(scale_step(SCALE_COUNT, 2, 4), 1, 0);
	assert_float_equal(scale_step(SCALE_BYTES, 3e9, 4), 1024.0 * 1024 * 1024, 0);
	assert_float_equal(scale_step(SCALE_BYTES, 1500, 4), 512, 0);
	assert_float_equal(scale_step(SCALE_COUNT, 0, 4), 1, 0);
}

static void numbers_have_their_units(void **state)
{
	(void)state;
	check_label(SCALE_NS, 1, "1 ns");
	check_label(SCALE_NS, 1e4, "10 us");
	check_label(SCALE_NS, 1e9, "1 s");
	check_label(SCALE_NS, 1e12, "1000 s");
	check_label(SCALE_BYTES, 512.0 * 1024 * 1024, "512 MiB");
	check_label(SCALE_COUNT, 15000, "15 k");
	check_label(SCALE_COUNT, 0, "0");
	check_label(SCALE_PERCENT, 12.5, "12.5 %");
}

static void logarithms_stay_between_the_ends(void **state)
{
	(void)state;
	assert_float_equal(scale_log(10, 1, 100), 0.5, 1e-12);
	assert_float_equal(scale_log(0, 1, 100), 0, 0);
	assert_float_equal(scale_log(1e9, 1, 100), 1, 0);
	assert_float_equal(scale_log(5, 5, 5), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_of_time_are_those_of_clocks),
		cmocka_unit_test(a_step_fits_as_often_as_was_asked_and_not_more),
		cmocka_unit_test(moments_are_as_exact_as_their_ticks),
		cmocka_unit_test(steps_of_numbers_are_round),
		cmocka_unit_test(numbers_have_their_units),
		cmocka_unit_test(logarithms_stay_between_the_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
