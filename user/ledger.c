/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "ledger.h"

#include <string.h>

uint64_t ledger_row__lost(const struct ledger_row *row)
{
	return row->lost_ring + row->lost_nesting + row->lost_other;
}

int64_t ledger_row__imbalance(const struct ledger_row *row)
{
	uint64_t accounted = ledger_row__lost(row);

	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		accounted += row->ended[i];
	return (int64_t)(row->entries - accounted);
}

void ledger_account__add(struct ledger_account *account, const struct ledger_account *other)
{
	account->kernel.entries += other->kernel.entries;
	account->kernel.lost_ring += other->kernel.lost_ring;
	account->kernel.lost_nesting += other->kernel.lost_nesting;
	account->kernel.lost_other += other->kernel.lost_other;
	account->kernel.unmatched_returns += other->kernel.unmatched_returns;
	for (int i = 0; i < TACHO_ENDED_CNT; i++) {
		account->ended[i] += other->ended[i];
		account->summarised[i] += other->summarised[i];
	}
	account->rows_lost += other->rows_lost;
}

void ledger_account__row(const struct ledger_account *account, bool last,
			 struct ledger_row *ret_row)
{
	int64_t left;

	*ret_row = (struct ledger_row) {
		.entries = account->kernel.entries,
		.lost_ring = account->kernel.lost_ring,
		.lost_nesting = account->kernel.lost_nesting,
		.lost_other = account->kernel.lost_other + account->rows_lost,
		.unmatched_returns = account->kernel.unmatched_returns,
	};
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		ret_row->ended[i] = account->ended[i] + account->summarised[i];
	if (last)
		return;
	left = ledger_row__imbalance(ret_row);
	if (left > 0)
		ret_row->ended[TACHO_ENDED_OPEN] += left;
}

bool ledger_account__changed(const struct ledger_account *account, const struct ledger_row *row)
{
	const struct ledger_row *old = &account->written;

	return !account->ever_written || old->entries != row->entries ||
	       old->lost_ring != row->lost_ring || old->lost_nesting != row->lost_nesting ||
	       old->lost_other != row->lost_other ||
	       old->unmatched_returns != row->unmatched_returns ||
	       memcmp(old->ended, row->ended, sizeof(old->ended));
}

void ledger_account__mark_written(struct ledger_account *account, const struct ledger_row *row)
{
	account->written = *row;
	account->ever_written = true;
}
