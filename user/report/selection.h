/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the files somebody asks for on the command line. */
#ifndef TACHO_USER_REPORT_SELECTION_H
#define TACHO_USER_REPORT_SELECTION_H

#include "analysis/activities.h"
#include "analysis/processes.h"
#include "fault.h"

/* For the tables of options of the commands that have them. Their letters are no characters that
 * anybody types, and above those that commands give to options of their own. */
enum report_selection_option {
	REPORT_SELECTION_STATE = 24,
	REPORT_SELECTION_PROCESS,
	REPORT_SELECTION_SINCE,
	REPORT_SELECTION_UNTIL,
	REPORT_SELECTION_LAST,
};

#define REPORT_SELECTION_OPTIONS                                                                   \
	{ REPORT_SELECTION_STATE, "state", "GLOB", "only states that match; repeatable" },         \
		{ REPORT_SELECTION_PROCESS, "process", "GLOB",                                     \
		  "only what processes of that name did; repeatable" },                            \
		{ REPORT_SELECTION_SINCE, "since", "TIME", "only what began then or later" },      \
		{ REPORT_SELECTION_UNTIL, "until", "TIME", "only what began before" },             \
	{                                                                                          \
		REPORT_SELECTION_LAST, "last", "DURATION",                                         \
			"only what began so long before the newest row"                            \
	}

#define REPORT_SELECTION_NOTES                                                                     \
	"TIME is 2026-11-22 09:30 or 2026-11-22 09:30:05 (local), 2026-11-22T09:30:05Z, or\n"      \
	"nanoseconds since 1970.\n\n"

/* Zero-initialised: everything. */
struct report_selection {
	struct activities_filter filter; /* borrows the two below */
	struct tacho_glob *states;
	struct tacho_glob *processes;
	uint64_t last_ns; /* before the newest row; 0: as far back as there are rows */
};

void report_selection__free(struct report_selection *selection);

/* Takes one of the options above: adds it to what is asked for. 0, or a negative errno with why. */
int report_selection__take(struct report_selection *selection, int letter, const char *arg,
			   struct fault *why);

/* Do these go together? -EINVAL with why. */
int report_selection__check(const struct report_selection *selection, struct fault *why);

/* Is anything left out? */
bool report_selection__is_part(const struct report_selection *selection);

/*
 * Finds the newest row in the paths and sets since accordingly, if the last rows are asked for.
 * What cannot be read is passed over: it is told when it is read for good. 0, -ENOMEM, or -ESPIPE
 * with why, if it can be read only once.
 */
int report_selection__find_last(struct report_selection *selection, char **paths, size_t path_cnt,
				struct fault *why);

/* Where files are read into. Must not move while it is open. */
struct report_input {
	struct activities *activities;
	struct processes *processes;
	struct activities_other other;
};

/* The watch and the filter are borrowed. 0 or -ENOMEM. */
int report_input__open(struct report_input *input, const struct activities_watch *watch,
		       const struct activities_filter *filter);
void report_input__close(struct report_input *input);

#endif
