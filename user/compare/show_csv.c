/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For programs that read tables: a row for each metric of each state. */
#include <math.h>
#include <stdio.h>

#include "compare/show_private.h"
#include "csv.h"
#include "sink_csv.h"

static const char *const names[] = {
	"state",       "metric",       "base",	     "new",	 "change_percent",
	"low_percent", "high_percent", "base_rows",  "new_rows", "base_lost",
	"new_lost",    "p_value",      "p_adjusted", "longer",	 "verdict",
};

static void put_value(struct csv_row *row, const struct compare_value *value)
{
	if (value->known)
		csv_row__u64(row, value->value);
	else
		csv_row__empty(row);
}

/* Infinity is no number that everybody reads; from 0 there is no percentage. */
static void put_double(struct csv_row *row, bool known, double value)
{
	if (known && isfinite(value))
		csv_row__double(row, value);
	else
		csv_row__empty(row);
}

static uint64_t row_cnt(const struct compared_state *state, enum compare_side side)
{
	return state->series[side] ? state->series[side]->cnt : 0;
}

static void put_row(struct csv_row *row, const struct compared_state *state,
		    enum compare_metric metric)
{
	const struct compare_change *change = &state->changes[metric];

	csv_row__begin(row);
	sink_csv__put_hostile_text(row, &state->state);
	csv_row__text(row, compare_metric__name(metric));
	put_value(row, &change->base);
	put_value(row, &change->new);
	put_double(row, compare_change__known(change), 100 * change->change);
	put_double(row, change->has_interval, 100 * change->interval.low);
	put_double(row, change->has_interval, 100 * change->interval.high);
	for (enum compare_side s = 0; s < COMPARE_SIDE_CNT; s++)
		csv_row__u64(row, row_cnt(state, s));
	for (enum compare_side s = 0; s < COMPARE_SIDE_CNT; s++)
		csv_row__u64(row, compare_lost(state, s));
	put_double(row, state->tested, state->test.p);
	put_double(row, state->tested, state->p_adjusted);
	put_double(row, state->tested, state->test.longer);
	csv_row__text(row, compare_verdict__name(state->verdict));
}

static int end_row(struct csv_row *row, FILE *out)
{
	int err = csv_row__end(row);

	if (!err)
		fwrite(row->data, 1, row->sz, out);
	return err;
}

int compare_show_csv(const struct compare_report *report, FILE *out)
{
	const struct comparison *comparison = report->comparison;
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };
	int err;

	csv_row__begin(&row);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		csv_row__text(&row, names[i]);
	err = end_row(&row, out);
	for (size_t i = 0; i < comparison->cnt; i++) {
		for (enum compare_metric m = 0; !err && m < COMPARE_METRIC_CNT; m++) {
			put_row(&row, &comparison->states[i], m);
			err = end_row(&row, out);
		}
	}
	csv_row__free(&row);
	return err;
}
