/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the activities module share; nobody else includes this.
 *
 *     activities.c         the series, and which files a path stands for
 *     activities_rows.c    what the rows of a file say
 *     activities_peers.c   what those of other tools say
 *     activities_scan.c    plain rows of calls, many at a time
 *     activities_blocks.c  files, in blocks, by several threads
 *     activities_filter.c  which rows count
 */
#ifndef TACHO_USER_ANALYSIS_ACTIVITIES_INTERNAL_H
#define TACHO_USER_ANALYSIS_ACTIVITIES_INTERNAL_H

#include "analysis/activities.h"
#include "analysis/csv_reader.h"
#include "analysis/files_read.h"
#include "analysis/row_scan.h"
#include "analysis/state_table.h"
#include "analysis/summary.h"
#include "ended.h"

/* What does not depend on the state. */
struct activities_tally {
	bool any_newest;
	uint64_t newest_ns;
	uint64_t nameless_cnt;
};

struct activities {
	const struct activities_watch *watch;
	struct activity_series **series;
	size_t series_cnt;
	size_t series_capacity;
	void *by_key; /* a tsearch(3) tree of the same series, and of ignored ones */
	struct activity_series *recent; /* rows of one state often come in a row */
	struct files_read files_read;
	const struct activities_filter *filter; /* NULL: everything */
	const struct activities_other *other;	/* may be NULL */
	const struct activities_grouping *grouping;
	bool has_column[ACTIVITIES_BY_MAX];
	const char *host; /* the path that is being added */
	struct activities_reading reading;
	struct activities_tally tally;
	uint64_t unsorted_cnt;
	uint64_t malformed_cnt;
	uint64_t torn_cnt;
};

/* Whether the thread of a call is one that is asked for. */
enum call_thread { CALL_THREAD_WANTED, CALL_THREAD_OTHER, CALL_THREAD_NAMELESS };

/* What a row of a call says, whoever has read it. */
struct call_row {
	uint64_t start_ns;
	uint64_t duration_ns;
	uint32_t state; /* the number of its key; not used by who has the series */
	uint8_t ended;	/* enum tacho_ended; ENDED_NOT_SAID: it finished */
	uint8_t failed; /* enum row_failed */
	uint8_t thread; /* enum call_thread */
};

#define ENDED_NOT_SAID TACHO_ENDED_CNT

/* activities_filter.c */

bool activities__take_state(const struct activities *activities, const char *state);
/* thread may be NULL. */
enum call_thread activities_filter__thread(const struct activities_filter *filter,
					   const char *thread, size_t sz);

/* Has such a call to be added? */
bool activities_filter__take_call(const struct activities_filter *filter,
				  struct activities_tally *tally, const struct call_row *call);
bool activities__take_sums(struct activities *activities, uint64_t from_ns, uint64_t to_ns,
			   uint64_t cnt);
void activities_tally__join(struct activities_tally *tally, const struct activities_tally *from);

/* activities.c */

/* The series of that key, new if need be, which may be ignored; NULL without memory. */
struct activity_series *activities__want(struct activities *activities, const char *key);

/* 0 or -ENOMEM. */
int activity_series__join(struct activity_series *series, struct activity_series *from);

/* Something took place in this time; called before it is added. */
static inline void activity_series__span(struct activity_series *series, uint64_t from_ns,
					 uint64_t to_ns)
{
	bool is_first = !series->cnt && !series->summarised.cnt;

	if (is_first || from_ns < series->first_ns)
		series->first_ns = from_ns;
	if (is_first || to_ns > series->last_ns)
		series->last_ns = to_ns;
}

/*
 * All that a row of a call does. Series and tally are of the activities, or of one thread until
 * they are joined. 0 or -ENOMEM. A call counts in the interval in which it ended.
 */
static inline int activity_series__take_call(struct activity_series *series,
					     const struct activities_filter *filter,
					     struct activities_tally *tally,
					     const struct call_row *call)
{
	uint64_t end_ns = add_saturated(call->start_ns, call->duration_ns);

	if (series->ignored || (filter && !activities_filter__take_call(filter, tally, call)))
		return 0;
	if (call->ended != ENDED_NOT_SAID) {
		series->rows_ended[call->ended]++;
		if (!ended_finished((enum tacho_ended)call->ended))
			return 0;
	}
	series->failed_known_cnt += call->failed != ROW_FAILED_UNKNOWN;
	series->failed_cnt += call->failed == ROW_FAILED_YES;
	activity_series__span(series, call->start_ns, end_ns);
	series->cnt++;
	if (series->intervals.length_ns && interval_counts__add(&series->intervals, end_ns))
		return -ENOMEM;
	return durations__add(&series->durations, call->duration_ns);
}

/* activities_rows.c */

struct source;

#define SOURCE_COLUMNS_MAX 16

/* A kind of file. take returns 0 or -ENOMEM; a row that makes no sense sets *ret_wrong instead. */
struct layout {
	const char *const *columns; /* the ones we need, then the ones that may be missing (NULL) */
	size_t column_cnt;	    /* of all of them */
	size_t optional_cnt;
	int (*take)(struct source *source, const char *const *values, const char **ret_wrong);
	bool is_calls; /* which can be grouped ... */
	bool is_plain; /* ... and whose columns are the first ones of enum scan_column */
	struct {
		const char *name, *column;
	} aliases[2]; /* columns that have other names here */
};

/* A file while it is read. */
struct source {
	struct activities *activities;
	const struct layout *layout;
	size_t column[SOURCE_COLUMNS_MAX]; /* where the layout's columns are in the row, or
					      CSV_NO_COLUMN */
	size_t group_column[ACTIVITIES_BY_MAX];
	const char *group_text[ACTIVITIES_BY_MAX]; /* of the row that is being taken */
	size_t field_cnt;			   /* of each row */
	char *key;
	size_t key_capacity;
	bool begun;    /* a row has come */
	bool is_other; /* and it was none of ours */
	/* How rows can be read fast; counts up whenever that changes. */
	uint64_t plan_number;
	struct scan_plan plan;
};

void source__init(struct source *source, struct activities *activities);
void source__free(struct source *source);

/* A row of a call of its group. 0 or -ENOMEM. */
int source__take_call(struct source *source, const char *state, const struct call_row *call);
enum call_thread source__sort_thread(const struct source *source, const char *thread);

/* A csv_record_fn: the meaning of a row. */
int source__take(void *ctx, const struct csv_record *record);

/* The ledger's next row, if one comes, is of another recording. */
void activities__close_ledger(struct activities *activities);

/* activities_peers.c: what other tools have written */
extern const struct layout activities__quantumleap_layout;
extern const struct layout activities__junmai_layout;

/* activities_scan.c */

/* Rows that are too unusual to be read fast, or that follow too little: they come between the
 * calls. */
struct scan_rest {
	const char *from, *to;
	size_t call_cnt; /* before them */
};

struct scan_state {
	size_t call_idx; /* where it is met for the first time */
	uint32_t number;
};

/* What is in some bytes, in order. Zero-initialise. */
struct scan {
	struct call_row *calls;
	size_t call_cnt, call_capacity;
	struct scan_rest *rests;
	size_t rest_cnt, rest_capacity;
	size_t rest_fixed_cnt;	       /* so many do not grow any more */
	struct scan_state *new_states; /* that have no series yet */
	size_t new_state_cnt, new_state_capacity;
	int err;
};

/* What a thread knows and has counted. Zero-initialise. */
struct scan_counts {
	struct state_table states;	 /* by their keys */
	struct activity_series **series; /* of them, in the activities; NULL: not settled */
	struct activity_series *parts;	 /* of them, to be joined with those */
	size_t state_capacity;
	struct activities_tally tally;
};

/* Adds what is between from and to, which begins with a row. SCAN_BEYOND bytes more can be read. */
void scan__add(struct scan *scan, struct scan_counts *counts, const struct scan_plan *plan,
	       const struct activities_filter *filter, const char *from, const char *to);
/* Forgets what was found after so many calls and rests. */
void scan__cut(struct scan *scan, size_t call_cnt, size_t rest_cnt);
void scan__free(struct scan *scan);

/* Counts the calls, all of whose states have series by now. 0 or -ENOMEM. */
int scan_counts__add(struct scan_counts *counts, const struct activities_filter *filter,
		     const struct scan *scan);
/* 0 or -ENOMEM. */
int scan_counts__join(struct scan_counts *counts, struct activities *activities);
void scan_counts__free(struct scan_counts *counts);

/* activities_blocks.c */
int activities__read_fd(struct activities *activities, int fd, const char *path, struct fault *why);

#endif
