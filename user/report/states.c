/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ended.h"
#include "ledger.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static int compare_states(const void *left, const void *right)
{
	const struct report_state *a = left, *b = right;

	int order;

	if (a->durations.total != b->durations.total)
		return a->durations.total < b->durations.total ? 1 : -1;
	order = strcmp(a->series->state, b->series->state);
	for (size_t i = 0; !order && i < ACTIVITIES_BY_MAX; i++) {
		if (a->series->values[i] && b->series->values[i])
			order = strcmp(a->series->values[i], b->series->values[i]);
	}
	return order ? order : a->series->is_rest - b->series->is_rest;
}

/* Of a state that is told apart by values, what has none is there for the ledger. */
static bool is_nothing(const struct activity_series *series)
{
	if (!series->is_rest && !series->values[0])
		return false;
	return !series->cnt && !series->summarised.cnt && !ledger_row__lost(&series->ledger) &&
	       !report_series__unfinished(series);
}

static int make_state(struct activity_series *series, struct report_state *state)
{
	const struct activity_sums *more = &series->summarised;
	int err;

	state->series = series;
	err = durations__summarize(&series->durations, &state->durations);
	if (!err && more->cnt)
		summary__add(&state->durations, more->cnt, more->sum_ns, more->min_ns,
			     more->max_ns);
	return err;
}

int report_states__make(struct activities *activities, struct report_states *ret_states)
{
	size_t cnt = activities__series_cnt(activities);
	struct report_states states = {};
	int err = 0;

	states.rows = calloc(cnt + 1, sizeof(*states.rows));
	if (!states.rows)
		return -ENOMEM;
	for (size_t i = 0; !err && i < cnt; i++) {
		struct activity_series *series = activities__own_series(activities, i);
		struct report_state *row = &states.rows[states.cnt];

		if (is_nothing(series))
			continue;
		err = make_state(series, row);
		states.finished = add_saturated(states.finished, row->durations.cnt);
		states.cnt++;
	}
	if (err) {
		free(states.rows);
		return err;
	}
	qsort(states.rows, states.cnt, sizeof(*states.rows), compare_states);
	*ret_states = states;
	return 0;
}

void report_states__free(struct report_states *states)
{
	free(states->rows);
	*states = (struct report_states) {};
}

uint64_t report_series__unfinished(const struct activity_series *series)
{
	uint64_t cnt = 0;

	for (int i = 0; i < TACHO_ENDED_CNT; i++) {
		if (!ended_finished((enum tacho_ended)i))
			cnt += activity_series__unfinished(series, (enum tacho_ended)i);
	}
	return cnt;
}

/* --- the table of them ----------------------------------------------------------------------- */

enum {
	COLUMN_STATE,
	COLUMN_COUNT,
	COLUMN_RATE,
	COLUMN_TOTAL,
	COLUMN_SHARE,
	COLUMN_MEAN,
	COLUMN_STDDEV,
	COLUMN_MIN,
	COLUMN_P50,
	COLUMN_P75,
	COLUMN_P90,
	COLUMN_P95,
	COLUMN_P99,
	COLUMN_P999,
	COLUMN_MAX,
	COLUMN_FAILED,
	COLUMN_LOST,
	COLUMN_UNFINISHED,
	COLUMN_SUMMARISED,
	COLUMN_LOST_RING,
	COLUMN_LOST_NESTING,
	COLUMN_LOST_OTHER,
	COLUMN_CNT
};

static const struct sheet_column columns[COLUMN_CNT] = {
	[COLUMN_STATE] = { "STATE", "state", SHEET_TEXT, SHEET_USUAL },
	[COLUMN_COUNT] = { "COUNT", "count", SHEET_COUNT, SHEET_USUAL },
	[COLUMN_RATE] = { "RATE", "rate_per_s", SHEET_RATE, SHEET_EXTRA },
	[COLUMN_TOTAL] = { "TOTAL", "total_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_SHARE] = { "SHARE", "share_percent", SHEET_PERCENT, SHEET_EXTRA },
	[COLUMN_MEAN] = { "MEAN", "mean_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_STDDEV] = { "STDDEV", "stddev_ns", SHEET_NS, SHEET_EXTRA },
	[COLUMN_MIN] = { "MIN", "min_ns", SHEET_NS, SHEET_RARE },
	[COLUMN_P50] = { "P50", "p50_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_P75] = { "P75", "p75_ns", SHEET_NS, SHEET_RARE },
	[COLUMN_P90] = { "P90", "p90_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_P95] = { "P95", "p95_ns", SHEET_NS, SHEET_EXTRA },
	[COLUMN_P99] = { "P99", "p99_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_P999] = { "P99.9", "p999_ns", SHEET_NS, SHEET_EXTRA },
	[COLUMN_MAX] = { "MAX", "max_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_FAILED] = { "FAILED", "failed", SHEET_COUNT, SHEET_RARE },
	[COLUMN_LOST] = { "LOST", "lost", SHEET_COUNT, SHEET_RARE },
	[COLUMN_UNFINISHED] = { "UNFINISHED", "unfinished", SHEET_COUNT, SHEET_RARE },
	[COLUMN_SUMMARISED] = { "SUMMARISED", "summarised", SHEET_COUNT, SHEET_RARE },
	[COLUMN_LOST_RING] = { "LOST_RING", "lost_ring", SHEET_COUNT, SHEET_RARE },
	[COLUMN_LOST_NESTING] = { "LOST_NESTING", "lost_nesting", SHEET_COUNT, SHEET_RARE },
	[COLUMN_LOST_OTHER] = { "LOST_OTHER", "lost_other", SHEET_COUNT, SHEET_RARE },
};

_Static_assert(COLUMN_CNT + ACTIVITIES_BY_MAX <= SHEET_COLUMNS_MAX, "the columns of a sheet");

static void put_if(struct sheet *sheet, bool known, uint64_t value)
{
	if (known)
		sheet__u64(sheet, value);
	else
		sheet__none(sheet);
}

/* From when the first began to when the last ended. Without any time in between there is no rate.
 */
static void put_rate(struct sheet *sheet, const struct report_state *state)
{
	const struct activity_series *series = state->series;

	if (state->durations.cnt > 1 && series->last_ns > series->first_ns)
		sheet__double(sheet, (double)state->durations.cnt * 1e9 /
					     (double)(series->last_ns - series->first_ns));
	else
		sheet__none(sheet);
}

static void put_share(struct sheet *sheet, const struct report_state *state, uint64_t total)
{
	if (total)
		sheet__double(sheet, 100 * (double)state->durations.total / (double)total);
	else
		sheet__none(sheet);
}

static void put_durations(struct sheet *sheet, const struct report_state *state, uint64_t total)
{
	const struct summary *durations = &state->durations;
	const uint64_t quantiles[] = { durations->p50, durations->p75, durations->p90,
				       durations->p95, durations->p99, durations->p999 };

	sheet__u64(sheet, durations->cnt);
	put_rate(sheet, state);
	sheet__u64(sheet, durations->total);
	put_share(sheet, state, total);
	put_if(sheet, durations->cnt, durations->mean);
	put_if(sheet, durations->ranked > 1, durations->stddev);
	put_if(sheet, durations->cnt, durations->min);
	for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++)
		put_if(sheet, durations->ranked, quantiles[i]);
	put_if(sheet, durations->cnt, durations->max);
}

static void put_state(struct sheet *sheet, const struct activities_grouping *by,
		      const struct report_state *state, uint64_t total)
{
	const struct activity_series *series = state->series;
	const struct ledger_row *ledger = &series->ledger;

	group_columns__put(sheet, by, series);
	put_durations(sheet, state, total);
	put_if(sheet, series->failed_known_cnt, series->failed_cnt);
	sheet__u64(sheet, ledger_row__lost(ledger));
	sheet__u64(sheet, report_series__unfinished(series));
	sheet__u64(sheet, series->summarised.cnt);
	sheet__u64(sheet, ledger->lost_ring);
	sheet__u64(sheet, ledger->lost_nesting);
	sheet__u64(sheet, ledger->lost_other);
}

struct sheet *report_states__sheet(const struct report_states *states,
				   const struct activities_grouping *by,
				   struct group_columns *grouped)
{
	struct sheet *sheet;
	uint64_t total = 0;

	group_columns__make(grouped, by, columns, COLUMN_CNT);
	sheet = sheet__new(grouped->columns, grouped->cnt);
	for (size_t i = 0; i < states->cnt; i++)
		total = add_saturated(total, states->rows[i].durations.total);
	for (size_t i = 0; sheet && i < states->cnt; i++)
		put_state(sheet, by, &states->rows[i], total);
	return sheet;
}

bool report_states__any_failed(const struct report_states *states)
{
	for (size_t i = 0; i < states->cnt; i++) {
		if (states->rows[i].series->failed_cnt)
			return true;
	}
	return false;
}
