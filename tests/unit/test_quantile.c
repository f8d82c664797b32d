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
	assert_int_equal(quantile__value(&five, 400), 29);
	assert_int_equal(quantile__value(&five, 500), 35);
	assert_int_equal(quantile__value(&hundreds, 250), 50);
	assert_int_equal(quantile__value(&hundreds, 990), 296);
	assert_int_equal(quantile__value(&even, 500), 3); /* 2.5 */
	assert_int_equal(quantile__value(&two, 950), 9);  /* 8.9 */
	assert_int_equal(quantile__value(&two, 240), 7);  /* 7.48 */
	assert_int_equal(quantile__value(&two, 250), 8);  /* 7.5 */
}

static void the_ends_are_the_least_and_the_largest(void **state)
{
	const struct sample sample = SAMPLE(3, 5, 9, 1000);

	(void)state;
	assert_int_equal(quantile__value(&sample, 0), 3);
	assert_int_equal(quantile__value(&sample, 1000), 1000);
}

static void one_value_is_every_percentile(void **state)
{
	const struct sample sample = SAMPLE(42);

	(void)state;
	for (unsigned int permille = 0; permille <= 1000; permille++)
		assert_int_equal(quantile__value(&sample, permille), 42);
}

static void nothing_is_too_large(void **state)
{
	const struct sample sample = SAMPLE(0, UINT64_MAX);
	struct quantile_place place = quantile__place(SIZE_MAX, 990);

	(void)state;
	assert_true(quantile__value(&sample, 500) == UINT64_C(1) << 63);
	assert_true(quantile__value(&sample, 990) == UINT64_C(18262276632972456099));
	/* (2^64 - 2) * 99 / 100 = 18262276632972456097.86 */
	assert_true(place.idx == UINT64_C(18262276632972456097));
	assert_int_equal(place.thousandths, 860);
}

static void halves_go_up(void **state)
{
	const struct sample sample = SAMPLE(100, 200);

	(void)state;
	assert_int_equal(quantile__value(&sample, 4), 100);
	assert_int_equal(quantile__value(&sample, 5), 101);
	assert_int_equal(quantile__value(&sample, 994), 199);
	assert_int_equal(quantile__value(&sample, 995), 200);
}

/* Taken literally, where the numbers are so small that nothing can overflow. */
static void quantiles_agree_with_their_definition(void **state)
{
	uint64_t sorted[2500];

	(void)state;
	for (size_t i = 0; i < 2500; i++)
		sorted[i] = 1000 * i;
	for (size_t cnt = 1; cnt <= 2500; cnt += 1 + cnt / 7) {
		const struct sample sample = { sorted, cnt };

		for (unsigned int permille = 0; permille <= 1000; permille++)
			assert_int_equal(quantile__value(&sample, permille), (cnt - 1) * permille);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_interpolated_linearly),
		cmocka_unit_test(the_ends_are_the_least_and_the_largest),
		cmocka_unit_test(one_value_is_every_percentile),
		cmocka_unit_test(nothing_is_too_large),
		cmocka_unit_test(halves_go_up),
		cmocka_unit_test(quantiles_agree_with_their_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
