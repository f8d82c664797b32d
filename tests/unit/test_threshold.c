/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "analysis/threshold.h"
#include "compare_fixture.h"

static struct threshold parsed(const char *text)
{
	struct threshold threshold = {};
	struct fault why = {};

	if (threshold__parse(text, &threshold, &why))
		fail_msg("%s: %s", text, why.text);
	assert_ptr_equal(threshold.text, text);
	return threshold;
}

static void expect(const char *text, const char *glob, enum compare_metric metric,
		   enum threshold_kind kind, double ratio, uint64_t value)
{
	struct threshold threshold = parsed(text);

	if (glob)
		assert_string_equal(threshold.glob, glob);
	else
		assert_null(threshold.glob);
	assert_int_equal(threshold.metric, metric);
	assert_int_equal(threshold.kind, kind);
	assert_true(threshold.ratio == ratio);
	assert_true(threshold.value == value);
	threshold__free(&threshold);
}

static void limits_are_read(void **state)
{
	(void)state;
	expect("p95 +10%", NULL, COMPARE_P95, THRESHOLD_RISES, 0.1, 0);
	expect("p50+10.3%", NULL, COMPARE_P50, THRESHOLD_RISES, 0.103, 0);
	expect("  mean  -  0 % ", NULL, COMPARE_MEAN, THRESHOLD_FALLS, 0, 0);
	expect("count -100%", NULL, COMPARE_COUNT, THRESHOLD_FALLS, 1, 0);
}

static void absolute_limits_are_read(void **state)
{
	(void)state;
	expect("p99 > 5ms", NULL, COMPARE_P99, THRESHOLD_ABOVE, 0, 5000000);
	expect("max>1.5us", NULL, COMPARE_MAX, THRESHOLD_ABOVE, 0, 1500);
	expect("count < 100", NULL, COMPARE_COUNT, THRESHOLD_BELOW, 0, 100);
	expect("p90 < 2s", NULL, COMPARE_P90, THRESHOLD_BELOW, 0, 2000000000);
}

static void states_stand_before_the_last_colon(void **state)
{
	(void)state;
	expect("HOME: p95 +10%", "HOME", COMPARE_P95, THRESHOLD_RISES, 0.1, 0);
	expect("ns::f*:max>1s", "ns::f*", COMPARE_MAX, THRESHOLD_ABOVE, 0, 1000000000);
}

static void expect_refused(const char *text, int err, const char *expected)
{
	struct threshold threshold = { .text = "untouched" };
	struct fault why = {};

	assert_int_equal(threshold__parse(text, &threshold, &why), err);
	assert_string_equal(why.text, expected);
	assert_string_equal(threshold.text, "untouched");
}

static void nonsense_is_refused(void **state)
{
	static const char metrics[] = "count, total, mean, p50, p90, p95, p99, max";
	char expected[128];

	(void)state;
	snprintf(expected, sizeof(expected), "'' is nothing to compare (%s)", metrics);
	expect_refused("", -EINVAL, expected);
	expect_refused("HOME:", -EINVAL, expected);
	expect_refused("+10%", -EINVAL, expected);
	expect_refused("p9 +10%", -EINVAL, "'p9' is nothing to compare; did you mean 'p90'?");
	snprintf(expected, sizeof(expected), "'xxxxxxxxxxxxxxx' is nothing to compare (%s)",
		 metrics);
	expect_refused("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx +10%", -EINVAL, expected);
	expect_refused(":p95 +10%", -EINVAL, "which state? Nothing stands before the colon");
	expect_refused("p95", -EINVAL, "p95 needs a limit: '+10%', '-10%', '> 5ms' or '< 5ms'");
	expect_refused("p95 10%", -EINVAL, "p95 needs a limit: '+10%', '-10%', '> 5ms' or '< 5ms'");
}

static void numbers_parse_whole_or_are_refused(void **state)
{
	(void)state;
	expect_refused("p95 +10", -EINVAL, "'10' is no percentage as in '+10%'");
	expect_refused("p95 +%", -EINVAL, "'%' is no percentage as in '+10%'");
	expect_refused("p95 +.5%", -EINVAL, "'.5%' is no percentage as in '+10%'");
	expect_refused("p95 +-5%", -EINVAL, "'-5%' is no percentage as in '+10%'");
	expect_refused("p95 +0x5%", -EINVAL, "'0x5%' is no percentage as in '+10%'");
	expect_refused("p95 +nan%", -EINVAL, "'nan%' is no percentage as in '+10%'");
	expect_refused("p95 +10% more", -EINVAL, "'10% more' is no percentage as in '+10%'");
	expect_refused("p95 +1.2.3%", -EINVAL, "'1.2.3%' is no percentage as in '+10%'");
	expect_refused("p95 +1.%", -EINVAL, "'1.%' is no percentage as in '+10%'");
	expect_refused("p95 +0000000000000000000000000000000000000001%", -ERANGE,
		       "'0000000000000000000000000000000000000001%' has too many digits");
	expect_refused("p95 +1000001%", -ERANGE, "'1000001%' is more than 1000000 %");
	expect_refused("p95 > ", -EINVAL, "'' is no duration as in '5ms'");
	expect_refused("p95 > 5 apples", -EINVAL, "'5 apples' is no duration as in '5ms'");
	expect_refused("count > 5ms", -EINVAL, "'5ms' is no number of calls");
	expect_refused("count > 99999999999999999999", -ERANGE,
		       "'99999999999999999999' is no number of calls");
}

/* --- checking -------------------------------------------------------------------------------- */

static enum threshold_outcome check(const struct comparison *comparison, const char *state,
				    const char *text, bool strict)
{
	struct threshold threshold = parsed(text);
	enum threshold_outcome outcome =
		threshold__check(&threshold, state_of(comparison, state), 0.05, strict);

	threshold__free(&threshold);
	return outcome;
}

static void put_both(struct compare_fixture *fixture, const char *state, size_t cnt, uint64_t base,
		     uint64_t new)
{
	put_calls(&fixture->scratch, "base", state, cnt, base, 0);
	put_calls(&fixture->scratch, "new", state, cnt, new, 0);
}

static void a_limit_must_be_exceeded(void **state)
{
	const struct comparison *comparison;

	put_both(*state, "A", 500, 1000, 1103);
	comparison = compare_files(*state);
	assert_int_equal(check(comparison, "A", "p95 +10%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "p95 +10.3%", false), THRESHOLD_KEPT);
	assert_int_equal(check(comparison, "A", "p95 +10.29%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "p95 -0%", false), THRESHOLD_KEPT);
	assert_int_equal(check(comparison, "A", "mean +10%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "total +10%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "count +0%", false), THRESHOLD_KEPT);
	assert_int_equal(check(comparison, "A", "p95 > 1103ns", false), THRESHOLD_KEPT);
	assert_int_equal(check(comparison, "A", "p95 > 1102ns", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "p95 < 1103ns", false), THRESHOLD_KEPT);
	assert_int_equal(check(comparison, "A", "p95 < 1104ns", false), THRESHOLD_EXCEEDED);
}

static void falls_are_limited_too(void **state)
{
	const struct comparison *comparison;

	put_both(*state, "A", 500, 1000, 800);
	comparison = compare_files(*state);
	assert_int_equal(check(comparison, "A", "p50 -10%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "p50 -20%", false), THRESHOLD_KEPT);
	assert_int_equal(check(comparison, "A", "p50 +0%", false), THRESHOLD_KEPT);
}

static void what_may_be_chance_fails_only_if_strict(void **state)
{
	const struct comparison *comparison;

	put_both(*state, "A", 7, 1000, 2000);
	comparison = compare_files(*state);
	assert_int_equal(check(comparison, "A", "p50 +10%", false), THRESHOLD_NOT_SHOWN);
	assert_int_equal(check(comparison, "A", "p50 +10%", true), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "p50 +100%", true), THRESHOLD_KEPT);
	/* these are no matter of chance */
	assert_int_equal(check(comparison, "A", "total +10%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "A", "p50 > 1us", false), THRESHOLD_EXCEEDED);
}

static void only_the_states_that_are_meant_are_checked(void **state)
{
	const struct comparison *comparison;

	put_both(*state, "AB", 500, 1000, 2000);
	comparison = compare_files(*state);
	assert_int_equal(check(comparison, "AB", "A?: p50 +10%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "AB", "A: p50 +10%", false), THRESHOLD_NOT_CHECKED);
}

static void states_of_one_side_change_their_counts_only(void **state)
{
	struct compare_fixture *fixture = *state;
	const struct comparison *comparison;

	put_calls(&fixture->scratch, "base", "OLD", 50, 1000, 0);
	put_calls(&fixture->scratch, "new", "FRESH", 50, 1000, 0);
	comparison = compare_files(fixture);
	assert_int_equal(check(comparison, "OLD", "p50 +10%", false), THRESHOLD_NOT_CHECKED);
	assert_int_equal(check(comparison, "OLD", "p50 > 1ns", false), THRESHOLD_NOT_CHECKED);
	assert_int_equal(check(comparison, "OLD", "count -50%", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "OLD", "count < 1", false), THRESHOLD_EXCEEDED);
	assert_int_equal(check(comparison, "FRESH", "p50 +10%", true), THRESHOLD_NOT_CHECKED);
	assert_int_equal(check(comparison, "FRESH", "count +10%", true), THRESHOLD_NOT_CHECKED);
	assert_int_equal(check(comparison, "FRESH", "p50 > 1ns", false), THRESHOLD_EXCEEDED);
}

static void a_limit_that_nothing_was_checked_on_fails(void **state)
{
	struct threshold thresholds[] = { parsed("p50 +10%"), parsed("X: p50 +10%") };
	struct threshold_findings findings = {};
	const struct comparison *comparison;

	put_both(*state, "A", 50, 1000, 1000);
	put_both(*state, "B", 50, 1000, 2000);
	comparison = compare_files(*state);
	assert_int_equal(threshold_findings__new(thresholds, 2, comparison, false, &findings), 0);
	assert_int_equal(findings.cnt, 3);
	assert_string_equal(findings.items[0].state->state, "B"); /* the longest total */
	assert_true(threshold_finding__fails(&findings.items[0]));
	assert_string_equal(findings.items[1].state->state, "A");
	assert_false(threshold_finding__fails(&findings.items[1]));
	assert_ptr_equal(findings.items[2].threshold, &thresholds[1]);
	assert_null(findings.items[2].state);
	assert_true(threshold_finding__fails(&findings.items[2]));
	threshold_findings__free(&findings);
	threshold__free(&thresholds[0]);
	threshold__free(&thresholds[1]);
}

#define CASE(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, compare_fixture__set_up, compare_fixture__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_read),
		cmocka_unit_test(absolute_limits_are_read),
		cmocka_unit_test(states_stand_before_the_last_colon),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(numbers_parse_whole_or_are_refused),
		CASE(a_limit_must_be_exceeded),
		CASE(falls_are_limited_too),
		CASE(what_may_be_chance_fails_only_if_strict),
		CASE(only_the_states_that_are_meant_are_checked),
		CASE(states_of_one_side_change_their_counts_only),
		CASE(a_limit_that_nothing_was_checked_on_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
