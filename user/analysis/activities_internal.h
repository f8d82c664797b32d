/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the activities module share; nobody else includes this.
 *
 *     activities.c       the series, and which files a path stands for
 *     activities_rows.c  what the rows of a file say
 */
#ifndef TACHO_USER_ANALYSIS_ACTIVITIES_INTERNAL_H
#define TACHO_USER_ANALYSIS_ACTIVITIES_INTERNAL_H

#include <sys/types.h>

#include "analysis/activities.h"

struct file_id {
	dev_t dev;
	ino_t ino;
};

struct activities {
	const struct activities_watch *watch;
	struct activity_series **series;
	size_t series_cnt;
	size_t series_capacity;
	void *by_state;			/* a tsearch(3) tree of the same series */
	struct activity_series *recent; /* rows of one state often come in a row */
	struct file_id *files_read;
	size_t file_read_cnt;
	uint64_t malformed_cnt;
	uint64_t torn_cnt;
};

/* activities.c */

/* The series of that state, new if need be; NULL without memory. */
struct activity_series *activities__want(struct activities *activities, const char *state);
int activity_series__add(struct activity_series *series, struct activity activity);

/* activities_rows.c */
int activities__read_fd(struct activities *activities, int fd, const char *path);

/* The ledger's next row, if one comes, is of another recording. */
void activities__close_ledger(struct activities *activities);

#endif
