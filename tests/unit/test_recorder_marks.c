/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Marked blocks and counters, from records to rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "recorder_fixture.h"

#define TEXT(at, sz) ((uint64_t)(sz) << 32 | (at))
#define FAILED (1u << TACHO_ATTRIBUTE_FAILURE)
#define ROW(failed) "HOMING,1001,1,10,11,motord,return," failed ",0,,,,,,,,,/usr/bin/motord,home"

/* A block of 1 ns with attributes, of whose text text_sz bytes are in the record. */
static int feed_block(struct fixture *f, const struct tacho_attributes *attributes, size_t text_sz)
{
	struct {
		struct tacho_activity activity;
		struct tacho_attributes attributes;
	} block = { .activity = { .head = { TACHO_RECORD_ACTIVITY, sizeof(block.activity) +
									   TACHO_ATTRIBUTES_SZ +
									   text_sz },
				  .start_ns = 1,
				  .end_ns = 2,
				  .pid = 10,
				  .tid = 11,
				  .flags = TACHO_ACTIVITY_ATTRIBUTES,
				  .comm = "motord" },
		    .attributes = *attributes };

	return feed(f, &block, (block.activity.head.size + 7) & ~7u);
}

static void expect_detail(struct fixture *f, const char *expected)
{
	assert_int_equal(encode_flush(feed, f, 9, 1), 0);
	scratch__expect(&f->scratch, "activity_detail.csv", expected);
}

static void attributes_are_columns_in_the_order_they_were_declared(void **state)
{
	const struct tacho_attributes attributes = {
		.set = 3, .texts = 2, .values = { (uint64_t)-7, TEXT(2, 4) }, .text = "xxa,\"b"
	};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_attribute(feed, &f, 1, "path"), 0);
	assert_int_equal(encode_attribute(feed, &f, 0, "lines"), 0);
	assert_int_equal(feed_block(&f, &attributes, 6), 0);
	expect_detail(&f, DETAIL_COLUMNS ",lines,path\r\n" ROW("") ",-7,\"a,\"\"b\"\r\n");
	fixture__remove(&f);
}

static void a_late_attribute_begins_a_new_file(void **state)
{
	const struct tacho_attributes attributes = { .set = 1, .values = { 5 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
	assert_int_equal(encode_attribute(feed, &f, 0, "lines"), 0);
	assert_int_equal(feed_block(&f, &attributes, 0), 0);
	expect_detail(&f, DETAIL_COLUMNS ",lines\r\n" ROW("") ",5\r\n");
	scratch__expect(&f.scratch, "activity_detail.csv.1", DETAIL_COLUMNS "\r\n" ROW("") "\r\n");
	fixture__remove(&f);
}

/* The recorder ends, and another one begins there that keeps columns. */
static void begin_again(struct fixture *f)
{
	recorder__free(f->recorder);
	fixture__begin(f, (struct sink_options) { .backlog_bytes = 1 << 20, .keep_columns = true });
}

static void columns_of_an_earlier_recording_are_kept(void **state)
{
	const struct tacho_attributes attributes = { .set = 1, .values = { 5 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_attribute(feed, &f, 0, "lines"), 0);
	assert_int_equal(encode_attribute(feed, &f, 1, "m\303\274sli"), 0);
	assert_int_equal(feed_block(&f, &attributes, 0), 0);
	assert_int_equal(encode_flush(feed, &f, 9, 1), 0);
	begin_again(&f);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
	assert_int_equal(encode_attribute(feed, &f, 0, "m\303\274sli"), 0);
	assert_int_equal(feed_block(&f, &attributes, 0), 0);
	expect_detail(&f, DETAIL_COLUMNS ",lines,m\303\274sli\r\n" ROW("") ",5,\r\n" ROW(
				  "") ",,\r\n" ROW("") ",,5\r\n");
	assert_false(scratch__has(&f.scratch, "activity_detail.csv.1"));
	fixture__remove(&f);
}

static void columns_that_cannot_be_kept_begin_a_new_file(void **state)
{
	static const char *const others[] = {
		",\"a,b\"\r\n",
		",a\\x0ab\r\n",
		",\r\n",
		",a\n",
		",a,a\r\n",
		",a,\377\r\n",
		",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,"
		"31,"
		"32,33\r\n",
	};
	char text[1000];
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(text, sizeof(text), DETAIL_COLUMNS "%s" ROW("") ",\r\n", others[i]);
		scratch__write(&f.scratch, "activity_detail.csv", text, strlen(text));
		begin_again(&f);
		assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
		assert_int_equal(encode_flush(feed, &f, 9, 1), 0);
		scratch__expect(&f.scratch, "activity_detail.csv.1", text);
	}
	fixture__remove(&f);
}

static void a_failure_is_said_and_has_a_column(void **state)
{
	struct tacho_attributes attributes = { .set = FAILED, .texts = FAILED, .text = "too hot" };
	struct fixture f = {};

	(void)state;
	attributes.values[TACHO_ATTRIBUTE_FAILURE] = TEXT(0, 7);
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_block(&f, &attributes, 7), 0);
	expect_detail(&f, DETAIL_COLUMNS ",failure\r\n" ROW("1") ",too hot\r\n");
	assert_int_equal(summarize(&f).failed, 1);
	fixture__remove(&f);
}

static void a_block_that_could_have_failed_and_ended_has_not(void **state)
{
	const struct tacho_attributes failed = { .set = FAILED, .texts = FAILED };
	const struct tacho_return marks_say = { .compare = TACHO_COMPARE_MARK };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_return(feed, &f, &marks_say), 0);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_UNWOUND), 0);
	expect_detail(&f, DETAIL_COLUMNS "\r\n" ROW("0") "\r\n"
							 "HOMING,1001,1,10,11,motord,unwound,,0,,,,"
							 ",,,,,/usr/bin/motord,home\r\n");
	assert_int_equal(feed_block(&f, &failed, 0), 0);
	assert_int_equal(summarize(&f).failed, 1);
	fixture__remove(&f);
}

static void attributes_nobody_declared_are_passed_over(void **state)
{
	const struct tacho_attributes attributes = { .set = 0xffff, .texts = 0xff00 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_block(&f, &attributes, 0), 0);
	expect_detail(&f, DETAIL_COLUMNS "\r\n" ROW("") "\r\n");
	fixture__remove(&f);
}

static void texts_that_lie_are_what_is_there(void **state)
{
	const struct tacho_attributes attributes = {
		.set = 7,
		.texts = 7,
		.values = { TEXT(0, 4000), TEXT(3, UINT32_MAX), TEXT(UINT32_MAX, 1) },
		.text = "abcd",
	};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_attribute(feed, &f, 0, "a"), 0);
	assert_int_equal(encode_attribute(feed, &f, 1, "b"), 0);
	assert_int_equal(encode_attribute(feed, &f, 2, "c"), 0);
	assert_int_equal(feed_block(&f, &attributes, 4), 0);
	expect_detail(&f, DETAIL_COLUMNS ",a,b,c\r\n" ROW("") ",abcd\xe2\x80\xa6,d\xe2\x80\xa6,"
							      "\xe2\x80\xa6\r\n");
	fixture__remove(&f);
}

static void an_attribute_is_declared_once(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_attribute(feed, &f, 3, "a"), 0);
	assert_int_equal(encode_attribute(feed, &f, 3, "b"), -EBADMSG);
	assert_int_equal(summarize(&f).unusable, 1);
	fixture__remove(&f);
}

static void the_row_after_has_no_attributes(void **state)
{
	const struct tacho_attributes attributes = { .set = 1, .values = { 5 } };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_attribute(feed, &f, 0, "lines"), 0);
	assert_int_equal(feed_block(&f, &attributes, 0), 0);
	assert_int_equal(feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN), 0);
	expect_detail(&f, DETAIL_COLUMNS ",lines\r\n" ROW("") ",5\r\n" ROW("") ",\r\n");
	fixture__remove(&f);
}

static void counters_have_a_file_of_their_own(void **state)
{
	struct tacho_counter counter = {
		.head = { TACHO_RECORD_COUNTER, sizeof(counter) },
		.time_ns = 5,
		.delta = -3,
		.total = INT64_MIN,
		.pid = 12,
		.name = "cache, hits",
	};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed(&f, &counter, sizeof(counter)), 0);
	memset(counter.name, 'x', sizeof(counter.name)); /* without an end */
	assert_int_equal(feed(&f, &counter, sizeof(counter)), 0);
	assert_int_equal(encode_flush(feed, &f, 9, 1), 0);
	scratch__expect(&f.scratch, "counters.csv",
			"time_ns,pid,name,delta,total\r\n"
			"1005,12,\"cache, hits\",-3,-9223372036854775808\r\n"
			"1005,12,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			",-3,-9223372036854775808\r\n");
	assert_int_equal(summarize(&f).counter_rows, 2);
	fixture__remove(&f);
}

static void without_counters_there_is_no_file(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_flush(feed, &f, 9, 1), 0);
	assert_false(scratch__has(&f.scratch, "counters.csv"));
	fixture__remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_columns_in_the_order_they_were_declared),
		cmocka_unit_test(a_late_attribute_begins_a_new_file),
		cmocka_unit_test(columns_of_an_earlier_recording_are_kept),
		cmocka_unit_test(columns_that_cannot_be_kept_begin_a_new_file),
		cmocka_unit_test(a_failure_is_said_and_has_a_column),
		cmocka_unit_test(a_block_that_could_have_failed_and_ended_has_not),
		cmocka_unit_test(attributes_nobody_declared_are_passed_over),
		cmocka_unit_test(texts_that_lie_are_what_is_there),
		cmocka_unit_test(an_attribute_is_declared_once),
		cmocka_unit_test(the_row_after_has_no_attributes),
		cmocka_unit_test(counters_have_a_file_of_their_own),
		cmocka_unit_test(without_counters_there_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
