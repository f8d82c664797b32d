/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ledger of one state, of all recordings together. Rows are cumulative, and each recording
 * begins at 0 again: where a count goes down, another one has begun.
 */
#ifndef TACHO_USER_ANALYSIS_LEDGER_SUM_H
#define TACHO_USER_ANALYSIS_LEDGER_SUM_H

#include "row.h"

/* Zero-initialise. */
struct ledger_sum {
	struct ledger_row latest; /* of the recording that is being read */
	struct ledger_row sum;	  /* of those before it */
};

void ledger_sum__add(struct ledger_sum *sum, const struct ledger_row *row);

/* The next row, if one comes, is of another recording. */
void ledger_sum__close(struct ledger_sum *sum);

#endif
