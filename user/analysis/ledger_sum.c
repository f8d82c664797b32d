/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/ledger_sum.h"

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

void ledger_sum__add(struct ledger_row *sum, struct ledger_row *latest,
		     const struct ledger_row *row)
{
	if (is_reset(latest, row))
		ledger_sum__close(sum, latest);
	*latest = *row;
	latest->state = NULL; /* borrowed from the row */
}

void ledger_sum__close(struct ledger_row *sum, struct ledger_row *latest)
{
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		sum->ended[i] += latest->ended[i];
	sum->entries += latest->entries;
	sum->lost_ring += latest->lost_ring;
	sum->lost_nesting += latest->lost_nesting;
	sum->lost_other += latest->lost_other;
	sum->unmatched_returns += latest->unmatched_returns;
	*latest = (struct ledger_row) {};
}
