/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>

#include "recorder_fixture.h"

static void feed_calls(struct fixture *f, unsigned int cnt, uint64_t *now_ns)
{
	for (unsigned int i = 0; i < cnt; i++, ++*now_ns)
		assert_int_equal(feed_activity(f, 0, *now_ns, *now_ns + 1, TACHO_ENDED_RETURN), 0);
	assert_int_equal(encode_flush(feed, f, ++*now_ns, 0), 0);
}

static struct sink_options small_files(void)
{
	return (struct sink_options) {
		.rotate_bytes = 4096,
		.rotate_keep = 100,
		.sync_ns = UINT64_MAX,
	};
}

static void rotation_can_be_changed_while_recording(void **state)
{
	struct sink_options options = small_files();
	struct fixture f = {};
	uint64_t now_ns = 10;

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_calls(&f, 200, &now_ns);
	assert_false(scratch__has(&f.scratch, "robot_activity_data.1"));
	recorder__set_options(f.recorder, &options);
	feed_calls(&f, 200, &now_ns);
	assert_true(scratch__has(&f.scratch, "robot_activity_data.1"));
	assert_true(scratch__has(&f.scratch, "activity_detail.csv.1"));
	options.compress = true;
	recorder__set_options(f.recorder, &options);
	while (scratch__has(&f.scratch, "robot_activity_data.1") ||
	       scratch__has(&f.scratch, "activity_detail.csv.1")) {
		feed_calls(&f, 0, &now_ns);
		sched_yield();
	}
	assert_true(scratch__has(&f.scratch, "robot_activity_data.1.zst"));
	assert_true(scratch__has(&f.scratch, "activity_detail.csv.1.zst"));
	options.keep_bytes = 1;
	recorder__set_options(f.recorder, &options);
	feed_calls(&f, 0, &now_ns);
	assert_false(scratch__has(&f.scratch, "robot_activity_data.1.zst"));
	assert_false(scratch__has(&f.scratch, "activity_detail.csv.1.zst"));
	assert_true(scratch__has(&f.scratch, "activity_detail.csv"));
	fixture__remove(&f);
}

static void options_that_are_changed_before_the_start_hold_from_then_on(void **state)
{
	struct sink_options options = small_files();
	struct fixture f = {};
	uint64_t now_ns = 10;

	(void)state;
	fixture__make(&f, 1 << 20);
	recorder__set_options(f.recorder, &options);
	feed_calls(&f, 200, &now_ns);
	assert_true(scratch__has(&f.scratch, "activity_detail.csv.1"));
	fixture__remove(&f);
}

/* Even if there is no file of that name yet. */
static void the_start_tidies_up_all_files_of_the_recorder(void **state)
{
	struct fixture f = {};
	uint64_t now_ns = 10;

	(void)state;
	fixture__make(&f, 1 << 20);
	scratch__write(&f.scratch, ".activity_summary.csv.zst.tmp", "x", 1);
	scratch__write(&f.scratch, ".activity_detail.csv.zst.tmp", "x", 1);
	feed_calls(&f, 1, &now_ns);
	assert_false(scratch__has(&f.scratch, ".activity_summary.csv.zst.tmp"));
	assert_false(scratch__has(&f.scratch, ".activity_detail.csv.zst.tmp"));
	fixture__remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotation_can_be_changed_while_recording),
		cmocka_unit_test(options_that_are_changed_before_the_start_hold_from_then_on),
		cmocka_unit_test(the_start_tidies_up_all_files_of_the_recorder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
