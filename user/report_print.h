/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How tacho report shows what it found: for people as a table or Markdown, for programs as CSV or
 * JSON. */
#ifndef TACHO_USER_REPORT_PRINT_H
#define TACHO_USER_REPORT_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/activities.h"
#include "analysis/processes.h"
#include "fault.h"
#include "report/human.h"
#include "analysis/nested_calls.h"
#include "report/groups.h"
#include "report/states.h"

/* What is shown of states. */
enum report_view {
	REPORT_VIEW_STATES,
	REPORT_VIEW_NESTING,
	REPORT_VIEW_NAMES,
	REPORT_VIEW_RATES,
	REPORT_VIEW_INTERVALS,
};

struct report {
	char *const *paths; /* that were read */
	size_t path_cnt;
	const struct activities *activities;
	struct report_states states;
	struct processes *processes;
	struct time_tree tree;	    /* of two of the views */
	struct nested_notes nested; /* of REPORT_VIEW_NESTING */
	uint64_t malformed_cnt;	    /* likewise: of rows read besides */
	uint64_t torn_cnt;
};

enum report_tables {
	REPORT_STATES = 1,
	REPORT_PROCESSES = 2,
};

#define REPORT_TOP_DEFAULT 10

struct report_format;

#define REPORT_FORMATS "table, csv, json or markdown"

/* NULL if there is no such format. */
const struct report_format *report_format__find(const char *name);

struct report_look {
	const struct report_format *format;
	enum report_view view;
	struct activities_grouping by;
	const char *columns; /* names between commas; NULL: what the format shows */
	bool all;	     /* columns, in the formats for people too */
	unsigned int only;   /* enum report_tables; 0: each that has rows, and of states alone if
				they are not shown as usual */
	uint64_t top;	     /* processes, in a table */
};

/* Nobody who asks for more of states than usual wants to see processes too. */
bool report_look__is_special(const struct report_look *look);

/* Are there such columns? -EINVAL with why, or -ENOMEM. */
int report_look__check(const struct report_look *look, struct fault *why);

/* To stdout, flushed; what the numbers leave out goes below a table, into a member of JSON, or with
 * CSV to stderr. 0, -ENOMEM, or -EIO when stdout did not take all of it. */
int report__print(const struct report *report, const struct report_look *look);

/* As human_duration. */
#define REPORT_DURATION_SZ HUMAN_SZ
static inline void report_duration(uint64_t ns, char text[REPORT_DURATION_SZ])
{
	human_duration(ns, text);
}

#endif
