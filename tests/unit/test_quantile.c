/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analysis/quantile.h"

#define SAMPLE(...)                                                                                \
	{                                                                                          \
		(const uint64_t[]) { __VA_ARGS__ }, sizeof((uint64_t[]) { __VA_ARGS__ }) / 8       \
	}

/* numpy.percentile's answers. */
static void percentiles_are_interpolated_linearly(void **state)
{
	const struct sample even = SAMPLE(1, 2, 3, 4), five = SAMPLE(15, 20, 35, 40, 50);
	const struct sample two = SAMPLE(7, 9), hundreds = SAMPLE(0, 100, 300);

	(void)state;
	assert_int_equal(quantile__value(&five, 40), 29);
	assert_int_equal(quantile__value(&five, 50), 35);
	assert_int_equal(quantile__value(&hundreds, 25), 50);
	assert_int_equal(quantile__value(&hundreds, 99), 296);
	assert_int_equal(quantile__value(&even, 50), 3); /* 2.5 */
	assert_int_equal(quantile__value(&two, 95), 9);	 /* 8.9 */
	assert_int_equal(quantile__value(&two, 24), 7);	 /* 7.48 */
	assert_int_equal(quantile__value(&two, 25), 8);	 /* 7.5 */
}

static void the_ends_are_the_least_and_the_largest(void **state)
{
	const struct sample sample = SAMPLE(3, 5, 9, 1000);

	(void)state;
	assert_int_equal(quantile__value(&sample, 0), 3);
	assert_int_equal(quantile__value(&sample, 100), 1000);
}

static void one_value_is_every_percentile(void **state)
{
	const struct sample sample = SAMPLE(42);

	(void)state;
	for (unsigned int percent = 0; percent <= 100; percent++)
		assert_int_equal(quantile__value(&sample, percent), 42);
}

static void nothing_is_too_large(void **state)
{
	const struct sample sample = SAMPLE(0, UINT64_MAX);
	struct quantile_place place = quantile__place(SIZE_MAX, 99);

	(void)state;
	assert_true(quantile__value(&sample, 50) == UINT64_C(1) << 63);
	assert_true(quantile__value(&sample, 99) == UINT64_C(18262276632972456099));
	/* (2^64 - 2) * 99 / 100 = 18262276632972456097.86 */
	assert_true(place.idx == UINT64_C(18262276632972456097));
	assert_int_equal(place.hundredths, 86);
}

/* The definition, in numbers that are small enough for it. */
static void places_agree_with_their_definition(void **state)
{
	(void)state;
	for (size_t cnt = 1; cnt <= 350; cnt++) {
		for (unsigned int percent = 0; percent <= 100; percent++) {
			struct quantile_place place = quantile__place(cnt, percent);

			assert_int_equal(place.idx * 100 + place.hundredths, (cnt - 1) * percent);
			assert_true(place.hundredths < 100);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_interpolated_linearly),
		cmocka_unit_test(the_ends_are_the_least_and_the_largest),
		cmocka_unit_test(one_value_is_every_percentile),
		cmocka_unit_test(nothing_is_too_large),
		cmocka_unit_test(places_agree_with_their_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
