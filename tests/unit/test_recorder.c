/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "encode.h"
#include "output_dir.h"
#include "recorder.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct output_dir *dir;
	struct recorder *recorder;
};

static int feed(void *ctx, const void *data, size_t sz)
{
	struct fixture *f = ctx;

	return recorder__feed(f->recorder, data, sz, NULL);
}

/* A recorder with two states and a probe for each, at wall clock = monotonic + 1000. */
static void fixture__make(struct fixture *f, size_t backlog_bytes)
{
	static const char *const formats[] = { "opentrons", "detail" };
	struct sink_options options = { .sync_ns = UINT64_MAX, .backlog_bytes = backlog_bytes };

	scratch__make(&f->scratch);
	assert_int_equal(output_dir__open(f->scratch.path, &f->dir, NULL), 0);
	options.dir = f->dir;
	assert_int_equal(recorder__new(formats, 2, &options, &f->recorder, NULL), 0);
	assert_int_equal(encode_stream(feed, f), 0);
	assert_int_equal(encode_state(feed, f, 0, "HOMING"), 0);
	assert_int_equal(encode_state(feed, f, 1, "MOVING"), 0);
	assert_int_equal(encode_probe(feed, f, 0, 0, "/usr/bin/motord", "home"), 0);
	assert_int_equal(encode_probe(feed, f, 1, 1, "/usr/bin/motord", "move"), 0);
	assert_int_equal(encode_clock(feed, f, 0, 1000), 0);
}

static void fixture__remove(struct fixture *f)
{
	recorder__free(f->recorder);
	output_dir__free(f->dir);
	scratch__remove(&f->scratch);
}

static int feed_activity(struct fixture *f, uint32_t probe, uint64_t start_ns, uint64_t end_ns,
			 enum tacho_ended ended)
{
	struct tacho_activity activity = {
		.head = { TACHO_RECORD_ACTIVITY, sizeof(activity) },
		.start_ns = start_ns,
		.end_ns = end_ns,
		.probe = probe,
		.pid = 10,
		.tid = 11,
		.ended = ended,
		.comm = "motord",
	};

	return feed(f, &activity, sizeof(activity));
}

static void feed_entries(struct fixture *f, uint32_t state, uint64_t entries)
{
	const struct tacho_state_counts counts = { .entries = entries };

	assert_int_equal(encode_counts(feed, f, state, &counts), 0);
}

static void assert_file(const struct fixture *f, const char *name, const char *expected)
{
	char path[128];
	char text[4096];
	size_t sz;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->scratch.path, name);
	file = fopen(path, "re");
	assert_non_null(file);
	sz = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[sz] = '\0';
	assert_string_equal(text, expected);
}

#define LEDGER_HEADER                                                                              \
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"           \
	"lost_ring,lost_nesting,lost_other,unmatched_returns\r\n"

static void a_call_becomes_a_row_in_each_file(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_activity(&f, 1, 5, 12, TACHO_ENDED_RETURN), 0);
	feed_entries(&f, 1, 1);
	assert_int_equal(encode_flush(feed, &f, 20, 1), 0);
	assert_file(&f, "robot_activity_data", "\"MOVING\",\"1005\",\"7\"\r\n");
	assert_file(&f, "robot_activity_data_headers", "state,func_start,duration");
	assert_file(&f, "activity_detail.csv",
		    "state,start_ns,duration_ns,pid,tid,comm,ended,depth,binary,function\r\n"
		    "MOVING,1005,7,10,11,motord,return,0,/usr/bin/motord,move\r\n");
	assert_file(&f, "activity_ledger.csv",
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
	assert_file(&f, "robot_activity_data",
		    "\"HOMING\",\"1010\",\"10\"\r\n" /* return */
		    "\"HOMING\",\"1011\",\"10\"\r\n" /* exception */
		    "\"HOMING\",\"1012\",\"10\"\r\n" /* unwound */);
	assert_file(&f, "activity_ledger.csv",
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
	assert_file(&f, "robot_activity_data",
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
	assert_file(&f, "activity_ledger.csv",
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

static void unusable_records_are_passed_over_and_counted(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_activity(&f, 2, 1, 2, TACHO_ENDED_RETURN), -EBADMSG);
	assert_int_equal(feed_activity(&f, 0, 2, 1, TACHO_ENDED_RETURN), -EBADMSG);
	assert_int_equal(encode_state(feed, &f, 7, "OUT_OF_ORDER"), -EBADMSG);
	assert_int_equal(encode_probe(feed, &f, 2, 9, "x", "y"), -EBADMSG);
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
		cmocka_unit_test(unusable_records_are_passed_over_and_counted),
		cmocka_unit_test(calls_that_went_astray_are_told),
		cmocka_unit_test(an_unknown_format_is_refused),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
