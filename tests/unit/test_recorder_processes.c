/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What processes have used, from the record to the files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "process_fixture.h"
#include "recorder_fixture.h"

static int feed_process(struct fixture *f, enum tacho_process_moment moment, uint64_t time_ns)
{
	struct event_process process = ordinary_process();

	process.usage.moment = moment;
	process.usage.time_ns = time_ns;
	return encode_process(feed, f, &process);
}

/* Of a command of so many bytes. */
static int feed_long(struct fixture *f, size_t length)
{
	struct event_process process = ordinary_process();
	char *command = calloc(1, length + 1);
	int err;

	assert_non_null(command);
	memset(command, 'x', length);
	process.command = command;
	err = encode_process(feed, f, &process);
	free(command);
	return err;
}

/* How many rows a file has, or 0 when there is none. */
static size_t count_rows(struct fixture *f, const char *name)
{
	char *text, *at;
	size_t cnt = 0;

	if (!scratch__has(&f->scratch, name))
		return 0;
	text = at = read_whole(scratch__at(&f->scratch, name), NULL);
	for (; (at = strstr(at, "\r\n")); at += 2)
		cnt++;
	free(text);
	return cnt;
}

static void a_process_is_a_row_in_each_file(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 5000), 0);
	assert_int_equal(encode_flush(feed, &f, 5001, 1), 0);
	/* wall-clock time; but when it began was wall-clock time already */
	scratch__expect(&f.scratch, "process_detail.csv", PROCESS_HEADER "6000" ORDINARY_SAMPLE);
	scratch__expect(&f.scratch, "system_resource_data", "\"6000" ORDINARY_RESOURCES);
	summary = summarize(&f);
	assert_int_equal(summary.process_rows, 1);
	assert_int_equal(summary.process_rows_lost, 0);
	assert_int_equal(summary.activities, 0);
	assert_int_equal(summary.lost, 0);
	assert_int_equal(summary.unaccounted, 0);
	fixture__remove(&f);
}

static void without_processes_there_are_no_files(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	encode_flush(feed, &f, 3, 1);
	assert_false(scratch__has(&f.scratch, "process_detail.csv"));
	assert_false(scratch__has(&f.scratch, "system_resource_data"));
	assert_false(scratch__has(&f.scratch, "system_resource_data_headers"));
	fixture__remove(&f);
}

static void an_exec_is_in_the_detail_alone(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_process(&f, TACHO_PROCESS_AT_EXEC, 1), 0);
	assert_int_equal(feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 2), 0);
	assert_int_equal(feed_process(&f, TACHO_PROCESS_AT_EXIT, 3), 0);
	encode_flush(feed, &f, 4, 1);
	assert_int_equal(count_rows(&f, "process_detail.csv"), 1 + 3);
	assert_int_equal(count_rows(&f, "system_resource_data"), 2);
	assert_int_equal(summarize(&f).process_rows, 3);
	fixture__remove(&f);
}

static void make_with_formats(struct fixture *f, const char *const *formats, size_t cnt)
{
	struct sink_options options = { .sync_ns = UINT64_MAX, .backlog_bytes = 1 << 20 };

	scratch__make(&f->scratch);
	assert_int_equal(output_dir__open(f->scratch.path, &f->dir, NULL), 0);
	options.dir = f->dir;
	assert_int_equal(recorder__new(formats, cnt, &options, &f->recorder, NULL), 0);
}

static void a_format_is_all_files_of_its_name(void **state)
{
	static const char *const formats[] = { "opentrons", "opentrons" };
	struct fixture f = {};

	(void)state;
	make_with_formats(&f, formats, 2);
	feed_process(&f, TACHO_PROCESS_AT_EXEC, 1);
	feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 2);
	encode_flush(feed, &f, 3, 1);
	assert_false(scratch__has(&f.scratch, "robot_activity_data")); /* there is no state */
	assert_int_equal(count_rows(&f, "system_resource_data"), 1);
	assert_false(scratch__has(&f.scratch, "process_detail.csv"));
	assert_false(scratch__has(&f.scratch, "activity_detail.csv"));
	/* an exec is no row there, and so none that is lost */
	assert_int_equal(summarize(&f).process_rows, 1);
	assert_int_equal(summarize(&f).process_rows_lost, 0);
	fixture__remove(&f);
}

static void rows_of_processes_without_room_are_counted_and_in_no_file(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 8192);
	for (int i = 0; i < 100; i++)
		assert_int_equal(feed_process(&f, TACHO_PROCESS_AT_SAMPLE, i), 0);
	encode_flush(feed, &f, 200, 1);
	summary = summarize(&f);
	assert_true(summary.process_rows > 10);
	assert_true(summary.process_rows_lost > 10);
	assert_int_equal(summary.process_rows + summary.process_rows_lost, 100);
	assert_int_equal(count_rows(&f, "process_detail.csv"), 1 + summary.process_rows);
	assert_int_equal(count_rows(&f, "system_resource_data"), summary.process_rows);
	assert_int_equal(summary.lost, 0); /* calls */
	fixture__remove(&f);
}

/* The files are read side by side: what one of them has no room for, the other does not get. */
static void a_row_that_one_file_has_no_room_for_is_in_none(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 8192);
	feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 0);
	assert_int_equal(encode_flush(feed, &f, 1, 0), 0);
	assert_int_equal(unlink(scratch__at(&f.scratch, "system_resource_data")), 0);
	assert_int_equal(mkdir(scratch__at(&f.scratch, "system_resource_data"), 0755), 0);
	for (int i = 1; i < 200; i++) {
		feed_process(&f, TACHO_PROCESS_AT_SAMPLE, i);
		assert_int_equal(encode_flush(feed, &f, i, 0), -EISDIR);
	}
	summary = summarize(&f);
	assert_true(summary.process_rows_lost > 0);
	assert_int_equal(summary.process_rows + summary.process_rows_lost, 200);
	assert_int_equal(count_rows(&f, "process_detail.csv"), 1 + summary.process_rows);
	/* at the end, what only one of them has is lost, too */
	assert_int_equal(encode_flush(feed, &f, 200, 1), -EISDIR);
	summary = summarize(&f);
	assert_int_equal(summary.process_rows, 1);
	assert_int_equal(summary.process_rows_lost, 199);
	fixture__remove(&f);
}

/* Larger than the room that every sink says it has. */
static void a_large_row_without_room_is_lost_in_every_file(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 8192);
	assert_int_equal(feed_long(&f, 5000), 0);
	assert_int_equal(feed_long(&f, 5000), 0);
	assert_int_equal(feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 1), 0);
	encode_flush(feed, &f, 2, 1);
	assert_int_equal(summarize(&f).process_rows, 2);
	assert_int_equal(summarize(&f).process_rows_lost, 1);
	assert_int_equal(count_rows(&f, "process_detail.csv"), 1 + 2);
	assert_int_equal(count_rows(&f, "system_resource_data"), 2);
	fixture__remove(&f);
}

static void full_files_of_processes_cost_no_calls(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 4096);
	for (int i = 0; i < 100; i++)
		feed_process(&f, TACHO_PROCESS_AT_SAMPLE, i);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	encode_flush(feed, &f, 200, 1);
	assert_true(summarize(&f).process_rows_lost > 0);
	assert_int_equal(summarize(&f).activities, 1);
	fixture__remove(&f);
}

static void rows_of_processes_that_never_reached_a_file_are_lost(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 1);
	assert_int_equal(encode_flush(feed, &f, 2, 0), 0);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 3);
	feed_process(&f, TACHO_PROCESS_AT_EXIT, 4);
	assert_int_equal(summarize(&f).process_rows, 3);
	limit_file_size(true);
	assert_int_equal(encode_flush(feed, &f, 5, 1), -EFBIG);
	limit_file_size(false);
	summary = summarize(&f);
	assert_int_equal(summary.process_rows, 1);
	assert_int_equal(summary.process_rows_lost, 2);
	assert_int_equal(summary.activities, 0);
	assert_int_equal(summary.lost, 1);
	fixture__remove(&f);
}

/* One file that cannot be written, while the others can: rows that are in all of theirs are not
 * lost, however many flushes ago that was. */
static void only_what_is_missing_in_its_file_is_lost(void **state)
{
	struct recorder_summary summary;
	struct fixture f = {};
	const char *path;

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_activity(&f, 0, 1, 2, TACHO_ENDED_RETURN);
	assert_int_equal(encode_flush(feed, &f, 3, 0), 0);
	path = scratch__at(&f.scratch, "robot_activity_data");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	feed_activity(&f, 0, 4, 5, TACHO_ENDED_RETURN);
	for (int i = 0; i < 1000; i++) {
		feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 10 + i);
		assert_int_equal(encode_flush(feed, &f, 10 + i, 0), -EISDIR);
	}
	assert_int_equal(encode_flush(feed, &f, 2000, 1), -EISDIR);
	summary = summarize(&f);
	assert_int_equal(summary.process_rows, 1000);
	assert_int_equal(summary.process_rows_lost, 0);
	assert_int_equal(summary.activities, 1);
	assert_int_equal(summary.lost, 1);
	assert_int_equal(count_rows(&f, "process_detail.csv"), 1 + 1000);
	fixture__remove(&f);
}

static void unusable_records_of_processes_are_passed_over(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed_process(&f, TACHO_PROCESS_MOMENT_CNT, 1), -EBADMSG);
	assert_int_equal(summarize(&f).unusable, 1);
	assert_int_equal(summarize(&f).process_rows, 0);
	assert_int_equal(summarize(&f).process_rows_lost, 0);
	fixture__remove(&f);
}

static void a_process_is_the_newest_thing_seen(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 77);
	feed_process(&f, TACHO_PROCESS_AT_SAMPLE, 76);
	assert_int_equal(summarize(&f).last_ns, 77);
	fixture__remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_a_row_in_each_file),
		cmocka_unit_test(without_processes_there_are_no_files),
		cmocka_unit_test(an_exec_is_in_the_detail_alone),
		cmocka_unit_test(a_format_is_all_files_of_its_name),
		cmocka_unit_test(rows_of_processes_without_room_are_counted_and_in_no_file),
		cmocka_unit_test(a_row_that_one_file_has_no_room_for_is_in_none),
		cmocka_unit_test(a_large_row_without_room_is_lost_in_every_file),
		cmocka_unit_test(full_files_of_processes_cost_no_calls),
		cmocka_unit_test(rows_of_processes_that_never_reached_a_file_are_lost),
		cmocka_unit_test(only_what_is_missing_in_its_file_is_lost),
		cmocka_unit_test(unusable_records_of_processes_are_passed_over),
		cmocka_unit_test(a_process_is_the_newest_thing_seen),
	};

	return cmocka_run_group_tests_name("recorder_processes", tests, NULL, NULL);
}
