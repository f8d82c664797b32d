/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "ledger.h"
#include "recorder_fixture.h"

static void a_call_becomes_a_row_in_each_file(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_activity(&f, 1, 5, 12, TACHO_ENDED_RETURN), 0);
	feed_entries(&f, 1, 1);
	assert_int_equal(encode_flush(feed, &f, 20, 1), 0);
	scratch__expect(&f.scratch, "robot_activity_data", "\"MOVING\",\"1005\",\"7\"\r\n");
	scratch__expect(&f.scratch, "robot_activity_data_headers", "state,func_start,duration");
	scratch__expect(&f.scratch, "activity_detail.csv",
			DETAIL_COLUMNS
			"\r\nMOVING,1005,7,10,11,motord,return,,0,,,,,,,,,/usr/bin/motord,"
			"move\r\n");
	scratch__expect(&f.scratch, "activity_ledger.csv",
			LEDGER_HEADER "1020,HOMING,0,0,0,0,0,0,0,0,0,0,0,0\r\n"
				      "1020,MOVING,1,1,0,0,0,0,0,0,0,0,0,0\r\n");
	fixture__remove(&f);
}

static void only_calls_that_come_to_an_end_are_robot_activities(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	for (int ended = 0; ended < TACHO_ENDED_CNT; ended++)
		assert_int_equal(feed_activity(&f, 0, 10 + ended, 20 + ended, ended), 0);
	feed_entries(&f, 0, TACHO_ENDED_CNT);
	encode_flush(feed, &f, 30, 1);
	scratch__expect(&f.scratch, "robot_activity_data",
			"\"HOMING\",\"1010\",\"10\"\r\n" /* return */
			"\"HOMING\",\"1011\",\"10\"\r\n" /* exception */
			"\"HOMING\",\"1012\",\"10\"\r\n" /* unwound */);
	scratch__expect(&f.scratch, "activity_ledger.csv",
			LEDGER_HEADER "1030,HOMING,7,1,1,1,1,1,1,1,0,0,0,0\r\n"
				      "1030,MOVING,0,0,0,0,0,0,0,0,0,0,0,0\r\n");
	fixture__remove(&f);
}

static void start_times_use_the_clock_that_held_when_they_began(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_clock(feed, &f, 100, -50), 0);
	feed_activity(&f, 0, 99, 300, TACHO_ENDED_RETURN);
	feed_activity(&f, 0, 100, 300, TACHO_ENDED_RETURN);
	encode_flush(feed, &f, 400, 0);
	scratch__expect(&f.scratch, "robot_activity_data",
			"\"HOMING\",\"1099\",\"201\"\r\n\"HOMING\",\"50\",\"200\"\r\n");
	fixture__remove(&f);
}

static void the_ledger_says_only_what_is_new(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	encode_flush(feed, &f, 1, 0);
	encode_flush(feed, &f, 2, 0);
	feed_entries(&f, 1, 3);
	encode_flush(feed, &f, 3, 0);
	encode_flush(feed, &f, 4, 0);
	scratch__expect(&f.scratch, "activity_ledger.csv",
			LEDGER_HEADER "1001,HOMING,0,0,0,0,0,0,0,0,0,0,0,0\r\n"
				      "1001,MOVING,0,0,0,0,0,0,0,0,0,0,0,0\r\n"
				      "1003,MOVING,3,0,0,0,0,0,0,3,0,0,0,0\r\n");
	fixture__remove(&f);
}

static void a_row_without_room_is_counted_and_in_no_file(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 2048);
	for (int i = 0; i < 100; i++)
		assert_int_equal(feed_activity(&f, 0, i, i + 1, TACHO_ENDED_RETURN), 0);
	feed_entries(&f, 0, 100);
	encode_flush(feed, &f, 200, 1);
	recorder__summarize(f.recorder, &summary);
	assert_true(summary.lost > 0);
	assert_int_equal(summary.activities + summary.lost, 100);
	assert_int_equal(summary.unaccounted, 0);
	fixture__remove(&f);
}

static void what_became_of_one_state_can_be_read(void **state)
{
	struct recorder_state read = {};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 2048);
	for (int i = 0; i < 100; i++)
		assert_int_equal(feed_activity(&f, 0, i, i + 1, TACHO_ENDED_RETURN), 0);
	feed_entries(&f, 0, 103);
	encode_flush(feed, &f, 200, 0);
	assert_int_equal(recorder__read_state(f.recorder, 0, &read), 0);
	assert_int_equal(read.ledger.entries, 103);
	assert_int_equal(read.rows + ledger_row__lost(&read.ledger), 100);
	assert_true(read.ledger.lost_other > 0);
	assert_int_equal(read.summarised, 0);
	assert_int_equal(recorder__read_state(f.recorder, 99, &read), -ENOENT);
	assert_int_equal(read.ledger.entries, 103);
	fixture__remove(&f);
}

static void unusable_records_are_passed_over_and_counted(void **state)
{
	const struct event_probe of_no_state = { .number = 2,
						 .state = 9,
						 .binary = "x",
						 .function = "y",
						 .build_id = "",
						 .symbol = "",
						 .exit_mode = "" };
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_activity(&f, 2, 1, 2, TACHO_ENDED_RETURN), -EBADMSG);
	assert_int_equal(feed_activity(&f, 0, 2, 1, TACHO_ENDED_RETURN), -EBADMSG);
	assert_int_equal(encode_state(feed, &f, 7, "OUT_OF_ORDER"), -EBADMSG);
	assert_int_equal(encode_probe(feed, &f, &of_no_state), -EBADMSG);
	feed_entries(&f, 0, 0);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
	recorder__summarize(f.recorder, &summary);
	assert_int_equal(summary.unusable, 4);
	assert_int_equal(summary.activities, 1);
	fixture__remove(&f);
}

static void calls_that_went_astray_are_told(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_entries(&f, 0, 5);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_OPEN);
	encode_flush(feed, &f, 3, 1);
	recorder__summarize(f.recorder, &summary);
	assert_int_equal(summary.activities, 1);
	assert_int_equal(summary.open, 1);
	assert_int_equal(summary.unaccounted, 3);
	assert_true(summary.ended_well);
	fixture__remove(&f);
}

static void execs_are_passed_over_in_silence(void **state)
{
	struct tacho_exec exec = { { TACHO_RECORD_EXEC, sizeof(exec) }, 4711, 1 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed(&f, &exec, sizeof(exec)), 0);
	assert_int_equal(summarize(&f).unusable, 0);
	fixture__remove(&f);
}

/* --- starting ------------------------------------------------------------------------------------
 */

static void declarations_make_no_files(void **state)
{
	const struct tacho_return returns = { .type = TACHO_VALUE_S32 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_return(feed, &f, &returns), 0);
	assert_false(scratch__has(&f.scratch, "activity_detail.csv"));
	assert_int_equal(recorder__start(f.recorder, NULL), 0);
	scratch__expect(&f.scratch, "activity_detail.csv", DETAIL_COLUMNS "\r\n");
	scratch__expect(&f.scratch, "activity_ledger.csv", LEDGER_HEADER);
	scratch__expect(&f.scratch, "robot_activity_data", "");
	assert_int_equal(recorder__start(f.recorder, NULL), 0);
	fixture__remove(&f);
}

static void the_first_call_starts_what_nobody_has_started(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	assert_true(scratch__has(&f.scratch, "activity_detail.csv"));
	fixture__remove(&f);
}

static void a_start_that_fails_says_which_file_and_may_be_repeated(void **state)
{
	const struct event_capture capture = { .type = TACHO_VALUE_U8, .name = "axis" };
	struct fault why = {};
	struct fixture f = {};
	const char *path;

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_capture(feed, &f, &capture), 0);
	path = scratch__at(&f.scratch, "activity_ledger.csv");
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(recorder__start(f.recorder, &why), -EISDIR);
	assert_non_null(strstr(why.text, "activity_ledger.csv"));
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
	encode_flush(feed, &f, 3, 1);
	scratch__expect(&f.scratch, "activity_detail.csv",
			DETAIL_COLUMNS ",axis\r\nHOMING,1001,1,10,11,motord,return,,0,,,,,,,,,"
				       "/usr/bin/motord,home,\r\n");
	assert_int_equal(summarize(&f).activities, 1);
	fixture__remove(&f);
}

static void probes_may_come_later(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	feed_probe(&f, 2, 0, "home_again");
	assert_int_equal(feed_activity(&f, 2, 3, 4, TACHO_ENDED_RETURN), 0);
	encode_flush(feed, &f, 5, 1);
	scratch__expect(
		&f.scratch, "activity_detail.csv",
		DETAIL_COLUMNS
		"\r\nHOMING,1001,1,10,11,motord,return,,0,,,,,,,,,/usr/bin/motord,home\r\n"
		"HOMING,1003,1,10,11,motord,return,,0,,,,,,,,,/usr/bin/motord,home_again\r\n");
	fixture__remove(&f);
}

static void states_of_one_name_are_one_in_the_ledger(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	feed_activity(&f, 0, 1, 3, TACHO_ENDED_OPEN);
	feed_entries(&f, 0, 2);
	encode_flush(feed, &f, 10, 0);
	assert_int_equal(encode_state(feed, &f, 2, "HOMING"), 0);
	assert_int_equal(encode_state(feed, &f, 3, "HOMING"), 0);
	feed_probe(&f, 2, 2, "home_again");
	feed_probe(&f, 3, 3, "home_once_more");
	encode_flush(feed, &f, 11, 0);
	feed_activity(&f, 2, 3, 4, TACHO_ENDED_RETURN);
	feed_entries(&f, 2, 1);
	feed_activity(&f, 3, 3, 4, TACHO_ENDED_EXCEPTION);
	feed_entries(&f, 3, 1);
	encode_flush(feed, &f, 12, 1);
	scratch__expect(&f.scratch, "activity_ledger.csv",
			LEDGER_HEADER "1010,HOMING,2,1,0,0,0,0,0,1,0,0,0,0\r\n"
				      "1010,MOVING,0,0,0,0,0,0,0,0,0,0,0,0\r\n"
				      "1012,HOMING,4,2,1,0,0,0,0,1,0,0,0,0\r\n"
				      "1012,MOVING,0,0,0,0,0,0,0,0,0,0,0,0\r\n");
	assert_int_equal(summarize(&f).activities, 3);
	assert_int_equal(summarize(&f).state_cnt, 1);
	assert_int_equal(summarize(&f).unaccounted, 0);
	fixture__remove(&f);
}

static void more_states_than_there_can_be_are_passed_over(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	for (uint32_t i = 2; i < 4096; i++)
		assert_int_equal(encode_state(feed, &f, i, "S"), 0);
	assert_int_equal(encode_state(feed, &f, 4096, "S"), -EBADMSG);
	fixture__remove(&f);
}

static void an_unknown_format_is_refused(void **state)
{
	static const char *const formats[] = { "parquet" };
	struct sink_options options = { .backlog_bytes = 1 << 20 };
	struct recorder *recorder = NULL;
	struct fault why = {};

	(void)state;
	assert_int_equal(recorder__new(formats, 1, &options, &recorder, &why), -EINVAL);
	assert_non_null(strstr(why.text, "parquet"));
	assert_null(recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_becomes_a_row_in_each_file),
		cmocka_unit_test(only_calls_that_come_to_an_end_are_robot_activities),
		cmocka_unit_test(start_times_use_the_clock_that_held_when_they_began),
		cmocka_unit_test(the_ledger_says_only_what_is_new),
		cmocka_unit_test(a_row_without_room_is_counted_and_in_no_file),
		cmocka_unit_test(what_became_of_one_state_can_be_read),
		cmocka_unit_test(unusable_records_are_passed_over_and_counted),
		cmocka_unit_test(calls_that_went_astray_are_told),
		cmocka_unit_test(execs_are_passed_over_in_silence),
		cmocka_unit_test(declarations_make_no_files),
		cmocka_unit_test(the_first_call_starts_what_nobody_has_started),
		cmocka_unit_test(a_start_that_fails_says_which_file_and_may_be_repeated),
		cmocka_unit_test(probes_may_come_later),
		cmocka_unit_test(states_of_one_name_are_one_in_the_ledger),
		cmocka_unit_test(more_states_than_there_can_be_are_passed_over),
		cmocka_unit_test(an_unknown_format_is_refused),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
