/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process tracker in a made-up world: what it asks for, and the rows that it gives. Include
 * cmocka.h first. */
#ifndef TACHO_TESTS_PROCESS_TRACKER_FIXTURE_H
#define TACHO_TESTS_PROCESS_TRACKER_FIXTURE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static inline int read_command(void *ctx, uint32_t pid, const char **ret_command, bool *ret_cut)
{
	struct world *w = ctx;

	w->reads++;
	if (!w->commands[pid])
		return -ENOENT;
	*ret_command = w->commands[pid];
	*ret_cut = false;
	return 0;
}

static inline int format_command(void *ctx, const char *raw, size_t sz, bool cut,
				 const char **ret_command)
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
static inline bool chooses(void *ctx, const char *command)
{
	(void)ctx;
	return strncmp(command, "secret", strlen("secret")) != 0;
}

static inline void put(void *ctx, const struct event_process *row)
{
	struct world *w = ctx;
	struct taken_row *taken = &w->rows[w->row_cnt++];

	assert_true(w->row_cnt <= ROWS_MAX);
	taken->usage = row->usage;
	snprintf(taken->command, sizeof(taken->command), "%s", row->command);
	snprintf(taken->cgroup, sizeof(taken->cgroup), "%s", row->cgroup);
}

static inline void open_tracker(struct world *w)
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

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	open_tracker(w);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;

	process_tracker__free(w->tracker);
	free(w);
	return 0;
}

/* A process that began `start` seconds after the machine and has run for so long. */
static inline struct tacho_process_sample sample(uint32_t pid, uint64_t start, uint64_t runtime_ns)
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

static inline void feed(struct world *w, enum tacho_process_change change,
			struct tacho_process_sample s, const char *command)
{
	struct tacho_process_event event = { .change = change, .sample = s };

	event.command_sz = strlen(command);
	event.command_total_sz = event.command_sz;
	memcpy(event.command, command, event.command_sz);
	process_tracker__take_event(w->tracker, &event);
}

static inline void forked(struct world *w, uint32_t pid, uint32_t ppid)
{
	struct tacho_process_sample s = sample(pid, pid, 0);

	s.ppid = ppid;
	feed(w, TACHO_PROCESS_FORKED, s, "");
}

static inline void execed(struct world *w, uint32_t pid, const char *command)
{
	feed(w, TACHO_PROCESS_EXECED, sample(pid, pid, 1000), command);
}

static inline void exited(struct world *w, uint32_t pid, uint64_t runtime_ns)
{
	struct tacho_process_sample s = sample(pid, pid, runtime_ns);

	s.flags = TACHO_PROCESS_ENDED;
	s.exit_code = 3 << 8;
	feed(w, TACHO_PROCESS_EXITED, s, "");
}

static inline void reaped(struct world *w, uint32_t pid, uint64_t runtime_ns)
{
	struct tacho_process_sample s = sample(pid, pid, runtime_ns);

	s.flags = TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY;
	s.rss_pages = s.peak_rss_pages = s.virtual_pages = 0;
	s.exit_code = 3 << 8;
	s.time_ns = 9 * SECOND;
	feed(w, TACHO_PROCESS_REAPED, s, "");
}

/* A tick that sees these. */
static inline void tick(struct world *w, const struct tacho_process_sample *samples, size_t cnt)
{
	process_tracker__begin_tick(w->tracker);
	for (size_t i = 0; i < cnt; i++)
		process_tracker__take_sample(w->tracker, &samples[i]);
	process_tracker__end_tick(w->tracker);
}

static inline void tick_one(struct world *w, struct tacho_process_sample s)
{
	tick(w, &s, 1);
}

static inline void assert_row(const struct world *w, size_t index, uint32_t pid, uint32_t moment,
			      const char *command)
{
	assert_true(index < w->row_cnt);
	assert_int_equal(w->rows[index].usage.pid, pid);
	assert_int_equal(w->rows[index].usage.moment, moment);
	assert_string_equal(w->rows[index].command, command);
}

#define WITH_TRACKER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
