/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "processes/process_tracker.h"

#define SECOND 1000000000ULL
#define BOOTED_S 1700000000ULL /* the clock on the wall when the machine was started */
#define OWN_PID 999
#define PIDS 1000
#define ROWS_MAX 64

struct taken_row {
	struct tacho_process_usage usage;
	char command[64];
	char cgroup[64];
};

/* What the tracker asks for, and what it gives. */
struct world {
	struct process_tracker *tracker;
	const char *commands[PIDS]; /* of the running ones; NULL: gone */
	const char *cgroups[PIDS];
	unsigned int reads; /* of command lines */
	struct taken_row rows[ROWS_MAX];
	size_t row_cnt;
	struct process_tracker_options options;
};

static int read_command(void *ctx, uint32_t pid, const char **ret_command, bool *ret_cut)
{
	struct world *w = ctx;

	w->reads++;
	if (!w->commands[pid])
		return -ENOENT;
	*ret_command = w->commands[pid];
	*ret_cut = false;
	return 0;
}

static int format_command(void *ctx, const char *raw, size_t sz, bool cut, const char **ret_command)
{
	static char text[64];

	(void)ctx, (void)cut;
	assert_true(sz < sizeof(text));
	memcpy(text, raw, sz);
	text[sz] = '\0';
	*ret_command = text;
	return 0;
}

static const char *find_cgroup(void *ctx, uint32_t pid, uint64_t cgroup_id)
{
	struct world *w = ctx;

	(void)cgroup_id;
	return w->cgroups[pid] ? w->cgroups[pid] : "";
}

/* Everything but what is secret. */
static bool chooses(void *ctx, const char *command)
{
	(void)ctx;
	return strncmp(command, "secret", strlen("secret")) != 0;
}

static void put(void *ctx, const struct event_process *row)
{
	struct world *w = ctx;
	struct taken_row *taken = &w->rows[w->row_cnt++];

	assert_true(w->row_cnt <= ROWS_MAX);
	taken->usage = row->usage;
	snprintf(taken->command, sizeof(taken->command), "%s", row->command);
	snprintf(taken->cgroup, sizeof(taken->cgroup), "%s", row->cgroup);
}

static void open_tracker(struct world *w)
{
	const struct process_surroundings here = {
		.real_minus_boot_ns = BOOTED_S * SECOND,
		.boot_s = BOOTED_S,
		.memory_total_bytes = 1 << 30,
	};

	w->options.ctx = w;
	w->options.read_command = read_command;
	w->options.format_command = format_command;
	w->options.find_cgroup = find_cgroup;
	w->options.chooses = chooses;
	w->options.put = put;
	w->options.own_pid = OWN_PID;
	w->options.page_sz = 4096;
	w->tracker = process_tracker__new(&w->options);
	assert_non_null(w->tracker);
	process_tracker__set_surroundings(w->tracker, &here);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	open_tracker(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	process_tracker__free(w->tracker);
	free(w);
	return 0;
}

/* A process that began `start` seconds after the machine and has run for so long. */
static struct tacho_process_sample sample(uint32_t pid, uint64_t start, uint64_t runtime_ns)
{
	struct tacho_process_sample s = {
		.time_ns = 5 * SECOND,
		.start_boot_ns = start * SECOND,
		.user_ns = runtime_ns,
		.runtime_ns = runtime_ns,
		.rss_pages = 10,
		.peak_rss_pages = 20,
		.virtual_pages = 100,
		.pid = pid,
		.ppid = 1,
		.threads = 1,
		.membership = 1,
	};

	return s;
}

static void feed(struct world *w, enum tacho_process_change change, struct tacho_process_sample s,
		 const char *command)
{
	struct tacho_process_event event = { .change = change, .sample = s };

	event.command_sz = strlen(command);
	event.command_total_sz = event.command_sz;
	memcpy(event.command, command, event.command_sz);
	process_tracker__take_event(w->tracker, &event);
}

static void forked(struct world *w, uint32_t pid, uint32_t ppid)
{
	struct tacho_process_sample s = sample(pid, pid, 0);

	s.ppid = ppid;
	feed(w, TACHO_PROCESS_FORKED, s, "");
}

static void execed(struct world *w, uint32_t pid, const char *command)
{
	feed(w, TACHO_PROCESS_EXECED, sample(pid, pid, 1000), command);
}

static void exited(struct world *w, uint32_t pid, uint64_t runtime_ns)
{
	struct tacho_process_sample s = sample(pid, pid, runtime_ns);

	s.flags = TACHO_PROCESS_ENDED;
	s.exit_code = 3 << 8;
	feed(w, TACHO_PROCESS_EXITED, s, "");
}

static void reaped(struct world *w, uint32_t pid, uint64_t runtime_ns)
{
	struct tacho_process_sample s = sample(pid, pid, runtime_ns);

	s.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	s.rss_pages = s.peak_rss_pages = s.virtual_pages = 0;
	s.exit_code = 3 << 8;
	s.time_ns = 9 * SECOND;
	feed(w, TACHO_PROCESS_REAPED, s, "");
}

/* A tick that sees these. */
static void tick(struct world *w, const struct tacho_process_sample *samples, size_t cnt)
{
	process_tracker__begin_tick(w->tracker);
	for (size_t i = 0; i < cnt; i++)
		process_tracker__take_sample(w->tracker, &samples[i]);
	process_tracker__end_tick(w->tracker);
}

static void tick_one(struct world *w, struct tacho_process_sample s)
{
	tick(w, &s, 1);
}

static void assert_row(const struct world *w, size_t index, uint32_t pid, uint32_t moment,
		       const char *command)
{
	assert_true(index < w->row_cnt);
	assert_int_equal(w->rows[index].usage.pid, pid);
	assert_int_equal(w->rows[index].usage.moment, moment);
	assert_string_equal(w->rows[index].command, command);
}

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

#define WITH_TRACKER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
		WITH_TRACKER(a_process_seen_on_its_way_out_is_who_it_was),
		WITH_TRACKER(a_life_between_two_ticks_has_its_rows),
		WITH_TRACKER(a_forked_process_is_its_parent_until_it_runs_another_program),
		WITH_TRACKER(a_chosen_process_that_becomes_another_says_so_once),
		WITH_TRACKER(a_zombie_has_its_last_row_at_the_next_tick_and_only_one),
		WITH_TRACKER(a_zombie_whose_end_is_told_a_moment_later_has_what_it_had),
		WITH_TRACKER(a_zombie_whose_end_is_never_told_has_its_last_row_too),
		WITH_TRACKER(a_zombie_that_was_there_before_has_no_row),
		WITH_TRACKER(an_end_that_was_not_told_is_seen_at_the_next_tick),
		WITH_TRACKER(who_has_ended_is_waited_for_one_tick_longer),
		WITH_TRACKER(a_pid_can_be_given_to_another_before_the_first_is_reaped),
		WITH_TRACKER(memory_that_went_before_the_exit_is_what_was_last_seen),
		WITH_TRACKER(those_that_ended_at_the_very_end_have_their_rows),
		WITH_TRACKER(a_scope_is_the_processes_asked_for),
		WITH_TRACKER(a_command_comes_into_scope_when_it_runs_and_its_children_with_it),
	};

	return cmocka_run_group_tests_name("process_tracker", tests, NULL, NULL);
}
