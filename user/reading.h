/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a command says of files while it reads them: which rows make no sense, the first of them one
 * by one, and on a terminal how far it has come. */
#ifndef TACHO_USER_READING_H
#define TACHO_USER_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/activities.h"
#include "analysis/data_rows.h"
#include "progress.h"

/* Zero-initialise but for the first two. */
struct reading {
	const char *command;	   /* the one that reads: "report" */
	bool says_first_line_only; /* of rows of several lines */
	uint64_t malformed_cnt;
	uint64_t torn_cnt; /* of a data_watch; activities.h counts them itself */
	struct progress progress;
};

/* These borrow the reading. */
struct activities_watch reading__activities_watch(struct reading *reading);
struct data_watch reading__data_watch(struct reading *reading);

/* What was not found in these: "COMMAND: PATH: TEXT". */
void say_nothing_found(const char *command, char *const *paths, size_t path_cnt, const char *text);

/* Everything was read: says how many rows besides those that were told make no sense. */
void reading__end(struct reading *reading);

#endif
