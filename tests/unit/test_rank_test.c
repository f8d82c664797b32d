/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analysis/rank_test.h"

#define SAMPLE(...)                                                                                \
	(&(const struct sample) { (const uint64_t[]) { __VA_ARGS__ },                              \
				  sizeof((uint64_t[]) { __VA_ARGS__ }) / 8 })

static void assert_near(double value, double expected, double tolerance)
{
	if (!(value >= expected - tolerance && value <= expected + tolerance))
		fail_msg("%.17g is not %.17g", value, expected);
}

static void expect(const struct sample *base, const struct sample *new, double longer, double p)
{
	struct rank_test test, back;

	rank_test(base, new, &test);
	assert_near(test.longer, longer, 1e-12);
	assert_near(test.p, p, 1e-12);
	rank_test(new, base, &back);
	assert_near(back.longer, 1 - longer, 1e-12);
	assert_near(back.p, p, 1e-12);
}

/* The p-values are those of scipy.stats.mannwhitneyu(method="asymptotic"). */
static void known_samples_have_known_p_values(void **state)
{
	(void)state;
	expect(SAMPLE(11, 15, 16, 19, 22, 24, 29, 40), SAMPLE(11, 12, 17, 20, 22, 30, 31, 33, 35),
	       0.5694444444444444, 0.6646193666555047);
	expect(SAMPLE(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), SAMPLE(6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
	       0.875, 0.005075392315273923);
	expect(SAMPLE(1, 1, 1, 1, 1, 1, 1, 1), SAMPLE(2, 2, 2, 2, 2, 2, 2, 2), 1,
	       0.00013758605716602886);
}

static void equal_values_show_no_difference(void **state)
{
	(void)state;
	expect(SAMPLE(1, 1, 1, 1, 1, 1, 1, 1), SAMPLE(1, 1, 1, 1, 1, 1, 1, 1, 1), 0.5, 1);
	expect(SAMPLE(0), SAMPLE(0), 0.5, 1);
}

static void one_value_on_each_side_proves_nothing(void **state)
{
	(void)state;
	expect(SAMPLE(0), SAMPLE(UINT64_MAX), 1, 1);
}

static void only_ranks_matter(void **state)
{
	(void)state;
	expect(SAMPLE(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
	       SAMPLE(6, 7, 8, 9, 10, 11, 12, 13, 14, UINT64_MAX), 0.875, 0.005075392315273923);
}

static void many_equal_values_do_not_overflow(void **state)
{
	static uint64_t base[3000000], new[3000000];
	const struct sample base_sample = { base, 3000000 }, new_sample = { new, 3000000 };

	(void)state;
	for (size_t i = 2999990; i < 3000000; i++)
		new[i] = 1;
	/* in fractions; some versions of mannwhitneyu count the ties in 64 bits */
	expect(&base_sample, &new_sample, 0.5 + 10.0 / 3000000 / 2, 0.001565390074171369);
}

static void holm_multiplies_the_smallest_most(void **state)
{
	double p_values[] = { 0.01, 0.04, 0.03, 0.005 };

	(void)state;
	assert_int_equal(holm_adjust(p_values, 4), 0);
	assert_near(p_values[0], 0.03, 1e-15);
	assert_near(p_values[1], 0.06, 1e-15); /* not less than the one before */
	assert_near(p_values[2], 0.06, 1e-15);
	assert_near(p_values[3], 0.02, 1e-15);
}

static void holm_stays_a_probability(void **state)
{
	double p_values[] = { 0.9, 0.4, 1 };

	(void)state;
	assert_int_equal(holm_adjust(p_values, 3), 0);
	for (size_t i = 0; i < 3; i++)
		assert_near(p_values[i], 1, 0);
}

static void holm_leaves_one_or_none_alone(void **state)
{
	double p_value = 0.03;

	(void)state;
	assert_int_equal(holm_adjust(&p_value, 1), 0);
	assert_near(p_value, 0.03, 0);
	assert_int_equal(holm_adjust(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_samples_have_known_p_values),
		cmocka_unit_test(equal_values_show_no_difference),
		cmocka_unit_test(one_value_on_each_side_proves_nothing),
		cmocka_unit_test(only_ranks_matter),
		cmocka_unit_test(many_equal_values_do_not_overflow),
		cmocka_unit_test(holm_multiplies_the_smallest_most),
		cmocka_unit_test(holm_stays_a_probability),
		cmocka_unit_test(holm_leaves_one_or_none_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
