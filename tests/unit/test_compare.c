/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "compare_fixture.h"

static void put(struct compare_fixture *fixture, const char *name, const char *state, size_t cnt,
		uint64_t first, uint64_t step)
{
	put_calls(&fixture->scratch, name, state, cnt, first, step);
}

static void expect(const struct compared_state *state, enum compare_metric metric, uint64_t base,
		   uint64_t new, double change)
{
	const struct compare_change *found = &state->changes[metric];

	assert_true(found->base.known && found->new.known);
	assert_int_equal(found->base.value, base);
	assert_int_equal(found->new.value, new);
	if (fabs(found->change - change) > 1e-12)
		fail_msg("%s changed by %g, not %g", compare_metric__name(metric), found->change,
			 change);
}

static void every_metric_is_compared(void **state)
{
	const struct compared_state *found;

	put(*state, "base", "A", 101, 100, 1); /* 100 to 200 */
	put(*state, "new", "A", 101, 200, 2);  /* 200 to 400 */
	found = state_of(compare_files(*state), "A");
	expect(found, COMPARE_COUNT, 101, 101, 0);
	expect(found, COMPARE_TOTAL, 15150, 30300, 1);
	expect(found, COMPARE_MEAN, 150, 300, 1);
	expect(found, COMPARE_P50, 150, 300, 1);
	expect(found, COMPARE_P90, 190, 380, 1);
	expect(found, COMPARE_P95, 195, 390, 1);
	expect(found, COMPARE_P99, 199, 398, 1);
	expect(found, COMPARE_MAX, 200, 400, 1);
	assert_int_equal(found->verdict, COMPARE_SLOWER);
}

static void intervals_are_of_what_has_enough_calls(void **state)
{
	const struct compared_state *found;

	put(*state, "base", "A", 101, 100, 1);
	put(*state, "new", "A", 101, 200, 2);
	found = state_of(compare_files(*state), "A");
	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++) {
		const struct compare_change *change = &found->changes[m];
		bool expected = m == COMPARE_MEAN || m == COMPARE_P50 || m == COMPARE_P90 ||
				m == COMPARE_P95; /* p99 needs 368, max never has one */

		assert_int_equal(change->has_interval, expected);
		if (!expected)
			continue;
		assert_true(change->interval.low < 1 && change->interval.high > 1);
		assert_true(change->interval.low > 0.6 && change->interval.high < 1.4);
	}
}

static void verdicts_follow_the_ranks(void **state)
{
	const struct comparison *comparison;

	put(*state, "base", "UP", 50, 100, 1);
	put(*state, "new", "UP", 50, 140, 1);
	put(*state, "base", "DOWN", 50, 140, 1);
	put(*state, "new", "DOWN", 50, 100, 1);
	put(*state, "base", "SAME", 50, 100, 1);
	put(*state, "new", "SAME", 50, 100, 1);
	put(*state, "base", "FEW", 7, 100, 1);
	put(*state, "new", "FEW", 500, 1000, 1);
	put(*state, "base", "OLD", 50, 100, 1);
	put(*state, "new", "FRESH", 50, 100, 1);
	comparison = compare_files(*state);
	assert_int_equal(comparison->cnt, 6);
	assert_int_equal(state_of(comparison, "UP")->verdict, COMPARE_SLOWER);
	assert_int_equal(state_of(comparison, "DOWN")->verdict, COMPARE_FASTER);
	assert_int_equal(state_of(comparison, "SAME")->verdict, COMPARE_NO_DIFFERENCE);
	assert_int_equal(state_of(comparison, "FEW")->verdict, COMPARE_TOO_FEW);
	assert_int_equal(state_of(comparison, "OLD")->verdict, COMPARE_ONLY_BASE);
	assert_int_equal(state_of(comparison, "FRESH")->verdict, COMPARE_ONLY_NEW);
	assert_false(state_of(comparison, "FEW")->tested);
	assert_false(state_of(comparison, "OLD")->tested);
}

static void eight_calls_are_enough(void **state)
{
	put(*state, "base", "A", 8, 100, 1);
	put(*state, "new", "A", 8, 200, 1);
	assert_int_equal(state_of(compare_files(*state), "A")->verdict, COMPARE_SLOWER);
}

/* p = 0.0358 alone, and 0.0716 when another state was tested, too. */
static void several_states_ask_for_smaller_p_values(void **state)
{
	const struct comparison *comparison;

	put(*state, "base", "A", 10, 100, 10);
	put(*state, "new", "A", 10, 132, 10);
	comparison = compare_files(*state);
	assert_int_equal(state_of(comparison, "A")->verdict, COMPARE_SLOWER);
	assert_true(state_of(comparison, "A")->p_adjusted == state_of(comparison, "A")->test.p);
	put(*state, "base", "B", 10, 100, 10);
	put(*state, "new", "B", 10, 100, 10);
	comparison = compare_files(*state);
	assert_int_equal(state_of(comparison, "A")->verdict, COMPARE_NO_DIFFERENCE);
	assert_true(state_of(comparison, "A")->p_adjusted == 2 * state_of(comparison, "A")->test.p);
}

static void intervals_do_not_depend_on_other_states(void **state)
{
	struct bootstrap_interval alone, among;

	put(*state, "base", "B", 100, 100, 3);
	put(*state, "new", "B", 100, 100, 4);
	alone = state_of(compare_files(*state), "B")->changes[COMPARE_MEAN].interval;
	put(*state, "base", "A", 100, 100, 3);
	put(*state, "new", "A", 100, 100, 4);
	among = state_of(compare_files(*state), "B")->changes[COMPARE_MEAN].interval;
	assert_true(alone.low == among.low && alone.high == among.high);
}

static void the_longest_total_of_either_side_comes_first(void **state)
{
	const struct comparison *comparison;

	put(*state, "base", "A", 1, 10, 0);
	put(*state, "base", "B", 1, 1000, 0);
	put(*state, "new", "B", 1, 1, 0);
	put(*state, "new", "C", 1, 500, 0);
	comparison = compare_files(*state);
	assert_int_equal(comparison->cnt, 3);
	assert_string_equal(comparison->states[0].state, "B");
	assert_string_equal(comparison->states[1].state, "C");
	assert_string_equal(comparison->states[2].state, "A");
}

static void globs_choose_states(void **state)
{
	const char *const globs[] = { "A*", "C" };
	const struct comparison *comparison;

	put(*state, "base", "AB", 1, 3, 0);
	put(*state, "base", "B", 1, 2, 0);
	put(*state, "new", "C", 1, 1, 0);
	comparison = compare_with(*state, &(struct compare_options) { 0.05, globs, 2 });
	assert_int_equal(comparison->cnt, 2);
	assert_string_equal(comparison->states[0].state, "AB");
	assert_string_equal(comparison->states[1].state, "C");
	comparison = compare_with(*state, &(struct compare_options) { 0.05, globs + 1, 1 });
	assert_int_equal(comparison->cnt, 1);
}

static void a_side_without_the_state_has_no_durations(void **state)
{
	const struct compared_state *found;

	put(*state, "base", "A", 10, 100, 0);
	put(*state, "new", "B", 10, 100, 0);
	found = state_of(compare_files(*state), "A");
	expect(found, COMPARE_COUNT, 10, 0, -1);
	assert_false(found->changes[COMPARE_MEAN].new.known);
	assert_false(found->changes[COMPARE_P50].new.known);
	assert_false(found->changes[COMPARE_MAX].new.known);
	assert_false(compare_change__known(&found->changes[COMPARE_MAX]));
	found = state_of(compare_files(*state), "B");
	assert_true(isinf(found->changes[COMPARE_COUNT].change));
}

static void calls_of_no_time_are_compared(void **state)
{
	const struct compared_state *found;

	put(*state, "base", "A", 10, 0, 0);
	put(*state, "new", "A", 10, 0, 0);
	found = state_of(compare_files(*state), "A");
	expect(found, COMPARE_P50, 0, 0, 0);
	assert_int_equal(found->verdict, COMPARE_NO_DIFFERENCE);
	put(*state, "new", "A", 20, 5, 0);
	found = state_of(compare_files(*state), "A");
	assert_true(isinf(found->changes[COMPARE_P50].change));
	assert_int_equal(found->verdict, COMPARE_SLOWER);
}

static const char summary[] =
	"from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,killed,sum_ns,min_"
	"ns,max_ns\n1,2,A,90,90,0,0,0,0,0,18000,150,900\n1,2,B,3,3,0,0,0,0,0,60,10,30\n";

static void put_directory(struct compare_fixture *fixture, const char *name)
{
	char path[64];

	assert_int_equal(mkdir(scratch__at(&fixture->scratch, name), 0700), 0);
	snprintf(path, sizeof(path), "%s/robot_activity_data", name);
	put(fixture, path, "A", 10, 100, 0);
	snprintf(path, sizeof(path), "%s/activity_summary.csv", name);
	scratch__write(&fixture->scratch, path, summary, strlen(summary));
}

static void summarised_calls_have_no_part_in_intervals(void **state)
{
	const struct comparison *comparison;
	const struct compared_state *found;

	put(*state, "base", "A", 10, 100, 0);
	put_directory(*state, "new");
	comparison = compare_files(*state);
	found = state_of(comparison, "A");
	expect(found, COMPARE_COUNT, 10, 100, 9);
	expect(found, COMPARE_MEAN, 100, 190, 0.9);
	expect(found, COMPARE_P50, 100, 100, 0);
	expect(found, COMPARE_MAX, 100, 900, 8);
	assert_false(found->changes[COMPARE_MEAN].has_interval);
	assert_true(found->changes[COMPARE_P50].has_interval);
	assert_int_equal(found->verdict, COMPARE_NO_DIFFERENCE);
	assert_int_equal(compared_state__cnt(found, COMPARE_NEW), 100);
	found = state_of(comparison, "B");
	assert_int_equal(found->verdict, COMPARE_ONLY_NEW);
	assert_false(found->changes[COMPARE_P50].new.known);
}

static void nothing_at_all_can_be_compared(void **state)
{
	put(*state, "base", "A", 0, 0, 0);
	put(*state, "new", "A", 0, 0, 0);
	assert_int_equal(compare_files(*state)->cnt, 0);
	comparison__free(NULL);
}

/* --- is it more than chance? ----------------------------------------------------------------- */

static void intervals_show_changes_of_what_they_are_of(void **state)
{
	const struct compared_state *found;

	/* half of the calls are longer; the others are as they were */
	put(*state, "base", "A", 800, 1000, 1);
	put(*state, "new", "A", 400, 1000, 1);
	put(*state, "new", "A", 400, 2400, 1);
	found = state_of(compare_files(*state), "A");
	assert_true(compared_state__shows(found, COMPARE_P99, true, 0.05));
	assert_true(compared_state__shows(found, COMPARE_MEAN, true, 0.05));
	assert_false(compared_state__shows(found, COMPARE_P99, false, 0.05));
	/* the test speaks for what has no interval */
	assert_true(compared_state__shows(found, COMPARE_MAX, true, 0.05));
	assert_false(compared_state__shows(found, COMPARE_MAX, false, 0.05));
	assert_true(compared_state__shows(found, COMPARE_COUNT, true, 0.05));
}

/* The rank test sees nothing of five calls in a hundred; the interval of p99 does. */
static void a_long_tail_is_shown_though_the_test_is_blind(void **state)
{
	const struct compared_state *found;

	put(*state, "base", "A", 1000, 1000, 1);
	put(*state, "new", "A", 950, 1000, 1);
	put(*state, "new", "A", 50, 9000, 1);
	found = state_of(compare_files(*state), "A");
	assert_int_equal(found->verdict, COMPARE_NO_DIFFERENCE);
	assert_true(compared_state__shows(found, COMPARE_P99, true, 0.05));
	assert_false(compared_state__shows(found, COMPARE_P50, true, 0.05));
	assert_false(compared_state__shows(found, COMPARE_MAX, true, 0.05));
}

static void too_few_calls_show_nothing(void **state)
{
	const struct compared_state *found;

	put(*state, "base", "A", 7, 100, 1);
	put(*state, "new", "A", 7, 900, 1);
	found = state_of(compare_files(*state), "A");
	assert_false(compared_state__shows(found, COMPARE_P50, true, 0.05));
	assert_false(compared_state__shows(found, COMPARE_MAX, true, 0.05));
	assert_false(compared_state__shows(found, COMPARE_MEAN, true, 0.05));
	assert_true(compared_state__shows(found, COMPARE_TOTAL, true, 0.05));
}

#define CASE(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, compare_fixture__set_up, compare_fixture__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_metric_is_compared),
		CASE(intervals_are_of_what_has_enough_calls),
		CASE(verdicts_follow_the_ranks),
		CASE(eight_calls_are_enough),
		CASE(several_states_ask_for_smaller_p_values),
		CASE(intervals_do_not_depend_on_other_states),
		CASE(the_longest_total_of_either_side_comes_first),
		CASE(globs_choose_states),
		CASE(a_side_without_the_state_has_no_durations),
		CASE(calls_of_no_time_are_compared),
		CASE(summarised_calls_have_no_part_in_intervals),
		CASE(nothing_at_all_can_be_compared),
		CASE(intervals_show_changes_of_what_they_are_of),
		CASE(a_long_tail_is_shown_though_the_test_is_blind),
		CASE(too_few_calls_show_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
