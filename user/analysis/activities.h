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
 *     duration.*.csv         of QuantumLeap, and processing_metrics_*.csv of Junmai: by their
 *                            header rows (peer_rows.h)
 *     activity_summary.csv   by its header row: calls that have no rows of their own, summed up
 *     activity_ledger.csv    by its header row; has no activities, but says what was lost
 *     activity_probes.csv    by its header row; says nothing of activities and is passed over
 *
 * Any of them may be packed by zstd(1). Of calls, only what is asked for at the end is kept.
 *
 * Nothing here prints. Rows that make no sense are counted and told to the watch.
 */
#ifndef TACHO_USER_ANALYSIS_ACTIVITIES_H
#define TACHO_USER_ANALYSIS_ACTIVITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/durations.h"
#include "analysis/interval_counts.h"
#include "fault.h"
#include "row.h"
#include "tacho/glob.h"

/* Calls without rows. However they ended: their durations are not told apart by that. A sum that is
 * too large is UINT64_MAX. */
struct activity_sums {
	uint64_t cnt;
	uint64_t ended[TACHO_ENDED_CNT]; /* how many of them, as far as the file says */
	uint64_t sum_ns;
	uint64_t min_ns; /* unless cnt is 0 */
	uint64_t max_ns;
};

#define ACTIVITIES_BY_MAX 3
#define ACTIVITIES_GROUPS_MAX 10000

/* What calls are told apart by besides their states. All calls of a state beyond the bound above
 * are in one group. */
struct activities_grouping {
	/* As header rows name them; "host": the path that was added. A file without such a column
	 * has empty values. */
	const char *columns[ACTIVITIES_BY_MAX];
	size_t column_cnt;
	uint64_t interval_ns; /* count those that ended in each so long interval; 0: do not */
};

struct activity_series {
	bool ignored;			  /* not asked for: never seen from outside */
	bool rows_only;			  /* the ledger counts other calls, too */
	bool is_rest;			  /* calls that have no group of their own */
	char *key;			  /* group_key.h */
	const char *state;		  /* any bytes from the file, NUL-terminated; in the key */
	char *values[ACTIVITIES_BY_MAX];  /* of the columns; likewise; NULL in the rest */
	struct interval_counts intervals; /* if they are asked for */
	size_t cnt;			  /* calls that finished: they returned, or an exception or
					     unwinding ended them ... */
	struct durations durations;	  /* ... and how long they took, in nanoseconds */
	uint64_t rows_ended[TACHO_ENDED_CNT]; /* rows that say so, by enum tacho_ended */
	uint64_t failed_cnt;	   /* of those that finished, as far as rows say so ... */
	uint64_t failed_known_cnt; /* ... which these do */
	/* When the first of those that finished or were summarised began and the last ended; unless
	 * there are none. */
	uint64_t first_ns;
	uint64_t last_ns;
	struct activity_sums summarised;
	struct ledger_row ledger; /* all recordings together; entries is 0 without a ledger */
	struct ledger_row ledger_latest; /* of the recording that is being read */
};

/* Calls that are known not to have finished, without those that were summarised. ended:
 * TACHO_ENDED_THREAD_EXIT, _EXEC, _KILLED or _OPEN; rows and ledger may both know of the same
 * calls. */
uint64_t activity_series__unfinished(const struct activity_series *series, enum tacho_ended ended);

/* In new memory, in any order; NULL without memory. */
uint64_t *activity_series__durations(const struct activity_series *series);

/* Both may be NULL. Calls come from any thread, but one at a time. */
struct activities_watch {
	/* For each row that is passed over, in the order of the file; the row takes line_cnt lines
	 * from line on. */
	void (*malformed)(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			  const char *wrong);
	void *ctx;
	/* Every now and then: how many bytes of the file were read, of how many (0: nobody knows).
	 */
	void (*progress)(void *ctx, const char *path, uint64_t done, uint64_t size);
};

struct glob_list {
	const struct tacho_glob *globs; /* any of these */
	size_t cnt;			/* 0: everything */
};

bool glob_list__matches(const struct glob_list *list, const char *text, size_t sz);

/* Which rows count. The ledger knows of states only: it is left as it is for the ones asked for. */
struct activities_filter {
	struct glob_list states;
	struct glob_list threads; /* names of the threads, where the file knows them */
	uint64_t since_ns;	  /* calls that began then or later ... */
	uint64_t until_ns;	  /* ... and before this; 0: at any time */
	bool newest_only; /* keep nothing, but see activities__newest; refuses what is no file */
};

struct activities;

/* watch is borrowed for the life of the activities, and may be NULL. NULL without memory. */
struct activities *activities__new(const struct activities_watch *watch);
void activities__free(struct activities *activities);

/* To be called before anything is added. The filter is borrowed for the life of the activities. */
void activities__set_filter(struct activities *activities, const struct activities_filter *filter);

/* Is this moment one that is asked for? filter may be NULL. */
bool activities_filter__has_moment(const struct activities_filter *filter, uint64_t ns);

/* To be called before anything is added. Borrowed for the life of the activities. */
void activities__set_grouping(struct activities *activities,
			      const struct activities_grouping *grouping);

/* Was that column of the grouping in any file? */
bool activities__has_column(const struct activities *activities, size_t idx);

/* How files are read. What is read does not depend on it. */
struct activities_reading {
	size_t threads;	 /* at most; 0: as many as there are processors */
	size_t block_sz; /* of what one of them reads at once, at most 512 KiB; 0: as is best */
	bool careful;	 /* row by row: as slowly as it takes to show that it does not depend */
};

/* To be called before anything is added. Without it: all zero. */
void activities__set_reading(struct activities *activities,
			     const struct activities_reading *reading);

struct csv_record;

/* Who takes files of another kind, by their first rows, and how those are called in a directory:
 * the first that is there is read, with what rotation has made of it. */
struct activities_other {
	const char *names[2];
	bool (*knows)(void *ctx, const struct csv_record *record);
	int (*take)(void *ctx, const struct csv_record *record);
	void *ctx;
};

/* To be called before anything is added. Borrowed for the life of the activities. */
void activities__set_other(struct activities *activities, const struct activities_other *other);

/*
 * Adds what is in a file, a pipe ("-": standard input), or a directory: of that,
 * activity_detail.csv or else robot_activity_data or else robot_context_data, with what rotation
 * has made of it, or else the files of calls of other tools; and activity_summary.csv and
 * activity_ledger.csv. A file that was read already is not read again. 0, or a negative errno with
 * why; what could be read until then stays.
 */
int activities__add_path(struct activities *activities, const char *path, struct fault *why);

/* In the order of their first rows. Borrowed, good until more is added. */
size_t activities__series_cnt(const struct activities *activities);
const struct activity_series *activities__series(const struct activities *activities, size_t idx);
struct activity_series *activities__own_series(struct activities *activities, size_t idx);

/* Does the filter ask for more than states? Then what is known of whole states is too much. */
bool activities__is_filtered(const struct activities *activities);

/* When the latest of the calls asked for ended, and whether there are any. */
bool activities__newest(const struct activities *activities, uint64_t *ret_ns);

/* Rows whose threads have no names, while names are asked for. */
uint64_t activities__nameless_cnt(const struct activities *activities);

/* Calls without rows that cannot be told apart by what the filter asks for. They are not among the
 * summarised ones. */
uint64_t activities__unsorted_cnt(const struct activities *activities);

uint64_t activities__malformed_cnt(const struct activities *activities);
uint64_t activities__torn_cnt(const struct activities *activities);

#endif
