/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tells the rows of a table of states apart besides the states: columns behind the first. */
#ifndef TACHO_USER_REPORT_GROUPS_H
#define TACHO_USER_REPORT_GROUPS_H

#include "analysis/activities.h"
#include "report/sheet.h"

#define REPORT_GROUP_NAME_MAX 64

/* Adds copies of the names in a list with commas; "state" is always one of them. 0, or a negative
 * errno with why: too many, one of them twice or too long. */
int report_groups__add(struct activities_grouping *by, const char *list, struct fault *why);
void report_groups__free(struct activities_grouping *by);

/* A table's columns with those of the groups. Must not move while a sheet has them. */
struct group_columns {
	struct sheet_column columns[SHEET_COLUMNS_MAX];
	size_t cnt;
	char names[ACTIVITIES_BY_MAX][REPORT_GROUP_NAME_MAX + 4];
	char headings[ACTIVITIES_BY_MAX][REPORT_GROUP_NAME_MAX + 4];
};

/* usual[0] is the state. A group that is called as one of these gets "by_" before its name. */
void group_columns__make(struct group_columns *columns, const struct activities_grouping *by,
			 const struct sheet_column *usual, size_t usual_cnt);

/* The cells of these columns: the state, and what it is grouped by. */
void group_columns__put(struct sheet *sheet, const struct activities_grouping *by,
			const struct activity_series *series);

#endif
