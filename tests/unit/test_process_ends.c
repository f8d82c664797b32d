/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "process_tracker_fixture.h"

static void a_process_seen_on_its_way_out_is_who_it_was(void **state)
{
	struct tacho_process_sample leaving = sample(5, 5, 80);
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 5, 70));
	w->commands[5] = ""; /* its memory is gone, and its command line with it */
	leaving.flags = TACHO_PROCESS_NO_MEMORY;
	tick_one(w, leaving);
	exited(w, 5, 90);
	reaped(w, 5, 95);
	assert_int_equal(w->row_cnt, 3);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_SAMPLE, "five");
	assert_row(w, 2, 5, TACHO_PROCESS_AT_EXIT, "five");
}

static void a_life_between_two_ticks_has_its_rows(void **state)
{
	struct world *w = *state;
	const struct taken_row *last = &w->rows[1];

	forked(w, 5, 1);
	execed(w, 5, "brief");
	exited(w, 5, 4000);
	assert_int_equal(w->row_cnt, 1);
	reaped(w, 5, 5000);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 0, 5, TACHO_PROCESS_AT_EXEC, "brief");
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "brief");
	assert_int_equal(last->usage.cpu_ns, 5000);
	assert_int_equal(last->usage.time_ns, 5 * SECOND); /* when it ended, not when reaped */
	assert_int_equal(last->usage.exit_code, 3 << 8);
	assert_int_equal(last->usage.rss_bytes, 10 * 4096);
	assert_int_equal(last->usage.peak_rss_bytes, 20 * 4096);
	assert_true(last->usage.flags & TACHO_PROCESS_EXIT_CODE);
	assert_int_equal(w->reads, 1); /* of its parent, which nobody had told of */
}

static void a_zombie_has_its_last_row_at_the_next_tick_and_only_one(void **state)
{
	struct tacho_process_sample zombie = sample(5, 5, 6000);
	struct world *w = *state;

	forked(w, 5, 1);
	execed(w, 5, "brief");
	exited(w, 5, 4000);
	zombie.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	zombie.rss_pages = 0;
	zombie.exit_code = 3 << 8;
	tick_one(w, zombie);
	tick_one(w, zombie);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "brief");
	assert_int_equal(w->rows[1].usage.cpu_ns, 6000);
	assert_int_equal(w->rows[1].usage.rss_bytes, 10 * 4096);
	reaped(w, 5, 6000);
	assert_int_equal(w->row_cnt, 2);
}

static void a_zombie_whose_end_is_told_a_moment_later_has_what_it_had(void **state)
{
	struct tacho_process_sample zombie = sample(5, 5, 6000);
	struct world *w = *state;

	forked(w, 5, 1);
	execed(w, 5, "brief");
	zombie.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	zombie.rss_pages = 0;
	process_tracker__begin_tick(w->tracker);
	process_tracker__take_sample(w->tracker, &zombie);
	exited(w, 5, 4000);
	process_tracker__end_tick(w->tracker);
	assert_int_equal(w->row_cnt, 1);
	reaped(w, 5, 7000);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "brief");
	assert_int_equal(w->rows[1].usage.cpu_ns, 7000);
	assert_int_equal(w->rows[1].usage.exit_code, 3 << 8);
	assert_int_equal(w->rows[1].usage.peak_rss_bytes, 20 * 4096);
}

static void a_zombie_whose_end_is_never_told_has_its_last_row_too(void **state)
{
	struct tacho_process_sample zombie = sample(5, 5, 6000);
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 5, 70));
	zombie.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	zombie.exit_code = 9;
	tick_one(w, zombie);
	tick_one(w, zombie);
	tick_one(w, zombie);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "five");
	assert_int_equal(w->rows[1].usage.cpu_ns, 6000);
	assert_int_equal(w->rows[1].usage.exit_code, 9);
}

static void a_zombie_that_was_there_before_has_no_row(void **state)
{
	struct tacho_process_sample zombie = sample(5, 5, 6000);
	struct world *w = *state;

	zombie.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	tick_one(w, zombie);
	assert_int_equal(w->row_cnt, 0);
}

static void an_end_that_was_not_told_is_seen_at_the_next_tick(void **state)
{
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 5, 70));
	tick(w, NULL, 0);
	tick(w, NULL, 0);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "five");
	assert_int_equal(w->rows[1].usage.cpu_ns, 70);
	assert_false(w->rows[1].usage.flags & TACHO_PROCESS_EXIT_CODE);
}

static void who_has_ended_is_waited_for_one_tick_longer(void **state)
{
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 5, 70));
	exited(w, 5, 80);
	tick(w, NULL, 0);
	assert_int_equal(w->row_cnt, 1);
	tick(w, NULL, 0);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "five");
	assert_true(w->rows[1].usage.flags & TACHO_PROCESS_EXIT_CODE);
}

static void a_pid_can_be_given_to_another_before_the_first_is_reaped(void **state)
{
	struct tacho_process_sample second = sample(5, 50, 10);
	struct world *w = *state;

	forked(w, 5, 1);
	execed(w, 5, "first");
	exited(w, 5, 4000);
	feed(w, TACHO_PROCESS_FORKED, second, "");
	feed(w, TACHO_PROCESS_EXECED, second, "second");
	reaped(w, 5, 5000);
	assert_int_equal(w->row_cnt, 3);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXEC, "second");
	assert_row(w, 2, 5, TACHO_PROCESS_AT_EXIT, "first");
	assert_int_equal(w->rows[2].usage.cpu_ns, 5000);
}

static void memory_that_went_before_the_exit_is_what_was_last_seen(void **state)
{
	struct tacho_process_sample s = sample(5, 5, 90);
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 5, 70));
	s.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	s.rss_pages = s.virtual_pages = 0;
	s.peak_rss_pages = 33;
	feed(w, TACHO_PROCESS_EXITED, s, "");
	reaped(w, 5, 95);
	assert_int_equal(w->row_cnt, 2);
	assert_int_equal(w->rows[1].usage.rss_bytes, 10 * 4096);
	assert_int_equal(w->rows[1].usage.peak_rss_bytes, 33 * 4096);
}

static void those_that_ended_at_the_very_end_have_their_rows(void **state)
{
	struct world *w = *state;

	w->commands[7] = "seven";
	tick_one(w, sample(7, 7, 70));
	forked(w, 5, 7);
	exited(w, 5, 4000);
	process_tracker__finish(w->tracker);
	process_tracker__finish(w->tracker);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXIT, "seven");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TRACKER(a_process_seen_on_its_way_out_is_who_it_was),
		WITH_TRACKER(a_life_between_two_ticks_has_its_rows),
		WITH_TRACKER(a_zombie_has_its_last_row_at_the_next_tick_and_only_one),
		WITH_TRACKER(a_zombie_whose_end_is_told_a_moment_later_has_what_it_had),
		WITH_TRACKER(a_zombie_whose_end_is_never_told_has_its_last_row_too),
		WITH_TRACKER(a_zombie_that_was_there_before_has_no_row),
		WITH_TRACKER(an_end_that_was_not_told_is_seen_at_the_next_tick),
		WITH_TRACKER(who_has_ended_is_waited_for_one_tick_longer),
		WITH_TRACKER(a_pid_can_be_given_to_another_before_the_first_is_reaped),
		WITH_TRACKER(memory_that_went_before_the_exit_is_what_was_last_seen),
		WITH_TRACKER(those_that_ended_at_the_very_end_have_their_rows),
	};

	return cmocka_run_group_tests_name("process_ends", tests, NULL, NULL);
}
