/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "analysis/bootstrap.h"
#include "analysis/quantile.h"

#define VALUES_MAX 1000
#define RESAMPLES 3999

static void assert_within(double value, double low, double high)
{
	if (!(value >= low && value <= high))
		fail_msg("%.17g is not in %g to %g", value, low, high);
}

/* --- random numbers -------------------------------------------------------------------------- */

/* The reference implementations' first numbers. */
static void random_numbers_are_those_of_xoshiro(void **state)
{
	static const uint64_t expected[] = { 11520,
					     0,
					     1509978240,
					     UINT64_C(1215971899390074240),
					     UINT64_C(1216172134540287360),
					     UINT64_C(607988272756665600),
					     UINT64_C(16172922978634559625) };
	struct random random = { { 1, 2, 3, 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / 8; i++)
		assert_true(random__next(&random) == expected[i]);
}

static void seeds_go_through_splitmix64(void **state)
{
	struct random random;

	(void)state;
	random__seed(&random, UINT64_C(1477776061723855037));
	assert_true(random.words[0] == UINT64_C(1985237415132408290));
	assert_true(random.words[1] == UINT64_C(2979275885539914483));
	assert_true(random.words[2] == UINT64_C(13511426838097143398));
	assert_true(random.words[3] == UINT64_C(8488337342461049707));
}

/* Mean and variance of many draws, within five standard errors. */
static void expect_moments(double (*draw)(struct random *), double mean, double variance,
			   double fourth)
{
	const double cnt = 200000;
	struct random random;
	double sum = 0, squares = 0, value;

	random__seed(&random, 1);
	for (size_t i = 0; i < (size_t)cnt; i++) {
		value = draw(&random) - mean;
		sum += value;
		squares += value * value;
	}
	assert_within(sum / cnt, -5 * sqrt(variance / cnt), 5 * sqrt(variance / cnt));
	assert_within(squares / cnt - variance, -5 * sqrt((fourth - variance * variance) / cnt),
		      5 * sqrt((fourth - variance * variance) / cnt));
}

static double draw_gamma_1(struct random *random)
{
	return random__gamma(random, 1);
}

static double draw_gamma_100(struct random *random)
{
	return random__gamma(random, 100);
}

static void draws_have_the_moments_of_their_distributions(void **state)
{
	(void)state;
	expect_moments(random__uniform, 0.5, 1.0 / 12, 1.0 / 80);
	expect_moments(random__normal, 0, 1, 3);
	expect_moments(random__exponential, 1, 1, 9);
	expect_moments(draw_gamma_1, 1, 1, 9);
	expect_moments(draw_gamma_100, 100, 100, 3 * 100 * 100 + 6 * 100);
}

/* The states before the least and the largest of all numbers; the latter has the inverses of what
 * xoshiro256** multiplies by. */
static void uniform_numbers_are_never_the_ends(void **state)
{
	const uint64_t ninth = UINT64_MAX * UINT64_C(0x8e38e38e38e38e39);
	struct random zeros = { { 1, 0, 0, 0 } }, ones = { { 0, 0, 0, 0 } }, copy;

	(void)state;
	ones.words[1] = (ninth >> 7 | ninth << 57) * UINT64_C(0xcccccccccccccccd);
	copy = ones;
	assert_true(random__next(&copy) == UINT64_MAX);
	assert_true(random__uniform(&ones) < 1);
	copy = zeros;
	assert_true(random__next(&copy) == 0);
	assert_true(random__uniform(&zeros) > 0);
}

static void numbers_below_a_limit_stay_below(void **state)
{
	size_t seen[7] = {};
	struct random random;

	(void)state;
	random__seed(&random, 2);
	for (size_t i = 0; i < 70000; i++)
		seen[random__below(&random, 7)]++;
	for (size_t i = 0; i < 7; i++)
		assert_within((double)seen[i], 10000 - 500, 10000 + 500);
}

/* --- intervals ------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* A long tail, as durations have it. */
static struct sample draw_sample(uint64_t *values, size_t cnt, double scale, struct random *random)
{
	for (size_t i = 0; i < cnt; i++)
		values[i] = (uint64_t)(scale * exp(random__normal(random)));
	qsort(values, cnt, sizeof(*values), compare);
	return (struct sample) { values, cnt };
}

enum { MEAN };

static struct bootstrap_interval interval_of(const struct sample *base, const struct sample *new,
					     unsigned int percent, double alpha)
{
	struct bootstrap_interval interval;
	struct random random;

	random__seed(&random, 3);
	if (percent == MEAN)
		bootstrap__mean(&random, base, new, alpha, &interval);
	else
		bootstrap__quantile(&random, base, new, percent, alpha, &interval);
	return interval;
}

/* Of how many pairs of samples, whose distributions differ by that change, does the interval hold
 * it? The random numbers are always the same, and so is the answer. */
static double coverage(size_t cnt, unsigned int percent, double change)
{
	static uint64_t base_values[VALUES_MAX], new_values[VALUES_MAX];
	const size_t trials = 200;
	size_t held = 0;
	struct random random;

	random__seed(&random, cnt * 100 + percent);
	for (size_t i = 0; i < trials; i++) {
		struct sample base = draw_sample(base_values, cnt, 1e6, &random);
		struct sample new = draw_sample(new_values, cnt, 1e6 * (1 + change), &random);
		struct bootstrap_interval interval = interval_of(&base, &new, percent, 0.05);

		held += interval.low <= change && interval.high >= change;
	}
	return (double)held / (double)trials;
}

/* 200 trials: the standard error is 1.5 %. Those of the mean are known to be a little narrow with
 * long tails, those of percentiles a little wide. */
static void intervals_hold_no_change_95_times_of_100(void **state)
{
	(void)state;
	assert_within(coverage(20, MEAN, 0), 0.90, 0.98);
	assert_within(coverage(300, MEAN, 0), 0.92, 0.98);
	assert_within(coverage(1000, MEAN, 0), 0.92, 0.98);
	assert_within(coverage(8, 50, 0), 0.92, 0.995);
	assert_within(coverage(100, 50, 0), 0.92, 0.995);
	assert_within(coverage(bootstrap__needs(95, 0.05), 95, 0), 0.92, 0.995);
	assert_within(coverage(bootstrap__needs(99, 0.05), 99, 0), 0.92, 0.995);
	assert_within(coverage(1000, 99, 0), 0.92, 0.995);
}

static void intervals_hold_a_change_as_often(void **state)
{
	(void)state;
	assert_within(coverage(300, MEAN, 0.5), 0.92, 0.98);
	assert_within(coverage(300, 90, 0.5), 0.92, 0.995);
	assert_within(coverage(300, 50, -0.9), 0.92, 0.995);
}

/* At the border between drawing all values and drawing from a gamma, both must say the same. */
static void large_samples_have_the_intervals_of_resampling(void **state)
{
	static uint64_t values[2 * BOOTSTRAP_MEAN_MAX], halved[2 * BOOTSTRAP_MEAN_MAX];
	struct bootstrap_interval drawn, modelled;
	struct sample whole, twice, fixed = { (const uint64_t[]) { 1000000 }, 1 };
	struct random random;
	double width, scale;

	(void)state;
	random__seed(&random, 4);
	whole = draw_sample(values, BOOTSTRAP_MEAN_MAX, 1e6, &random);
	for (size_t i = 0; i < 2 * BOOTSTRAP_MEAN_MAX; i++)
		halved[i] = values[i / 2];
	twice = (struct sample) { halved, 2 * BOOTSTRAP_MEAN_MAX };
	drawn = interval_of(&fixed, &whole, MEAN, 0.05);
	modelled = interval_of(&fixed, &twice, MEAN, 0.05);
	/* twice as many of the same values: an interval narrower by the square root of 2 */
	width = drawn.high - drawn.low;
	scale = (modelled.high - modelled.low) * sqrt(2) / width;
	assert_within(scale, 0.95, 1.05);
	assert_within((drawn.high + drawn.low - modelled.high - modelled.low) / 2 / width, -0.05,
		      0.05);
}

static int compare_doubles(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Draws whole samples again, for the change from 1000: what the short cut must come to. */
static struct bootstrap_interval resample(const struct sample *sample, unsigned int percent,
					  double alpha, struct random *random)
{
	const size_t outside = (size_t)((RESAMPLES + 1) * alpha / 2 + 0.5);
	static uint64_t values[VALUES_MAX];
	static double changes[RESAMPLES];
	uint64_t drawn;

	for (size_t i = 0; i < RESAMPLES; i++) {
		for (size_t k = 0; k < sample->cnt; k++)
			values[k] = sample->sorted[random__below(random, sample->cnt)];
		qsort(values, sample->cnt, sizeof(*values), compare);
		drawn = quantile__value(&(struct sample) { values, sample->cnt }, 10 * percent);
		changes[i] = (double)drawn / 1000 - 1;
	}
	qsort(changes, RESAMPLES, sizeof(*changes), compare_doubles);
	return (struct bootstrap_interval) { changes[outside - 1], changes[RESAMPLES - outside] };
}

static void percentiles_are_drawn_as_whole_samples_would_be(void **state)
{
	static const struct {
		size_t cnt;
		unsigned int percent;
		double alpha; /* for few values, one whose ends do not lie between two of them */
	} cases[] = {
		{ 8, 55, 0.1 },	   { 12, 60, 0.2 },   { 200, 10, 0.05 },
		{ 200, 50, 0.05 }, { 200, 90, 0.05 },
	};
	struct bootstrap_interval drawn, expected;
	static uint64_t fixed[200], values[200];
	double width;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		fixed[i] = 1000;
		values[i] = 1000 * i;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sample base = { fixed, cases[i].cnt }, new = { values, cases[i].cnt };
		struct random random;

		random__seed(&random, 7);
		expected = resample(&new, cases[i].percent, cases[i].alpha, &random);
		drawn = interval_of(&base, &new, cases[i].percent, cases[i].alpha);
		width = expected.high - expected.low;
		assert_within((drawn.low - expected.low) / width, -0.07, 0.07);
		assert_within((drawn.high - expected.high) / width, -0.07, 0.07);
	}
}

static void the_same_seed_gives_the_same_interval(void **state)
{
	static uint64_t values[100];
	struct bootstrap_interval first, second;
	struct random random;
	struct sample sample;

	(void)state;
	random__seed(&random, 5);
	sample = draw_sample(values, 100, 1e6, &random);
	first = interval_of(&sample, &sample, 90, 0.05);
	second = interval_of(&sample, &sample, 90, 0.05);
	assert_true(first.low == second.low && first.high == second.high);
}

static void less_alpha_makes_a_wider_interval(void **state)
{
	static uint64_t values[1000];
	struct bootstrap_interval narrow, wide;
	struct random random;
	struct sample sample;

	(void)state;
	random__seed(&random, 6);
	sample = draw_sample(values, 1000, 1e6, &random);
	for (unsigned int percent = MEAN; percent < 100; percent += 50) {
		narrow = interval_of(&sample, &sample, percent, 0.5);
		wide = interval_of(&sample, &sample, percent, BOOTSTRAP_ALPHA_MIN);
		assert_true(wide.low < narrow.low && wide.high > narrow.high);
		assert_true(isfinite(wide.low) && isfinite(wide.high));
	}
}

static void equal_values_leave_no_doubt(void **state)
{
	static uint64_t base[1000], new[1000];
	struct bootstrap_interval interval;

	(void)state;
	for (size_t cnt = 10; cnt <= 1000; cnt *= 10) {
		for (size_t i = 0; i < cnt; i++) {
			base[i] = 100;
			new[i] = 150;
		}
		interval = interval_of(&(struct sample) { base, cnt },
				       &(struct sample) { new, cnt }, MEAN, 0.05);
		assert_within(interval.low, 0.5, 0.5);
		assert_within(interval.high, 0.5, 0.5);
		interval = interval_of(&(struct sample) { base, cnt },
				       &(struct sample) { new, cnt }, 50, 0.05);
		assert_within(interval.low, 0.5, 0.5);
		assert_within(interval.high, 0.5, 0.5);
	}
}

static void from_zero_there_is_no_limit(void **state)
{
	const uint64_t zeros[8] = {}, ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	const struct sample base = { zeros, 8 }, new = { ones, 8 };
	struct bootstrap_interval interval;

	(void)state;
	interval = interval_of(&base, &new, 50, 0.05);
	assert_true(isinf(interval.low) && interval.low > 0);
	interval = interval_of(&new, &base, 50, 0.05);
	assert_within(interval.high, -1, -1);
	interval = interval_of(&base, &base, MEAN, 0.05);
	assert_within(interval.low, 0, 0);
	assert_within(interval.high, 0, 0);
}

static void the_largest_numbers_are_no_trouble(void **state)
{
	static uint64_t values[1000];
	const struct sample sample = { values, 1000 };
	struct bootstrap_interval interval;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		values[i] = i < 999 ? 0 : UINT64_MAX;
	interval = interval_of(&sample, &sample, MEAN, 0.05);
	assert_true(!isnan(interval.low) && !isnan(interval.high));
	assert_true(interval.low >= -1);
	interval = interval_of(&sample, &sample, 99, 0.05);
	assert_true(!isnan(interval.low) && !isnan(interval.high));
}

static void percentiles_need_calls_on_either_side_of_them(void **state)
{
	static const struct {
		unsigned int percent;
		double alpha;
		size_t cnt;
	} cases[] = {
		{ 50, 0.05, 6 },  { 90, 0.05, 36 },  { 95, 0.05, 72 }, { 99, 0.05, 368 },
		{ 1, 0.05, 368 }, { 99, 0.01, 528 }, { 90, 0.5, 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double p = fmax(cases[i].percent, 100 - cases[i].percent) / 100;

		assert_int_equal(bootstrap__needs(cases[i].percent, cases[i].alpha), cases[i].cnt);
		assert_true(pow(p, (double)cases[i].cnt) <= cases[i].alpha / 2);
		assert_true(pow(p, (double)cases[i].cnt - 1) > cases[i].alpha / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_numbers_are_those_of_xoshiro),
		cmocka_unit_test(seeds_go_through_splitmix64),
		cmocka_unit_test(draws_have_the_moments_of_their_distributions),
		cmocka_unit_test(uniform_numbers_are_never_the_ends),
		cmocka_unit_test(numbers_below_a_limit_stay_below),
		cmocka_unit_test(intervals_hold_no_change_95_times_of_100),
		cmocka_unit_test(intervals_hold_a_change_as_often),
		cmocka_unit_test(large_samples_have_the_intervals_of_resampling),
		cmocka_unit_test(percentiles_are_drawn_as_whole_samples_would_be),
		cmocka_unit_test(the_same_seed_gives_the_same_interval),
		cmocka_unit_test(less_alpha_makes_a_wider_interval),
		cmocka_unit_test(equal_values_leave_no_doubt),
		cmocka_unit_test(from_zero_there_is_no_limit),
		cmocka_unit_test(the_largest_numbers_are_no_trouble),
		cmocka_unit_test(percentiles_need_calls_on_either_side_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
