/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How tacho compare shows what it found: for people, for comments on changes, for programs. */
#ifndef TACHO_USER_COMPARE_SHOW_H
#define TACHO_USER_COMPARE_SHOW_H

#include <stdio.h>

#include "analysis/activities.h"
#include "analysis/compare.h"
#include "analysis/threshold.h"

struct compare_report {
	const struct comparison *comparison;
	const struct activities *activities[COMPARE_SIDE_CNT];
	const char *paths[COMPARE_SIDE_CNT];
	const struct threshold_findings *findings;
};

struct compare_format {
	const char *name;
	int (*show)(const struct compare_report *report, FILE *out);
	bool has_notes; /* what the numbers leave out is shown with them */
};

/* NULL if there is no such format. */
const struct compare_format *compare_format__find(const char *name);

/* Flushed. 0, -ENOMEM, or -EIO when out did not take all of it. */
int compare_show(const struct compare_report *report, const struct compare_format *format,
		 FILE *out);

/* What the numbers leave out, a line each: lost, summarised, unfinished, malformed, torn, and which
 * percentiles have no interval. */
void compare_show_notes(const struct compare_report *report, FILE *out);

/* The same, line by line. 0, -ENOMEM, or what take returned, which anything but 0 ends. */
int compare_each_note(const struct compare_report *report, int (*take)(void *ctx, const char *line),
		      void *ctx);

/* A finding as a line of text, which names may have made long; malloced, NULL without memory. */
char *compare_finding_text(const struct threshold_finding *finding);

#endif
