/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the files somebody asks for on the command line. */
#ifndef TACHO_USER_REPORT_SELECTION_H
#define TACHO_USER_REPORT_SELECTION_H

#include "analysis/activities.h"
#include "analysis/processes.h"
#include "fault.h"

/* Zero-initialised: everything. */
struct report_selection {
	struct activities_filter filter; /* borrows the two below */
	struct tacho_glob *states;
	struct tacho_glob *processes;
	uint64_t last_ns; /* before the newest row; 0: as far back as there are rows */
};

void report_selection__free(struct report_selection *selection);

/* Each adds to what is asked for; 0, or a negative errno with why. */
int report_selection__add_state(struct report_selection *selection, const char *glob,
				struct fault *why);
int report_selection__add_process(struct report_selection *selection, const char *glob,
				  struct fault *why);
int report_selection__set_since(struct report_selection *selection, const char *text,
				struct fault *why);
int report_selection__set_until(struct report_selection *selection, const char *text,
				struct fault *why);
int report_selection__set_last(struct report_selection *selection, const char *text,
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
