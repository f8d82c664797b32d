/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The states of a report: what their durations come to, and the table of them. */
#ifndef TACHO_USER_REPORT_STATES_H
#define TACHO_USER_REPORT_STATES_H

#include "analysis/activities.h"
#include "analysis/summary.h"
#include "report/groups.h"
#include "report/sheet.h"

struct report_state {
	struct activity_series *series;
	struct summary durations; /* nanoseconds */
};

struct report_states {
	struct report_state *rows; /* the longest total first */
	size_t cnt;
	uint64_t finished;
};

/* 0 or -ENOMEM. */
int report_states__make(struct activities *activities, struct report_states *ret_states);
void report_states__free(struct report_states *states);

/* NULL without memory. The columns have to outlive the sheet. */
struct sheet *report_states__sheet(const struct report_states *states,
				   const struct activities_grouping *by,
				   struct group_columns *columns);

bool report_states__any_failed(const struct report_states *states);

/* Calls that are known not to have finished, without those that were summarised. */
uint64_t report_series__unfinished(const struct activity_series *series);

#endif
