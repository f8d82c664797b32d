/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The recorded activities, read back: for each state, when its calls began and how long they took.
 *
 * Files are known by what is in them, not by their names:
 *
 *     robot_activity_data    three columns by position, quoted or not, under either of its names;
 *                            any spelling of its header row may stand anywhere in it, and the
 *                            states may be the numbers 0 to 4 of its first versions
 *     activity_detail.csv    by its header row
 *     activity_summary.csv   by its header row: calls that have no rows of their own, summed up
 *     activity_ledger.csv    by its header row; has no activities, but says what was lost
 *     activity_probes.csv    by its header row; says nothing of activities and is passed over
 *
 * Nothing here prints. Rows that make no sense are counted and told to the watch.
 */
#ifndef TACHO_USER_ANALYSIS_ACTIVITIES_H
#define TACHO_USER_ANALYSIS_ACTIVITIES_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "row.h"

/* One call that finished: it returned, or an exception or unwinding ended it. */
struct activity {
	uint64_t start_ns; /* since the Unix epoch; wall clock, so that it may go back */
	uint64_t duration_ns;
};

/* Calls without rows. However they ended: their durations are not told apart by that. A sum that is
 * too large is UINT64_MAX. */
struct activity_sums {
	uint64_t cnt;
	uint64_t ended[TACHO_ENDED_CNT]; /* how many of them, as far as the file says */
	uint64_t sum_ns;
	uint64_t min_ns; /* unless cnt is 0 */
	uint64_t max_ns;
};

struct activity_series {
	char *state;		     /* any bytes from the file, NUL-terminated */
	struct activity *activities; /* as in the files: in the order of their ends */
	size_t cnt;
	size_t capacity;
	uint64_t rows_ended[TACHO_ENDED_CNT]; /* rows that say so, by enum tacho_ended */
	struct activity_sums summarised;
	struct ledger_row ledger; /* all recordings together; entries is 0 without a ledger */
	struct ledger_row ledger_latest; /* of the recording that is being read */
};

/* Calls that are known not to have finished, without those that were summarised. ended:
 * TACHO_ENDED_THREAD_EXIT, _EXEC, _KILLED or _OPEN; rows and ledger may both know of the same
 * calls. */
uint64_t activity_series__unfinished(const struct activity_series *series, enum tacho_ended ended);

/* In new memory; NULL without memory. */
uint64_t *activity_series__durations(const struct activity_series *series);

/* Called for each row that is passed over; the row takes line_cnt lines from line on. */
struct activities_watch {
	void (*malformed)(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			  const char *wrong);
	void *ctx;
};

struct activities;

/* watch is borrowed for the life of the activities, and may be NULL. NULL without memory. */
struct activities *activities__new(const struct activities_watch *watch);
void activities__free(struct activities *activities);

/*
 * Adds what is in a file, a pipe ("-": standard input), or a directory: of that,
 * activity_detail.csv or else robot_activity_data or else robot_context_data, with what rotation
 * has made of it, and activity_summary.csv and activity_ledger.csv. A file that was read already is
 * not read again. 0, or a negative errno with why; what could be read until then stays.
 */
int activities__add_path(struct activities *activities, const char *path, struct fault *why);

/* In the order of their first rows. Borrowed, good until more is added. */
size_t activities__series_cnt(const struct activities *activities);
const struct activity_series *activities__series(const struct activities *activities, size_t idx);

uint64_t activities__malformed_cnt(const struct activities *activities);
uint64_t activities__torn_cnt(const struct activities *activities);

#endif
