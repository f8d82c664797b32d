/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/rates.h"

#include "analysis/interval_counts.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const struct sheet_column rate_columns[] = {
	{ "STATE", "state", SHEET_TEXT, SHEET_USUAL },
	{ "INTERVAL", "interval_ns", SHEET_NS, SHEET_RARE },
	{ "INTERVALS", "intervals", SHEET_COUNT, SHEET_USUAL },
	{ "COUNT", "count", SHEET_COUNT, SHEET_USUAL },
	{ "MEAN", "mean", SHEET_NUMBER, SHEET_USUAL },
	{ "STDDEV", "stddev", SHEET_NUMBER, SHEET_USUAL },
	{ "MIN", "min", SHEET_COUNT, SHEET_USUAL },
	{ "P25", "p25", SHEET_NUMBER, SHEET_RARE },
	{ "P50", "p50", SHEET_NUMBER, SHEET_USUAL },
	{ "P75", "p75", SHEET_NUMBER, SHEET_RARE },
	{ "P90", "p90", SHEET_NUMBER, SHEET_USUAL },
	{ "P95", "p95", SHEET_NUMBER, SHEET_EXTRA },
	{ "P99", "p99", SHEET_NUMBER, SHEET_USUAL },
	{ "MAX", "max", SHEET_COUNT, SHEET_USUAL },
};

static const struct sheet_column interval_columns[] = {
	{ "STATE", "state", SHEET_TEXT, SHEET_USUAL },
	{ "TIME", "time_ns", SHEET_MOMENT, SHEET_USUAL },
	{ "COUNT", "count", SHEET_COUNT, SHEET_USUAL },
};

_Static_assert(ARRAY_SIZE(rate_columns) + ACTIVITIES_BY_MAX <= SHEET_COLUMNS_MAX, "columns");

static void put_rates(struct sheet *sheet, const struct activities_grouping *by,
		      struct activity_series *series)
{
	struct interval_summary summary;

	interval_counts__settle(&series->intervals);
	interval_counts__summarize(&series->intervals, &summary);
	group_columns__put(sheet, by, series);
	sheet__u64(sheet, by->interval_ns);
	sheet__u64(sheet, summary.intervals);
	sheet__u64(sheet, summary.events);
	sheet__double(sheet, summary.mean);
	if (summary.intervals > 1)
		sheet__double(sheet, summary.stddev);
	else
		sheet__none(sheet);
	sheet__u64(sheet, summary.min);
	for (size_t i = 0; i < INTERVAL_QUANTILES; i++)
		sheet__double(sheet, summary.quantiles[i]);
	sheet__u64(sheet, summary.max);
}

struct sheet *report_rates__sheet(const struct report_states *states,
				  const struct activities_grouping *by,
				  struct group_columns *columns)
{
	struct sheet *sheet;

	group_columns__make(columns, by, rate_columns, ARRAY_SIZE(rate_columns));
	sheet = sheet__new(columns->columns, columns->cnt);
	for (size_t i = 0; sheet && i < states->cnt; i++) {
		if (states->rows[i].series->intervals.cnt)
			put_rates(sheet, by, states->rows[i].series);
	}
	return sheet;
}

uint64_t report_intervals__cnt(const struct report_states *states)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < states->cnt; i++) {
		interval_counts__settle(&states->rows[i].series->intervals);
		cnt = add_saturated(cnt,
				    interval_counts__range(&states->rows[i].series->intervals));
	}
	return cnt;
}

static void put_intervals(struct sheet *sheet, const struct activities_grouping *by,
			  struct activity_series *series)
{
	const struct interval_counts *counts = &series->intervals;
	uint64_t next;

	interval_counts__settle(&series->intervals);
	if (!counts->cnt)
		return;
	next = counts->items[0].idx;
	for (size_t i = 0; i < counts->cnt; i++) {
		for (; next <= counts->items[i].idx; next++) {
			group_columns__put(sheet, by, series);
			sheet__u64(sheet, next * counts->length_ns);
			sheet__u64(sheet, next == counts->items[i].idx ? counts->items[i].cnt : 0);
		}
	}
}

struct sheet *report_intervals__sheet(const struct report_states *states,
				      const struct activities_grouping *by,
				      struct group_columns *columns)
{
	struct sheet *sheet;

	group_columns__make(columns, by, interval_columns, ARRAY_SIZE(interval_columns));
	sheet = sheet__new(columns->columns, columns->cnt);
	for (size_t i = 0; sheet && i < states->cnt; i++)
		put_intervals(sheet, by, states->rows[i].series);
	return sheet;
}
