/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "sinks_fixture.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden/opentrons" /* the tests run at the top of the tree */
#endif

#define DETAIL_COLUMNS                                                                             \
	"state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,cpu_ns,runqueue_ns,blocked_"   \
	"ns,"                                                                                      \
	"minor_faults,major_faults,voluntary_switches,involuntary_switches,return_value,binary,"   \
	"function"
#define DETAIL_HEADER DETAIL_COLUMNS "\r\n"
#define LEDGER_HEADER                                                                              \
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,lost_ring," \
	"lost_nesting,lost_other,unmatched_returns\r\n"

static void put(struct fixture *fixture, const struct activity_row *row)
{
	assert_int_equal(fixture->ops->activity(fixture->sink, row), 0);
}

static struct activity_row ordinary_row(void)
{
	return (struct activity_row) {
		.state = "SAVING",
		.start_ns = 1718739269730290312,
		.duration_ns = 47381526,
		.pid = 812,
		.tid = 4294967295,
		.depth = 3,
		.ended = TACHO_ENDED_RETURN,
		.comm = "writer",
		.binary = "/usr/bin/saver",
		.function = "ns::save(int, char)",
	};
}

static void expect_same_as_golden(struct fixture *fixture, const char *name)
{
	char path[PATH_MAX];
	char *golden;
	size_t sz;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
	golden = read_whole(path, &sz);
	assert_int_equal(scratch__sz(&fixture->scratch, name), sz);
	scratch__expect(&fixture->scratch, name, golden);
	free(golden);
}

static void opentrons_files_are_the_golden_bytes(void **state)
{
	static const struct activity_row rows[] = {
		{ .state = "ANALYZING_PROTOCOL",
		  .start_ns = 1718739269730290312,
		  .duration_ns = 14028043893 },
		{ .state = "GETTING_CACHED_ANALYSIS",
		  .start_ns = 1718739323578647179,
		  .duration_ns = 47381526 },
		{ .state = "RUNNING_PROTOCOL", .start_ns = 1718739400000000000, .duration_ns = 0 },
		{ .state = "CALIBRATING", .start_ns = 1718739400000000001, .duration_ns = 1 },
		{ .state = "ROBOT_STARTING_UP", .start_ns = 0, .duration_ns = 9223372036854775807 },
		{ .state = "ROBOT_SHUTTING_DOWN",
		  .start_ns = 1718739500123456789,
		  .duration_ns = 123 },
	};
	struct fixture *fixture = *state;

	open_sink(fixture, &opentrons_sink_ops);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(fixture, &rows[i]);
		if (i % 2)
			flush(fixture);
	}
	expect_same_as_golden(fixture, "robot_activity_data");
	expect_same_as_golden(fixture, "robot_activity_data_headers");
	assert_int_equal(fixture->notice_cnt, 0);
}

static void opentrons_rows_are_only_calls_that_control_left(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = ordinary_row();

	open_sink(fixture, &opentrons_sink_ops);
	for (unsigned int ended = 0; ended < TACHO_ENDED_CNT; ended++) {
		row.ended = ended;
		row.duration_ns = ended;
		/* 1 says that the row is of a kind that is not written here */
		assert_int_equal(fixture->ops->activity(fixture->sink, &row),
				 ended > TACHO_ENDED_UNWOUND);
	}
	assert_int_equal(fixture->ops->pending(fixture->sink), 3);
	flush(fixture);
	assert_int_equal(fixture->ops->pending(fixture->sink), 0);
	scratch__expect(&fixture->scratch, "robot_activity_data",
			"\"SAVING\",\"1718739269730290312\",\"0\"\r\n"
			"\"SAVING\",\"1718739269730290312\",\"1\"\r\n"
			"\"SAVING\",\"1718739269730290312\",\"2\"\r\n");
}

static void opentrons_takes_no_ledger_and_the_ledger_no_activity(void **state)
{
	(void)state;
	assert_null(opentrons_sink_ops.ledger);
	assert_null(detail_sink_ops.ledger);
	assert_null(ledger_sink_ops.activity);
}

static void detail_has_every_column_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = ordinary_row();

	open_sink(fixture, &detail_sink_ops);
	scratch__expect(&fixture->scratch, "activity_detail.csv", DETAIL_HEADER);
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_detail.csv",
			DETAIL_HEADER
			"SAVING,1718739269730290312,47381526,812,4294967295,writer,"
			"return,,3,,,,,,,,,/usr/bin/saver,\"ns::save(int, char)\"\r\n");
}

static void detail_leaves_what_is_unknown_empty(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = ordinary_row();

	open_sink(fixture, &detail_sink_ops);
	row.cpu_ns = (struct row_number) { true, 381526 };
	row.runqueue_ns = (struct row_number) { true, 0 };
	row.blocked_ns = (struct row_number) { true, 47000000 };
	row.minor_faults = (struct row_number) { true, UINT64_MAX };
	row.major_faults = (struct row_number) { true, 4 };
	row.voluntary_switches = (struct row_number) { true, 5 };
	row.involuntary_switches = (struct row_number) { true, 6 };
	put(fixture, &row);
	row.runqueue_ns.known = false;
	row.blocked_ns.known = false;
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_detail.csv",
			DETAIL_HEADER
			"SAVING,1718739269730290312,47381526,812,4294967295,writer,return,,3,"
			"381526,0,47000000,18446744073709551615,4,5,6,"
			",/usr/bin/saver,\"ns::save(int, char)\"\r\n"
			"SAVING,1718739269730290312,47381526,812,4294967295,writer,return,,3,"
			"381526,,,18446744073709551615,4,5,6,"
			",/usr/bin/saver,\"ns::save(int, char)\"\r\n");
}

static void detail_spells_every_ending(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = { .state = "S", .comm = "c", .binary = "b", .function = "f" };

	open_sink(fixture, &detail_sink_ops);
	for (unsigned int ended = 0; ended < TACHO_ENDED_CNT; ended++) {
		row.ended = ended;
		put(fixture, &row);
	}
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_detail.csv",
			DETAIL_HEADER "S,0,0,0,0,c,return,,0,,,,,,,,,b,f\r\n"
				      "S,0,0,0,0,c,exception,,0,,,,,,,,,b,f\r\n"
				      "S,0,0,0,0,c,unwound,,0,,,,,,,,,b,f\r\n"
				      "S,0,0,0,0,c,thread_exit,,0,,,,,,,,,b,f\r\n"
				      "S,0,0,0,0,c,exec,,0,,,,,,,,,b,f\r\n"
				      "S,0,0,0,0,c,killed,,0,,,,,,,,,b,f\r\n"
				      "S,0,0,0,0,c,open,,0,,,,,,,,,b,f\r\n");
}

static void expect_comm(struct fixture *fixture, const char *comm, const char *expected)
{
	struct activity_row row = { .state = "S", .comm = comm, .binary = "b", .function = "f" };
	char text[1024];

	assert_int_equal(truncate(scratch__at(&fixture->scratch, "activity_detail.csv"), 0), 0);
	put(fixture, &row);
	flush(fixture);
	snprintf(text, sizeof(text), "%sS,0,0,0,0,%s,return,,0,,,,,,,,,b,f\r\n", DETAIL_HEADER,
		 expected);
	scratch__expect(&fixture->scratch, "activity_detail.csv", text);
}

static void detail_escapes_what_a_hostile_name_may_hold(void **state)
{
	static const char *const names[][2] = {
		{ "", "" },
		{ "a,b", "\"a,b\"" },
		{ "say \"so\"", "\"say \"\"so\"\"\"" },
		{ "a\nb\rc\td", "a\\x0ab\\x0dc\\x09d" },
		{ "\x1b[31mred\x7f", "\\x1b[31mred\\x7f" },
		{ "back\\slash\\", "back\\\\slash\\\\" },
		{ "\\x0a", "\\\\x0a" },
		{ "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x92\xa9",
		  "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x92\xa9" },
		{ "\xff,\xfe", "\"\\xff,\\xfe\"" },
		{ "\xc2\x9b"
		  "31m \xc2\x80\xc2\xa0",
		  "\\xc2\\x9b31m \\xc2\\x80\xc2\xa0" },
		{ "cut \xe6\x97", "cut \\xe6\\x97" },
		{ "cut \xf0\x9f\x92", "cut \\xf0\\x9f\\x92" },
		{ "cut \xc3", "cut \\xc3" },
		{ "\xa9 alone", "\\xa9 alone" },
		{ "\xc3(", "\\xc3(" },
		/* Overlong, surrogate, beyond U+10FFFF, and the characters next to them. */
		{ "\xc0\x80\xc1\xbf", "\\xc0\\x80\\xc1\\xbf" },
		{ "\xe0\x9f\xbf\xe0\xa0\x80", "\\xe0\\x9f\\xbf\xe0\xa0\x80" },
		{ "\xf0\x8f\xbf\xbf\xf0\x90\x80\x80", "\\xf0\\x8f\\xbf\\xbf\xf0\x90\x80\x80" },
		{ "\xed\xa0\x80\xed\x9f\xbf", "\\xed\\xa0\\x80\xed\x9f\xbf" },
		{ "\xf4\x90\x80\x80\xf4\x8f\xbf\xbf", "\\xf4\\x90\\x80\\x80\xf4\x8f\xbf\xbf" },
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
	};
	struct fixture *fixture = *state;

	open_sink(fixture, &detail_sink_ops);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_comm(fixture, names[i][0], names[i][1]);
}

static void detail_escapes_paths_and_functions_too(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = {
		.state = "S\n", .comm = "c", .binary = "/tmp/\n", .function = "\xff"
	};

	open_sink(fixture, &detail_sink_ops);
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_detail.csv",
			DETAIL_HEADER "S\\x0a,0,0,0,0,c,return,,0,,,,,,,,,/tmp/\\x0a,\\xff\r\n");
}

static void detail_of_other_columns_is_set_aside_with_a_notice(void **state)
{
	static const char older[] = "state,start_ns\r\nS,1\r\n";
	struct fixture *fixture = *state;

	scratch__write(&fixture->scratch, "activity_detail.csv", older, strlen(older));
	open_sink(fixture, &detail_sink_ops);
	scratch__expect(&fixture->scratch, "activity_detail.csv.1", older);
	scratch__expect(&fixture->scratch, "activity_detail.csv", DETAIL_HEADER);
	assert_int_equal(fixture->notice_cnt, 1);
}

static void detail_says_what_failed_and_what_was_returned(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = { .state = "S", .comm = "c", .binary = "b", .function = "f" };

	open_sink(fixture, &detail_sink_ops);
	row.failed = ROW_FAILED_YES;
	row.return_value = "-1";
	put(fixture, &row);
	row.failed = ROW_FAILED_NO;
	row.return_value = "0x7f";
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_detail.csv",
			DETAIL_HEADER "S,0,0,0,0,c,return,1,0,,,,,,,,-1,b,f\r\n"
				      "S,0,0,0,0,c,return,0,0,,,,,,,,0x7f,b,f\r\n");
}

static void detail_has_a_column_for_each_captured_value(void **state)
{
	static const char *const names[] = { "protocol", "a,\"b\"\n", "steps" };
	/* formatted already: what is escaped is not escaped again */
	static const char *const first[] = { "with, comma", NULL, "-7" };
	static const char *const second[] = { "", "\\x0a\xe2\x80\xa6", NULL };
	struct fixture *fixture = *state;
	struct activity_row row = { .state = "S", .comm = "c", .binary = "b", .function = "f" };

	fixture->options.capture_names = names;
	fixture->options.capture_name_cnt = 3;
	open_sink(fixture, &detail_sink_ops);
	row.captured = first;
	put(fixture, &row);
	row.captured = second;
	put(fixture, &row);
	row.captured = NULL;
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_detail.csv",
			DETAIL_COLUMNS ",protocol,\"a,\"\"b\"\"\\x0a\",steps\r\n"
				       "S,0,0,0,0,c,return,,0,,,,,,,,,b,f,\"with, comma\",,-7\r\n"
				       "S,0,0,0,0,c,return,,0,,,,,,,,,b,f,,\\x0a\xe2\x80\xa6,\r\n"
				       "S,0,0,0,0,c,return,,0,,,,,,,,,b,f,,,\r\n");
}

static void detail_of_other_captured_values_is_set_aside(void **state)
{
	static const char *const names[] = { "steps" };
	struct fixture *fixture = *state;
	struct activity_row row = ordinary_row();

	open_sink(fixture, &detail_sink_ops);
	put(fixture, &row);
	flush(fixture);
	fixture->options.capture_names = names;
	fixture->options.capture_name_cnt = 1;
	open_sink(fixture, &detail_sink_ops);
	assert_true(scratch__sz(&fixture->scratch, "activity_detail.csv.1") >
		    strlen(DETAIL_HEADER));
	scratch__expect(&fixture->scratch, "activity_detail.csv", DETAIL_COLUMNS ",steps\r\n");
	assert_int_equal(fixture->notice_cnt, 1);
}

static void other_sinks_know_nothing_of_captured_values(void **state)
{
	static const char *const names[] = { "steps" };
	struct fixture *fixture = *state;
	struct activity_row row = { .state = "S", .duration_ns = 3, .captured = names };

	fixture->options.capture_names = names;
	fixture->options.capture_name_cnt = 1;
	open_sink(fixture, &ledger_sink_ops);
	scratch__expect(&fixture->scratch, "activity_ledger.csv", LEDGER_HEADER);
	open_sink(fixture, &opentrons_sink_ops);
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "robot_activity_data", "\"S\",\"0\",\"3\"\r\n");
	scratch__expect(&fixture->scratch, "robot_activity_data_headers",
			"state,func_start,duration");
}

static void ledger_has_every_column_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_row row = {
		.time_ns = 1718739269730290312,
		.state = "SAVING",
		.entries = UINT64_MAX,
		.ended = { 1, 2, 3, 4, 5, 6, 7 },
		.lost_ring = 8,
		.lost_nesting = 9,
		.lost_other = 10,
		.unmatched_returns = 11,
	};

	open_sink(fixture, &ledger_sink_ops);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_ledger.csv", LEDGER_HEADER);
	assert_int_equal(fixture->ops->ledger(fixture->sink, &row), 0);
	flush(fixture);
	scratch__expect(&fixture->scratch, "activity_ledger.csv",
			LEDGER_HEADER "1718739269730290312,SAVING,18446744073709551615,"
				      "1,2,3,4,5,6,7,8,9,10,11\r\n");
}

static void a_sink_opened_again_goes_on_in_its_file(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = { .state = "S", .comm = "c", .binary = "b", .function = "f" };

	for (int i = 0; i < 2; i++) {
		open_sink(fixture, &detail_sink_ops);
		put(fixture, &row);
		flush(fixture);
	}
	scratch__expect(
		&fixture->scratch, "activity_detail.csv",
		DETAIL_HEADER
		"S,0,0,0,0,c,return,,0,,,,,,,,,b,f\r\nS,0,0,0,0,c,return,,0,,,,,,,,,b,f\r\n");
	assert_int_equal(fixture->notice_cnt, 0);
}

static void a_sink_says_when_it_has_no_room(void **state)
{
	struct fixture *fixture = *state;
	struct activity_row row = ordinary_row();
	unsigned int taken = 0;

	fixture->options.backlog_bytes = 4096;
	open_sink(fixture, &detail_sink_ops);
	assert_true(fixture->ops->has_room(fixture->sink));
	while (!fixture->ops->activity(fixture->sink, &row))
		taken++;
	assert_int_equal(fixture->ops->activity(fixture->sink, &row), -ENOBUFS);
	assert_false(fixture->ops->has_room(fixture->sink));
	assert_in_range(taken, 30, 50);
	flush(fixture);
	assert_true(fixture->ops->has_room(fixture->sink));
	put(fixture, &row);
}

static void a_sink_that_cannot_open_says_which_file(void **state)
{
	struct fixture *fixture = *state;
	struct sink *sink = NULL;
	struct fault why = { 0 };

	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "activity_ledger.csv"), 0755), 0);
	assert_int_equal(ledger_sink_ops.open(&fixture->options, &sink, &why), -EISDIR);
	assert_null(sink);
	assert_non_null(strstr(why.text, scratch__at(&fixture->scratch, "activity_ledger.csv")));
	ledger_sink_ops.free(NULL);
}

/* The formats that settings name; each is written by one sink or more. */
static void every_sink_is_of_a_format_that_is_listed_once(void **state)
{
	const char *const *names = sink_ops__names();
	const struct sink_ops *const *all = sink_ops__all();
	size_t opentrons_cnt = 0, detail_cnt = 0, cnt = 0;

	(void)state;
	assert_string_equal(names[0], "opentrons");
	assert_string_equal(names[1], "detail");
	assert_null(names[2]);
	for (; all[cnt]; cnt++) {
		opentrons_cnt += !strcmp(all[cnt]->name, "opentrons");
		detail_cnt += !strcmp(all[cnt]->name, "detail");
		for (size_t i = 0; i < cnt; i++)
			assert_ptr_not_equal(all[i], all[cnt]);
	}
	assert_true(opentrons_cnt >= 2);
	assert_true(detail_cnt >= 2);
	assert_int_equal(opentrons_cnt + detail_cnt, cnt);
	assert_true(cnt <= SINK_OPS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(opentrons_files_are_the_golden_bytes),
		CASE(opentrons_rows_are_only_calls_that_control_left),
		CASE(opentrons_takes_no_ledger_and_the_ledger_no_activity),
		CASE(detail_has_every_column_in_order),
		CASE(detail_leaves_what_is_unknown_empty),
		CASE(detail_spells_every_ending),
		CASE(detail_escapes_what_a_hostile_name_may_hold),
		CASE(detail_escapes_paths_and_functions_too),
		CASE(detail_of_other_columns_is_set_aside_with_a_notice),
		CASE(detail_says_what_failed_and_what_was_returned),
		CASE(detail_has_a_column_for_each_captured_value),
		CASE(detail_of_other_captured_values_is_set_aside),
		CASE(other_sinks_know_nothing_of_captured_values),
		CASE(ledger_has_every_column_in_order),
		CASE(a_sink_opened_again_goes_on_in_its_file),
		CASE(a_sink_says_when_it_has_no_room),
		CASE(a_sink_that_cannot_open_says_which_file),
		CASE(every_sink_is_of_a_format_that_is_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
