/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What Python's repr() says was asked of Python once; test_float_repr_oracle.c asks it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "float_repr.h"

struct spelled {
	double value;
	const char *repr;
};

static void expect(const struct spelled *spelled, size_t cnt)
{
	char text[FLOAT_REPR_MAX + 1];

	for (size_t i = 0; i < cnt; i++) {
		*float_repr(text, spelled[i].value) = '\0';
		assert_string_equal(text, spelled[i].repr);
	}
}

#define EXPECT(spelled) expect(spelled, sizeof(spelled) / sizeof((spelled)[0]))

static void whole_numbers_have_a_point(void **state)
{
	static const struct spelled numbers[] = {
		{ 0.0, "0.0" },
		{ -0.0, "-0.0" },
		{ 1.0, "1.0" },
		{ -100.0, "-100.0" },
		{ 9007199254740991.0, "9007199254740991.0" },
		{ 9007199254740992.0, "9007199254740992.0" },
		{ 9007199254740994.0, "9007199254740994.0" },
	};

	(void)state;
	EXPECT(numbers);
}

static void there_is_an_exponent_below_1e_4_and_from_1e16_on(void **state)
{
	static const struct spelled numbers[] = {
		{ 0.0001, "0.0001" },
		{ 0.00010000000000000002, "0.00010000000000000002" },
		{ 9.999999999999999e-05, "9.999999999999999e-05" },
		{ 1e-05, "1e-05" },
		{ 1.5e-300, "1.5e-300" },
		{ 1e15, "1000000000000000.0" },
		{ 9999999999999998.0, "9999999999999998.0" },
		{ 1e16, "1e+16" },
		{ 1e22, "1e+22" },
		{ 1e23, "1e+23" },
		{ 1.2345e100, "1.2345e+100" },
	};

	(void)state;
	EXPECT(numbers);
}

static void no_digit_is_one_too_many_and_none_is_missing(void **state)
{
	static const struct spelled numbers[] = {
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 35.27, "35.27" },
		{ 1720546700.12, "1720546700.12" },
		{ 2.0 / 3, "0.6666666666666666" },
		{ 0.03313876261318832, "0.03313876261318832" },
		{ 0x1.fffffffffffffp-1, "0.9999999999999999" },
		{ 0x1.0000000000001p0, "1.0000000000000002" },
		{ 123456789012345.67, "123456789012345.67" },
		{ 4503599627370495.5, "4503599627370495.5" },
	};

	(void)state;
	EXPECT(numbers);
}

/* The numbers below a power of two lie closer than those above it. */
static void powers_of_two_are_between_uneven_neighbours(void **state)
{
	static const struct spelled numbers[] = {
		{ 0x1p-44, "5.684341886080802e-14" },	  { 0x1p-66, "1.3552527156068805e-20" },
		{ 0x1p-67, "6.776263578034403e-21" },	  { 0x1p89, "6.189700196426902e+26" },
		{ 0x1p-1022, "2.2250738585072014e-308" }, { 0x1p-24, "5.960464477539063e-08" },
	};

	(void)state;
	EXPECT(numbers);
}

static void the_ends_of_the_range_are_spelled_too(void **state)
{
	static const struct spelled numbers[] = {
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ -DBL_MIN, "-2.2250738585072014e-308" },
		{ 0x1p-1074, "5e-324" },
		{ INFINITY, "inf" },
		{ -INFINITY, "-inf" },
	};
	char text[FLOAT_REPR_MAX + 1];

	(void)state;
	EXPECT(numbers);
	*float_repr(text, NAN) = '\0';
	assert_string_equal(text, "nan");
	*float_repr(text, -NAN) = '\0';
	assert_string_equal(text, "nan");
}

/* Times in hundredths of a second: two decimals at most, and they say which hundredth it is. */
static void every_hundredth_is_itself(void **state)
{
	char text[FLOAT_REPR_MAX + 1], expected[32];

	(void)state;
	for (unsigned int k = 0; k <= 1000000; k++) {
		*float_repr(text, k / 100.0) = '\0';
		snprintf(expected, sizeof(expected), k % 10 ? "%u.%02u" : "%u.%u", k / 100,
			 k % 10 ? k % 100 : k % 100 / 10);
		assert_string_equal(text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_have_a_point),
		cmocka_unit_test(there_is_an_exponent_below_1e_4_and_from_1e16_on),
		cmocka_unit_test(no_digit_is_one_too_many_and_none_is_missing),
		cmocka_unit_test(powers_of_two_are_between_uneven_neighbours),
		cmocka_unit_test(the_ends_of_the_range_are_spelled_too),
		cmocka_unit_test(every_hundredth_is_itself),
	};

	return cmocka_run_group_tests_name("float_repr", tests, NULL, NULL);
}
