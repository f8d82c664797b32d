/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of how often states were: what the counts of intervals come to, and these counts. */
#ifndef TACHO_USER_REPORT_RATES_H
#define TACHO_USER_REPORT_RATES_H

#include "report/groups.h"
#include "report/states.h"

#define REPORT_INTERVALS_MAX 10000000 /* rows of the second table */

/* Each puts the intervals into another order, so that there can be only one of them. NULL without
 * memory. The columns have to outlive the sheet. */
struct sheet *report_rates__sheet(const struct report_states *states,
				  const struct activities_grouping *by,
				  struct group_columns *columns);
struct sheet *report_intervals__sheet(const struct report_states *states,
				      const struct activities_grouping *by,
				      struct group_columns *columns);

/* How many rows that would have. */
uint64_t report_intervals__cnt(const struct report_states *states);

#endif
