/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "activities_fixture.h"
#include "ledger.h"

/* --- robot_activity_data ------------------------------------------------------------------ */

static void opentrons_rows_need_no_header(void **state)
{
	add_file(*state, "\"A\",\"10\",\"1\"\r\n\"B\",\"20\",\"2\"\r\n\"A\",\"30\",\"3\"\r\n");
	expect(*state, "A 10..33 1 3\nB 20..22 2\n");
	expect_no_bad_rows(*state);
}

static void opentrons_rows_may_lack_quotes_or_mix_them(void **state)
{
	add_file(*state, "A,10,1\r\n\"A\",\"20\",\"2\"\r\nA,30,3\n");
	expect(*state, "A 10..33 1 2 3\n");
	expect_no_bad_rows(*state);
}

static void opentrons_headers_may_stand_anywhere_in_any_spelling(void **state)
{
	add_file(*state, "state_id,function_start_time,duration\r\nA,10,1\r\n"
			 "state_name,function_start_time,duration\r\nA,20,2\r\n"
			 "\"state\",\"func_start\",\"duration\"\r\nA,30,3\r\n"
			 "state_id,function_start_time,duration\r\nA,40,4\r\n");
	expect(*state, "A 10..44 1 2 3 4\n");
	expect_no_bad_rows(*state);
}

static void opentrons_numbers_of_states_become_their_names(void **state)
{
	add_file(*state, "0,10,1\r\n1,20,2\r\n2,30,3\r\n3,40,4\r\n4,50,5\r\n\"2\",\"60\",\"6\"\r\n"
			 "ANALYZING_PROTOCOL,70,7\r\n5,80,8\r\n02,90,9\r\n");
	expect(*state,
	       "STARTING_UP 10..11 1\nCALIBRATING 20..22 2\nANALYZING_PROTOCOL 30..77 3 6 7\n"
	       "RUNNING_PROTOCOL 40..44 4\nSHUTTING_DOWN 50..55 5\n5 80..88 8\n02 90..99 9\n");
	expect_no_bad_rows(*state);
}

static void a_headers_file_given_as_a_path_holds_nothing(void **state)
{
	add_file(*state, "state,func_start,duration");
	expect(*state, "");
	expect_no_bad_rows(*state);
}

static void files_put_one_behind_the_other_are_read(void **state)
{
	add_file(*state, "A,10,1\n" DETAIL_HEADER "A,20,2,1,1,c,return,,0,,/b,f\r\n"
			 "state,func_start,duration\nA,30,3\n");
	expect(*state, "A 10..33 1 2 3\n");
	expect_no_bad_rows(*state);
}

static void numbers_reach_to_their_limits(void **state)
{
	add_file(*state, "A,0,0\nA,18446744073709551615,18446744073709551615\n");
	expect(*state, "A 0..18446744073709551615 0 18446744073709551615\n");
	expect_no_bad_rows(*state);
}

static void rows_that_make_no_sense_are_told_and_passed_over(void **state)
{
	add_file(*state, "A,10,1\nA,10\nA,10,1,1\n,10,1\nA,x,1\nA,10,-1\nA,10,1.0\nA, 10,1\n"
			 "A,10,18446744073709551616\n\"A\"x,10,1\nA,20,2\n");
	expect(*state, "A 10..22 1 2\n");
	expect_bad_rows(*state,
			"file:2: too few or too many fields\n"
			"file:3: too few or too many fields\n"
			"file:4: the state has no name\n"
			"file:5: the start is no number of nanoseconds\n"
			"file:6: the duration is no number of nanoseconds\n"
			"file:7: the duration is no number of nanoseconds\n"
			"file:8: the start is no number of nanoseconds\n"
			"file:9: the duration is no number of nanoseconds\n"
			"file:10: text behind a closing quote\n",
			9, 0);
}

static void a_torn_row_is_not_counted(void **state)
{
	add_file(*state, "A,10,1\nA,20,2");
	expect(*state, "A 10..11 1\n");
	expect_bad_rows(*state, "", 0, 1);
}

static void states_may_have_any_name(void **state)
{
	add_file(*state, "\"a,\"\"b\"\"\x1b[31m\r\n\xff\",10,1\n");
	expect(*state, "a,\"b\"\x1b[31m\r\n\xff 10..11 1\n");
	expect_no_bad_rows(*state);
}

static void many_states_are_kept_apart(void **state)
{
	const struct fixture *fixture = *state;
	size_t sz = 0;
	char *text = malloc(2 * 5000 * 24);

	assert_non_null(text);
	for (int i = 0; i < 2 * 5000; i++)
		sz += (size_t)sprintf(text + sz, "S%d,%d,1\n", i % 5000, i);
	add_file(*state, text);
	free(text);
	assert_int_equal(activities__series_cnt(fixture->activities), 5000);
	assert_int_equal(find(fixture, "S4321")->cnt, 2);
	assert_int_equal(find(fixture, "S4321")->last_ns, 9322);
}

/* --- activity_detail.csv ------------------------------------------------------------------ */

static void detail_columns_are_found_by_name(void **state)
{
	add_file(*state, "ended,tid,duration_ns,extra,state,start_ns\r\n"
			 "return,5,1,,A,10\r\nreturn,5,2,\"x\r\ny\",A,20\r\n");
	expect(*state, "A 10..22 1 2\n");
	expect_no_bad_rows(*state);
}

static void detail_captured_values_may_be_called_like_columns(void **state)
{
	add_file(*state,
		 "state,start_ns,duration_ns,ended,state,ended\r\nA,10,1,return,B,open\r\n");
	expect(*state, "A 10..11 1\n");
	expect_no_bad_rows(*state);
}

static void detail_counts_only_what_finished(void **state)
{
	const struct activity_series *series;

	add_file(*state, DETAIL_HEADER
		 "A,1,10,1,1,c,return,,0,,/b,f\r\nA,2,20,1,1,c,exception,,0,,/b,f\r\n"
		 "A,3,30,1,1,c,unwound,,0,,/b,f\r\nA,4,40,1,1,c,exec,,0,,/b,f\r\n"
		 "A,5,50,1,1,c,killed,,0,,/b,f\r\nA,6,60,1,1,c,killed,,0,,/b,f\r\n"
		 "A,7,70,1,1,c,thread_exit,,0,,/b,f\r\nB,8,80,1,1,c,open,,0,,/b,f\r\n");
	expect(*state, "A 1..33 10 20 30\nB\n");
	expect_no_bad_rows(*state);
	series = find(*state, "A");
	assert_int_equal(activity_series__unfinished(series, TACHO_ENDED_EXEC), 1);
	assert_int_equal(activity_series__unfinished(series, TACHO_ENDED_KILLED), 2);
	assert_int_equal(activity_series__unfinished(series, TACHO_ENDED_THREAD_EXIT), 1);
	assert_int_equal(activity_series__unfinished(series, TACHO_ENDED_OPEN), 0);
	assert_int_equal(activity_series__unfinished(find(*state, "B"), TACHO_ENDED_OPEN), 1);
}

static void detail_rows_that_make_no_sense_are_told(void **state)
{
	add_file(*state,
		 DETAIL_HEADER "A,1,10,1,1,c,vanished,,0,,/b,f\r\nA,2,20\r\n"
			       "A,3,,1,1,c,return,,0,,/b,f\r\n2,4,40,1,1,c,return,,0,,/b,f\r\n");
	expect(*state, "2 4..44 40\n");
	expect_bad_rows(*state,
			"file:2: no such way to end\n"
			"file:3: too few or too many fields\n"
			"file:4: the duration is no number of nanoseconds\n",
			3, 0);
}

static void detail_of_before_and_with_captured_values_is_read_alike(void **state)
{
	add_file(*state, OLD_DETAIL_HEADER
		 "A,10,1,1,1,c,return,0,/b,f\r\n"
		 "state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,return_value,binary,"
		 "function,steps,\"a,\"\"b\"\"\\x0a\"\r\n"
		 "A,20,2,1,1,c,return,1,0,-1,/b,f,7,\"x,y\"\r\n"
		 "state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,cpu_ns,runqueue_ns,"
		 "blocked_ns,minor_faults,major_faults,voluntary_switches,involuntary_switches,"
		 "return_value,binary,function\r\n"
		 "A,30,3,1,1,c,return,1,0,1,1,1,0,0,1,0,-1,/b,f\r\n"
		 "A,40,4,1,1,c,return,1,0,,,,,,,,-1,/b,f\r\n");
	expect(*state, "A 10..44 1 2 3 4\n");
	expect_no_bad_rows(*state);
}

static void detail_says_which_calls_failed(void **state)
{
	const struct activity_series *series;

	add_file(*state, OLD_DETAIL_HEADER
		 "A,1,10,1,1,c,return,0,/b,f\r\n" DETAIL_HEADER
		 "A,2,10,1,1,c,return,1,0,,/b,f\r\nA,3,10,1,1,c,exception,1,0,,/b,f\r\n"
		 "A,4,10,1,1,c,return,0,0,,/b,f\r\nA,5,10,1,1,c,return,,0,,/b,f\r\n"
		 "A,6,10,1,1,c,return,2,0,,/b,f\r\nA,7,10,1,1,c,return,01,0,,/b,f\r\n"
		 "A,8,10,1,1,c,killed,1,0,,/b,f\r\n");
	series = find(*state, "A");
	assert_int_equal(series->cnt, 5);
	assert_int_equal(series->failed_cnt, 2);
	assert_int_equal(series->failed_known_cnt, 3);
	expect_bad_rows(*state,
			"file:8: whether it failed is neither 0, 1 nor empty\n"
			"file:9: whether it failed is neither 0, 1 nor empty\n",
			2, 0);
}

static void a_series_reaches_from_the_first_start_to_the_last_end(void **state)
{
	const struct activity_series *series;

	add_file(*state, "A,50,10\nA,20,100\nA,70,1\nB,5,18446744073709551615\n");
	series = find(*state, "A");
	assert_int_equal(series->first_ns, 20);
	assert_int_equal(series->last_ns, 120);
	assert_int_equal(find(*state, "B")->first_ns, 5);
	assert_true(find(*state, "B")->last_ns == UINT64_MAX);
	put(*state, "summary",
	    SUMMARY_HEADER "10,130,A,9,5,0,0,0,0,4,100,3,40,0,9\r\n"
			   "7,8,C,9,5,0,0,0,0,4,100,3,40,0,9\r\n");
	add(*state, scratch__at(*state, "summary"));
	assert_int_equal(series->first_ns, 10);
	assert_int_equal(series->last_ns, 130);
	assert_int_equal(find(*state, "C")->first_ns, 7);
	assert_int_equal(find(*state, "C")->last_ns, 8);
}

/* --- activity_ledger.csv ------------------------------------------------------------------ */

static void ledger_of_a_recording_is_its_last_row(void **state)
{
	const struct ledger_row *ledger;

	add_file(*state,
		 LEDGER_HEADER "1,A,5,4,0,0,0,0,0,1,0,0,0,0\r\n1,B,1,1,0,0,0,0,0,0,0,0,0,0\r\n"
			       "2,A,21,6,1,2,3,1,1,1,1,2,3,4\r\n");
	expect(*state, "A\nB\n");
	ledger = &find(*state, "A")->ledger;
	assert_int_equal(ledger->entries, 21);
	assert_int_equal(ledger->ended[TACHO_ENDED_UNWOUND], 2);
	assert_int_equal(ledger->ended[TACHO_ENDED_OPEN], 1);
	assert_int_equal(ledger->lost_ring, 1);
	assert_int_equal(ledger->lost_nesting, 2);
	assert_int_equal(ledger->lost_other, 3);
	assert_int_equal(ledger->unmatched_returns, 4);
	assert_int_equal(ledger_row__lost(ledger), 6);
	assert_int_equal(ledger_row__imbalance(ledger), 0);
	assert_int_equal(activity_series__unfinished(find(*state, "A"), TACHO_ENDED_OPEN), 1);
	assert_int_equal(find(*state, "B")->ledger.entries, 1);
	expect_no_bad_rows(*state);
}

static void ledger_recordings_are_added_up(void **state)
{
	add_file(*state,
		 LEDGER_HEADER "1,A,5,4,0,0,0,0,0,1,0,0,0,0\r\n2,A,9,7,0,0,0,0,0,0,2,0,0,0\r\n"
			       "3,A,0,0,0,0,0,0,0,0,0,0,0,0\r\n4,A,4,1,0,0,0,0,0,2,1,0,0,0\r\n"
			       "5,A,4,0,0,0,0,0,0,1,3,0,0,0\r\n"
			       /* same number of entries, but fewer lost: another one */
			       "6,A,4,3,0,0,0,0,0,0,1,0,0,0\r\n");
	assert_int_equal(find(*state, "A")->ledger.entries, 9 + 4 + 4 + 4);
	assert_int_equal(find(*state, "A")->ledger.lost_ring, 2 + 1 + 3 + 1);
	assert_int_equal(find(*state, "A")->ledger.ended[TACHO_ENDED_OPEN], 0 + 2 + 1 + 0);
}

static void ledgers_of_two_files_are_two_recordings(void **state)
{
	add_file(*state, LEDGER_HEADER "1,A,5,4,0,0,0,0,0,0,1,0,0,0\r\n");
	put(*state, "other", LEDGER_HEADER "1,A,7,5,0,0,0,0,0,0,2,0,0,0\r\n");
	add(*state, scratch__at(*state, "other"));
	assert_int_equal(find(*state, "A")->ledger.entries, 12);
	assert_int_equal(find(*state, "A")->ledger.lost_ring, 3);
}

static void ledger_rows_that_make_no_sense_are_told(void **state)
{
	add_file(*state, LEDGER_HEADER "1,A,5,4,0,0,0,0,0,x,1,0,0,0\r\n1,A,5\r\n"
				       "1,,5,4,0,0,0,0,0,0,1,0,0,0\r\n");
	expect(*state, "");
	expect_bad_rows(*state,
			"file:2: a count of the ledger is no number\n"
			"file:3: too few or too many fields\nfile:4: the state has no name\n",
			3, 0);
}

/* --- directories -------------------------------------------------------------------------- */

static void a_directory_is_its_detail_file_if_there_is_one(void **state)
{
	put(*state, "activity_detail.csv", DETAIL_HEADER "A,10,1,1,1,c,return,,0,,/b,f\r\n");
	put(*state, "robot_activity_data", "\"A\",\"10\",\"1\"\r\n");
	put(*state, "robot_activity_data_headers", "state,func_start,duration");
	put(*state, "robot_context_data", "2,5,5\r\n");
	put(*state, "activity_probes.csv", PROBES_HEADER "1,end,A,/b,5f,f,f,0x0,fast,0,\r\n");
	add_dir(*state);
	expect(*state, "A 10..11 1\n");
	expect_no_bad_rows(*state);
}

static void a_directory_without_it_is_its_activity_data(void **state)
{
	put(*state, "robot_activity_data", "\"A\",\"10\",\"1\"\r\n");
	put(*state, "robot_activity_data_headers", "state,func_start,duration");
	put(*state, "robot_context_data", "2,5,5\r\n");
	put(*state, "activity_ledger.csv", LEDGER_HEADER "1,A,3,1,0,0,0,0,0,1,1,0,0,0\r\n");
	add_dir(*state);
	expect(*state, "A 10..11 1\n");
	assert_int_equal(find(*state, "A")->ledger.lost_ring, 1);
	expect_no_bad_rows(*state);
}

static void an_old_directory_is_its_context_data(void **state)
{
	put(*state, "robot_context_data", "2,5,5\r\n");
	put(*state, "robot_context_data_headers", "state_id,function_start_time,duration");
	add_dir(*state);
	expect(*state, "ANALYZING_PROTOCOL 5..10 5\n");
}

static void rotated_parts_are_read_oldest_first(void **state)
{
	put(*state, "robot_activity_data", "A,5,1\n");
	put(*state, "robot_activity_data.1", "A,4,1\n");
	put(*state, "robot_activity_data.2", "A,3,1\n");
	put(*state, "robot_activity_data.9", "A,2,1\n");
	put(*state, "robot_activity_data.10", "A,1,1\n");
	put(*state, "robot_activity_data.01", "no part\n");
	put(*state, "robot_activity_data.1.gz", "no part\n");
	put(*state, "robot_activity_data.", "no part\n");
	put(*state, "robot_activity_data.old", "no part\n");
	add_dir(*state);
	expect(*state, "A 1..6 1 1 1 1 1\n");
	expect_no_bad_rows(*state);
}

static void rotated_parts_alone_are_enough(void **state)
{
	put(*state, "activity_detail.csv.3", DETAIL_HEADER "A,10,1,1,1,c,return,,0,,/b,f\r\n");
	put(*state, "robot_activity_data", "B,5,1\n");
	add_dir(*state);
	expect(*state, "A 10..11 1\n");
}

static void rotated_detail_may_have_other_columns(void **state)
{
	put(*state, "activity_detail.csv.2", "start_ns,state,ended,duration_ns\n5,A,return,1\n");
	put(*state, "activity_detail.csv.1", OLD_DETAIL_HEADER "A,10,1,1,1,c,return,0,/b,f\r\n");
	put(*state, "activity_detail.csv", DETAIL_HEADER "A,20,2,1,1,c,return,,0,,/b,f\r\n");
	add_dir(*state);
	expect(*state, "A 5..22 1 1 2\n");
	expect_no_bad_rows(*state);
}

static void a_rotated_ledger_is_one(void **state)
{
	put(*state, "robot_activity_data", "");
	put(*state, "activity_ledger.csv.1", LEDGER_HEADER "1,A,5,4,0,0,0,0,0,0,1,0,0,0\r\n");
	put(*state, "activity_ledger.csv", LEDGER_HEADER "2,A,8,6,0,0,0,0,0,0,2,0,0,0\r\n");
	add_dir(*state);
	assert_int_equal(find(*state, "A")->ledger.entries, 8);
	assert_int_equal(find(*state, "A")->ledger.lost_ring, 2);
}

static void a_part_met_under_two_names_is_read_once(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "robot_activity_data", "A,5,1\n");
	assert_int_equal(link(scratch__at(&fixture->scratch, "robot_activity_data"),
			      scratch__at(&fixture->scratch, "robot_activity_data.1")),
			 0);
	add_dir(fixture);
	expect(fixture, "A 5..6 1\n");
}

static void a_path_given_twice_is_read_once(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "robot_activity_data", "A,5,1\n");
	put(fixture, "activity_ledger.csv", LEDGER_HEADER "1,A,3,1,0,0,0,0,0,1,1,0,0,0\r\n");
	add_dir(fixture);
	add(fixture, scratch__at(&fixture->scratch, "robot_activity_data"));
	add_dir(fixture);
	expect(fixture, "A 5..6 1\n");
	assert_int_equal(find(fixture, "A")->ledger.entries, 3);
}

static void a_fifo_in_the_directory_does_not_hang(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkfifo(scratch__at(&fixture->scratch, "activity_ledger.csv"), 0600), 0);
	put(fixture, "robot_activity_data", "A,5,1\n");
	add_dir(fixture);
	expect(fixture, "A 5..6 1\n");
}

/* --- refusals ----------------------------------------------------------------------------- */

static void refuse(struct fixture *fixture, const char *path, int err, const char *says)
{
	struct fault why = {};

	assert_int_equal(activities__add_path(fixture->activities, path, &why), err);
	if (!strstr(why.text, says) || !strstr(why.text, path))
		fail_msg("'%s' lacks '%s' or '%s'", why.text, says, path);
}

static void a_directory_without_data_is_refused(void **state)
{
	struct fixture *fixture = *state;

	refuse(fixture, fixture->scratch.path, -ENOENT,
	       "holds no activity_detail.csv, robot_activity_data or robot_context_data");
}

static void a_missing_path_is_refused(void **state)
{
	refuse(*state, scratch__at(*state, "nothing"), -ENOENT, "No such file");
}

static void an_unreadable_part_is_refused_and_the_rest_stays(void **state)
{
	struct fixture *fixture = *state;
	struct fault why = {};

	put(fixture, "robot_activity_data.1", "A,5,1\n");
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "robot_activity_data"), 0700), 0);
	assert_int_equal(activities__add_path(fixture->activities, fixture->scratch.path, &why),
			 -EISDIR);
	assert_non_null(strstr(why.text, "/robot_activity_data: cannot read: Is a directory"));
	expect(fixture, "A 5..6 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(opentrons_rows_need_no_header),
		CASE(opentrons_rows_may_lack_quotes_or_mix_them),
		CASE(opentrons_headers_may_stand_anywhere_in_any_spelling),
		CASE(opentrons_numbers_of_states_become_their_names),
		CASE(a_headers_file_given_as_a_path_holds_nothing),
		CASE(files_put_one_behind_the_other_are_read),
		CASE(numbers_reach_to_their_limits),
		CASE(rows_that_make_no_sense_are_told_and_passed_over),
		CASE(a_torn_row_is_not_counted),
		CASE(states_may_have_any_name),
		CASE(many_states_are_kept_apart),
		CASE(detail_columns_are_found_by_name),
		CASE(detail_captured_values_may_be_called_like_columns),
		CASE(detail_counts_only_what_finished),
		CASE(detail_rows_that_make_no_sense_are_told),
		CASE(detail_of_before_and_with_captured_values_is_read_alike),
		CASE(detail_says_which_calls_failed),
		CASE(a_series_reaches_from_the_first_start_to_the_last_end),
		CASE(ledger_of_a_recording_is_its_last_row),
		CASE(ledger_recordings_are_added_up),
		CASE(ledgers_of_two_files_are_two_recordings),
		CASE(ledger_rows_that_make_no_sense_are_told),
		CASE(a_directory_is_its_detail_file_if_there_is_one),
		CASE(a_directory_without_it_is_its_activity_data),
		CASE(an_old_directory_is_its_context_data),
		CASE(rotated_parts_are_read_oldest_first),
		CASE(rotated_parts_alone_are_enough),
		CASE(rotated_detail_may_have_other_columns),
		CASE(a_rotated_ledger_is_one),
		CASE(a_part_met_under_two_names_is_read_once),
		CASE(a_path_given_twice_is_read_once),
		CASE(a_fifo_in_the_directory_does_not_hang),
		CASE(a_directory_without_data_is_refused),
		CASE(a_missing_path_is_refused),
		CASE(an_unreadable_part_is_refused_and_the_rest_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
