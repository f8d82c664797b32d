/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ledger: what became of every call that began. For each state, at any time,
 *
 *	entries = returned + exception + unwound + thread_exit + exec + killed
 *	          + open + lost_ring + lost_nesting + lost_other
 *
 * The left side is counted in the kernel when calls begin, the right side here when their records
 * arrive; at the end of a recording the calls still open are counted one by one, so that the
 * identity is a proof and not a definition. In between, `open` is what is left over: calls that
 * run, or have ended and are still in the ring.
 */
#ifndef TACHO_USER_LEDGER_H
#define TACHO_USER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "row.h"
#include "tacho/event.h"

struct ledger_account {
	struct tacho_counts kernel;	      /* the newest that arrived */
	uint64_t ended[TACHO_ENDED_CNT];      /* rows taken, by ending */
	uint64_t summarised[TACHO_ENDED_CNT]; /* calls without a row of their own, likewise */
	uint64_t rows_lost;		      /* ended, but no room for the row */
	struct ledger_row written;	      /* as last written, to see what changed */
	bool ever_written;
};

/* Takes what another account has counted, too. What was written is not touched. */
void ledger_account__add(struct ledger_account *account, const struct ledger_account *other);

/* The row as of now; the caller sets state and time_ns. last: the recording is over, and `open`
 * is what was counted. */
void ledger_account__row(const struct ledger_account *account, bool last,
			 struct ledger_row *ret_row);

/* Does the row say anything that the last written one did not? */
bool ledger_account__changed(const struct ledger_account *account, const struct ledger_row *row);

void ledger_account__mark_written(struct ledger_account *account, const struct ledger_row *row);

/* entries minus the right side; not 0 at the end of a recording means that calls went astray. */
int64_t ledger_row__imbalance(const struct ledger_row *row);

uint64_t ledger_row__lost(const struct ledger_row *row);

#endif
