/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "process_tracker_fixture.h"

static void every_tick_has_a_row_of_every_chosen_process(void **state)
{
	const struct tacho_process_sample samples[] = { sample(5, 1, 70), sample(7, 2, 80) };
	struct world *w = *state;

	w->commands[5] = "five";
	w->commands[7] = "seven";
	w->cgroups[7] = "/a.slice";
	tick(w, samples, 2);
	tick(w, samples, 2);
	assert_int_equal(w->row_cnt, 4);
	assert_row(w, 0, 5, TACHO_PROCESS_AT_SAMPLE, "five");
	assert_row(w, 1, 7, TACHO_PROCESS_AT_SAMPLE, "seven");
	assert_row(w, 3, 7, TACHO_PROCESS_AT_SAMPLE, "seven");
	assert_string_equal(w->rows[1].cgroup, "/a.slice");
}

static void a_row_has_bytes_and_wall_clock_times(void **state)
{
	struct world *w = *state;
	const struct tacho_process_usage *usage = &w->rows[0].usage;

	w->commands[5] = "five";
	tick_one(w, sample(5, 12, 70));
	assert_int_equal(w->row_cnt, 1);
	assert_int_equal(usage->start_ns, (BOOTED_S + 12) * SECOND);
	assert_int_equal(usage->start_ticks, 1200);
	assert_int_equal(usage->boot_s, BOOTED_S);
	assert_int_equal(usage->rss_bytes, 10 * 4096);
	assert_int_equal(usage->peak_rss_bytes, 20 * 4096);
	assert_int_equal(usage->virtual_bytes, 100 * 4096);
	assert_int_equal(usage->memory_total_bytes, 1 << 30);
	assert_int_equal(usage->cpu_ns, 70);
	assert_int_equal(usage->user_ns, 70);
	assert_int_equal(usage->flags, TACHO_PROCESS_EXACT_CPU | TACHO_PROCESS_MEMORY |
					       TACHO_PROCESS_PEAK | TACHO_PROCESS_IO);
}

static void the_start_of_a_process_stays_when_the_clock_is_set(void **state)
{
	const struct process_surroundings later = {
		.real_minus_boot_ns = (BOOTED_S + 3600) * SECOND,
		.boot_s = BOOTED_S + 3600,
	};
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 12, 70));
	process_tracker__set_surroundings(w->tracker, &later);
	tick_one(w, sample(5, 12, 80));
	assert_int_equal(w->row_cnt, 2);
	assert_int_equal(w->rows[1].usage.start_ns, w->rows[0].usage.start_ns);
	assert_int_equal(w->rows[1].usage.boot_s, w->rows[0].usage.boot_s);
}

static void what_is_not_chosen_has_no_rows(void **state)
{
	const struct tacho_process_sample samples[] = { sample(5, 1, 70), sample(7, 2, 80) };
	struct world *w = *state;

	w->commands[5] = "secret business";
	w->commands[7] = ""; /* no command line at all */
	tick(w, samples, 2);
	exited(w, 5, 90);
	reaped(w, 5, 95);
	assert_int_equal(w->row_cnt, 0);
}

static void kernel_threads_have_no_rows(void **state)
{
	struct tacho_process_sample s = sample(2, 0, 70);
	struct world *w = *state;

	w->commands[2] = "kthreadd";
	s.flags = TACHO_PROCESS_KERNEL_THREAD;
	tick_one(w, s);
	assert_int_equal(w->row_cnt, 0);
}

static void the_recorder_is_chosen_whatever_is_asked_for(void **state)
{
	struct world *w = *state;

	w->commands[OWN_PID] = "secret recorder";
	tick_one(w, sample(OWN_PID, 1, 70));
	assert_int_equal(w->row_cnt, 1);
	assert_row(w, 0, OWN_PID, TACHO_PROCESS_AT_SAMPLE, "secret recorder");
}

static void a_command_is_read_again_when_its_process_has_run(void **state)
{
	struct world *w = *state;

	w->commands[5] = "five";
	tick_one(w, sample(5, 1, 70));
	w->commands[5] = "five: renamed";
	tick_one(w, sample(5, 1, 70)); /* has not run: nobody can have renamed it */
	assert_int_equal(w->reads, 1);
	tick_one(w, sample(5, 1, 71));
	assert_int_equal(w->reads, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_SAMPLE, "five");
	assert_row(w, 2, 5, TACHO_PROCESS_AT_SAMPLE, "five: renamed");
}

static void a_new_name_can_make_a_process_chosen_or_not(void **state)
{
	struct world *w = *state;

	w->commands[5] = "secret";
	tick_one(w, sample(5, 1, 70));
	w->commands[5] = "open";
	tick_one(w, sample(5, 1, 71));
	w->commands[5] = "secret again";
	tick_one(w, sample(5, 1, 72));
	assert_int_equal(w->row_cnt, 1);
	assert_row(w, 0, 5, TACHO_PROCESS_AT_SAMPLE, "open");
}

static void a_forked_process_is_its_parent_until_it_runs_another_program(void **state)
{
	struct world *w = *state;

	w->commands[5] = "server";
	w->cgroups[5] = "/server.slice";
	tick_one(w, sample(5, 1, 70));
	forked(w, 6, 5);
	exited(w, 6, 100);
	reaped(w, 6, 200);
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 6, TACHO_PROCESS_AT_EXIT, "server");
	assert_string_equal(w->rows[1].cgroup, "/server.slice");
}

static void a_chosen_process_that_becomes_another_says_so_once(void **state)
{
	struct world *w = *state;

	w->commands[5] = "server";
	tick_one(w, sample(5, 5, 70));
	execed(w, 5, "secret");
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 1, 5, TACHO_PROCESS_AT_EXEC, "");
	exited(w, 5, 2000);
	reaped(w, 5, 2000);
	assert_int_equal(w->row_cnt, 2);
}

static void a_scope_is_the_processes_asked_for(void **state)
{
	static const uint32_t scope[] = { 7 };
	const struct tacho_process_sample samples[] = { sample(5, 1, 70), sample(7, 2, 80) };
	struct world *w = *state;

	process_tracker__free(w->tracker);
	w->options.scope = scope;
	w->options.scope_cnt = 1;
	open_tracker(w);
	w->commands[5] = "five";
	w->commands[7] = "seven";
	tick(w, samples, 2);
	forked(w, 8, 7);
	execed(w, 8, "eight");
	assert_int_equal(w->row_cnt, 1);
	assert_row(w, 0, 7, TACHO_PROCESS_AT_SAMPLE, "seven");
}

static void a_command_comes_into_scope_when_it_runs_and_its_children_with_it(void **state)
{
	static const uint32_t scope[] = { 7 };
	struct world *w = *state;

	process_tracker__free(w->tracker);
	w->options.scope = scope;
	w->options.scope_cnt = 1;
	w->options.scope_follows_forks = true;
	w->options.scope_at_exec = true;
	open_tracker(w);
	w->commands[7] = "the recorder's child";
	tick_one(w, sample(7, 7, 70));
	assert_int_equal(w->row_cnt, 0);
	execed(w, 7, "seven");
	forked(w, 8, 7);
	execed(w, 8, "eight");
	assert_int_equal(w->row_cnt, 2);
	assert_row(w, 0, 7, TACHO_PROCESS_AT_EXEC, "seven");
	assert_row(w, 1, 8, TACHO_PROCESS_AT_EXEC, "eight");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TRACKER(every_tick_has_a_row_of_every_chosen_process),
		WITH_TRACKER(a_row_has_bytes_and_wall_clock_times),
		WITH_TRACKER(the_start_of_a_process_stays_when_the_clock_is_set),
		WITH_TRACKER(what_is_not_chosen_has_no_rows),
		WITH_TRACKER(kernel_threads_have_no_rows),
		WITH_TRACKER(the_recorder_is_chosen_whatever_is_asked_for),
		WITH_TRACKER(a_command_is_read_again_when_its_process_has_run),
		WITH_TRACKER(a_new_name_can_make_a_process_chosen_or_not),
		WITH_TRACKER(a_forked_process_is_its_parent_until_it_runs_another_program),
		WITH_TRACKER(a_chosen_process_that_becomes_another_says_so_once),
		WITH_TRACKER(a_scope_is_the_processes_asked_for),
		WITH_TRACKER(a_command_comes_into_scope_when_it_runs_and_its_children_with_it),
	};

	return cmocka_run_group_tests_name("process_tracker", tests, NULL, NULL);
}
