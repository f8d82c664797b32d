/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What becomes of the processes: samples and events in, rows of the chosen ones out.
 *
 *     begins ──> samples, execs: a row each ──> exits ──> is reaped: the last row, final totals
 *
 * A process that began and ended between two ticks has its rows all the same. What is known of each
 * is what the events said, put right by every tick: an event may be lost, a sample is what is.
 */
#ifndef TACHO_USER_PROCESSES_PROCESS_TRACKER_H
#define TACHO_USER_PROCESSES_PROCESS_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../decode.h"
#include "tacho/process.h"

struct process_tracker;

struct process_tracker_options {
	void *ctx; /* of all functions here */
	/* The command line of a running process as rows have it ("" when it has none), borrowed
	 * until the next call. 0 or negative errno: it is gone. */
	int (*read_command)(void *ctx, uint32_t pid, const char **ret_command, bool *ret_cut);
	/* The same from the bytes of /proc/PID/cmdline; cut: more followed. 0 or -ENOMEM. */
	int (*format_command)(void *ctx, const char *raw, size_t sz, bool cut,
			      const char **ret_command);
	/* The path of its cgroup, borrowed likewise; "" when nobody can tell any more. */
	const char *(*find_cgroup)(void *ctx, uint32_t pid, uint64_t cgroup_id);
	bool (*chooses)(void *ctx, const char *command);
	void (*put)(void *ctx, const struct event_process *row);

	uint32_t own_pid; /* the recorder: always chosen */
	/* Only these processes, if any are given, and what they fork if that is asked for. */
	const uint32_t *scope;
	size_t scope_cnt;
	bool scope_follows_forks;
	bool scope_at_exec; /* they come into scope when they run their next program */
	uint64_t page_sz;
};

/* Copies the options, not what they point to. NULL without memory. */
struct process_tracker *process_tracker__new(const struct process_tracker_options *options);
void process_tracker__free(struct process_tracker *tracker); /* NULL is fine */

/* How clocks stand to each other now, and how much memory there is; before the first process. */
struct process_surroundings {
	int64_t real_minus_boot_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	uint64_t boot_s;	    /* btime of /proc/stat */
	uint64_t memory_total_bytes;
};
void process_tracker__set_surroundings(struct process_tracker *tracker,
				       const struct process_surroundings *surroundings);

void process_tracker__take_event(struct process_tracker *tracker,
				 const struct tacho_process_event *event);

/* One tick: all events so far, begin, every process, the events of meanwhile, end. */
void process_tracker__begin_tick(struct process_tracker *tracker);
void process_tracker__take_sample(struct process_tracker *tracker,
				  const struct tacho_process_sample *sample);
void process_tracker__end_tick(struct process_tracker *tracker);

/* Are there any that have been reaped, so that no tick sees them, and whose totals are on their
 * way? Right behind a tick. */
bool process_tracker__expects_totals(const struct process_tracker *tracker);

/* Writes the last rows of those that have ended and were not reaped. */
void process_tracker__finish(struct process_tracker *tracker);

/* Processes that could not be kept in mind for want of memory. */
uint64_t process_tracker__lost(const struct process_tracker *tracker);

#endif
