/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Captured values, return values and failures, from records to rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "recorder_fixture.h"

#define ROW(ended, failed, returned)                                                               \
	"HOMING,1001,1,10,11,motord," ended "," failed ",0,,,,,,,," returned ",/usr/bin/"          \
	"motord,home"

static int feed_capture(struct fixture *f, uint32_t of_state, uint32_t index,
			enum tacho_value_type type, const char *name)
{
	const struct event_capture capture = { .state = of_state,
					       .index = index,
					       .type = type,
					       .text_offset = 8 * index,
					       .text_sz = type == TACHO_VALUE_STRING ? 8 : 0,
					       .name = name };

	return encode_capture(feed, f, &capture);
}

static int feed_return(struct fixture *f, uint32_t probe, enum tacho_value_type type,
		       enum tacho_compare compare, int64_t operand)
{
	const struct tacho_return returns = {
		.probe = probe, .type = type, .compare = compare, .operand = operand
	};

	return encode_return(feed, f, &returns);
}

/* A call of 1 ns with values, of whose text text_sz bytes are in the record. */
static int feed_values(struct fixture *f, uint32_t probe, enum tacho_ended ended,
		       const struct tacho_values *values, size_t text_sz)
{
	struct {
		struct tacho_activity activity;
		struct tacho_values values;
	} call = { .activity = { .head = { TACHO_RECORD_ACTIVITY,
					   sizeof(call.activity) + TACHO_VALUES_SZ + text_sz },
				 .start_ns = 1,
				 .end_ns = 2,
				 .probe = probe,
				 .pid = 10,
				 .tid = 11,
				 .ended = ended,
				 .flags = TACHO_ACTIVITY_VALUES,
				 .comm = "motord" },
		   .values = *values };

	return feed(f, &call, (call.activity.head.size + 7) & ~7u);
}

static void expect_detail(struct fixture *f, const char *expected)
{
	assert_int_equal(encode_flush(feed, f, 9, 1), 0);
	scratch__expect(&f->scratch, "activity_detail.csv", expected);
}

static void captured_values_are_columns(void **state)
{
	const struct tacho_values values = { .valid = 7,
					     .integers = { 5, 0xffffffff, 0xabcdef },
					     .text = "proto" };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_capture(&f, 0, 0, TACHO_VALUE_STRING, "protocol"), 0);
	assert_int_equal(feed_capture(&f, 0, 1, TACHO_VALUE_S32, "steps"), 0);
	assert_int_equal(feed_capture(&f, 0, 2, TACHO_VALUE_POINTER, "axis"), 0);
	assert_int_equal(feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 5), 0);
	expect_detail(&f, DETAIL_COLUMNS
		      ",protocol,steps,axis\r\n" ROW("return", "", "") ",proto,-1,0xabcdef\r\n");
	fixture__remove(&f);
}

static void feed_usage(struct fixture *f, uint64_t duration_ns, struct tacho_usage usage)
{
	struct {
		struct tacho_activity activity;
		struct tacho_usage usage;
	} call = { .activity = { .head = { TACHO_RECORD_ACTIVITY, sizeof(call) },
				 .start_ns = 1,
				 .end_ns = 1 + duration_ns,
				 .pid = 10,
				 .tid = 11,
				 .flags = TACHO_ACTIVITY_USAGE,
				 .comm = "motord" },
		   .usage = usage };

	assert_int_equal(feed(f, &call, sizeof(call)), 0);
}

static void what_is_left_of_the_duration_was_blocked(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_usage(&f, 9, (struct tacho_usage) { 2, 3, 4, 5, 6, 7 });
	feed_usage(&f, 9, (struct tacho_usage) { 9, 0, 0, 0, 0, 0 });
	feed_usage(&f, 9, (struct tacho_usage) { 2, TACHO_USAGE_UNKNOWN, 4, 5, 6, 7 });
	feed_usage(&f, 9, (struct tacho_usage) { TACHO_USAGE_UNKNOWN, 3, 4, 5, 6, 7 });
	expect_detail(&f, DETAIL_COLUMNS
		      "\r\n"
		      "HOMING,1001,9,10,11,motord,return,,0,2,3,4,4,5,6,7,,/usr/bin/motord,home\r\n"
		      "HOMING,1001,9,10,11,motord,return,,0,9,0,0,0,0,0,0,,/usr/bin/motord,home\r\n"
		      "HOMING,1001,9,10,11,motord,return,,0,2,,,4,5,6,7,,/usr/bin/motord,home\r\n"
		      "HOMING,1001,9,10,11,motord,return,,0,,,,,,,,,/usr/bin/motord,home\r\n");
	fixture__remove(&f);
}

/* The union of the names of all states, in order of first appearance. */
static void states_share_columns_by_name(void **state)
{
	struct tacho_values values = { .valid = 3, .integers = { 1, 2 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_capture(&f, 1, 0, TACHO_VALUE_U8, "speed");
	feed_capture(&f, 0, 0, TACHO_VALUE_U8, "axis");
	feed_capture(&f, 1, 1, TACHO_VALUE_BOOL, "axis");
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	feed_values(&f, 1, TACHO_ENDED_RETURN, &values, 0);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 0);
	expect_detail(&f, DETAIL_COLUMNS ",axis,speed\r\n" ROW(
				  "return", "", "") ",,\r\n"
						    "MOVING,1001,1,10,11,motord,return,,"
						    "0,,,,,,,,,/usr/bin/motord,move,1,1\r\n" ROW(
							    "return", "", "") ",1,\r\n");
	fixture__remove(&f);
}

static void a_value_that_could_not_be_read_is_empty(void **state)
{
	const struct tacho_values values = {
		.valid = 2, .return_value = 7, .integers = { 1, 2, 3 }, .text = "secret"
	};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_capture(&f, 0, 0, TACHO_VALUE_STRING, "a");
	feed_capture(&f, 0, 1, TACHO_VALUE_U8, "b");
	feed_capture(&f, 0, 2, TACHO_VALUE_U8, "c");
	feed_return(&f, 0, TACHO_VALUE_S32, TACHO_COMPARE_LESS, 0);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 6);
	expect_detail(&f, DETAIL_COLUMNS ",a,b,c\r\n" ROW("return", "", "") ",,2,\r\n");
	fixture__remove(&f);
}

/* The room of a string is 8 bytes from 8 times its index on. */
static void strings_end_where_their_room_or_the_text_ends(void **state)
{
	static const struct {
		uint64_t length;
		uint64_t truncated;
		size_t text_sz;
		const char *shown;
	} cases[] = {
		{ 3, 0, 512, "abc" },
		{ 0, 0, 512, "" },
		{ 3, 2, 512, "abc\xe2\x80\xa6" },
		{ 3, 1, 512, "abc" }, /* that is another value's bit */
		{ 8, 0, 512, "abcdefgh" },
		{ 9, 0, 512, "abcdefgh\xe2\x80\xa6" },
		{ UINT64_MAX, 0, 512, "abcdefgh\xe2\x80\xa6" },
		{ 3, 0, 11, "abc" },
		{ 3, 0, 10, "ab\xe2\x80\xa6" },
		{ 3, 0, 8, "\xe2\x80\xa6" },
		{ 3, 0, 7, "\xe2\x80\xa6" },
		{ 0, 0, 0, "" },
	};
	struct tacho_values values = { .valid = 2, .text = "01234567abcdefghi" };
	char expected[4096] = DETAIL_COLUMNS ",a,b\r\n";
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_capture(&f, 0, 0, TACHO_VALUE_STRING, "a");
	feed_capture(&f, 0, 1, TACHO_VALUE_STRING, "b");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		values.integers[1] = cases[i].length;
		values.truncated = cases[i].truncated;
		feed_values(&f, 0, TACHO_ENDED_RETURN, &values, cases[i].text_sz);
		strcat(strcat(strcat(expected, ROW("return", "", "") ",,"), cases[i].shown),
		       "\r\n");
	}
	expect_detail(&f, expected);
	fixture__remove(&f);
}

static void hostile_strings_stay_in_their_field(void **state)
{
	struct tacho_values values = { .valid = 3, .integers = { 6, 3 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_capture(&f, 0, 0, TACHO_VALUE_STRING, "a,\"b\"\n");
	feed_capture(&f, 0, 1, TACHO_VALUE_STRING, "c");
	memcpy(values.text, "\r\n\",\0\x1b", 6);
	memcpy(values.text + 8, "\xff\\x", 3);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, TACHO_TEXT_SZ);
	expect_detail(&f,
		      DETAIL_COLUMNS ",\"a,\"\"b\"\"\\x0a\",c\r\n" ROW(
			      "return", "", "") ",\"\\x0d\\x0a\"\",\\x00\\x1b\",\\xff\\\\x\r\n");
	fixture__remove(&f);
}

static void captures_out_of_order_are_passed_over(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_capture(&f, 2, 0, TACHO_VALUE_U8, "of_no_state"), -EBADMSG);
	assert_int_equal(feed_capture(&f, 0, 1, TACHO_VALUE_U8, "early"), -EBADMSG);
	assert_int_equal(feed_capture(&f, 0, 0, TACHO_VALUE_U8, "a"), 0);
	assert_int_equal(feed_capture(&f, 0, 0, TACHO_VALUE_U8, "twice"), -EBADMSG);
	assert_int_equal(feed_capture(&f, 0, 1, TACHO_VALUE_U8, "a"), -EBADMSG);
	assert_int_equal(feed_activity(&f, 0, 2, 4, TACHO_ENDED_RETURN), 0);
	assert_int_equal(feed_capture(&f, 0, 1, TACHO_VALUE_U8, "late"), -EBADMSG);
	assert_int_equal(summarize(&f).unusable, 5);
	expect_detail(
		&f, DETAIL_COLUMNS
		",a\r\nHOMING,1002,2,10,11,motord,return,,0,,,,,,,,,/usr/bin/motord,home,\r\n");
	fixture__remove(&f);
}

/* A call with a value, and then a state that comes later, with a value of this name. */
static void feed_later_capture(struct fixture *f, const struct tacho_values *values,
			       const char *name)
{
	feed_capture(f, 0, 0, TACHO_VALUE_U8, "a");
	feed_values(f, 0, TACHO_ENDED_RETURN, values, 0);
	assert_int_equal(encode_state(feed, f, 2, "HOMING"), 0);
	assert_int_equal(feed_capture(f, 2, 0, TACHO_VALUE_U8, name), 0);
	feed_probe(f, 2, 2, "home");
}

static void values_of_a_state_that_comes_later_begin_the_file_anew(void **state)
{
	const struct tacho_values values = { .valid = 1, .integers = { 6 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_later_capture(&f, &values, "b");
	assert_true(scratch__has(&f.scratch, "activity_detail.csv"));
	assert_false(scratch__has(&f.scratch, "activity_detail.csv.1"));
	feed_values(&f, 2, TACHO_ENDED_RETURN, &values, 0);
	expect_detail(&f, DETAIL_COLUMNS ",a,b\r\n" ROW("return", "", "") ",,6\r\n");
	scratch__expect(&f.scratch, "activity_detail.csv.1",
			DETAIL_COLUMNS ",a\r\n" ROW("return", "", "") ",6\r\n");
	assert_int_equal(summarize(&f).unusable, 0);
	fixture__remove(&f);
}

static void a_column_that_is_there_already_keeps_the_file(void **state)
{
	const struct tacho_values values = { .valid = 1, .integers = { 6 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_later_capture(&f, &values, "a");
	feed_values(&f, 2, TACHO_ENDED_RETURN, &values, 0);
	expect_detail(&f, DETAIL_COLUMNS
		      ",a\r\n" ROW("return", "", "") ",6\r\n" ROW("return", "", "") ",6\r\n");
	fixture__remove(&f);
}

static void too_many_names_are_a_start_that_fails(void **state)
{
	struct fault why = {};
	struct fixture f = {};
	char name[16];

	(void)state;
	fixture__make(&f, 1 << 20);
	for (uint32_t i = 0; i <= SINK_CAPTURES_MAX; i++) {
		if (i % TACHO_CAPTURES_MAX == 0)
			encode_state(feed, &f, 2 + i / TACHO_CAPTURES_MAX, "S");
		snprintf(name, sizeof(name), "v%u", i);
		assert_int_equal(feed_capture(&f, 2 + i / TACHO_CAPTURES_MAX,
					      i % TACHO_CAPTURES_MAX, TACHO_VALUE_U8, name),
				 0);
	}
	assert_int_equal(recorder__start(f.recorder, &why), -E2BIG);
	assert_non_null(strstr(why.text, "1000"));
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), -E2BIG);
	assert_false(scratch__has(&f.scratch, "activity_detail.csv"));
	fixture__remove(&f);
}

/* Rows of which one does not fit in what is left, though an ordinary one would. */
static void files_agree_when_a_large_row_has_no_room(void **state)
{
	struct tacho_values values = { .valid = 1, .integers = { TACHO_TEXT_SZ } };
	const struct event_capture capture = { .type = TACHO_VALUE_STRING,
					       .text_sz = TACHO_TEXT_SZ,
					       .name = "text" };
	static const char taken[] = "\"HOMING\",\"1001\",\"1\"\r\n";
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	memset(values.text, '\n', sizeof(values.text));
	fixture__make(&f, 2 * (4 * TACHO_TEXT_SZ + 100) + 1500);
	assert_int_equal(encode_capture(feed, &f, &capture), 0);
	for (int i = 0; i < 4; i++)
		feed_values(&f, 0, TACHO_ENDED_RETURN, &values, TACHO_TEXT_SZ);
	feed_entries(&f, 0, 4);
	encode_flush(feed, &f, 9, 1);
	summary = summarize(&f);
	assert_int_equal(summary.activities, 2);
	assert_int_equal(summary.lost, 2);
	assert_int_equal(scratch__sz(&f.scratch, "robot_activity_data"), 2 * strlen(taken));
	fixture__remove(&f);
}

/* --- what is returned, and what has failed -------------------------------------------------------
 */

static void a_call_fails_when_the_rule_says_so(void **state)
{
	/* an int in a register whose upper half is anything */
	const struct tacho_values failed = { .valid = TACHO_VALUE_RETURNED,
					     .return_value = 0xdeadbeefffffffff };
	const struct tacho_values fine = { .valid = TACHO_VALUE_RETURNED,
					   .return_value = 0xdeadbeef00000003 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_return(&f, 0, TACHO_VALUE_S32, TACHO_COMPARE_LESS, 0), 0);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &failed, 0);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &fine, 0);
	expect_detail(&f, DETAIL_COLUMNS
		      "\r\n" ROW("return", "1", "-1") "\r\n" ROW("return", "0", "3") "\r\n");
	assert_int_equal(summarize(&f).failed, 1);
	assert_int_equal(summarize(&f).activities, 2);
	fixture__remove(&f);
}

static void only_a_call_that_returned_has_returned_something(void **state)
{
	static const char *const failed[TACHO_ENDED_CNT] = {
		[TACHO_ENDED_RETURN] = ROW("return", "1", "0") "\r\n",
		[TACHO_ENDED_EXCEPTION] = ROW("exception", "1", "") "\r\n",
		[TACHO_ENDED_UNWOUND] = ROW("unwound", "", "") "\r\n",
		[TACHO_ENDED_THREAD_EXIT] = ROW("thread_exit", "", "") "\r\n",
		[TACHO_ENDED_EXEC] = ROW("exec", "", "") "\r\n",
		[TACHO_ENDED_KILLED] = ROW("killed", "", "") "\r\n",
		[TACHO_ENDED_OPEN] = ROW("open", "", "") "\r\n",
	};
	const struct tacho_values values = { .valid = TACHO_VALUE_RETURNED };
	char expected[4096] = DETAIL_COLUMNS "\r\n";
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_return(&f, 0, TACHO_VALUE_U64, TACHO_COMPARE_EQUAL, 0);
	for (int ended = 0; ended < TACHO_ENDED_CNT; ended++) {
		feed_values(&f, 0, ended, &values, 0);
		strcat(expected, failed[ended]);
	}
	expect_detail(&f, expected);
	fixture__remove(&f);
}

static void without_a_rule_only_an_exception_is_known_to_fail(void **state)
{
	const struct tacho_values values = { .valid = TACHO_VALUE_RETURNED, .return_value = 1 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 0); /* nobody said what it returns */
	feed_return(&f, 0, TACHO_VALUE_BOOL, TACHO_COMPARE_NONE, 0);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 0);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_EXCEPTION);
	expect_detail(&f, DETAIL_COLUMNS
		      "\r\n" ROW("return", "", "") "\r\n" ROW("return", "", "1") "\r\n" ROW(
			      "return", "", "") "\r\n" ROW("exception", "1", "") "\r\n");
	fixture__remove(&f);
}

static void a_rule_about_a_value_of_no_type_says_nothing(void **state)
{
	const struct tacho_values values = { .valid = TACHO_VALUE_RETURNED };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_return(&f, 0, TACHO_VALUE_NONE, TACHO_COMPARE_EQUAL, 0);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 0);
	expect_detail(&f, DETAIL_COLUMNS "\r\n" ROW("return", "", "") "\r\n");
	fixture__remove(&f);
}

static void returns_of_unknown_probes_and_second_ones_are_passed_over(void **state)
{
	const struct tacho_values values = { .valid = TACHO_VALUE_RETURNED, .return_value = 5 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_return(&f, 2, TACHO_VALUE_U8, TACHO_COMPARE_NONE, 0), -EBADMSG);
	assert_int_equal(feed_return(&f, 0, TACHO_VALUE_U8, TACHO_COMPARE_NONE, 0), 0);
	assert_int_equal(feed_return(&f, 0, TACHO_VALUE_POINTER, TACHO_COMPARE_NONE, 0), -EBADMSG);
	feed_values(&f, 0, TACHO_ENDED_RETURN, &values, 0);
	expect_detail(&f, DETAIL_COLUMNS "\r\n" ROW("return", "", "5") "\r\n");
	fixture__remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captured_values_are_columns),
		cmocka_unit_test(what_is_left_of_the_duration_was_blocked),
		cmocka_unit_test(states_share_columns_by_name),
		cmocka_unit_test(a_value_that_could_not_be_read_is_empty),
		cmocka_unit_test(strings_end_where_their_room_or_the_text_ends),
		cmocka_unit_test(hostile_strings_stay_in_their_field),
		cmocka_unit_test(captures_out_of_order_are_passed_over),
		cmocka_unit_test(values_of_a_state_that_comes_later_begin_the_file_anew),
		cmocka_unit_test(a_column_that_is_there_already_keeps_the_file),
		cmocka_unit_test(too_many_names_are_a_start_that_fails),
		cmocka_unit_test(files_agree_when_a_large_row_has_no_room),
		cmocka_unit_test(a_call_fails_when_the_rule_says_so),
		cmocka_unit_test(only_a_call_that_returned_has_returned_something),
		cmocka_unit_test(without_a_rule_only_an_exception_is_known_to_fail),
		cmocka_unit_test(a_rule_about_a_value_of_no_type_says_nothing),
		cmocka_unit_test(returns_of_unknown_probes_and_second_ones_are_passed_over),
	};

	return cmocka_run_group_tests_name("recorder_values", tests, NULL, NULL);
}
