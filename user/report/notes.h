/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the numbers of a report leave out, in lines for people. */
#ifndef TACHO_USER_REPORT_NOTES_H
#define TACHO_USER_REPORT_NOTES_H

#include "report/states.h"

struct report_notes {
	char *text;   /* all of them; each line is cut off by a NUL */
	char **lines; /* ends with NULL */
	size_t cnt;
};

struct report;
struct report_look;

/* states: those of states, too. 0 or -ENOMEM. */
int report_notes__make(const struct report *report, const struct report_look *look, bool states,
		       struct report_notes *ret_notes);
void report_notes__free(struct report_notes *notes);

#endif
