/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files beside the activities: calls without rows, and probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "activities_fixture.h"

/* --- activity_summary.csv ----------------------------------------------------------------- */

static void summaries_are_added_up(void **state)
{
	const struct activity_sums *sums;

	add_file(*state, SUMMARY_HEADER "1,2,A,10,5,1,1,1,1,1,100,3,40,0,10\r\n"
					"2,3,B,1,1,0,0,0,0,0,9,9,9,0,1\r\n"
					"2,3,A,4,4,0,0,0,0,0,50,2,30,0,4\r\n");
	expect(*state, "A\nB\n");
	expect_no_bad_rows(*state);
	sums = &find(*state, "A")->summarised;
	assert_int_equal(sums->cnt, 14);
	assert_int_equal(sums->sum_ns, 150);
	assert_int_equal(sums->min_ns, 2);
	assert_int_equal(sums->max_ns, 40);
	assert_int_equal(sums->ended[TACHO_ENDED_RETURN], 9);
	assert_int_equal(sums->ended[TACHO_ENDED_KILLED], 1);
	assert_int_equal(find(*state, "B")->summarised.min_ns, 9);
}

static void summaries_of_nothing_say_nothing(void **state)
{
	add_file(*state, SUMMARY_HEADER "1,2,A,0,0,0,0,0,0,0,0,0,0,0,0\r\n"
					"1,2,B,1,1,0,0,0,0,0,5,5,5,0,1\r\n");
	expect(*state, "B\n");
}

static void summaries_never_overflow(void **state)
{
	const struct activity_sums *sums;

	add_file(*state, SUMMARY_HEADER
		 "1,2,A,18446744073709551615,18446744073709551615,0,0,0,0,0,18446744073709551615,"
		 "0,18446744073709551615,0,0\r\n"
		 "1,2,A,1,1,0,0,0,0,0,1,1,1,1,0\r\n");
	sums = &find(*state, "A")->summarised;
	assert_true(sums->cnt == UINT64_MAX);
	assert_true(sums->sum_ns == UINT64_MAX);
	assert_true(sums->ended[TACHO_ENDED_RETURN] == UINT64_MAX);
}

static void summary_rows_that_make_no_sense_are_told(void **state)
{
	add_file(*state, SUMMARY_HEADER "1,2,,10,5,1,1,1,1,1,100,3,40,0,10\r\n"
					"1,2,A,10,5,1,1,1,1,1,-100,3,40,0,10\r\n1,2,A,10\r\n");
	expect(*state, "");
	expect_bad_rows(*state,
			"file:2: the state has no name\n"
			"file:3: a number of the summary is no number\n"
			"file:4: too few or too many fields\n",
			3, 0);
}

/* They are in the ledger as well, but they are not missing in the numbers. */
static void summarised_calls_are_not_unfinished(void **state)
{
	const struct activity_series *series;

	put(*state, "activity_detail.csv", DETAIL_HEADER "A,1,10,1,1,c,killed,,0,,/b,f\r\n");
	put(*state, "activity_summary.csv", SUMMARY_HEADER "1,2,A,9,5,0,0,0,0,4,100,3,40,0,9\r\n");
	put(*state, "activity_ledger.csv", LEDGER_HEADER "1,A,12,5,0,0,0,0,5,2,0,0,0,0\r\n");
	add_dir(*state);
	series = find(*state, "A");
	assert_int_equal(activity_series__unfinished(series, TACHO_ENDED_KILLED), 1);
	assert_int_equal(activity_series__unfinished(series, TACHO_ENDED_OPEN), 2);
	assert_int_equal(series->summarised.cnt, 9);
}

static void rotated_summaries_are_read_too(void **state)
{
	put(*state, "robot_activity_data", "A,5,1\n");
	put(*state, "activity_summary.csv.1",
	    SUMMARY_HEADER "1,2,A,9,9,0,0,0,0,0,100,3,40,0,9\r\n");
	put(*state, "activity_summary.csv", SUMMARY_HEADER "2,3,A,1,1,0,0,0,0,0,7,7,7,0,1\r\n");
	add_dir(*state);
	expect(*state, "A 1..6 1\n");
	assert_int_equal(find(*state, "A")->summarised.cnt, 10);
	expect_no_bad_rows(*state);
}

/* --- activity_probes.csv ------------------------------------------------------------------ */

static void probes_are_passed_over(void **state)
{
	add_file(*state, PROBES_HEADER "1,attached,A,/b,5f,f,f,0x0,fast,0,\r\n"
				       "1,detached,A,/b,5f,f,f,0x0,fast,3,9\r\n"
				       "1,end,A,/b,5f,f,f,0x0,fast,3,9\r\n" DETAIL_HEADER
				       "A,10,1,1,1,c,return,,0,,/b,f\r\n" PROBES_HEADER
				       "1,lost,A,/b,5f,f,f,0x0,fast,0,\r\n");
	expect(*state, "A 10..11 1\n");
	expect_bad_rows(*state, "file:8: no such event of a probe\n", 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(summaries_are_added_up),
		CASE(summaries_of_nothing_say_nothing),
		CASE(summaries_never_overflow),
		CASE(summary_rows_that_make_no_sense_are_told),
		CASE(summarised_calls_are_not_unfinished),
		CASE(rotated_summaries_are_read_too),
		CASE(probes_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
