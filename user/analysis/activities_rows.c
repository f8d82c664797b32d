/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A row is what the latest header row before it says; without one, a row of robot_activity_data,
 * whose header stands in another file that nobody needs.
 */
#include "analysis/activities_internal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv_header.h"
#include "analysis/group_key.h"
#include "analysis/ledger_sum.h"
#include "analysis/row_columns.h"
#include "analysis/summary.h"
#include "ended.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Room for a key; NULL without memory. */
static char *make_room(struct source *source, size_t sz)
{
	char *grown;

	if (sz <= source->key_capacity)
		return source->key;
	grown = realloc(source->key, sz);
	if (!grown)
		return NULL;
	source->key = grown;
	source->key_capacity = sz;
	return grown;
}

/* Of this row's group; NULL without memory. */
static struct activity_series *want_series(struct source *source, const char *state)
{
	size_t cnt = source->activities->grouping->column_cnt;
	size_t state_sz = strlen(state) + 1, sz = state_sz;
	char *at;

	if (!cnt)
		return activities__want(source->activities, state);
	for (size_t i = 0; i < cnt; i++)
		sz += GROUP_LENGTH_SZ + strlen(source->group_text[i]);
	at = make_room(source, sz);
	if (!at)
		return NULL;
	for (size_t i = 0; i < cnt; i++) {
		sz = strlen(source->group_text[i]);
		at = mempcpy(group_key__put_length(at, sz), source->group_text[i], sz);
	}
	memcpy(at, state, state_sz);
	return activities__want(source->activities, source->key);
}

int source__take_call(struct source *source, const char *state, const struct call_row *call)
{
	struct activities *activities = source->activities;
	struct activity_series *series = want_series(source, state);

	if (!series)
		return -ENOMEM;
	return activity_series__take_call(series, activities->filter, &activities->tally, call);
}

static const char *parse_times(const char *const *values, struct call_row *call)
{
	return call_columns__parse_times(values[SCAN_STATE], values[SCAN_START],
					 values[SCAN_DURATION], &call->start_ns,
					 &call->duration_ns);
}

enum call_thread source__sort_thread(const struct source *source, const char *thread)
{
	return activities_filter__thread(source->activities->filter, thread,
					 thread ? strlen(thread) : 0);
}

/* --- robot_activity_data ------------------------------------------------------------------ */

static int take_opentrons(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct call_row call = { .ended = ENDED_NOT_SAID, .failed = ROW_FAILED_UNKNOWN };

	*ret_wrong = parse_times(values, &call);
	if (*ret_wrong)
		return 0;
	call.thread = source__sort_thread(source, NULL);
	return source__take_call(source, opentrons_state(values[SCAN_STATE]), &call);
}

static const struct layout opentrons_layout = {
	.column_cnt = OPENTRONS_COLUMN_CNT,
	.take = take_opentrons,
	.is_calls = true,
	.is_plain = true,
};

/* In this order only: they are known by position. */
static bool is_opentrons_header(const struct csv_record *record)
{
	size_t same;

	if (record->field_cnt != OPENTRONS_COLUMN_CNT)
		return false;
	for (size_t i = 0; i < OPENTRONS_SPELLINGS; i++) {
		for (same = 0; same < OPENTRONS_COLUMN_CNT; same++) {
			if (strcmp(record->fields[same].text, opentrons_columns[i][same]))
				break;
		}
		if (same == OPENTRONS_COLUMN_CNT)
			return true;
	}
	return false;
}

/* What is the same in all rows of the file. */
static const char *same_text(const struct source *source, size_t idx)
{
	return strcmp(source->activities->grouping->columns[idx], "host")
		       ? ""
		       : source->activities->host;
}

/* Where the values to group by are found. False: rows cannot be read fast. */
static bool plan_groups(const struct source *source, size_t columns[SCAN_COLUMN_CNT],
			uint8_t groups[SCAN_GROUPS])
{
	size_t column;

	for (size_t i = 0; i < source->activities->grouping->column_cnt; i++) {
		groups[i] = SCAN_NOTHING;
		if (source->group_column[i] == CSV_NO_COLUMN)
			continue;
		for (column = 0; column < SCAN_GROUP; column++) {
			if (columns[column] == source->group_column[i])
				break;
		}
		if (column == SCAN_START || column == SCAN_DURATION)
			return false;
		if (column == SCAN_GROUP) {
			column = SCAN_GROUP + i;
			columns[column] = source->group_column[i];
		}
		groups[i] = (uint8_t)column;
	}
	return true;
}

static void change_plan(struct source *source)
{
	const struct activities *activities = source->activities;
	struct scan_plan *plan = &source->plan;
	size_t columns[SCAN_COLUMN_CNT];
	uint8_t groups[SCAN_GROUPS];

	source->plan_number++;
	*plan = (struct scan_plan) { .first_row_only = !source->begun };
	if (!source->begun || source->is_other || !source->layout->is_plain ||
	    activities->reading.careful)
		return;
	for (size_t i = 0; i < SCAN_COLUMN_CNT; i++)
		columns[i] = i < source->layout->column_cnt ? source->column[i] : CSV_NO_COLUMN;
	/* nobody needs it */
	if (!activities->filter || !activities->filter->threads.cnt)
		columns[SCAN_THREAD] = CSV_NO_COLUMN;
	if (!plan_groups(source, columns, groups))
		return;
	scan_plan__make(plan, columns, source->field_cnt);
	plan->opentrons = source->layout == &opentrons_layout;
	plan->group_cnt = activities->grouping->column_cnt;
	memcpy(plan->groups, groups, sizeof(groups));
	for (size_t i = 0; i < plan->group_cnt; i++) {
		const char *text = same_text(source, i);

		plan->same[i] = (struct scan_text) { text, strlen(text) };
	}
}

static const char *own_name(const struct layout *layout, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(layout->aliases); i++) {
		if (layout->aliases[i].name && !strcmp(layout->aliases[i].name, name))
			return layout->aliases[i].column;
	}
	return name;
}

/* record: the header row; NULL: there is none. */
static void find_groups(struct source *source, const struct csv_record *record)
{
	struct activities *activities = source->activities;

	for (size_t i = 0; i < activities->grouping->column_cnt; i++) {
		const char *name = activities->grouping->columns[i];

		activities->has_column[i] |= !strcmp(name, "host");
		source->group_column[i] = CSV_NO_COLUMN;
		if (!record || !source->layout->is_calls || !strcmp(name, "host"))
			continue;
		name = own_name(source->layout, name);
		source->group_column[i] = csv_record__find(record, record->field_cnt, name);
		activities->has_column[i] |= source->group_column[i] != CSV_NO_COLUMN;
	}
}

static void use_opentrons_layout(struct source *source)
{
	source->layout = &opentrons_layout;
	source->field_cnt = OPENTRONS_COLUMN_CNT;
	for (size_t i = 0; i < OPENTRONS_COLUMN_CNT; i++)
		source->column[i] = i;
	find_groups(source, NULL);
	change_plan(source);
}

/* --- activity_detail.csv ------------------------------------------------------------------ */

/* The first versions did not know which calls failed. */
static const char *const detail_columns[SCAN_LAYOUT_CNT] = {
	[SCAN_STATE] = "state", [SCAN_START] = "start_ns", [SCAN_DURATION] = "duration_ns",
	[SCAN_ENDED] = "ended", [SCAN_FAILED] = "failed",  [SCAN_THREAD] = "comm",
};

static int take_detail(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct call_row call = {};
	enum tacho_ended ended;
	enum row_failed failed;

	*ret_wrong = parse_times(values, &call);
	if (!*ret_wrong && ended_parse(values[SCAN_ENDED], &ended))
		*ret_wrong = "no such way to end";
	if (!*ret_wrong && call_columns__parse_failed(values[SCAN_FAILED], &failed))
		*ret_wrong = "whether it failed is neither 0, 1 nor empty";
	if (*ret_wrong)
		return 0;
	call.ended = (uint8_t)ended;
	call.failed = (uint8_t)failed;
	call.thread = source__sort_thread(source, values[SCAN_THREAD]);
	return source__take_call(source, values[SCAN_STATE], &call);
}

static const struct layout detail_layout = {
	.columns = detail_columns,
	.column_cnt = SCAN_LAYOUT_CNT,
	.optional_cnt = 2,
	.take = take_detail,
	.is_calls = true,
	.is_plain = true,
};

/* --- activity_ledger.csv ------------------------------------------------------------------ */

/* Files without moments do as well. */
#define LEDGER_COLUMNS_READ LEDGER_TIME

void activities__close_ledger(struct activities *activities)
{
	for (size_t i = 0; i < activities->series_cnt; i++)
		ledger_sum__close(&activities->series[i]->ledger,
				  &activities->series[i]->ledger_latest);
}

static int take_ledger(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct activity_series *series;
	struct ledger_row row;

	*ret_wrong = ledger_columns__parse(values, LEDGER_COLUMNS_READ, &row);
	if (*ret_wrong)
		return 0;
	series = want_series(source, row.state);
	if (!series)
		return -ENOMEM;
	ledger_sum__add(&series->ledger, &series->ledger_latest, &row);
	return 0;
}

_Static_assert(LEDGER_COLUMNS_READ <= SOURCE_COLUMNS_MAX, "the columns of a layout");

static const struct layout ledger_layout = {
	.columns = ledger_columns,
	.column_cnt = LEDGER_COLUMNS_READ,
	.take = take_ledger,
};

/* --- activity_summary.csv ----------------------------------------------------------------- */

/* The buckets are not needed. */
#define SUMMARY_COLUMNS_READ SUMMARY_BUCKETS

static void add_sums(struct activity_sums *sums, const struct summary_row *more)
{
	if (!sums->cnt || more->min_ns < sums->min_ns)
		sums->min_ns = more->min_ns;
	if (more->max_ns > sums->max_ns)
		sums->max_ns = more->max_ns;
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		sums->ended[i] = add_saturated(sums->ended[i], more->ended[i]);
	sums->sum_ns = add_saturated(sums->sum_ns, more->sum_ns);
	sums->cnt = add_saturated(sums->cnt, more->count);
}

static int take_summary(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct activity_series *series;
	struct summary_row row;

	*ret_wrong = summary_columns__parse(values, SUMMARY_COLUMNS_READ, &row);
	if (*ret_wrong || !row.count)
		return 0;
	series = want_series(source, row.state);
	if (!series)
		return -ENOMEM;
	if (series->ignored ||
	    !activities__take_sums(source->activities, row.from_ns, row.to_ns, row.count))
		return 0;
	activity_series__span(series, row.from_ns, row.to_ns);
	add_sums(&series->summarised, &row);
	return 0;
}

_Static_assert(SUMMARY_COLUMNS_READ <= SOURCE_COLUMNS_MAX, "the columns of a layout");

static const struct layout summary_layout = {
	.columns = summary_columns,
	.column_cnt = SUMMARY_COLUMNS_READ,
	.take = take_summary,
};

/* --- activity_probes.csv ------------------------------------------------------------------ */

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

/* Captured values come last, and may have any name. */
static bool use_layout(struct source *source, const struct layout *layout,
		       const struct csv_record *record)
{
	if (!csv_record__find_all(record, record->field_cnt, layout->columns, layout->column_cnt,
				  layout->column_cnt - layout->optional_cnt, source->column))
		return false;
	source->layout = layout;
	source->field_cnt = record->field_cnt;
	find_groups(source, record);
	change_plan(source);
	return true;
}

static bool take_header(struct source *source, const struct csv_record *record)
{
	static const struct layout *const layouts[] = {
		&detail_layout,
		&ledger_layout,
		&summary_layout,
		&probes_layout,
		&activities__quantumleap_layout,
		&activities__junmai_layout,
	};
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

static int take_fields(struct source *source, const struct csv_record *record,
		       const char **ret_wrong)
{
	const char *values[SOURCE_COLUMNS_MAX];
	size_t at;

	for (size_t i = 0; i < source->layout->column_cnt; i++) {
		at = source->column[i];
		values[i] = at == CSV_NO_COLUMN ? NULL : record->fields[at].text;
	}
	for (size_t i = 0; i < source->activities->grouping->column_cnt; i++) {
		at = source->group_column[i];
		source->group_text[i] =
			at == CSV_NO_COLUMN ? same_text(source, i) : record->fields[at].text;
	}
	return source->layout->take(source, values, ret_wrong);
}

static int take_row(struct source *source, const struct csv_record *record)
{
	const char *wrong = NULL;
	int err = 0;

	if (record->field_cnt == source->field_cnt) {
		err = take_fields(source, record, &wrong);
	} else {
		wrong = "too few or too many fields";
	}
	/* A header row never passes for data: its names are no numbers. So they are looked for
	 * only here, and files that somebody put one behind the other are read as well. */
	if (wrong && !take_header(source, record))
		refuse_row(source, record, wrong);
	return err;
}

static void begin(struct source *source, const struct csv_record *record)
{
	const struct activities_other *other = source->activities->other;

	source->begun = true;
	source->is_other = other && other->knows(other->ctx, record);
	change_plan(source);
}

int source__take(void *ctx, const struct csv_record *record)
{
	struct source *source = ctx;
	const struct activities_other *other = source->activities->other;

	if (!source->begun && record->kind != CSV_RECORD_MALFORMED)
		begin(source, record);
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

void source__init(struct source *source, struct activities *activities)
{
	*source = (struct source) { .activities = activities };
	use_opentrons_layout(source);
}

void source__free(struct source *source)
{
	free(source->key);
	source->key = NULL;
}
