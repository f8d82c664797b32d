/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

#include "analysis/summary.h"

_Static_assert(LEDGER_COLUMN_CNT <= DATA_COLUMNS_MAX, "the columns of a layout");
_Static_assert(SUMMARY_COLUMN_CNT <= DATA_COLUMNS_MAX, "the columns of a layout");

static int take_ledger(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct ledger_row ledger;

	*ret_wrong = ledger_columns__parse(row->values, LEDGER_COLUMN_CNT, &ledger);
	return *ret_wrong ? 0 : taker->ledger(taker->ctx, &ledger);
}

const struct data_layout calls__ledger_layout = {
	ledger_columns, LEDGER_COLUMN_CNT, LEDGER_COLUMN_CNT, NULL, take_ledger,
};

/* The others were open. */
static uint64_t count_open(const struct summary_row *summary)
{
	uint64_t ended = 0;

	for (int i = 0; i < TACHO_ENDED_OPEN; i++)
		ended = add_saturated(ended, summary->ended[i]);
	return ended < summary->count ? summary->count - ended : 0;
}

static int take_summary(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct summary_row summary;

	*ret_wrong = summary_columns__parse(row->values, SUMMARY_COLUMN_CNT, &summary);
	if (*ret_wrong)
		return 0;
	summary.ended[TACHO_ENDED_OPEN] = count_open(&summary);
	return taker->summary(taker->ctx, &summary);
}

const struct data_layout calls__summary_layout = {
	summary_columns, SUMMARY_COLUMN_CNT, SUMMARY_COLUMN_CNT, NULL, take_summary,
};
