/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How tacho report shows what it found: a table for people, CSV for programs. */
#ifndef TACHO_USER_REPORT_PRINT_H
#define TACHO_USER_REPORT_PRINT_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/activities.h"
#include "analysis/summary.h"

struct report_row {
	const struct activity_series *series;
	struct summary durations; /* nanoseconds */
};

struct report {
	const struct activities *activities;
	struct report_row *rows; /* in the order in which they are shown */
	size_t row_cnt;
};

struct report_format;

/* NULL if there is no such format. */
const struct report_format *report_format__find(const char *name);

/* To stdout, flushed; what the numbers leave out goes below the table, or with CSV to stderr. 0,
 * -ENOMEM, or -EIO when stdout did not take all of it. */
int report__print(const struct report *report, const struct report_format *format);

/* "1.23 us": three significant digits; seconds have all of theirs. */
#define REPORT_DURATION_SZ 24
void report_duration(uint64_t ns, char text[REPORT_DURATION_SZ]);

#endif
