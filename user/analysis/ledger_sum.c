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

void ledger_sum__add(struct ledger_sum *sum, const struct ledger_row *row)
{
	if (is_reset(&sum->latest, row))
		ledger_sum__close(sum);
	sum->latest = *row;
	sum->latest.state = NULL; /* borrowed from the row */
}

void ledger_sum__close(struct ledger_sum *sum)
{
	const struct ledger_row *latest = &sum->latest;
	struct ledger_row *all = &sum->sum;

	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		all->ended[i] += latest->ended[i];
	all->entries += latest->entries;
	all->lost_ring += latest->lost_ring;
	all->lost_nesting += latest->lost_nesting;
	all->lost_other += latest->lost_other;
	all->unmatched_returns += latest->unmatched_returns;
	sum->latest = (struct ledger_row) {};
}
