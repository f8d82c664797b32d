/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A row is what the latest header row before it says; without one, a row of robot_activity_data,
 * whose header stands in another file that nobody needs.
 */
#include "analysis/activities_internal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "analysis/csv_reader.h"
#include "analysis/summary.h"
#include "ended.h"
#include "parse.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMN_CNT_MAX 16
#define MISSING SIZE_MAX

struct source;

/* A kind of file. take returns 0 or -ENOMEM; a row that makes no sense sets *ret_wrong instead. */
struct layout {
	const char *const *columns; /* the ones we need, then the ones that may be missing (NULL) */
	size_t column_cnt;	    /* of all of them */
	size_t optional_cnt;
	int (*take)(struct source *source, const char *const *values, const char **ret_wrong);
};

/* A file while it is read. */
struct source {
	struct activities *activities;
	const struct layout *layout;
	size_t column[COLUMN_CNT_MAX]; /* where the layout's columns are in the row, or MISSING */
	size_t field_cnt;	       /* of each row */
	bool begun;		       /* a row has come */
	bool is_other;		       /* and it was none of ours */
};

static int take_finished(struct source *source, const char *state, struct activity activity)
{
	struct activity_series *series = activities__want(source->activities, state);

	if (!series)
		return -ENOMEM;
	if (series->ignored || !activities__take_call(source->activities, &activity, NULL))
		return 0;
	return activity_series__add(series, activity);
}

static const char *parse_activity(const char *state, const char *start, const char *duration,
				  struct activity *ret_activity)
{
	if (!*state)
		return "the state has no name";
	if (parse_u64(start, 0, UINT64_MAX, &ret_activity->start_ns))
		return "the start is no number of nanoseconds";
	if (parse_u64(duration, 0, UINT64_MAX, &ret_activity->duration_ns))
		return "the duration is no number of nanoseconds";
	return NULL;
}

/* --- robot_activity_data ------------------------------------------------------------------ */

enum { OPENTRONS_STATE, OPENTRONS_START, OPENTRONS_DURATION, OPENTRONS_COLUMN_CNT };

/* Before June 2024 a state was a number. No state was ever called by one, so that quotes, which
 * somebody's tool may have added, change nothing. */
static const char *state_of_number(const char *text)
{
	static const char *const states[] = { "STARTING_UP", "CALIBRATING", "ANALYZING_PROTOCOL",
					      "RUNNING_PROTOCOL", "SHUTTING_DOWN" };

	if (text[0] >= '0' && text[0] < '0' + (int)ARRAY_SIZE(states) && !text[1])
		return states[text[0] - '0'];
	return text;
}

static int take_opentrons(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct activity activity;

	*ret_wrong = parse_activity(values[OPENTRONS_STATE], values[OPENTRONS_START],
				    values[OPENTRONS_DURATION], &activity);
	if (*ret_wrong)
		return 0;
	return take_finished(source, state_of_number(values[OPENTRONS_STATE]), activity);
}

static const struct layout opentrons_layout = {
	.column_cnt = OPENTRONS_COLUMN_CNT,
	.take = take_opentrons,
};

/* Three spellings have been in use; the columns have always been the same. */
static bool is_opentrons_header(const struct csv_record *record)
{
	static const char *const spellings[][OPENTRONS_COLUMN_CNT] = {
		{ "state", "func_start", "duration" },
		{ "state_name", "function_start_time", "duration" },
		{ "state_id", "function_start_time", "duration" },
	};
	size_t same;

	if (record->field_cnt != OPENTRONS_COLUMN_CNT)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		for (same = 0; same < OPENTRONS_COLUMN_CNT; same++) {
			if (strcmp(record->fields[same].text, spellings[i][same]))
				break;
		}
		if (same == OPENTRONS_COLUMN_CNT)
			return true;
	}
	return false;
}

static void use_opentrons_layout(struct source *source)
{
	source->layout = &opentrons_layout;
	source->field_cnt = OPENTRONS_COLUMN_CNT;
	for (size_t i = 0; i < OPENTRONS_COLUMN_CNT; i++)
		source->column[i] = i;
}

/* --- activity_detail.csv ------------------------------------------------------------------ */

enum {
	DETAIL_STATE,
	DETAIL_START,
	DETAIL_DURATION,
	DETAIL_ENDED,
	DETAIL_FAILED,
	DETAIL_COMM,
	DETAIL_COLUMN_CNT
};

/* The first versions did not know which calls failed. */
static const char *const detail_columns[DETAIL_COLUMN_CNT] = { "state", "start_ns", "duration_ns",
							       "ended", "failed",   "comm" };

static int parse_failed(const char *text, enum row_failed *ret_failed)
{
	if (!text || !*text)
		*ret_failed = ROW_FAILED_UNKNOWN;
	else if ((*text == '0' || *text == '1') && !text[1])
		*ret_failed = *text == '1' ? ROW_FAILED_YES : ROW_FAILED_NO;
	else
		return -EINVAL;
	return 0;
}

static int take_detail(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct activity_series *series;
	struct activity activity;
	enum tacho_ended ended;
	enum row_failed failed;

	*ret_wrong = parse_activity(values[DETAIL_STATE], values[DETAIL_START],
				    values[DETAIL_DURATION], &activity);
	if (!*ret_wrong && ended_parse(values[DETAIL_ENDED], &ended))
		*ret_wrong = "no such way to end";
	if (!*ret_wrong && parse_failed(values[DETAIL_FAILED], &failed))
		*ret_wrong = "whether it failed is neither 0, 1 nor empty";
	if (*ret_wrong)
		return 0;
	series = activities__want(source->activities, values[DETAIL_STATE]);
	if (!series)
		return -ENOMEM;
	if (series->ignored ||
	    !activities__take_call(source->activities, &activity, values[DETAIL_COMM]))
		return 0;
	series->rows_ended[ended]++;
	if (!ended_finished(ended))
		return 0;
	series->failed_known_cnt += failed != ROW_FAILED_UNKNOWN;
	series->failed_cnt += failed == ROW_FAILED_YES;
	return activity_series__add(series, activity);
}

static const struct layout detail_layout = {
	.columns = detail_columns,
	.column_cnt = DETAIL_COLUMN_CNT,
	.optional_cnt = 2,
	.take = take_detail,
};

/* --- activity_ledger.csv ------------------------------------------------------------------ */

enum {
	LEDGER_STATE,
	LEDGER_ENTRIES,
	LEDGER_ENDED,
	LEDGER_LOST_RING = LEDGER_ENDED + TACHO_ENDED_CNT,
	LEDGER_LOST_NESTING,
	LEDGER_LOST_OTHER,
	LEDGER_UNMATCHED,
	LEDGER_COLUMN_CNT
};

static const char *const ledger_columns[LEDGER_COLUMN_CNT] = {
	[LEDGER_STATE] = "state",
	[LEDGER_ENTRIES] = "entries",
	[LEDGER_ENDED + TACHO_ENDED_RETURN] = "returned",
	[LEDGER_ENDED + TACHO_ENDED_EXCEPTION] = "exception",
	[LEDGER_ENDED + TACHO_ENDED_UNWOUND] = "unwound",
	[LEDGER_ENDED + TACHO_ENDED_THREAD_EXIT] = "thread_exit",
	[LEDGER_ENDED + TACHO_ENDED_EXEC] = "exec",
	[LEDGER_ENDED + TACHO_ENDED_KILLED] = "killed",
	[LEDGER_ENDED + TACHO_ENDED_OPEN] = "open",
	[LEDGER_LOST_RING] = "lost_ring",
	[LEDGER_LOST_NESTING] = "lost_nesting",
	[LEDGER_LOST_OTHER] = "lost_other",
	[LEDGER_UNMATCHED] = "unmatched_returns",
};

static const char *parse_ledger_row(const char *const *values, struct ledger_row *row)
{
	uint64_t numbers[LEDGER_COLUMN_CNT];

	if (!*values[LEDGER_STATE])
		return "the state has no name";
	for (size_t i = LEDGER_ENTRIES; i < LEDGER_COLUMN_CNT; i++) {
		if (parse_u64(values[i], 0, UINT64_MAX, &numbers[i]))
			return "a count of the ledger is no number";
	}
	*row = (struct ledger_row) {
		.entries = numbers[LEDGER_ENTRIES],
		.lost_ring = numbers[LEDGER_LOST_RING],
		.lost_nesting = numbers[LEDGER_LOST_NESTING],
		.lost_other = numbers[LEDGER_LOST_OTHER],
		.unmatched_returns = numbers[LEDGER_UNMATCHED],
	};
	memcpy(row->ended, &numbers[LEDGER_ENDED], sizeof(row->ended));
	return NULL;
}

/* Within a recording every count but `open` only grows. */
static bool is_reset(const struct ledger_row *old, const struct ledger_row *row)
{
	for (int i = 0; i < TACHO_ENDED_OPEN; i++) {
		if (row->ended[i] < old->ended[i])
			return true;
	}
	return row->entries < old->entries || row->lost_ring < old->lost_ring ||
	       row->lost_nesting < old->lost_nesting || row->lost_other < old->lost_other ||
	       row->unmatched_returns < old->unmatched_returns;
}

static void close_recording(struct activity_series *series)
{
	const struct ledger_row *latest = &series->ledger_latest;
	struct ledger_row *sum = &series->ledger;

	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		sum->ended[i] += latest->ended[i];
	sum->entries += latest->entries;
	sum->lost_ring += latest->lost_ring;
	sum->lost_nesting += latest->lost_nesting;
	sum->lost_other += latest->lost_other;
	sum->unmatched_returns += latest->unmatched_returns;
	series->ledger_latest = (struct ledger_row) {};
}

void activities__close_ledger(struct activities *activities)
{
	for (size_t i = 0; i < activities->series_cnt; i++)
		close_recording(activities->series[i]);
}

static int take_ledger(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct activity_series *series;
	struct ledger_row row;

	*ret_wrong = parse_ledger_row(values, &row);
	if (*ret_wrong)
		return 0;
	series = activities__want(source->activities, values[LEDGER_STATE]);
	if (!series)
		return -ENOMEM;
	if (is_reset(&series->ledger_latest, &row))
		close_recording(series);
	series->ledger_latest = row;
	return 0;
}

_Static_assert(LEDGER_COLUMN_CNT <= COLUMN_CNT_MAX, "the columns of a layout");

static const struct layout ledger_layout = {
	.columns = ledger_columns,
	.column_cnt = LEDGER_COLUMN_CNT,
	.take = take_ledger,
};

/* --- activity_summary.csv ----------------------------------------------------------------- */

enum {
	SUMMARY_STATE,
	SUMMARY_FROM,
	SUMMARY_TO,
	SUMMARY_COUNT,
	SUMMARY_SUM,
	SUMMARY_MIN,
	SUMMARY_MAX,
	SUMMARY_ENDED,
	SUMMARY_COLUMN_CNT = SUMMARY_ENDED + TACHO_ENDED_OPEN
};

static const char *const summary_columns[SUMMARY_COLUMN_CNT] = {
	[SUMMARY_STATE] = "state",
	[SUMMARY_FROM] = "from_ns",
	[SUMMARY_TO] = "to_ns",
	[SUMMARY_COUNT] = "count",
	[SUMMARY_SUM] = "sum_ns",
	[SUMMARY_MIN] = "min_ns",
	[SUMMARY_MAX] = "max_ns",
	[SUMMARY_ENDED + TACHO_ENDED_RETURN] = "returned",
	[SUMMARY_ENDED + TACHO_ENDED_EXCEPTION] = "exception",
	[SUMMARY_ENDED + TACHO_ENDED_UNWOUND] = "unwound",
	[SUMMARY_ENDED + TACHO_ENDED_THREAD_EXIT] = "thread_exit",
	[SUMMARY_ENDED + TACHO_ENDED_EXEC] = "exec",
	[SUMMARY_ENDED + TACHO_ENDED_KILLED] = "killed",
};

struct interval {
	uint64_t from_ns;
	uint64_t to_ns; /* earlier, if the clock was set back */
};

static const char *parse_sums(const char *const *values, struct interval *interval,
			      struct activity_sums *sums)
{
	uint64_t numbers[SUMMARY_COLUMN_CNT];

	if (!*values[SUMMARY_STATE])
		return "the state has no name";
	for (size_t i = SUMMARY_FROM; i < SUMMARY_COLUMN_CNT; i++) {
		if (parse_u64(values[i], 0, UINT64_MAX, &numbers[i]))
			return "a number of the summary is no number";
	}
	*interval = (struct interval) { numbers[SUMMARY_FROM], numbers[SUMMARY_TO] };
	*sums = (struct activity_sums) {
		.cnt = numbers[SUMMARY_COUNT],
		.sum_ns = numbers[SUMMARY_SUM],
		.min_ns = numbers[SUMMARY_MIN],
		.max_ns = numbers[SUMMARY_MAX],
	};
	memcpy(sums->ended, &numbers[SUMMARY_ENDED], TACHO_ENDED_OPEN * sizeof(*sums->ended));
	return NULL;
}

static void add_sums(struct activity_sums *sums, const struct activity_sums *more)
{
	if (!sums->cnt || more->min_ns < sums->min_ns)
		sums->min_ns = more->min_ns;
	if (more->max_ns > sums->max_ns)
		sums->max_ns = more->max_ns;
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		sums->ended[i] = add_saturated(sums->ended[i], more->ended[i]);
	sums->sum_ns = add_saturated(sums->sum_ns, more->sum_ns);
	sums->cnt = add_saturated(sums->cnt, more->cnt);
}

static int take_summary(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct activity_series *series;
	struct activity_sums sums;
	struct interval interval;

	*ret_wrong = parse_sums(values, &interval, &sums);
	if (*ret_wrong || !sums.cnt)
		return 0;
	series = activities__want(source->activities, values[SUMMARY_STATE]);
	if (!series)
		return -ENOMEM;
	if (series->ignored ||
	    !activities__take_sums(source->activities, interval.from_ns, interval.to_ns, sums.cnt))
		return 0;
	activity_series__span(series, interval.from_ns, interval.to_ns);
	add_sums(&series->summarised, &sums);
	return 0;
}

_Static_assert(SUMMARY_COLUMN_CNT <= COLUMN_CNT_MAX, "the columns of a layout");

static const struct layout summary_layout = {
	.columns = summary_columns,
	.column_cnt = SUMMARY_COLUMN_CNT,
	.take = take_summary,
};

/* --- activity_probes.csv ------------------------------------------------------------------ */

enum { PROBES_EVENT, PROBES_COLUMN_CNT = 4 };

static const char *const probes_columns[PROBES_COLUMN_CNT] = {
	[PROBES_EVENT] = "event",
	"state",
	"binary",
	"last_hit_ns",
};

/* Nothing is taken; but what is no such row may be the header of other ones. */
static int pass_over_probe(struct source *source, const char *const *values, const char **ret_wrong)
{
	const char *event = values[PROBES_EVENT];

	(void)source;
	if (strcmp(event, "attached") && strcmp(event, "detached") && strcmp(event, "end"))
		*ret_wrong = "no such event of a probe";
	return 0;
}

static const struct layout probes_layout = {
	.columns = probes_columns,
	.column_cnt = PROBES_COLUMN_CNT,
	.take = pass_over_probe,
};

/* --- any of them -------------------------------------------------------------------------- */

/* The first column of a name counts: captured values come last, and may have any name. */
static bool find_column(const struct csv_record *record, const char *name, size_t *ret_idx)
{
	for (size_t i = 0; i < record->field_cnt; i++) {
		if (!strcmp(record->fields[i].text, name)) {
			*ret_idx = i;
			return true;
		}
	}
	return false;
}

static bool use_layout(struct source *source, const struct layout *layout,
		       const struct csv_record *record)
{
	size_t column[COLUMN_CNT_MAX];

	for (size_t i = 0; i < layout->column_cnt; i++) {
		if (find_column(record, layout->columns[i], &column[i]))
			continue;
		if (i < layout->column_cnt - layout->optional_cnt)
			return false;
		column[i] = MISSING;
	}
	memcpy(source->column, column, sizeof(column));
	source->layout = layout;
	source->field_cnt = record->field_cnt;
	return true;
}

static bool take_header(struct source *source, const struct csv_record *record)
{
	static const struct layout *const layouts[] = { &detail_layout, &ledger_layout,
							&summary_layout, &probes_layout };
	bool found = is_opentrons_header(record);

	if (found)
		use_opentrons_layout(source);
	for (size_t i = 0; !found && i < ARRAY_SIZE(layouts); i++)
		found = use_layout(source, layouts[i], record);
	return found;
}

static void refuse_row(struct source *source, const struct csv_record *record, const char *wrong)
{
	const struct activities_watch *watch = source->activities->watch;

	source->activities->malformed_cnt++;
	if (watch && watch->malformed)
		watch->malformed(watch->ctx, record->path, record->line, record->line_cnt, wrong);
}

static int take_row(struct source *source, const struct csv_record *record)
{
	const char *values[COLUMN_CNT_MAX];
	const char *wrong = NULL;
	size_t at;
	int err = 0;

	if (record->field_cnt == source->field_cnt) {
		for (size_t i = 0; i < source->layout->column_cnt; i++) {
			at = source->column[i];
			values[i] = at == MISSING ? NULL : record->fields[at].text;
		}
		err = source->layout->take(source, values, &wrong);
	} else {
		wrong = "too few or too many fields";
	}
	/* A header row never passes for data: its names are no numbers. So they are looked for
	 * only here, and files that somebody put one behind the other are read as well. */
	if (wrong && !take_header(source, record))
		refuse_row(source, record, wrong);
	return err;
}

static int take_record(void *ctx, const struct csv_record *record)
{
	struct source *source = ctx;
	const struct activities_other *other = source->activities->other;

	if (!source->begun && other && record->kind != CSV_RECORD_MALFORMED)
		source->is_other = other->knows(other->ctx, record);
	source->begun = source->begun || record->kind != CSV_RECORD_MALFORMED;
	if (source->is_other)
		return other->take(other->ctx, record);
	switch (record->kind) {
	case CSV_RECORD_WHOLE:
		return take_row(source, record);
	case CSV_RECORD_MALFORMED:
		refuse_row(source, record, record->wrong);
		return 0;
	case CSV_RECORD_TORN:
		/* robot_activity_data_headers is this row without a line end */
		if (!is_opentrons_header(record))
			source->activities->torn_cnt++;
		return 0;
	}
	return -EINVAL;
}

int activities__read_fd(struct activities *activities, int fd, const char *path)
{
	struct source source = { .activities = activities };

	use_opentrons_layout(&source);
	return csv_read_fd(fd, path, take_record, &source);
}
