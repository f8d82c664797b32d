/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ledger of one state, of all recordings together. Rows are cumulative, and each recording
 * begins at 0 again: where a count goes down, another one has begun.
 */
#ifndef TACHO_USER_ANALYSIS_LEDGER_SUM_H
#define TACHO_USER_ANALYSIS_LEDGER_SUM_H

#include "row.h"

/* latest: the newest row of the recording that is being read; sum: of those before it.
 * Zero-initialise both. */
void ledger_sum__add(struct ledger_row *sum, struct ledger_row *latest,
		     const struct ledger_row *row);

/* The next row, if one comes, is of another recording. */
void ledger_sum__close(struct ledger_row *sum, struct ledger_row *latest);

#endif
