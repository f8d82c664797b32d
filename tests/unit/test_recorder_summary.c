/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls without rows of their own, and what becomes of probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "recorder_fixture.h"

#define PROBES_HEADER                                                                              \
	"time_ns,event,state,binary,build_id,function,symbol,offset,exit,calls,last_hit_ns\r\n"
#define HOME ",HOMING,/usr/bin/motord,5f1c,home,home,0x11c9,fast,"
#define MOVE ",MOVING,/usr/bin/motord,5f1c,move,move,0x2000,fast,"

/* 1000 calls, between 100 and 200. */
static struct tacho_summary summary_of(uint32_t state)
{
	return (struct tacho_summary) {
		.state = state,
		.from_ns = 100,
		.to_ns = 200,
		.ended = { [TACHO_ENDED_RETURN] = 900,
			   [TACHO_ENDED_EXCEPTION] = 60,
			   [TACHO_ENDED_KILLED] = 40 },
		.sum_ns = 5000,
		.min_ns = 1,
		.max_ns = 9,
		.buckets = { 1, 2, 3, 994 },
	};
}

static int feed_summary(struct fixture *f, uint32_t state)
{
	const struct tacho_summary summary = summary_of(state);

	return encode_summary(feed, f, &summary);
}

static int feed_placed(struct fixture *f, uint32_t probe, enum tacho_placing placing,
		       uint64_t time_ns)
{
	const struct tacho_placed placed = { .probe = probe,
					     .placing = placing,
					     .time_ns = time_ns,
					     .offset = probe ? 0x2000 : 0x11c9 };

	return encode_placed(feed, f, &placed);
}

/* The names and values of the first columns of a file, and how many there are. */
static void expect_begin(struct fixture *f, const char *name, const char *header, const char *row)
{
	char *text = read_whole(scratch__at(&f->scratch, name), NULL);
	char *second = strstr(text, "\r\n") + 2;

	assert_memory_equal(text, header, strlen(header));
	assert_memory_equal(second, row, strlen(row));
	assert_int_equal(strlen(second), strcspn(second, "\r") + 2); /* the only one */
	free(text);
}

static void a_summary_is_one_row_and_many_calls(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 1, 5, 12, TACHO_ENDED_RETURN);
	assert_int_equal(feed_summary(&f, 1), 0);
	feed_entries(&f, 1, 1001);
	assert_int_equal(encode_flush(feed, &f, 300, 1), 0);
	expect_begin(&f, "activity_summary.csv",
		     "from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,killed,"
		     "sum_ns,min_ns,max_ns,ge_0_ns,ge_2_ns,ge_4_ns,ge_8_ns,",
		     "1100,1200,MOVING,1000,900,60,0,0,0,40,5000,1,9,1,2,3,994,0,");
	scratch__expect(&f.scratch, "activity_ledger.csv",
			LEDGER_HEADER "1300,HOMING,0,0,0,0,0,0,0,0,0,0,0,0\r\n"
				      "1300,MOVING,1001,901,60,0,0,0,40,0,0,0,0,0\r\n");
	scratch__expect(&f.scratch, "robot_activity_data", "\"MOVING\",\"1005\",\"7\"\r\n");
	summary = summarize(&f);
	assert_int_equal(summary.activities, 1);
	assert_int_equal(summary.summarised, 1000);
	assert_int_equal(summary.lost, 0);
	assert_int_equal(summary.unaccounted, 0);
	fixture__remove(&f);
}

static void without_summaries_there_is_no_file(void **state)
{
	struct tacho_summary empty = summary_of(0);
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	memset(empty.ended, 0, sizeof(empty.ended));
	assert_int_equal(encode_summary(feed, &f, &empty), 0);
	encode_flush(feed, &f, 300, 1);
	assert_false(scratch__has(&f.scratch, "activity_summary.csv"));
	assert_false(scratch__has(&f.scratch, "activity_probes.csv"));
	fixture__remove(&f);
}

static void a_summary_of_an_unknown_state_is_passed_over(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_summary(&f, 2), -EBADMSG);
	assert_int_equal(summarize(&f).summarised, 0);
	assert_int_equal(summarize(&f).unusable, 1);
	fixture__remove(&f);
}

static void a_summary_without_room_is_lost_calls(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 3000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(feed_summary(&f, 0), 0);
	feed_entries(&f, 0, 100000);
	encode_flush(feed, &f, 300, 1);
	summary = summarize(&f);
	assert_true(summary.lost > 0);
	assert_true(summary.summarised > 0);
	assert_int_equal(summary.lost % 1000, 0);
	assert_int_equal(summary.summarised + summary.lost, 100000);
	assert_int_equal(summary.unaccounted, 0);
	fixture__remove(&f);
}

static void hostile_counts_wrap_and_nothing_else(void **state)
{
	struct tacho_summary summary = summary_of(0);
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		summary.ended[i] = INT64_MAX;
	for (summary.state = 0; summary.state < 2; summary.state++) {
		assert_int_equal(encode_summary(feed, &f, &summary), 0);
		feed_entries(&f, summary.state, INT64_MAX);
	}
	assert_int_equal(encode_flush(feed, &f, 300, 1), 0);
	assert_int_equal(summarize(&f).activities, 0);
	fixture__remove(&f);
}

/* A disk that is full at the end: the ledger of the run counts what no file has as lost. */
static void what_never_reached_a_file_is_lost(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 5, 12, TACHO_ENDED_EXCEPTION);
	feed_summary(&f, 0);
	assert_int_equal(encode_flush(feed, &f, 300, 0), 0);
	feed_activity(&f, 0, 15, 22, TACHO_ENDED_EXCEPTION);
	feed_summary(&f, 0);
	feed_summary(&f, 1);
	feed_entries(&f, 0, 2002);
	feed_entries(&f, 1, 1000);
	assert_int_equal(summarize(&f).failed, 2);
	limit_file_size(true);
	assert_int_equal(encode_flush(feed, &f, 400, 1), -EFBIG);
	limit_file_size(false);
	summary = summarize(&f);
	assert_int_equal(summary.activities, 1);
	assert_int_equal(summary.failed, 1);
	assert_int_equal(summary.summarised, 1000);
	assert_int_equal(summary.lost, 1 + 2000);
	assert_int_equal(summary.unaccounted, 0);
	fixture__remove(&f);
}

/* --- probes --------------------------------------------------------------------------------------
 */

static void probes_leave_rows_when_they_come_and_go(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_placed(&f, 0, TACHO_PLACED_ATTACHED, 10), 0);
	assert_int_equal(feed_placed(&f, 1, TACHO_PLACED_ATTACHED, 11), 0);
	feed_activity(&f, 0, 20, 30, TACHO_ENDED_RETURN);
	feed_activity(&f, 0, 15, 28, TACHO_ENDED_RETURN);
	assert_int_equal(feed_placed(&f, 0, TACHO_PLACED_DETACHED, 40), 0);
	encode_flush(feed, &f, 50, 0);
	feed_activity(&f, 0, 20, 60, TACHO_ENDED_KILLED);
	encode_flush(feed, &f, 70, 1);
	scratch__expect(&f.scratch, "activity_probes.csv",
			PROBES_HEADER "1010,attached" HOME "0,\r\n"
				      "1011,attached" MOVE "0,\r\n"
				      "1040,detached" HOME "2,1030\r\n"
				      "1070,end" MOVE "0,\r\n");
	fixture__remove(&f);
}

static void an_end_that_comes_twice_is_told_once(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_placed(&f, 0, TACHO_PLACED_DETACHED, 9);
	feed_placed(&f, 0, TACHO_PLACED_ATTACHED, 10);
	encode_flush(feed, &f, 70, 1);
	encode_flush(feed, &f, 80, 1);
	scratch__expect(&f.scratch, "activity_probes.csv",
			PROBES_HEADER "1009,detached" HOME "0,\r\n"
				      "1010,attached" HOME "0,\r\n"
				      "1070,end" HOME "0,\r\n");
	fixture__remove(&f);
}

static void unknown_probes_are_not_placed(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_placed(&f, 2, TACHO_PLACED_ATTACHED, 10), -EBADMSG);
	fixture__remove(&f);
}

struct seen {
	struct probe_row rows[8];
	size_t cnt;
};

static void see(void *ctx, const struct probe_row *row)
{
	struct seen *seen = ctx;

	assert_true(seen->cnt < 8);
	seen->rows[seen->cnt++] = *row;
}

static void every_probe_can_be_asked_whether_it_was_hit(void **state)
{
	struct seen seen = {};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_probe(&f, 2, 1, "move_fast");
	feed_placed(&f, 0, TACHO_PLACED_ATTACHED, 10);
	feed_activity(&f, 0, 20, 30, TACHO_ENDED_RETURN);
	feed_summary(&f, 1);
	recorder__each_probe(f.recorder, see, &seen);
	assert_int_equal(seen.cnt, 3);
	assert_string_equal(seen.rows[0].state, "HOMING");
	assert_string_equal(seen.rows[0].function, "home");
	assert_int_equal(seen.rows[0].moment, PROBE_ATTACHED);
	assert_int_equal(seen.rows[0].offset, 0x11c9);
	assert_int_equal(seen.rows[0].calls, 1);
	assert_int_equal(seen.rows[0].last_hit_ns, 1030);
	assert_int_equal(seen.rows[0].summarised, 0);
	/* it may have been hit by those who were summarised */
	assert_int_equal(seen.rows[2].moment, PROBE_DETACHED);
	assert_string_equal(seen.rows[2].function, "move_fast");
	assert_int_equal(seen.rows[2].last_hit_ns, 0);
	assert_int_equal(seen.rows[2].summarised, 1000);
	fixture__remove(&f);
}

/* The end of the recording is nobody's hit. */
static void an_open_call_was_a_hit_when_it_began(void **state)
{
	struct seen seen = {};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 20, 30, TACHO_ENDED_RETURN);
	feed_activity(&f, 0, 25, 90, TACHO_ENDED_OPEN);
	feed_activity(&f, 1, 40, 90, TACHO_ENDED_OPEN);
	recorder__each_probe(f.recorder, see, &seen);
	assert_int_equal(seen.rows[0].last_hit_ns, 1030);
	assert_int_equal(seen.rows[1].last_hit_ns, 1040);
	fixture__remove(&f);
}

static void a_hit_whose_row_is_lost_is_a_hit(void **state)
{
	struct seen seen = {};
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1024);
	for (int i = 0; i < 100; i++)
		feed_activity(&f, 0, i, i + 1, TACHO_ENDED_RETURN);
	recorder__each_probe(f.recorder, see, &seen);
	assert_true(seen.rows[0].calls < 100);
	assert_int_equal(seen.rows[0].last_hit_ns, 1100);
	fixture__remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_summary_is_one_row_and_many_calls),
		cmocka_unit_test(without_summaries_there_is_no_file),
		cmocka_unit_test(a_summary_of_an_unknown_state_is_passed_over),
		cmocka_unit_test(a_summary_without_room_is_lost_calls),
		cmocka_unit_test(hostile_counts_wrap_and_nothing_else),
		cmocka_unit_test(what_never_reached_a_file_is_lost),
		cmocka_unit_test(probes_leave_rows_when_they_come_and_go),
		cmocka_unit_test(an_end_that_comes_twice_is_told_once),
		cmocka_unit_test(unknown_probes_are_not_placed),
		cmocka_unit_test(every_probe_can_be_asked_whether_it_was_hit),
		cmocka_unit_test(an_open_call_was_a_hit_when_it_began),
		cmocka_unit_test(a_hit_whose_row_is_lost_is_a_hit),
	};

	return cmocka_run_group_tests_name("recorder_summary", tests, NULL, NULL);
}
